"""Servers that snippets ask for: real ones, of their own, and what is said where there is none."""

from __future__ import annotations

import os
import socket
import sys

import pytest
from agentdocs.verify import services
from verify.conftest import absent


@pytest.fixture
def place(place):
    """Return an empty project."""
    return place({})


pytestmark = pytest.mark.usefixtures("sandbox")

HERE = "PostgreSQL 1"


@pytest.fixture(scope="session")
def postgresql():
    if not services.program("postgresql"):
        absent("PostgreSQL is not installed")


@pytest.fixture(scope="session")
def redis():
    if not services.program("redis"):
        absent("Redis is not installed")


def snippet(language, code):
    return f"## A\n\n```{language}\n{code}\n```\n"


def verified(place, language, code, rule, **more):
    """Return the outcome of one snippet with what its contract says."""
    place.write({"agents/x.md": snippet(language, code)})
    place.pin(a=rule)
    place.verify(**more)
    return place.one("a")


QUERY = """
CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO pet (id, name) VALUES (1, 'Ada'), (2, 'Bob');
SELECT id, name FROM pet ORDER BY id;
"""


def test_sql_is_run_on_each_database(place, postgresql):
    check = "expect: |\n  1|Ada\n  2|Bob\ncheck: SELECT count(*) = 2, max(id) = 2 FROM pet;"
    one = verified(place, "sql", QUERY, f"databases: [sqlite, postgresql]\n{check}")
    assert (one.verdict, one.tier, one.reason) == ("passed", "checked", "")
    assert one.interpreter.startswith("SQLite 3.")
    assert HERE in one.interpreter
    assert one.output == "1|Ada\n2|Bob\n"


@pytest.mark.parametrize(
    ("code", "rule", "reason", "line"),
    [
        ("SELECT typeof(1);", "databases: [sqlite, postgresql]", "PostgreSQL: function typeof(integer) does not exist", 11),
        ("SELECT 1;\n\nSELECT 1/0;", "databases: [postgresql]", "PostgreSQL: division by zero", 13),
        ("SELECT 1;", "databases: [postgresql]\ncheck: |\n  SELECT 1 = 1;\n  SELECT 1 = 2;", "the check of its contract fails: the check gives f", 7),
        ("SELECT 1;", "databases: [postgresql]\ncheck: SELECT 1 WHERE 1 = 2;", "the check of its contract fails: the check gives no row", 5),
        ("SELECT 1;", "databases: [postgresql]\nsetup: CREATE TABLE;", "the setup of its contract fails: PostgreSQL: syntax error at or near \";\"", 5),
        ("SELECT 7 / 2.0;", "databases: [sqlite, postgresql]", "prints something else on PostgreSQL than on SQLite", 0),
        ("SELECT 'a' || 'b' WHERE 'a' = \"a\";", "databases: [sqlite, postgresql]", "PostgreSQL: column \"a\" does not exist", 11),
    ],
)  # fmt: skip
def test_what_fails_on_postgresql_is_said_with_its_line(
    place, postgresql, code, rule, reason, line
):
    one = verified(place, "sql", code, rule)
    assert (one.verdict, one.reason) == ("failed", reason)
    if line:
        assert one.error
        assert one.error.line == line


def test_functions_and_transactions_are_whole(place, postgresql):
    code = """
BEGIN;
CREATE FUNCTION twice(n integer) RETURNS integer AS $$
BEGIN
  RETURN 2 * n;
END;
$$ LANGUAGE plpgsql;
SELECT twice(21);
"""
    one = verified(
        place, "sql", code, 'databases: [postgresql]\nexpect: "42"\ncheck: SELECT twice(1) = 2;'
    )
    assert (one.verdict, one.tier, one.reason) == ("passed", "checked", "")


PYTHON = """
import os
import sqlite3

url = os.environ.get("DATABASE_URL", "")
if url:
    import psycopg
    db = psycopg.connect(url)
else:
    db = sqlite3.connect(":memory:")
print(db.execute("SELECT 40 + 2").fetchone()[0])
seen = globals().get("seen", []) + [url[:10]]
"""


def test_python_is_run_once_on_each(place, postgresql):
    pytest.importorskip("psycopg")
    rule = 'databases: [sqlite, postgresql]\nexpect: "42"\ncheck: |\n  assert seen in ([""], ["", "postgresql"])'
    one = verified(place, "python", PYTHON, rule)
    assert (one.verdict, one.tier, one.reason) == ("passed", "checked", "")
    assert HERE in one.interpreter


def test_a_server_is_the_snippets_own(place, redis):
    """Each agent finds an empty one, in any language, and none is there for who did not ask."""
    code = 'test "$(redis-cli -u "$REDIS_URL" dbsize)" = 0\nredis-cli -u "$REDIS_URL" set a 1'
    for name in ("x", "y"):
        place.write({f"agents/{name}.md": snippet("bash", code)})
        place.pin(f"agents/{name}.md", a="services: [redis]\nexpect: OK")
    place.write(
        {
            "agents/z.md": snippet(
                "python",
                'import os\nassert "REDIS_URL" not in os.environ\nassert "DATABASE_URL" not in os.environ',
            )
        }
    )
    place.verify(code=0)
    assert {one.tier for one in place.report.outcomes} == {"checked"}


def test_nothing_of_the_machines_own_servers_is_reached(place, postgresql):
    """What listens on this machine's ports is somebody's, and is not in there."""
    with socket.create_server(("127.0.0.1", 0)) as mine:
        port = mine.getsockname()[1]
        code = f"import socket\nwith socket.socket() as s:\n    assert s.connect_ex(('127.0.0.1', {port})) != 0"
        one = verified(place, "python", code, "services: [postgresql]\ntimeout: 20")
    assert (one.verdict, one.tier) == ("passed", "checked")


def test_no_server_stays_behind(place, postgresql, redis):
    verified(place, "bash", "sleep 60", "services: [postgresql, redis]\ntimeout: 1")
    theirs = {f"/{folder}/" for folder in ("postgresql", "redis")}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                command = file.read().decode(errors="replace")
        except OSError:
            continue
        assert ".services" not in command or not any(name in command for name in theirs)


def test_what_is_not_installed_is_said(place, tmp_path):
    """Without them, these snippets say why they did not run, and everything else still does."""
    place.write(
        {
            "agents/x.md": snippet("sql", QUERY)
            + snippet("bash", "echo hi").replace("A", "B")
            + snippet("sql", "SELECT 1;").replace("A", "C")
        }
    )
    place.pin(
        a="databases: [sqlite, postgresql]\ncheck: SELECT count(*) = 2 FROM pet;",
        b="services: [redis]\nexpect: hi",
        c='databases: [postgresql]\nexpect: "1"',
    )
    nothing = tmp_path / "services.py"
    nothing.write_text("from agentdocs.verify import services\nservices.program = lambda name: ''\n"
                       "from agentdocs.__main__ import main\nraise SystemExit(main())\n")  # fmt: skip
    found = place.run([sys.executable, str(nothing), "verify"])
    assert found.returncode == 0, found.stdout + found.stderr
    assert place.verdicts == {
        "a": ("passed", "checked", "not run on PostgreSQL, which is not installed here"),
        "b": ("skipped", "parses", "needs Redis, which is not installed here"),
        "c": ("skipped", "none", "needs PostgreSQL, which is not installed here"),
    }


def test_databases_are_for_sql_and_python(place):
    one = verified(place, "bash", "echo hi", "databases: [sqlite]\nexpect: hi")
    assert (one.verdict, one.reason) == (
        "failed", "its contract cannot be kept: `databases` is not for Shell",
    )  # fmt: skip


def test_a_server_that_does_not_start_is_said(place, postgresql):
    """Root may not run one, and without a sandbox a snippet is run by who calls."""
    if os.getuid() != 0:
        pytest.skip("this is not root")
    place.write({"agents/x.md": snippet("sql", "SELECT 1;")})
    place.pin(a="databases: [postgresql]")
    place.verify("--unsafe", code=0)
    one = place.one("a")
    assert one.verdict == "unproved"
    assert one.reason.startswith(
        "needs PostgreSQL, which does not start here: initdb: error: cannot be run as root"
    )
