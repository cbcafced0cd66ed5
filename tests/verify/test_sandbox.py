"""The sandbox as it is meant to be used: what a session finds, what comes back, where it runs."""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
import shutil
import struct
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from agentdocs.verify import sandbox as sandboxes
from agentdocs.verify.guest import session, syscalls, watch
from agentdocs.verify.sandbox import GUEST, LIMITS, Access, NoSandbox, Sandbox, is_root, steps_of

OPTIONS = {"nested": {}, "alone": {"nest": False}, "unsafe": {"unsafe": True}}


def ask(*codes, runner="python", timeout=10.0, **more):
    step = {key: more.pop(key) for key in ("files", "setup", "check", "mode") if key in more}
    steps = [
        {
            "file": "a.md",
            "line": 10 * number,
            "code": textwrap.dedent(code),
            "timeout": timeout,
            **step,
        }
        for number, code in enumerate(codes, 1)
    ]
    return {
        "id": 1, "runner": runner, "command": [], "files": {}, "environment": {},
        "steps": steps_of(steps), **more,
    }  # fmt: skip


def outputs(box, *codes, **more):
    """Run snippets that must go well; return what each printed."""
    results = list(box.run(ask(*codes, **more)))
    assert [r["status"] for r in results] == ["ok"] * len(codes), results
    return [r["output"] for r in results]


@pytest.fixture(scope="module", params=OPTIONS)
def box(request, sandbox):
    with Sandbox(Access(), **OPTIONS[request.param]) as one:
        yield one


@pytest.fixture(scope="module")
def safe(sandbox):
    with Sandbox(Access()) as one:
        yield one


# --- what comes back -----------------------------------------------------------------------------


def test_snippets_of_a_session_share_their_names(box):
    assert outputs(box, "x = 6", "print(x * 7)") == ["", "42\n"]


def test_sessions_share_nothing(box):
    outputs(box, "x = 6; open('left', 'w').close()")
    (result,) = box.run(ask("import os; assert not os.listdir(); x"))
    assert (result["status"], result["missing"]) == ("failed", "name x")


@pytest.mark.parametrize(
    ("runner", "code", "more"),
    [
        ("shell", "echo $((6 * 7))", {}),
        ("sql", "select 6 * 7;", {}),
        ("command", "print(6 * 7)", {"command": [sys.executable, "{file}"], "checker": []}),
        ("node", "console.log(6 * 7)", {"command": ["node"]}),
    ],
)
def test_every_runner_runs(box, runner, code, more):
    if runner == "node" and not shutil.which("node"):
        pytest.skip("Node is not installed")
    assert outputs(box, code, runner=runner, **more) == ["42\n"]


def test_a_step_that_ends_the_session_costs_that_step_alone(box):
    results = list(
        box.run(
            ask(
                "x = 1",
                "import os; os._exit(3)",
                "x += 1",
                "while True: pass",
                "print(x)",
                timeout=1,
            )
        )
    )
    assert [r["status"] for r in results] == ["ok", "died", "ok", "timeout", "ok"]
    assert [r["step"] for r in results] == [0, 1, 2, 3, 4]
    assert results[-1]["output"] == "2\n"


def test_a_step_that_ends_the_session_when_it_is_replayed_is_left_out(box, tmp_path):
    """It went well at first, so its result stands."""
    code = "import os, time\nif time.time() > float(open('until').read()): os._exit(1)"
    first = ask(code, "import time; time.sleep(0.6); os._exit(1)", "print('end')")
    first["files"] = {"until": base64.b64encode(str(time.time() + 0.5).encode()).decode()}
    assert [r["status"] for r in box.run(first)] == ["ok", "died", "ok"]


def test_output_is_cut_and_says_so(box):
    (result,) = box.run(ask("print('é' * 50_000)"))
    assert (len(result["output"]), result["cut"]) == (32_000, True)


def test_what_is_printed_anew_does_not_replace_what_was(safe):
    code = "echo one; echo two > /dev/stderr; echo three >/dev/stdout; echo four >&2"
    assert outputs(safe, code, "echo five", runner="shell") == ["one\ntwo\nthree\nfour\n", "five\n"]


def test_a_shell_ends_when_it_ends_and_not_when_its_children_do(safe):
    began = time.monotonic()
    first, second = safe.run(ask("sleep 60 & exit 3", "echo next", runner="shell", timeout=30))
    assert (first["status"], first["code"], second["output"]) == ("failed", 3, "next\n")
    assert time.monotonic() - began < 20


def test_descriptors_that_scripts_use_are_free(safe):
    code = "exec 3>a 4>b 8>c 9>d; flock -n 9; echo locked"
    assert outputs(safe, code, "echo next", runner="shell") == ["locked\n", "next\n"]


def test_a_server_that_waits_names_its_port(box):
    code = "import socket\ns = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)\ns.accept()"
    (result,) = box.run(ask(code, timeout=0.5))
    assert (result["status"], result["ports"]) == ("timeout", [int(result["output"])])


def test_the_working_folder_is_there_again(box):
    made = outputs(
        box,
        "import os, shutil; shutil.rmtree(os.getcwd())",
        "import os; print(os.path.basename(os.getcwd()), os.listdir())",
    )
    assert made[1] == "work []\n"


def test_files_are_laid_out(box):
    data = {"b/c.sh": base64.b64encode(b"echo hello\n").decode()}
    assert outputs(box, "cat b/c.sh; ./b/c.sh", runner="shell", files=data) == [
        "echo hello\nhello\n"
    ]


def test_large_requests_and_answers_pass(box):
    data = base64.b64encode(os.urandom(4_000_000)).decode()
    assert outputs(
        box, "import os; print(os.path.getsize('big')); print('x' * 60_000)", files={"big": data}
    )[0].startswith("4000000\n")


def test_a_request_without_steps_only_starts(sandbox):
    with Sandbox(Access()) as one:
        assert list(one.run(ask())) == []
        assert one.process


# --- what a session finds ------------------------------------------------------------------------

LOOK = """
import json, locale, os, resource, signal, sys
print(json.dumps({
    "environment": dict(os.environ), "folder": os.getcwd(), "umask": os.umask(0o22),
    "ignored": [n for n in range(1, 32) if signal.getsignal(n) == signal.SIG_IGN],
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "descriptors": sorted(int(n) for n in os.listdir("/proc/self/fd")),
    "links": [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")],
    "input": sys.stdin.read(), "group": os.getpgrp() == os.getpid(), "encoding": sys.stdout.encoding,
    "order": list({"a", "b", "c", "d", "e"}), "nice": os.nice(0), "flags": sys.flags.safe_path,
    "tasks": resource.getrlimit(resource.RLIMIT_NPROC)[1],
}))
"""
STRANGE = """
import json, os, resource, signal, sys
sys.path.insert(0, sys.argv[1])
os.umask(0o077)
for name in ("SIGINT", "SIGCHLD", "SIGPIPE", "SIGTERM", "SIGHUP", "SIGXFSZ", "SIGUSR1"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGALRM, signal.SIGUSR2})
for number in (50, 60, 500):
    os.set_inheritable(os.dup2(os.open("/dev/zero", os.O_RDONLY), number), True)
if "closed" in sys.argv:
    os.close(0)
from agentdocs.verify.sandbox import Access, Sandbox
with Sandbox(Access(), **json.loads(sys.argv[2])) as box:
    (result,) = box.run(json.loads(sys.argv[3]))
print(result["output"], result.get("text", ""))
"""


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("closed", ["", "closed"])
def test_a_session_is_the_same_whatever_it_was_started_from(options, closed, sandbox):
    """Signals, descriptors, masks and variables of a test runner are none of a snippet's business."""
    environment = {
        "PATH": os.environ["PATH"], "LANG": "tr_TR", "LC_ALL": "C", "PYTHONOPTIMIZE": "2", "PYTHONPATH": "/nowhere",
        "PYTHONHASHSEED": "7", "PYTHONSTARTUP": "/nowhere", "SECRET": "x", "LD_LIBRARY_PATH": "/nowhere",
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-c", STRANGE, str(GUEST.parents[2]), json.dumps(options), json.dumps(ask(LOOK)), closed],
        env=environment, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    variables = {
        "PATH", "LANG", "TZ", "HOME", "USER", "TERM", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PWD",
    }  # fmt: skip
    unsafe = "unsafe" in options
    assert set(found["environment"]) == variables | ({"TMPDIR"} if unsafe else set())
    if not unsafe:
        assert found["folder"] == found["environment"]["PWD"] == "/home/agent/work"
        # Standard streams, the two channels, and the folder that is being listed.
        assert len(found["descriptors"]) == 6
    assert not [link for link in found["links"] if link == "/dev/zero"]
    assert (found["umask"], found["ignored"], found["blocked"]) == (0o22, [13, 25], [])
    assert (found["interrupt"], found["input"], found["group"]) == (True, "", True)
    assert (found["encoding"], found["nice"], found["flags"]) == ("utf-8", os.nice(0), True)


def test_sets_have_the_same_order_in_every_sandbox(sandbox):
    orders = set()
    for options in OPTIONS.values():
        with Sandbox(Access(), **options) as one:
            orders.add(outputs(one, "print({'a', 'b', 'c', 'd', 'e'}, hash('x'))")[0])
    assert len(orders) == 1


def test_the_user_has_a_name(safe):
    code = "import getpass, os, pathlib, pwd, socket; print(getpass.getuser(), pwd.getpwuid(os.getuid()).pw_dir, pathlib.Path.home(), socket.gethostname(), socket.gethostbyname(socket.gethostname()))"
    assert outputs(safe, code) == ["agent /home/agent /home/agent sandbox 127.0.0.1\n"]


@pytest.mark.parametrize(
    "seen", [[b"0 0 1"], [b"0 1000 1"], [b"0 0 4294967295"], [b"0 1000 1", b"1 100000 65536"]]
)
def test_root_of_a_namespace_with_one_user_is_an_ordinary_user(seen, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(Path, "read_text", lambda self: "\n".join(row.decode() for row in seen))
    assert is_root() == (seen not in ([b"0 0 1"], [b"0 1000 1"]))


def test_before_linux_5_14_the_users_other_processes_count(monkeypatch, sandbox):
    monkeypatch.setattr(sandboxes, "_kernel", lambda: (5, 4))
    monkeypatch.setattr(sandboxes, "is_root", lambda: False)
    command, _, _ = sandboxes._command(Access(), "user", True)
    assert json.loads(command[-1])["tasks"] > LIMITS["processes"] + 256


def test_where_no_limit_can_be_set_processes_are_counted(sandbox, monkeypatch):
    """As for users before Linux 5.14."""
    command = sandboxes._command

    def changed(*arguments):
        words, *rest = command(*arguments)
        return [*words[:-1], json.dumps({**json.loads(words[-1]), "processes": -7})], *rest

    monkeypatch.setattr(sandboxes, "_command", changed)
    with Sandbox(Access()) as one:
        first, second = one.run(ask("import time; time.sleep(9)", "print('next')"))
    assert (first["status"], first["text"]) == ("died", "starts too many processes")
    assert second["output"] == "next\n"


def test_memory_that_belongs_to_no_process_is_missed_elsewhere(monkeypatch):
    options = {**LIMITS, "caged": False, "nested": False, "home": "/"}
    monkeypatch.setattr(watch, "descendants", lambda root: [])
    monkeypatch.setattr(watch, "_meminfo", {"MemAvailable:": 10**9, "MemTotal:": 10**11}.get)
    assert watch.excess(options, 10**10) == "memory"
    assert watch.excess(options, 2 * 10**9) == ""  # others took it
    monkeypatch.setattr(watch, "_meminfo", {"MemAvailable:": 10**10, "MemTotal:": 10**11}.get)
    assert watch.excess(options, 10**11) == ""  # there is enough


# --- modules -------------------------------------------------------------------------------------


def test_loaded_modules_are_there_and_cost_nothing(box):
    box.preload(["wsgiref.handlers", "no_such_module"])
    text = outputs(box, "import sys; print('wsgiref.handlers' in sys.modules)")[0]
    assert text == f"{box.nested or box.mode == 'unsafe'}\n"


def test_folders_that_are_named_can_be_imported_from(tmp_path, sandbox):
    folder = tmp_path / "with a space" / "src"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text("x = 42")
    (folder.parent / "beside.txt").write_text("x")
    for options in OPTIONS.values():
        with Sandbox(Access((folder,)), **options) as one:
            code = f"import mine, os; print(mine.x, os.path.exists({str(folder.parent / 'beside.txt')!r}))"
            seen = "unsafe" in options
            assert outputs(one, code, environment={"PYTHONPATH": str(folder)}) == [f"42 {seen}\n"]


def test_packages_of_npm_are_found(tmp_path, sandbox):
    node = shutil.which("node")
    if not node:
        pytest.skip("Node is not installed")
    package = tmp_path / "node_modules/mine"
    package.mkdir(parents=True)
    (package / "index.js").write_text("module.exports = 42")
    access = Access(node=Path(node), node_modules=package.parent)
    with Sandbox(access) as one:
        code = "console.log(require('mine'))"
        place = sandboxes.NODE_MODULES
        assert outputs(one, code, runner="node", command=[node], node_modules=place) == ["42\n"]


def test_a_node_that_lies_elsewhere_brings_nothing_with_it(tmp_path, sandbox):
    """Its folder may be the home folder."""
    real = shutil.which("node")
    if not real:
        pytest.skip("Node is not installed")
    place = tmp_path / "home/bin/node"
    place.parent.mkdir(parents=True)
    (place.parent / "here").symlink_to(Path(real).resolve())
    place.symlink_to("here")
    (tmp_path / "home/secret").write_text("x")
    with Sandbox(Access(node=place)) as one:
        (text,) = outputs(one, "console.log(require('fs').readdirSync(process.env.IT).join())", runner="node",
                          command=[str(place)], environment={"IT": str(tmp_path / "home")})  # fmt: skip
        assert text == "bin\n"


# --- interpreters --------------------------------------------------------------------------------

WHERE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from agentdocs.verify.sandbox import Access, NoSandbox, Sandbox
for options in ({}, {"nest": False}):
    with Sandbox(Access(), **options) as box:
        box.preload(json.loads(sys.argv[3]))
        try:
            for result in box.run(json.loads(sys.argv[2])):
                print(result["status"], box.mode, box.nested, result.get("text", ""), result["output"].strip())
        except NoSandbox as error:
            print("none", error)
"""


def runs_in(python, *codes, source=None, preload=(), **more):
    """Return what comes of snippets where the tests' own code is run by another interpreter."""
    request = ask(
        *(
            codes
            or ["import os, sys; print(sys.prefix, os.__file__ != '', sys.version_info >= (3, 11))"]
        )
    )
    run = subprocess.run(
        [python, "-c", WHERE, str(source or GUEST.parents[2]), json.dumps(request), json.dumps(preload)],
        capture_output=True, text=True, timeout=100, cwd="/", **more,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def venv(folder):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin/python"


def test_an_environment_may_have_spaces_in_its_path(tmp_path, sandbox):
    rows = runs_in(venv(tmp_path / "a folder" / "with spaces"))
    assert len(rows) == 2
    assert all(row.startswith("ok ") and "with spaces True True" in row for row in rows), rows


def test_an_environment_may_be_reached_by_links(tmp_path, sandbox):
    """As those of uv are: a link to a folder that is a link, from a folder that is not shown."""
    made = venv(tmp_path / "real")
    (tmp_path / "by").mkdir()
    hop = tmp_path / "hops" / "python"
    hop.parent.mkdir()
    hop.symlink_to(made.resolve())
    made.unlink()
    made.symlink_to("../../hops/python")
    (tmp_path / "by/env").symlink_to(tmp_path / "real")
    for python in (made, tmp_path / "by/env/bin/python"):
        rows = runs_in(python)
        assert len(rows) == 2
        assert all(row.startswith("ok ") for row in rows), rows


def test_the_system_python_will_do(sandbox, tmp_path):
    python = shutil.which("python3", path="/usr/bin")
    code = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not python or subprocess.run([python, "-c", code]).returncode:
        pytest.skip("the system has no Python 3.11")
    rows = runs_in(python)
    assert [row.split()[0] for row in rows] == ["ok", "ok"], rows


def test_an_environment_that_is_a_repository_shows_no_repository(tmp_path, sandbox):
    """Somebody makes the environment right in the folder of the project."""
    python = venv(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    rows = runs_in(python, f"import os, sys; print(sorted(os.listdir({str(tmp_path)!r})))")
    assert [row.split()[0] for row in rows] == ["ok", "ok"], rows
    assert not [row for row in rows if "secret" in row or ".git" in row], rows


def test_an_environment_at_home_shows_no_home(tmp_path, sandbox):
    python = venv(tmp_path)
    (tmp_path / ".ssh").mkdir()
    rows = runs_in(
        python,
        f"import os; print(os.listdir({str(tmp_path)!r}))",
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert [row.split()[0] for row in rows] == ["ok", "ok"], rows
    assert not [row for row in rows if ".ssh" in row], rows


def test_an_environment_that_only_root_can_read_is_refused(tmp_path, sandbox):
    """Snippets are never run as root; so they cannot have what is root's alone."""
    if not is_root():
        pytest.skip("not root")
    python = venv(tmp_path / "closed")
    (tmp_path / "closed").chmod(0o700)
    rows = runs_in(python)
    assert [row.split()[0] for row in rows] == ["none", "none"], rows
    assert "Permission denied" in rows[0]


def test_a_module_that_ends_the_server_is_left_to_the_snippets(tmp_path, sandbox):
    python = venv(tmp_path / "env")
    (packages,) = tmp_path.glob("env/lib/python*/site-packages")
    (packages / "deadly.py").write_text("import os; os._exit(1)")
    (packages / "stubborn.py").write_text("raise SystemExit('no')")
    rows = runs_in(python, "print('good')", "import deadly", preload=["deadly", "stubborn"])
    assert [row.split()[0] for row in rows] == ["ok", "died", "ok", "died"], rows


def test_the_home_folder_of_a_session_hides_no_interpreter(monkeypatch):
    access = Access((Path("/home/agent/project/src"),))
    command, _, _ = sandboxes._command(access, "user", True)
    assert json.loads(command[-1])["home"] == "/home/agent_"


# --- starting, ending, starting again ------------------------------------------------------------


def test_a_server_that_was_killed_is_started_again(box):
    outputs(box, "1")
    if box.process:  # where sessions share one
        box.process.kill()
        box.process.wait()
    assert outputs(box, "print(1)") == ["1\n"]


def test_a_sandbox_ends_with_its_thread_and_starts_again(sandbox):
    with Sandbox(Access()) as one:
        thread = threading.Thread(target=lambda: list(one.run(ask("1"))))
        thread.start()
        thread.join()
        time.sleep(0.1)
        assert outputs(one, "print(1)") == ["1\n"]


def test_many_open_files_are_no_hindrance(sandbox):
    """``select`` knows no number above 1023."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2000:
        pytest.skip("the limit is too low")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2000, hard))
    numbers = []
    try:
        while not numbers or numbers[-1] < 1100:
            numbers.append(os.open("/dev/null", os.O_RDONLY))
        with Sandbox(Access()) as one:
            assert outputs(one, "print(1)") == ["1\n"]
    finally:
        for number in numbers:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_descriptors_are_all_closed(sandbox):
    before = len(os.listdir("/proc/self/fd"))
    for options in OPTIONS.values():
        with Sandbox(Access(), **options) as one:
            outputs(one, "1")
            outputs(one, "1")
    assert len(os.listdir("/proc/self/fd")) == before


def test_without_a_sandbox_nothing_is_left_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    code = "import os; os.mkdir('closed'); open('closed/x', 'w').close(); os.chmod('closed', 0)"
    with Sandbox(Access(), unsafe=True) as one:
        outputs(one, "open('x', 'w').close()")
        outputs(one, code)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo bubblewrap 0.4.1", "bubblewrap 0.4.1 is too old: it must be 0.5 or newer"),
        (
            "echo 'bwrap: No permissions to create new namespace' >&2; exit 1",
            "No permissions to create",
        ),
        ("exit 1", "does not work here: it does not answer"),
        (
            'echo \'{"ready": false, "text": "because"}\'; exec sleep 9',
            "does not work here: because",
        ),
        ("echo garbage; exec sleep 9", "it does not answer"),
    ],
)
def test_a_bubblewrap_that_does_not_work_is_quoted(script, said, tmp_path, monkeypatch):
    program = tmp_path / "bwrap"
    version = "" if "0.4" in script else '[ "$1" = --version ] && exit\n'
    program.write_text(f"#!/bin/sh\n{version}{script}\n")
    program.chmod(0o755)
    tmp_path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with Sandbox(Access()) as one, pytest.raises(NoSandbox, match=said):
        list(one.run(ask("1")))


def test_other_systems_have_no_sandbox(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NoSandbox, match="bubblewrap needs Linux"):
        sandboxes.modes(False)
    assert sandboxes.modes(True) == ["unsafe"]
    monkeypatch.delattr(os, "fork")
    with pytest.raises(NoSandbox, match="cannot fork"):
        sandboxes.modes(True)


# --- what a session says of itself ---------------------------------------------------------------

DIED = {"status": "died"}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"status": "ok", "asserted": 2}', {"status": "ok", "asserted": 2}),
        (b"", DIED),
        (b"\xff", DIED),
        (b"null", DIED),
        (b"[" * 100_000, DIED),
        (b'{"status": "timeout"}', DIED),
        (b'{"status": ["ok"]}', DIED),
        (b'{"status": "ok", "alive": false, "step": 7, "id": 2, "done": 1, "seconds": -1, "ports": [1]}', {"status": "ok"}),
        (b'{"status": "failed", "text": "\\ud800x", "kind": 7, "trace": {}}', {"status": "failed", "text": "?x"}),
        (b'{"status": "ok", "line": true, "asserted": 1e3, "code": 1' + b"0" * 30 + b"}", {"status": "ok"}),
        (b'{"status": "ok", "parts": [1, [2], "3", 4], "network": 1}', {"status": "ok", "parts": ["3"]}),
    ],
)  # fmt: skip
def test_a_report_is_taken_as_far_as_it_has_the_form_of_one(line, found):
    assert session.checked(line) == found


def test_no_report_is_longer_than_it_may_be():
    line = json.dumps(
        {"status": "failed", **dict.fromkeys(("text", "trace", "kind", "got"), "x" * 10**6)}
    )
    assert max(len(str(value)) for value in session.checked(line.encode()).values()) == 20_000


# --- the filter ----------------------------------------------------------------------------------


def judge(program, number, first=0, architecture=0xC000003E, second=0):
    """Do as the kernel does with a filter; return its word."""
    data = struct.pack("=IIQ6Q", number, architecture, 0, first, second, 0, 0, 0, 0)
    at, value = 0, 0
    for _ in range(1000):
        operation, then, otherwise, word = struct.unpack_from("=HBBI", program, at * 8)
        at += 1
        if operation == 0x06:
            return word
        if operation == 0x20:
            (value,) = struct.unpack_from("=I", data, word)
            continue
        truth = {0x15: value == word, 0x35: value >= word, 0x45: bool(value & word)}[operation]
        at += then if truth else otherwise
    raise AssertionError("it does not end")


ALLOWED = 0x7FFF0000
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_refuses_what_the_table_says_and_nothing_else(machine):
    column, architecture = MACHINES[machine]
    program = syscalls.program(machine)
    refused = {numbers[column] for numbers in syscalls._REFUSED.values()} - {None}
    special = {
        syscalls._SOCKET[column], syscalls._SOCKETPAIR[column], syscalls._CLONE3[column],
        syscalls._SHMGET[column],
    }  # fmt: skip
    for number in range(600):
        word = judge(program, number, 0, architecture)
        if number in refused:
            assert word == 0x50000 | errno.EPERM, number
        elif number not in special:
            assert word == ALLOWED, number
    assert judge(program, syscalls._CLONE3[column], 0, architecture) == 0x50000 | errno.ENOSYS
    clone = syscalls._CLONE[column]
    assert judge(program, clone, 0x3D0F00, architecture) == ALLOWED  # a thread
    assert judge(program, clone, 17, architecture) == ALLOWED  # a process
    for bit in (17, 25, 26, 27, 28, 29, 30):
        assert judge(program, clone, 17 | 1 << bit, architecture) == 0x50000 | errno.EPERM
    for number in (syscalls._SOCKET[column], syscalls._SOCKETPAIR[column]):
        for family in range(50):
            word = ALLOWED if family in (1, 2, 10, 16) else 0x50000 | errno.EAFNOSUPPORT
            assert judge(program, number, family, architecture) == word


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("size", [0, 56, 4096, 4097, 1 << 20, 1 << 32, (1 << 32) + 56, 1 << 63])
def test_shared_memory_comes_in_pages(machine, size):
    column, architecture = MACHINES[machine]
    word = judge(syscalls.program(machine), syscalls._SHMGET[column], 0, architecture, size)
    assert word == (ALLOWED if size <= 4096 else 0x50000 | errno.EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_knows_no_other_machines_numbers(machine):
    program = syscalls.program(machine)
    for architecture in (0x40000003, 0x40000028, 0, *(a for _, a in MACHINES.values())):
        if architecture != MACHINES[machine][1]:
            assert judge(program, 1, 0, architecture) == 0x50000 | errno.ENOSYS
    if machine == "x86_64":
        assert judge(program, 0x40000001) == 0x50000 | errno.ENOSYS


def test_other_machines_have_no_filter():
    assert syscalls.program("s390x") == b""
    assert len(syscalls.program("x86_64")) // 8 < 4096


def test_programs_work_under_the_filter(safe):
    """What starts threads, processes and subprocesses in every way that is usual."""
    code = """
    import asyncio, concurrent.futures, multiprocessing, sqlite3, ssl, subprocess, tempfile, threading
    print(list(concurrent.futures.ThreadPoolExecutor(4).map(abs, [-1])))
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(abs, [-2]))
    async def main():
        process = await asyncio.create_subprocess_exec("echo", "3", stdout=subprocess.PIPE)
        print((await process.communicate())[0].decode().strip())
    asyncio.run(main())
    print(subprocess.check_output(["sh", "-c", "echo $(echo 4 | cat)"], text=True).strip())
    queue = multiprocessing.SimpleQueue(); queue.put(5); print(queue.get())
    with tempfile.TemporaryDirectory() as folder: print(sqlite3.connect(f"{folder}/x").execute("select 6").fetchone()[0])
    """
    assert outputs(safe, code) == ["[1]\n[2]\n3\n4\n5\n6\n"]


def test_the_filter_is_there(safe):
    code = "print(*[row.split()[1] for row in open('/proc/self/status') if row.startswith(('Seccomp:', 'NoNewPrivs'))])"
    known = os.uname().machine in MACHINES
    assert outputs(safe, code) == [f"1 {2 if known else 0}\n"]


# --- time ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_sessions_are_quick(sandbox):
    """Generous: a machine that tests does other things beside."""
    began = time.monotonic()
    with Sandbox(Access()) as one:
        outputs(one, "1")
        assert time.monotonic() - began < 2
        times = []
        for _ in range(20):
            began = time.monotonic()
            outputs(one, "1")
            times.append(time.monotonic() - began)
    assert min(times) < 0.05


def test_nothing_is_compiled_twice(sandbox):
    """To the guest its folder is read-only, so it finds what the host compiled."""
    with contextlib.closing(Sandbox(Access())) as one:
        outputs(one, "1")
    if not sys.dont_write_bytecode and os.access(GUEST, os.W_OK):
        tag = sys.implementation.cache_tag
        made = {path.name for path in (GUEST / "__pycache__").glob(f"*.{tag}.pyc")}
        assert {f"{path.stem}.{tag}.pyc" for path in GUEST.glob("*.py")} <= made
