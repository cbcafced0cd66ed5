"""What ``agentdocs runtime`` asks of others: nothing is built, no script is run, nothing is told."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from agentdocs.browser import bundle, packages
from agentdocs.browser.packages import Platform, UnavailableError

PLATFORM = Platform("3.14.2", "2026_0")
SECRET = "s3cr3t-5f1c0a7e"
JS = Path(bundle.__file__).with_name("js")


@pytest.fixture
def asked(monkeypatch):
    """Return the commands that are run; none of them really is."""
    found = []

    def run(command, **_):
        found.append(command)
        return subprocess.CompletedProcess(command, 1, "", "No solution found")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(packages, "_uv", lambda: "uv")
    monkeypatch.setattr(bundle, "_npm", lambda: ("npm",))
    return found


@pytest.mark.security("SEC-41")
def test_nothing_is_built_to_resolve_requirements(asked, tmp_path):
    packages.resolve([["a"]], PLATFORM, tmp_path)
    assert asked
    assert all("--no-build" in command and "--no-config" in command for command in asked)
    assert all(command[-1] == "requirements.in" for command in asked), "no word of a contract"


def test_what_ci_locks_for_itself_is_not_asked_of_browsers(monkeypatch, tmp_path):
    environments = []

    def run(command, *, env, **_):
        environments.append(env)
        return subprocess.CompletedProcess(command, 1, "", "No solution found")

    monkeypatch.setenv("UV_CONSTRAINT", str(tmp_path / "constraints.txt"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://x.test")
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(packages, "_uv", lambda: "uv")
    packages.resolve([["a"]], PLATFORM, tmp_path)
    assert environments
    assert all("UV_CONSTRAINT" not in env and env["UV_DEFAULT_INDEX"] for env in environments)


@pytest.mark.security("SEC-42")
def test_packages_of_npm_are_those_of_the_lock_and_run_nothing(asked, tmp_path):
    with pytest.raises(UnavailableError):
        bundle.install(tmp_path)
    assert [command[1:3] for command in asked] == [["ci", "--ignore-scripts"]]
    lock = json.loads((JS / "package-lock.json").read_text())
    for name, one in lock["packages"].items():
        assert not name or one["integrity"].startswith("sha512-"), name
        assert one.get("resolved", "https://registry.npmjs.org/").startswith(
            "https://registry.npmjs.org/"
        )


@pytest.mark.security("SEC-62")
@pytest.mark.parametrize(
    "address",
    [
        f"https://user:{SECRET}@x.test/simple/", f"https://{SECRET}@x.test/", f"http://x.test/{SECRET}/a",
        f"https://x.test?token={SECRET}", f"git+ssh://{SECRET}@x.test/a.git#{SECRET}", f"HTTPS://x.test:1/#{SECRET}",
    ],
)  # fmt: skip
def test_of_an_address_a_message_tells_the_host_alone(address):
    text = str(UnavailableError(f"uv fails: cannot fetch {address}, ({address}) '{address}'"))
    assert SECRET not in text
    assert text.count("x.test") == 3


@pytest.mark.security("SEC-53")
def test_names_that_objects_have_are_names_like_others(node, tmp_path):
    """A schema, and with it its names, may be a stranger's."""
    for name in ("sample.js",):
        shutil.copyfile(JS / name, tmp_path / name.replace(".js", ".mjs"))
    (tmp_path / "it.mjs").write_text("""
import { sample } from "./sample.mjs";
const evil = JSON.parse(`{
  "type": "object", "required": ["__proto__", "constructor", "a"],
  "properties": {
    "__proto__": { "type": "object", "properties": { "polluted": { "const": 1 } } },
    "constructor": { "allOf": [{ "const": { "__proto__": { "polluted": 1 } } }] },
    "a": { "type": "string", "format": "constructor" },
    "b": { "$ref": "#/__proto__/polluted" }
  }
}`);
const made = sample(evil, evil);
console.log(JSON.stringify([{}.polluted ?? null, Object.keys(made), made.a]));
""")
    done = subprocess.run(
        [node, str(tmp_path / "it.mjs")],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    polluted, keys, word = json.loads(done.stdout)
    assert polluted is None
    assert keys == ["__proto__", "constructor", "a"]
    assert word == "text"


@pytest.fixture
def node():
    from agentdocs.verify import environment

    found = environment.node()
    if not found:
        pytest.skip("Node is not installed")
    return found
