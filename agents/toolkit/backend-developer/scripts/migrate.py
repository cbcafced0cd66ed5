#!/usr/bin/env python3
"""Change the tables of a database step by step, and back: Alembic without its setup.

Each step is a file in ``migrations/versions`` with a way up and a way down. The folder is
made on first use and is an ordinary Alembic one, so ``alembic`` can take over any time.
Each step runs in a transaction of its own, on SQLite too, where Alembic alone would leave
half a step behind. On PostgreSQL a lock keeps two deployments from migrating at once.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

# The scripts beside this one must not stand in for installed modules of the same name.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != _HERE]

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

DONE, FAILED, UNUSABLE = 0, 1, 2

EXAMPLES = """\
examples:
  %(prog)s create add_shipment --up "CREATE TABLE shipment (id INTEGER PRIMARY KEY)" \\
                               --down "DROP TABLE shipment"
  %(prog)s create add_weight                 an empty step, to be written by hand
  %(prog)s create from_models --autogenerate app.models:Base.metadata
  %(prog)s up                                every step that is pending
  %(prog)s down -1                           take the last step back
  %(prog)s down base                         take all of them back
  %(prog)s status --check                    for a pipeline: 1 if a step is pending
  DATABASE_URL=postgresql://app@db/app %(prog)s status --json

exit codes:
  0  done, also if there was nothing to do
  1  a step failed and was rolled back; with `status --check`: a step is pending
  2  it could not begin: wrong command line, no such revision, no such database, no library
"""

ENVIRONMENT = '''\
"""How Alembic reaches the database. Written once by migrate.py; yours to change."""

import os

from alembic import context
from sqlalchemy import create_engine, event

options = context.config.attributes
url = options.get("url") or os.environ.get("DATABASE_URL", "sqlite:///app.db")
engine = create_engine(url)

if engine.dialect.name == "sqlite":
    # Python's sqlite3 commits before each CREATE or ALTER unless it is told to keep out.
    @event.listens_for(engine, "connect")
    def leave_transactions_to_us(connection, _):
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

with engine.connect() as connection:
    if engine.dialect.name == "postgresql":
        # One migration at a time; the lock ends with the connection.
        connection.exec_driver_sql("SELECT pg_advisory_lock(724117)")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=options.get("metadata"),
        transactional_ddl=engine.dialect.name in ("sqlite", "postgresql"),
        transaction_per_migration=True,
        render_as_batch=engine.dialect.name == "sqlite",
        compare_type=True,
        on_version_apply=options.get("on_version_apply", ()),
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
'''

TEMPLATE = '''\
"""${message}"""

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
'''


class Unusable(Exception):
    """What keeps the script from beginning, said so that the reader can mend it."""


def load_alembic() -> None:
    """Import the libraries, or say what to install."""
    try:
        import alembic.command  # noqa: F401
        import sqlalchemy  # noqa: F401
    except ModuleNotFoundError as error:
        raise Unusable(f'{error.name} is not installed; run: pip install "alembic>=1.13"') from None


def usable_url(text: str) -> str:
    """Return the address of the database as SQLAlchemy has it, with its driver at hand."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    text = re.sub(r"^postgres://", "postgresql://", text)
    try:
        create_engine(text).dispose()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise Unusable(
            "not the address of a database; write sqlite:///app.db or"
            " postgresql://user@host/name into --url or DATABASE_URL"
        ) from None
    except ModuleNotFoundError as error:
        names = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
        package = names.get(error.name or "", error.name)
        raise Unusable(f'the driver {error.name} is not installed; run: pip install "{package}"') from None
    return text


def shown(url: str) -> str:
    """Return the address without its password."""
    from sqlalchemy import make_url

    return make_url(url).render_as_string(hide_password=True)


def configuration(folder: Path, url: str) -> Config:
    """Return Alembic's configuration; no ini file is needed."""
    from alembic.config import Config

    config = Config()
    config.cmd_opts = argparse.Namespace(quiet=True)
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(rev)s_%%(slug)s")
    config.attributes["url"] = url
    return config


def scripts_of(config: Config, folder: Path) -> ScriptDirectory:
    """Return the folder of migrations, which has to be there."""
    from alembic.script import ScriptDirectory

    if not (folder / "env.py").is_file():
        raise Unusable(f"there is no {folder}/env.py; `create NAME` makes the folder, --folder names another one")
    return ScriptDirectory.from_config(config)


def make_folder(folder: Path) -> None:
    """Write what Alembic needs, and leave alone what is there."""
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    for name, text in (("env.py", ENVIRONMENT), ("script.py.mako", TEMPLATE)):
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
            print(f"wrote {folder / name}")


def metadata_of(name: str) -> Any:
    """Return what ``module:Base.metadata`` names."""
    module, colon, path = name.partition(":")
    if not colon or not path:
        raise Unusable(f"--autogenerate needs module:Base.metadata, not {name!r}")
    sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise Unusable(f"--autogenerate {name}: {error}") from None
    if not hasattr(found, "sorted_tables"):
        raise Unusable(f"--autogenerate {name}: this is a {type(found).__name__}, not SQLAlchemy's MetaData")
    return found


def as_call(statements: list[str]) -> str:
    """Return the calls that run the statements, as they stand in a function's body."""
    # A colon before a word would be taken for a parameter.
    escaped = (re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", statement) for statement in statements)
    return "\n    ".join(f"op.execute({statement!r})" for statement in escaped)


def create(options: argparse.Namespace, config: Config) -> int:
    """Write a new step."""
    from alembic import command
    from alembic.util import rev_id

    if options.autogenerate and (options.up or options.down):
        raise Unusable("--autogenerate writes both ways itself; leave --up and --down out")
    if bool(options.up) != bool(options.down):
        raise Unusable("--up and --down belong together: a step must be able to go back")
    metadata = metadata_of(options.autogenerate) if options.autogenerate else None
    make_folder(options.folder)
    scripts = scripts_of(config, options.folder)
    if metadata is None:
        script: Any = scripts.generate_revision(
            rev_id(), options.name, head="head",
            imports="", upgrades=as_call(options.up), downgrades=as_call(options.down),
        )
    else:
        config.attributes["metadata"] = metadata
        empty: list[bool] = []

        def drop_if_empty(context: Any, revision: Any, directives: list[Any]) -> None:
            if directives[0].upgrade_ops.is_empty():
                empty.append(True)
                directives.clear()

        script = command.revision(
            config, options.name, autogenerate=True, process_revision_directives=drop_if_empty
        )
        if empty:
            print("the database is as the models have it; nothing written")
            return DONE
    print(f"wrote {options.folder / 'versions' / Path(script.path).name}")
    if not (options.up or options.autogenerate):
        print("write upgrade() and downgrade(), then run `up`")
    return DONE


def applied(url: str) -> set[str]:
    """Return the newest revisions in the database; a SQLite file is not made by asking."""
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import create_engine, make_url

    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database not in (None, "", ":memory:"):
        if not Path(address.database).exists():
            return set()
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return set(MigrationContext.configure(connection).get_current_heads())
    finally:
        engine.dispose()


def steps(scripts: ScriptDirectory, heads: set[str]) -> list[dict[str, Any]]:
    """Return all steps, the oldest first, each with whether the database has it."""
    known = {script.revision for script in scripts.walk_revisions()}
    if missing := heads - known:
        raise Unusable(
            f"the database is at {', '.join(sorted(missing))}, and {scripts.dir} has no such step;"
            " is this the right folder, and up to date?"
        )
    done = {script.revision for script in scripts.iterate_revisions(tuple(heads), "base")} if heads else set()
    return [
        {
            "revision": script.revision,
            "name": script.doc,
            "state": "applied" if script.revision in done else "pending",
            "current": script.revision in heads,
            "file": Path(script.path).name,
        }
        for script in reversed(list(scripts.walk_revisions()))
    ]


def status(options: argparse.Namespace, config: Config) -> int:
    """Say which steps the database has and which are pending."""
    rows = steps(scripts_of(config, options.folder), applied(options.url))
    pending = sum(row["state"] == "pending" for row in rows)
    if options.json:
        current = [row["revision"] for row in rows if row["current"]]
        print(json.dumps({"url": shown(options.url), "current": current, "pending": pending, "steps": rows}, indent=2))
    else:
        width = max([len("NAME"), *(len(row["name"]) for row in rows)])
        print(f"{'':1} {'REVISION':12}  {'NAME':{width}}  STATE")
        for row in rows:
            print(f"{'*' if row['current'] else '':1} {row['revision']:12}  {row['name']:{width}}  {row['state']}")
        print(f"{shown(options.url)}: {len(rows) - pending} applied, {pending} pending")
    return FAILED if options.check and pending else DONE


def move(options: argparse.Namespace, config: Config) -> int:
    """Go up or down, and report each step once it is committed or undone."""
    from alembic import command

    scripts = scripts_of(config, options.folder)
    before = steps(scripts, applied(options.url))
    reached = sum(row["state"] == "applied" for row in before)
    if options.command == "down" and not reached:
        print("nothing to take back")
        return DONE
    finished: dict[str, str] = {}
    started = time.monotonic()

    def note(step: Any, **_: Any) -> None:
        nonlocal started
        now = time.monotonic()
        revision = step.up_revision
        finished[revision.revision] = f"{options.command} {revision.revision} {revision.doc} ({(now - started) * 1000:.0f} ms)"
        started = now
        if sys.stderr.isatty():
            print(f"\r\x1b[K{len(finished)} step(s) {options.command} …", end="", file=sys.stderr, flush=True)

    config.attributes["on_version_apply"] = note
    failure: Exception | None = None
    try:
        (command.upgrade if options.command == "up" else command.downgrade)(config, options.revision)
    except Exception as error:
        failure = error
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    if failure is None:
        print("\n".join(finished.values()) or "nothing to do")
        return DONE
    # A step is noted before its transaction is committed: ask the database what has stayed.
    wanted = "applied" if options.command == "up" else "pending"
    heads = applied(options.url)
    for row in steps(scripts, heads):
        if row["revision"] in finished and row["state"] == wanted:
            print(finished[row["revision"]])
    if not (place := place_in(failure, options.folder)):
        raise failure
    print(
        f"error: {place}: {said(failure)}\n"
        f"This step was rolled back; the database is at {', '.join(sorted(heads)) or 'base'}."
        f" Mend the file and run `{options.command}` again.",
        file=sys.stderr,
    )
    return FAILED


def place_in(error: BaseException, folder: Path) -> str:
    """Return file and line of the step in which the error was raised, or nothing."""
    versions = (folder / "versions").resolve()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).resolve().parent == versions:
            return f"{folder / 'versions' / Path(frame.filename).name}:{frame.lineno}"
    return ""


def said(error: BaseException) -> str:
    """Return what the database or Alembic said, in one line."""
    original = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(original).splitlines() if line.strip()]
    return f"{type(original).__name__}: {lines[0]}" if lines else type(original).__name__


def explained(error: Exception, options: argparse.Namespace) -> str | None:
    """Return what to do about an error that has a known reason."""
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    if isinstance(error, DBAPIError):
        return (
            f"{shown(options.url)} cannot be used: {said(error)}\n"
            "Is the server running, does the folder of the file exist, is --url or DATABASE_URL right?"
        )
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}; mend the step, then run this again"
    if isinstance(error, CommandError):
        text = str(error)
        if "not up to date" in text:
            return "the database lacks steps that are there already; run `up` first"
        if "ultiple head" in text:
            return f"{text}\nTwo steps follow the same one: set down_revision in one of them to the other"
        return f"{text}\n`status` lists the revisions that there are"
    return None


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--url", default=os.environ.get("DATABASE_URL") or "sqlite:///app.db",
        help="address of the database (default: DATABASE_URL, else sqlite:///app.db)",
    )
    common.add_argument("--folder", type=Path, default=Path("migrations"), help="default: migrations")
    result = argparse.ArgumentParser(
        description="Change the tables of a database step by step, and back.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = result.add_subparsers(dest="command", required=True, metavar="COMMAND")
    new = commands.add_parser("create", parents=[common], help="write a new step")
    new.add_argument("name", metavar="NAME", help="what it does, such as add_weight")
    new.add_argument("--up", action="append", default=[], metavar="SQL", help="a statement of the way up; repeatable")
    new.add_argument("--down", action="append", default=[], metavar="SQL", help="a statement of the way down; repeatable")
    new.add_argument("--autogenerate", metavar="MODULE:METADATA", help="write what the models have and the database lacks")
    new.set_defaults(run=create)
    up = commands.add_parser("up", parents=[common], help="apply what is pending")
    up.add_argument("revision", nargs="?", default="heads", metavar="REVISION", help="go up to this one, or +N steps (default: all)")
    up.set_defaults(run=move)
    down = commands.add_parser("down", parents=[common], help="take steps back")
    down.add_argument("revision", nargs="?", default="-1", metavar="REVISION|-N", help="go down to this one, N steps, or base (default: -1)")
    down.set_defaults(run=move)
    state = commands.add_parser("status", parents=[common], help="say what is applied and what is pending")
    state.add_argument("--json", action="store_true", help="for programs")
    state.add_argument("--check", action="store_true", help="exit code 1 if a step is pending")
    state.set_defaults(run=status)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run the command."""
    options = parser().parse_args(arguments)
    try:
        load_alembic()
        options.url = usable_url(options.url)
        return int(options.run(options, configuration(options.folder, options.url)))
    except Unusable as error:
        return refuse(str(error))
    except OSError as error:
        return refuse(f"{error.filename or options.folder}: {error.strerror or error}")
    except Exception as error:
        text = explained(error, options)
        return refuse(text or f"{type(error).__name__}: {error}")


def refuse(text: str) -> int:
    """Say why nothing was done."""
    print(f"error: {text}", file=sys.stderr)
    return UNUSABLE


def _exit() -> NoReturn:
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\ninterrupted; a step that had begun was rolled back", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    _exit()
