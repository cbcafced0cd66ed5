"""Snippets that try to do harm, in real sandboxes of every kind that this machine can make.

An attack prints ``REACHED`` where it got what it is after. Most are also run without a sandbox,
where they must reach it: so each test is seen to be able to fail.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from agentdocs.verify import sandbox as sandboxes
from agentdocs.verify.sandbox import GUEST, Access, NoSandbox, Sandbox, is_root, steps_of

ROOT = Path(__file__).parents[2]
MARK = f"agentdocs-attack-{os.getpid()}"
"""Stands in the command line of every process that an attack leaves behind."""

WAYS = ("user-nested", "user-alone")
"""Who makes the sandbox, and whether sessions share one or have one each."""
if is_root():
    WAYS = ("root-nested", "root-alone", *WAYS)


# --- sandboxes of every kind --------------------------------------------------------------------


class Here:
    """A sandbox that this process runs."""

    def __init__(self, **options):
        self.sandbox = Sandbox(Access((TARGETS.shown,)), **options)

    def run(self, request):
        return list(self.sandbox.run(request))

    def close(self):
        self.sandbox.close()


DRIVER = """\
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from agentdocs.verify.sandbox import Access, Sandbox
box = Sandbox(Access((pathlib.Path(sys.argv[3]),)), **json.loads(sys.argv[2]))
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(list(box.run(json.loads(line)))), flush=True)
box.close()
"""


class Elsewhere:
    """A sandbox that a process of an ordinary user runs, where this one is root's."""

    def __init__(self, package, python, **options):
        self.process = subprocess.Popen(
            [python, "-c", DRIVER, package, json.dumps(options), str(TARGETS.shown)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/",
            user=65534, group=65534, extra_groups=[],
        )  # fmt: skip
        assert self.process.stdout.readline() == "ready\n"

    def run(self, request):
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.communicate()
        assert self.process.returncode == 0


@pytest.fixture(scope="session")
def package(system_python):
    """Return a folder with the package that everybody can read."""
    folder = Path(tempfile.mkdtemp(prefix="agentdocs-package-"))
    folder.chmod(0o755)
    source = GUEST.parents[1]
    shutil.copytree(source / "verify/guest", folder / "agentdocs/verify/guest")
    for name in ("__init__.py", "verify/__init__.py", "verify/sandbox.py"):
        shutil.copy(source / name, folder / "agentdocs" / name)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534)  # as what is a user's own, which only the sandbox protects
    yield str(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def system_python():
    """Return an interpreter that everybody can run."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    code = "import sys; sys.exit(sys.version_info < (3, 11))"
    if python is None or subprocess.run([python, "-c", code]).returncode:
        pytest.skip("no Python 3.11 that other users can run")
    return python


@pytest.fixture(scope="session", params=WAYS)
def box(request, sandbox):
    """Return a sandbox; one of each kind serves all attacks, so it has to survive them."""
    who, how = request.param.split("-")
    if who == "user" and is_root():
        package = request.getfixturevalue("package")
        python = request.getfixturevalue("system_python")
        found = Elsewhere(package, python, nest=how == "nested")
    else:
        found = Here(nest=how == "nested")
    yield found
    found.close()


def ask(code, timeout, runner, **more):
    """Return a request: the attack, and a harmless snippet behind it."""
    after = {"python": "print('next')", "shell": "echo next", "node": "console.log('next')"}
    steps = [{"file": "a.md", "line": 3, "code": code, "timeout": timeout, **more}]
    steps.append({**steps[0], "code": after.get(runner, "select 'next';"), "files": {}})
    return {
        "id": 1, "runner": runner, "files": {}, "steps": steps_of(steps), "environment": aims(),
        "command": [shutil.which("node")] if runner == "node" else [],
    }  # fmt: skip


HARMLESS = {
    "id": 2, "runner": "python", "command": [], "files": {}, "environment": {},
    "steps": steps_of([{"file": "b.md", "line": 1, "code": "print(6 * 7)"}]),
}  # fmt: skip


# --- what is attacked ---------------------------------------------------------------------------


@dataclass
class Targets:
    """Things of this machine that no snippet may reach."""

    folder: Path
    shown: Path
    """What may be read in a sandbox, and written by everybody outside of it."""
    secret: Path
    at_home: Path
    port: int
    path_socket: Path
    abstract: str
    bystander: subprocess.Popen
    visits: list


TARGETS: Targets | None = None
SECRET = "the-secret-of-this-machine"


def aims():
    """Return what attacks are told of their targets: where they are, not what they hold."""
    assert TARGETS
    return {
        "AIM_FOLDER": str(TARGETS.folder),
        "AIM_SHOWN": str(TARGETS.shown),
        "AIM_SECRET": str(TARGETS.secret),
        "AIM_HOME": str(TARGETS.at_home),
        "AIM_REPOSITORY": str(ROOT),
        "AIM_PORT": str(TARGETS.port),
        "AIM_SOCKET": str(TARGETS.path_socket),
        "AIM_ABSTRACT": TARGETS.abstract,
        "AIM_PID": str(TARGETS.bystander.pid),
        "AIM_HOST": str(os.getpid()),
        "MARK": MARK,
    }


@pytest.fixture(scope="session", autouse=True)
def targets():
    """Set the targets up, each as open as it could be."""
    global TARGETS
    folder = Path(tempfile.mkdtemp(prefix="agentdocs-targets-"))
    folder.chmod(0o777)
    shown = Path(tempfile.mkdtemp(prefix="agentdocs-shown-"))
    shown.chmod(0o777)
    (shown / "module.py").write_text("x = 1")
    (shown / "module.py").chmod(0o666)
    secret = folder / "results.json"
    secret.write_text(SECRET)
    secret.chmod(0o666)
    home = pwd.getpwuid(os.getuid()).pw_dir
    with contextlib.ExitStack() as stack:
        at_home = folder / "no-home"
        with contextlib.suppress(OSError):
            file = stack.enter_context(
                tempfile.NamedTemporaryFile("w", dir=home, prefix=f".{MARK}-")
            )
            file.write(SECRET)
            file.flush()
            at_home = Path(file.name)
        visits = []
        port = stack.enter_context(listener(socket.AF_INET, ("127.0.0.1", 0), visits))
        stack.enter_context(listener(socket.AF_UNIX, str(folder / "socket"), visits))
        (folder / "socket").chmod(0o777)
        abstract = f"{MARK}-{os.getpid()}"
        stack.enter_context(listener(socket.AF_UNIX, f"\0{abstract}", visits))
        os.environ["AGENTDOCS_TEST_SECRET"] = SECRET
        user = {"user": 65534, "group": 65534} if is_root() else {}
        bystander = subprocess.Popen(["sleep", "1000"], **user)
        TARGETS = Targets(
            folder, shown, secret, at_home, port, folder / "socket", abstract, bystander, visits
        )
        yield TARGETS
        bystander.kill()
        bystander.wait()
        del os.environ["AGENTDOCS_TEST_SECRET"]
    shutil.rmtree(folder)
    shutil.rmtree(shown)


@contextlib.contextmanager
def listener(family, address, visits):
    """Listen, and note whoever comes; yield the port."""
    server = socket.socket(family)
    server.bind(address)
    server.listen()

    def serve():
        while True:
            try:
                visitor, _ = server.accept()
            except OSError:
                return
            visits.append(address)
            visitor.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    name = server.getsockname()
    yield name[1] if family == socket.AF_INET else 0
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(2)


def state():
    """Return what must be the same after an attack as before."""
    assert TARGETS
    watched = [
        *TARGETS.folder.iterdir(),
        *TARGETS.shown.iterdir(),
        Path(os.__file__),
        Path(sys.executable).resolve(),
    ]
    found = {
        str(path): (path.stat().st_mode, path.stat().st_size, path.read_bytes()[:4096])
        for path in watched
        if path.is_file()
    }
    for folder in (GUEST, ROOT, Path(os.__file__).parent, Path("/usr"), Path("/etc"), Path("/")):
        found[str(folder)] = sorted(os.listdir(folder)), folder.stat().st_mode
    return found | {"/dev/null": Path("/dev/null").stat().st_mode}


def left_behind():
    """Return the processes of attacks that are still there."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if words[0] == MARK.encode():
                    found.append(int(folder.name))
    return found


def gone(seconds=3.0):
    """Whether nothing of an attack is left; dying takes a moment."""
    end = time.monotonic() + seconds
    while left_behind():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


# --- the attacks --------------------------------------------------------------------------------


@dataclass
class Attack:
    """A snippet and what must come of it."""

    name: str
    code: str
    runner: str = "python"
    status: tuple[str, ...] = ("ok",)
    """What the sandbox may say of it."""
    timeout: float = 10.0
    unsafe: bool = True
    """Whether it can be tried without a sandbox, where it must reach its aim."""
    next: bool = True
    """Whether the snippet behind it runs."""


def py(name, code, **more):
    return Attack(name, textwrap.dedent(code), **more)


def sh(name, code, **more):
    return Attack(name, textwrap.dedent(code), "shell", **more)


ENDS = ("died", "failed", "timeout", "memory")

READS = [
    py(
        "files-of-the-system-and-its-users",
        """
        import os
        aims = [os.environ["AIM_SECRET"], os.environ["AIM_HOME"]]
        aims += ["/etc/shadow", "/etc/sudoers", "/etc/machine-id", "/root/.bashrc", "/var/log/lastlog"]
        aims += [os.environ["AIM_REPOSITORY"] + end for end in ("/.git/HEAD", "/pyproject.toml")]
        for path in aims:
            for start in ("", "/proc/self/root", "/proc/1/root", "/proc/1/cwd", "/../../.."):
                try:
                    with open(start + path, "rb") as file:
                        print("REACHED", path, file.read(1000))
                except OSError:
                    pass
        for folder in (os.environ["AIM_FOLDER"], os.environ["AIM_REPOSITORY"], "/root", "/var", "/run", "/sys"):
            try:
                names = os.listdir(folder)
            except OSError:
                continue
            # Of a repository, the way to the interpreter or the guest may be seen, and no file.
            print(*["REACHED " + n for n in names if os.path.isfile(os.path.join(folder, n))])
        """,
    ),
    py(
        "beside-what-is-shown",
        """
        import os, sys
        guest = sys.modules["agentdocs_guest"].__path__[0]
        for start in (guest, os.environ["AIM_REPOSITORY"] + "/_ext/agentdocs"):
            while start != "/":
                start = os.path.dirname(start)
                for name in os.listdir(start) if os.path.isdir(start) else ():
                    path = os.path.join(start, name)
                    if os.path.isfile(path) and start.startswith(os.environ["AIM_REPOSITORY"]):
                        print("REACHED", path)
        """,
        unsafe=False,
    ),
    sh(
        "a-search-of-everything",
        """
        find / -xdev -path '*agentdocs-targets*' 2>/dev/null | sed 's/^/REACHED /' || true
        """,
        unsafe=False,
    ),
    sh(
        "files-by-the-shell",
        """cat "$AIM_SECRET" "$AIM_HOME" 2>/dev/null | sed 's/^/REACHED /' || true""",
    ),
    Attack(
        "files-by-node",
        """
        const fs = require("fs");
        for (const path of [process.env.AIM_SECRET, process.env.AIM_HOME, "/etc/shadow"])
          try { console.log("REACHED", fs.readFileSync(path).length) } catch {}
        """,
        "node",
    ),
    py(
        "secrets-in-the-environment",
        """
        import glob, os
        print("REACHED" if "AGENTDOCS_TEST_SECRET" in os.environ else "")
        for path in glob.glob("/proc/*/environ"):
            try:
                with open(path) as file:
                    print("REACHED" if "AGENTDOCS_TEST_SECRET" in file.read() else "")
            except OSError:
                pass
        """,
    ),
    py(
        "other-processes",
        """
        import glob, os
        print("REACHED" if os.path.exists("/proc/" + os.environ["AIM_PID"]) else "")
        for path in glob.glob("/proc/[0-9]*"):
            if path.split("/")[2] in (str(os.getpid()), "self"):
                continue
            for name in ("mem", "environ", "maps", "fd", "cwd/.", "root/."):
                try:
                    os.listdir(f"{path}/{name}") if name in ("fd", "cwd/.", "root/.") else open(f"{path}/{name}").read(10)
                    print("REACHED", path, name)
                except OSError:
                    pass
        """,
    ),
    py(
        "memory-of-other-processes",
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(8)
        vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
        for pid in {os.getppid(), 1, 2, int(os.environ["AIM_PID"])} - {0, os.getpid()}:
            if libc.ptrace(16, pid, None, None) == 0:
                print("REACHED", "attached to", pid)
                os.waitpid(pid, 0x40000000)
                libc.ptrace(17, pid, None, None)
            libc.process_vm_readv(pid, ctypes.byref(vector), 1, ctypes.byref(vector), 1, 0)
            if ctypes.get_errno() not in (1, 3, 38):
                print("REACHED", "memory of", pid, ctypes.get_errno())
        """,
    ),
]

WRITES = [
    py(
        "everywhere-outside",
        """
        import os, sys
        guest = sys.modules["agentdocs_guest"].__path__[0]
        aim = os.environ["AIM_FOLDER"]
        own = [os.environ["AIM_SHOWN"], os.path.dirname(sys.executable), os.path.dirname(os.__file__), sys.prefix, guest]
        for folder in (aim, "/", "/usr", "/usr/bin", "/etc", "/dev", "/lib", "/proc", "/home", *own):
            if not os.path.isdir(folder) or os.getcwd().startswith(aim):
                continue
            path = os.path.join(folder, "written-by-an-attack")
            for write in (
                lambda: open(path, "w").close(),
                lambda: os.mkdir(path),
                lambda: os.symlink("/", path),
                lambda: os.mkfifo(path),
                lambda: os.chmod(folder, 0o777),
                lambda: os.utime(folder),
            ):
                try:
                    write()
                    print("REACHED", folder)
                    break
                except OSError:
                    pass
        files = [os.environ["AIM_SHOWN"] + "/module.py", sys.executable, os.__file__, guest + "/server.py", "/usr/bin/env", "/etc/passwd", "/dev/null"]
        for path in (os.environ["AIM_SECRET"], *files):
            for write in (
                # A device may be written to; that is what it is there for.
                lambda: path == "/dev/null" or os.utime(path),
                lambda: path == "/dev/null" or open(path, "r+b").close(),
                lambda: os.chmod(path, 0o666),
                lambda: os.rename(path, path + ".away"),
            ):
                try:
                    if write() is not True:
                        print("REACHED", path)
                except OSError:
                    pass
        """,
        unsafe=False,
    ),
    py(
        "the-kernel's-own-files",
        """
        import glob
        for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", *glob.glob("/proc/1/*")):
            try:
                with open(path, "r+b", buffering=0) as file:
                    if path.startswith("/proc/1/"):
                        file.write(b"1")
                print("REACHED", path)
            except OSError:
                pass
        """,
        unsafe=False,
    ),
    sh(
        "by-the-shell",
        """
        for folder in "$AIM_FOLDER" "$AIM_SHOWN" / /usr /etc /dev /lib /var; do
          (echo x > "$folder/by-the-shell") 2>/dev/null && echo "REACHED $folder" || true
        done
        rm -rf "$AIM_FOLDER"/by-the-shell /dev/null 2>/dev/null || true
        test -c /dev/null || echo REACHED
        """,
        unsafe=False,
    ),
    Attack(
        "by-a-database",
        "attach '{AIM_FOLDER}/made.db' as other; create table other.t(a); select 'REACHED';",
        "sql",
        ("failed",),
    ),
    Attack(
        "by-node",
        """
        const fs = require("fs");
        for (const folder of [process.env.AIM_FOLDER, process.env.AIM_SHOWN, "/usr", "/etc", "/", "/dev"])
          try { fs.writeFileSync(folder + "/made-by-node", "x"); console.log("REACHED", folder) } catch {}
        """,
        "node",
        unsafe=False,
    ),
    py(
        "through-links",
        """
        import os
        for name in ("results.json", "given.txt"):
            os.symlink(os.environ["AIM_SECRET"], name)
        try:
            with open("results.json", "a") as file:
                file.write("forged")
            print("REACHED")
        except OSError:
            pass
        """,
        unsafe=False,
        # The file that the contract gives to the next snippet stands where the link is.
        next=False,
    ),
]

NETWORK = [
    py(
        "connections-to-the-host",
        """
        import os, socket
        port = int(os.environ["AIM_PORT"])
        for family, address in (
            (socket.AF_INET, ("127.0.0.1", port)),
            (socket.AF_INET, ("0.0.0.0", port)),
            (socket.AF_INET6, ("::ffff:127.0.0.1", port)),
            (socket.AF_UNIX, os.environ["AIM_SOCKET"]),
            (socket.AF_UNIX, "\\0" + os.environ["AIM_ABSTRACT"]),
        ):
            try:
                with socket.socket(family) as one:
                    one.settimeout(2)
                    one.connect(address)
                    print("REACHED", address)
            except OSError as error:
                print(address, error)
        """,
    ),
    py(
        "names-and-addresses-of-the-world",
        """
        import socket
        for call in (
            lambda: socket.getaddrinfo("example.com", 80),
            lambda: socket.create_connection(("1.1.1.1", 53), 2),
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("8.8.8.8", 53)),
            lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("2606:4700:4700::1111", 53)),
            lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        ):
            try:
                print("REACHED", call())
            except OSError as error:
                print(error)
        """,
        unsafe=False,
    ),
    py(
        "sockets-that-know-no-namespaces",
        """
        import socket
        for family in (40, 38, 17, 31, 29, 30, 21, 44):  # vsock, alg, packet, bluetooth, can, ...
            for call in (socket.socket, socket.socketpair):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW):
                    try:
                        call(family, kind)
                        print("REACHED", family)
                    except OSError as error:
                        assert error.errno in (97, 1), error
        """,
        unsafe=False,
    ),
    sh(
        "connections-by-the-shell",
        """
        (exec 3<>"/dev/tcp/127.0.0.1/$AIM_PORT") 2>/dev/null && echo REACHED || true
        """,
    ),
    Attack(
        "connections-by-node",
        """
        const net = require("net");
        for (const where of [{ port: Number(process.env.AIM_PORT), host: "127.0.0.1" }, { path: process.env.AIM_SOCKET }]) {
          const one = net.connect(where, () => { console.log("REACHED"); one.end(); });
          one.on("error", () => {});
        }
        """,
        "node",
    ),
]

PRIVILEGES = [
    py(
        "other-namespaces",
        """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x10020000):
            if libc.unshare(flag) == 0:
                print("REACHED", hex(flag))
        pid = libc.syscall(56 if os.uname().machine == "x86_64" else 220, 0x10000000 | 17, 0, 0, 0, 0)
        if pid == 0:
            os._exit(0)
        if pid > 0:
            print("REACHED", "clone")
        for name in ("user", "mnt", "net", "pid"):
            try:
                number = os.open(f"/proc/1/ns/{name}", os.O_RDONLY)
                if libc.setns(number, 0) == 0:
                    print("REACHED", name)
            except OSError:
                pass
        if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0 or libc.chroot(b"/tmp") == 0:
            print("REACHED")
        if libc.umount2(b"/proc", 2) == 0 or libc.mount(None, b"/usr", None, 32 | 4096, None) == 0:
            print("REACHED")
        """,
        unsafe=False,
    ),
    py(
        "other-users-and-capabilities",
        """
        import os, subprocess
        for call in (os.setuid, os.setgid, os.seteuid):
            try:
                call(0)
                print("REACHED", call)
            except OSError:
                pass
        try:
            os.setgroups([0])
            print("REACHED")
        except OSError:
            pass
        for command in (["cat", "/proc/self/status"], ["su", "-c", "id"], ["sudo", "-n", "id"], ["mount", "-t", "tmpfs", "x", "/tmp"],
                        ["unshare", "-rm", "true"], ["bwrap", "--ro-bind", "/", "/", "true"]):
            try:
                run = subprocess.run(command, capture_output=True, text=True, timeout=5)
            except OSError:
                continue
            if command[0] == "cat":
                for row in run.stdout.splitlines():
                    if row.startswith(("CapPrm", "CapEff", "CapInh", "CapAmb")) and int(row.split()[1], 16):
                        print("REACHED", row)
                    if row.startswith(("NoNewPrivs", "Uid")) and row.split()[1] == "0":
                        print("REACHED", row)
            elif run.returncode == 0:
                print("REACHED", command)
        """,
        unsafe=False,
    ),
    py(
        "calls-that-no-documentation-needs",
        """
        import ctypes, os, platform
        libc = ctypes.CDLL(None, use_errno=True)
        column = {"x86_64": 0, "aarch64": 1}.get(platform.machine())
        calls = {
            "memfd_create": ((319, 279), (b"x", 0)), "bpf": ((321, 280), (0, 0, 0)),
            "userfaultfd": ((323, 282), (0,)), "perf_event_open": ((298, 241), (0, 0, -1, -1, 0)),
            "io_uring_setup": ((425, 425), (1, 0)), "keyctl": ((250, 219), (0, -3, 0)),
            "add_key": ((248, 217), (b"user", b"x", b"x", 1, -4)), "shmget": ((29, 194), (0, 1 << 20, 0o1600)),
            "msgget": ((68, 186), (0, 0o1600)), "syslog": ((103, 116), (10, 0, 0)),
            "open_by_handle_at": ((304, 265), (-1, 0, 0)), "kexec_load": ((246, 104), (0, 0, 0, 0)),
            "init_module": ((175, 105), (0, 0, b"")), "memfd_secret": ((447, 447), (0,)),
        }
        for name, (numbers, arguments) in calls.items() if column is not None else ():
            result = libc.syscall(numbers[column], *arguments)
            if result != -1 or ctypes.get_errno() != 1:
                print("REACHED", name, result, ctypes.get_errno())
        """,
        unsafe=False,
    ),
]

SIGNALS = [
    py(
        "every-process-that-can-be-seen",
        """
        import os, signal
        for pid in (int(os.environ["AIM_PID"]), int(os.environ["AIM_HOST"]), 1, os.getppid()):
            try:
                pid and os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        try:
            os.kill(-1, signal.SIGKILL)
        except OSError:
            print("alone")
        os.killpg(0, signal.SIGKILL)
        """,
        status=("died",),
        unsafe=False,
    ),
    py(
        "a-stop-for-everyone",
        """
        import os, signal
        for pid in (-1, 1, os.getppid(), 0):
            try:
                os.kill(pid, signal.SIGSTOP)
            except OSError:
                pass
        """,
        status=("timeout",),
        timeout=0.5,
        unsafe=False,
    ),
    sh("kill-all-by-the-shell", "kill -9 -1; kill -9 0", status=("died", "failed"), unsafe=False),
    Attack(
        "kill-all-by-node",
        'for (const pid of [1, process.ppid, -1]) try { process.kill(pid, "SIGKILL") } catch {}',
        "node",
        ("died",),
        unsafe=False,
    ),
]

DAEMON = """
import os, signal, sys, time
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except OSError:
        pass
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp("sleep", [os.environ["MARK"], "1000"])
    os._exit(0)
time.sleep(0.2)
"""
DAEMONS = [
    py("a-daemon", DAEMON, unsafe=False),
    py("a-daemon-and-a-sudden-end", DAEMON + "os._exit(0)", status=("died",), unsafe=False),
    py(
        "a-daemon-and-no-end",
        DAEMON + "while True: pass",
        status=("timeout",),
        timeout=0.6,
        unsafe=False,
    ),
    sh(
        "a-daemon-of-the-shell",
        "(setsid nohup bash -c 'exec -a $MARK sleep 1000' & disown) && sleep 0.2",
        unsafe=False,
    ),
    Attack(
        "a-daemon-of-node",
        """
        require("child_process").spawn("sleep", ["1000"],
          { argv0: process.env.MARK, detached: true, stdio: "inherit" }).unref();
        """,
        "node",
        unsafe=False,
    ),
]

BOMBS = [
    py(
        "forks",
        """
        import os, sys
        count = 0
        while True:
            try:
                if os.fork() == 0:
                    while True:
                        try:
                            os.fork()
                        except OSError:
                            pass
                count += 1
            except OSError:
                if count:
                    print(count, flush=True)
                    count = 0
        """,
        status=ENDS,
        timeout=0.7,
        unsafe=False,
    ),
    sh(
        "forks-by-the-shell",
        ":() { : | : & }; : ; while :; do sleep 1; done",
        status=ENDS,
        timeout=0.7,
        unsafe=False,
    ),
    py(
        "threads",
        """
        import threading, time
        count = 0
        try:
            while True:
                threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
                count += 1
        except RuntimeError:
            print("REACHED" if count > 200 else count)
        """,
        unsafe=False,
    ),
    py("an-array", "x = bytearray(10 * 2**30)", status=("failed",), unsafe=False),
    py(
        "an-array-in-parts",
        "x = [bytearray(2**20) for _ in range(10 * 2**10)]",
        status=("failed", "memory"),
        unsafe=False,
    ),
    py(
        "shared-memory",
        """
        import mmap
        x = mmap.mmap(-1, 10 * 2**30)
        for _ in range(10 * 2**4):
            x.write(bytes(2**26))
        print("REACHED")
        """,
        status=("memory", "failed"),
        unsafe=False,
    ),
    py(
        "memory-of-many-processes",
        """
        import os, time
        for _ in range(60):
            if os.fork() == 0:
                x = b"x" * (200 * 2**20)
                time.sleep(30)
        time.sleep(30)
        print("REACHED")
        """,
        status=("memory",),
        timeout=20,
        unsafe=False,
    ),
    py(
        "disks",
        """
        import errno, os
        total = 0
        for folder in ("/tmp", "/dev/shm", os.environ["HOME"], "/dev", "/"):
            for number in range(100):
                try:
                    with open(f"{folder}/{number}", "wb") as file:
                        while True:
                            total += file.write(b"x" * 2**20)
                except OSError as error:
                    if error.errno != errno.EFBIG:
                        break
        print("REACHED" if total > 700 * 2**20 else total)
        """,
        status=("ok", "memory"),
        unsafe=False,
        next=False,  # there is no room for its files
    ),
    py(
        "small-files",
        """
        import os
        try:
            for number in range(1_000_000):
                os.mkdir(f"/tmp/{number}")
        except OSError:
            print("enough")
        else:
            print("REACHED")
        """,
        status=("ok", "memory"),
        unsafe=False,
    ),
    py("output", "while True: print('x' * 10_000)", status=("failed", "died"), unsafe=False),
    sh("output-by-the-shell", "yes", status=("failed", "died"), unsafe=False),
    sh("memory-by-the-shell", "tail /dev/zero", status=("failed", "memory"), unsafe=False),
    Attack(
        "memory-by-node",
        "const all = []; for (;;) all.push(Buffer.alloc(50_000_000, 1));",
        "node",
        ("failed", "memory", "died"),
        unsafe=False,
    ),
    Attack(
        "a-database-without-end",
        "with recursive t(a) as (select 1 union all select a + 1 from t) select max(a) from t;",
        "sql",
        ("timeout",),
        0.5,
        unsafe=False,
    ),
    Attack(
        "a-database-of-any-size",
        "create table t as with recursive n(a) as (select 1 union all select a + 1 from n)"
        " select zeroblob(10000000) from n limit 2000;",
        "sql",
        ("failed", "memory"),
        unsafe=False,
    ),
]

LOOPS = [
    py(name, code, status=("timeout",), timeout=0.4, unsafe=False)
    for name, code in {
        "a-loop": "while True: pass",
        "a-loop-in-c": "import itertools; sum(itertools.repeat(1))",
        "a-loop-in-a-pattern": "import re; re.match(r'(a*)*b', 'a' * 40)",
        "a-loop-that-ignores-signals": """
            import signal
            for number in range(1, 32):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except OSError:
                    pass
            while True:
                try:
                    while True: pass
                except BaseException:
                    pass
            """,
        "an-error-that-prints-without-end": """
            class Endless(Exception):
                def __str__(self):
                    while True: pass
            raise Endless
            """,
        "threads-that-wait-for-each-other": """
            import threading
            lock = threading.Lock(); lock.acquire(); lock.acquire()
            """,
        "a-stop": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "a-wait-for-input-that-never-comes": "import os; os.read(os.pipe()[0], 1)",
    }.items()
]

SELVES = [
    py(name, code, unsafe=False, **more)
    for name, code, more in [
        ("an-exit", "import sys; sys.exit(3)", {"status": ("failed",)}),
        ("a-sudden-exit", "import os; os._exit(0)", {"status": ("died",)}),
        (
            "a-sudden-exit-with-a-child-that-stays",
            "import os, time\nif os.fork() == 0: time.sleep(60)\nos._exit(0)",
            {"status": ("died",)},
        ),
        ("a-fault", "import ctypes; ctypes.string_at(0)", {"status": ("died",)}),
        ("an-abort", "import os; os.abort()", {"status": ("died",)}),
        ("a-deep-recursion", "def f(): f()\nf()", {"status": ("failed",)}),
        (
            "a-recursion-without-guard",
            "import sys; sys.setrecursionlimit(10**9)\ndef f(x): return [f([x]) for _ in x]\nf([1])",
            {"status": ENDS, "timeout": 1},
        ),
        ("no-descriptors", "import os; os.closerange(0, 1000)", {"status": ("died", "ok", "broken")}),
        ("no-builtins", "import builtins; vars(builtins).clear()", {"status": ("died", "broken", "ok"), "next": False}),
        ("no-modules", "import sys; sys.modules.clear()", {"status": ("ok", "broken", "died"), "next": False}),
        (
            "other-functions-of-the-runner",
            "import os, json, builtins\njson.dumps = os.write = builtins.open = lambda *a, **k: 1 / 0",
            {"status": ("broken", "died"), "next": False},
        ),
        ("no-output", "import sys; sys.stdout = sys.stderr = None", {"next": False}),
        ("garbage-as-output", "import sys; sys.stdout = sys.stderr = 7", {"next": False}),
        ("a-trace-function", "import sys; sys.settrace(lambda *a: 1 / 0)", {"status": ("ok", "failed", "broken"), "next": False}),
        ("threads-without-end", "import threading, time\nfor _ in range(20): threading.Thread(target=time.sleep, args=(99,)).start()", {}),
        (
            "an-error-that-cannot-be-printed",
            "class E(BaseException):\n    def __str__(self): raise SystemExit(0)\n    __repr__ = __str__\nraise E",
            {"status": ("failed",)},
        ),
        (
            "an-error-of-a-strange-type",
            "class M(type):\n    __name__ = property(lambda s: [])\nclass E(Exception, metaclass=M): pass\nraise E",
            {"status": ("failed", "broken")},
        ),
        ("no-working-folder", "import os, shutil; shutil.rmtree(os.getcwd())", {}),
        ("an-alarm", "import signal; signal.alarm(1); import time; time.sleep(9)", {"status": ("died",)}),
    ]
]  # fmt: skip

FORGED = r"""
import glob, json, os
lines = [
    {"ready": True, "nested": True}, {"done": 1}, {"done": 2}, {"preloaded": []},
    {"step": 0, "status": "ok", "alive": True, "output": "forged", "start": 0},
    {"step": 1, "status": "ok", "alive": True, "output": "forged", "start": 0},
    {"step": 0, "status": "failed", "id": 2, "alive": True}, {"preload": ["antigravity"]},
    {"status": "ok", "asserted": 5, "line": 10**30, "text": "\ud800", "parts": [[]], "seconds": -1},
]
text = "".join(json.dumps(line) + "\n" for line in lines)
numbers = {int(n) for n in os.listdir("/proc/self/fd")} | set(range(3, 300))
for number in sorted(numbers):
    for _ in range(SIZE):
        try:
            os.write(number, ("[" * 100_000 + "\n" + text).encode())
        except OSError:
            break
for path in glob.glob("/proc/[0-9]*/fd/*"):
    if not path.startswith(f"/proc/{os.getpid()}/"):
        try:
            with open(path, "w") as file:
                file.write(text)
            print("REACHED", path)
        except OSError:
            pass
"""
FORGERIES = [
    py("a-few-reports", FORGED.replace("SIZE", "1"), status=("died", "ok"), unsafe=False),
    py("many-reports", FORGED.replace("SIZE", "40"), status=("died", "ok"), unsafe=False),
    py(
        "reports-as-the-runner-makes-them",
        """
        import os, sys
        frame = sys._getframe()
        while frame and "mark" not in frame.f_locals:
            frame = frame.f_back
        mark = frame.f_locals["mark"] if frame else ""
        for number in range(3, 300):
            try:
                os.write(number, (mark + ' {"status": "ok", "text": "\\\\ud800", "alive": 0, "step": 1}\\n').encode())
            except OSError:
                pass
        """,
        unsafe=False,
    ),
    sh(
        "reports-by-the-shell",
        """
        for number in {3..260}; do
          echo '{"status": "ok", "step": 0}' >&$number
          echo 'failed 0 0 forged' >&$number
        done 2>/dev/null || true
        exec 2>/dev/null
        """,
        status=("died", "ok", "failed"),
        unsafe=False,
    ),
]

ATTACKS = [
    *READS, *WRITES, *NETWORK, *PRIVILEGES, *SIGNALS, *DAEMONS, *BOMBS, *LOOPS, *SELVES, *FORGERIES,
]  # fmt: skip
SLOW = [*BOMBS[2:], *LOOPS, *SELVES]
"""Those that know no users: a shared and a single sandbox are enough for them."""
CASES = [
    pytest.param(way, attack, id=f"{attack.name}-{way}")
    for attack in ATTACKS
    for way in ((WAYS[0], WAYS[-1]) if attack in SLOW else WAYS)
]


def code_of(attack):
    code = attack.code
    for name, value in aims().items():
        code = code.replace(f"{{{name}}}", value)
    return code


def of_node(attack):
    if attack.runner == "node" and not shutil.which("node"):
        pytest.skip("Node is not installed")


@pytest.mark.parametrize(("box", "attack"), CASES, indirect=["box"])
@pytest.mark.security("SEC-14", "SEC-15", "SEC-17", "SEC-18")
def test_an_attack_reaches_nothing_and_leaves_all_whole(box, attack):
    of_node(attack)
    before = state()
    given = {"given.txt": "Z2l2ZW4="}
    wanted = ask(code_of(attack), attack.timeout, attack.runner)
    wanted["steps"][1]["files"] = given
    first, second = box.run(wanted)
    assert first["step"] == 0
    assert second["step"] == 1
    assert first["status"] in attack.status, first
    assert "REACHED" not in first["output"]
    assert json.dumps([first, second], ensure_ascii=False).encode()
    if attack.next:
        assert (second["status"], second["output"].split()[-1:]) == ("ok", ["next"]), second
    assert [(r["status"], r["output"]) for r in box.run(HARMLESS)] == [("ok", "42\n")]
    assert gone()
    assert state() == before
    assert TARGETS.bystander.poll() is None
    assert not TARGETS.visits


UNSAFE = [attack for attack in ATTACKS if attack.unsafe]


@pytest.mark.parametrize("attack", UNSAFE, ids=lambda attack: attack.name)
def test_without_a_sandbox_the_same_attack_reaches_its_aim(attack):
    """Or the tests above would prove nothing."""
    of_node(attack)
    with Sandbox(Access(), unsafe=True) as box:
        first, _ = box.run(ask(code_of(attack), attack.timeout, attack.runner))
    (TARGETS.folder / "made.db").unlink(missing_ok=True)
    TARGETS.visits.clear()
    assert "REACHED" in first["output"], first


def test_links_lead_out_where_there_is_no_sandbox(tmp_path):
    """The control for “through-links”, with a file that may be lost."""
    aim = tmp_path / "aim"
    aim.write_text("before")
    code = f"import os; os.symlink({str(aim)!r}, 'given.txt')"
    wanted = ask(code, 5, "python")
    wanted["steps"][1]["files"] = {"given.txt": "Z2l2ZW4="}
    with Sandbox(Access(), unsafe=True) as unsafe:
        list(unsafe.run(wanted))
    assert aim.read_text() == "given"


# --- one session and the next --------------------------------------------------------------------

LEAVES = """
import os, pathlib, socket, subprocess
for folder in ("/tmp", os.environ["HOME"], "/dev/shm", "."):
    pathlib.Path(folder, "left").write_text("x")
server = socket.socket(socket.AF_UNIX)
server.bind("\\0left")
server.listen()
port = socket.socket()
port.bind(("127.0.0.1", 8000))
port.listen()
visitor = socket.create_connection(("127.0.0.1", 8000))
port.accept()[0].close()  # so that a connection waits for its end on this side
os.environ["LEFT"] = "x"
os.umask(0)
subprocess.Popen(["sleep", "1000"], start_new_session=True)
print("left")
"""
LOOKS = """
import os, pathlib, socket
for folder in ("/tmp", os.environ["HOME"], "/dev/shm", "."):
    if pathlib.Path(folder, "left").exists():
        print("REACHED", folder)
try:
    socket.socket(socket.AF_UNIX).connect("\\0left")
    print("REACHED")
except OSError:
    pass
port = socket.socket()
port.bind(("127.0.0.1", 8000))  # without SO_REUSEADDR: even what has ended would be in the way
processes = [name for name in os.listdir("/proc") if name.isdigit()]
if len(processes) > 2 or "LEFT" in os.environ or os.umask(0o22) != 0o22:
    print("REACHED", processes)
print("looked")
"""


@pytest.mark.security("SEC-19")
def test_a_session_leaves_nothing_to_the_next(box):
    for code, word in ((LEAVES, "left"), (LOOKS, "looked"), (LEAVES, "left"), (LOOKS, "looked")):
        first, _ = box.run(ask(code, 10, "python"))
        assert first["output"] == f"{word}\n", first


def test_a_step_that_ends_its_session_leaves_nothing_to_the_replay(box):
    """Where each session has a sandbox, the replay has one too."""
    code = LEAVES + "os._exit(1)"
    first, second = box.run({**ask(code, 10, "python"), "steps": [
        ask(code, 10, "python")["steps"][0], ask(LOOKS, 10, "python")["steps"][0],
    ]})  # fmt: skip
    assert (first["status"], second["output"]) == ("died", "looked\n"), (first, second)


def test_loopback_works_inside(box):
    code = """
    import socket, threading
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "localhost")):
        server = socket.create_server((host, 0), family=family)
        threading.Thread(target=lambda: server.accept()[0].sendall(b"hello")).start()
        print(socket.create_connection((host, server.getsockname()[1])).recv(9).decode())
    a, b = socket.socketpair()
    """
    first, _ = box.run(ask(textwrap.dedent(code), 5, "python"))
    assert first["output"] == "hello\n" * 3, first


@pytest.mark.security("SEC-19")
def test_results_of_others_are_not_forged(box):
    """What a session claims ends with it: a snippet that fails in the next one does fail."""
    box.run(ask(FORGED.replace("SIZE", "40"), 10, "python"))
    first, second = box.run(ask("1 / 0", 10, "python"))
    assert (first["status"], first["kind"], second["output"]) == (
        "failed",
        "ZeroDivisionError",
        "next\n",
    )


def test_deaths_are_counted(box):
    """A session of deadly snippets comes to its end."""
    steps = [ask("import os; os._exit(1)", 5, "python")["steps"][0] for _ in range(6)]
    results = box.run({**ask("", 5, "python"), "steps": steps})
    assert [result["status"] for result in results] == ["died"] * 4 + ["given-up"] * 2


# --- the end of the host -------------------------------------------------------------------------

HOST = """
import json, sys
sys.path.insert(0, sys.argv[1])
from agentdocs.verify.sandbox import Access, Sandbox
box = Sandbox(Access(), **json.loads(sys.argv[2]))
for result in box.run(json.loads(sys.argv[3])):
    print(result["output"], flush=True)
"""
FOREVER = DAEMON.replace("time.sleep(0.2)", "subprocess.Popen([os.environ['MARK'], '1000'], executable='sleep')").replace(
    "import os,", "import subprocess, os,"
)  # fmt: skip


@pytest.mark.parametrize(
    "options", [{}, {"nest": False}, {"unsafe": True}], ids=["nested", "alone", "unsafe"]
)
@pytest.mark.parametrize("moment", [0.02, 0.1, 0.25, 0.6])
@pytest.mark.security("SEC-18")
def test_nothing_outlives_a_host_that_is_killed(options, moment, sandbox):
    """Whatever the sandbox is doing then: starting, or running what does not want to end."""
    wanted = ask(FOREVER + "\nwhile True: time.sleep(1)", 30, "python")
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(GUEST.parents[2]), json.dumps(options), json.dumps(wanted)]
    )
    time.sleep(moment)
    host.send_signal(signal.SIGKILL)
    host.wait()
    assert gone()
    time.sleep(0.3)  # what was about to start had its time
    assert not left_behind()


@pytest.mark.parametrize(
    "options", [{}, {"nest": False}, {"unsafe": True}], ids=["nested", "alone", "unsafe"]
)
def test_nothing_outlives_a_sandbox_that_is_closed(options, sandbox):
    with Sandbox(Access(), **options) as box:
        steps = ask("print('running')", 30, "python")["steps"][:1]
        steps += ask(FOREVER + "\nwhile True: time.sleep(1)", 30, "python")["steps"][:1]
        results = box.run({**ask("", 30, "python"), "steps": steps})
        assert next(results)["output"] == "running\n"
        end = time.monotonic() + 10
        while len(left_behind()) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert len(left_behind()) == 2
    assert not left_behind()


def test_an_abandoned_session_is_not_taken_for_the_next(sandbox):
    """Whoever stops asking in the middle gets no answers of then."""
    with Sandbox(Access()) as box:
        steps = [ask(f"print({n})", 5, "python")["steps"][0] for n in range(3)]
        results = box.run({**ask("", 5, "python"), "steps": steps})
        next(results)
        results.close()
        for word in ("one", "two", "three"):
            results = box.run(ask(f"print({word!r})", 5, "python"))
            assert [result["output"] for result in results] == [f"{word}\n", "next\n"]


@pytest.mark.security("SEC-20")
def test_no_sandbox_means_no_run(monkeypatch):
    monkeypatch.setattr(sandboxes.shutil, "which", lambda name: None)
    with pytest.raises(NoSandbox, match="not installed"):
        list(Sandbox(Access()).run(HARMLESS))
