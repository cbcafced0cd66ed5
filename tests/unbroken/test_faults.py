"""What the system refuses → a sentence, and what stood before still stands."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from agentdocs.lock import Lock
from hostile.builds import SMALL, Project, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

EXT = Path(__file__).parents[2] / "_ext"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path, SMALL)
    made.agent("team/ada-one.md", "## Reference\n\nThe word is apple.")
    made.agent("team/ben-two.md")
    assert made.build().code == 0
    return made


def _run(
    arguments: Sequence[str | Path], cwd: Path, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(EXT), "NO_COLOR": "1", "HOME": str(cwd)}
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], cwd=cwd, env=env, capture_output=True,
        text=True, check=False, timeout=300, preexec_fn=before,
    )  # fmt: skip


def _build(
    project: Project, before: Callable[[], None] | None = None, out: str = "out"
) -> subprocess.CompletedProcess[str]:
    doctrees = project.root / f"{out}.doctrees"
    arguments = ["sphinx", "-q", "-d", doctrees, project.docs, project.root / out]
    return _run(arguments, project.root, before)


def _says(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check that it ended with a sentence instead of an accident."""
    assert done.returncode not in (0, 70), done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert "threw an exception" not in said, said
    # Sphinx shows the line of ours that raised the sentence; anything else is an accident.
    assert said.count("Traceback (most recent call last)") == 0, said
    for word in words:
        assert word in said, said


def _mortal() -> None:
    """Give up root's right to pass over the rights of files, from the next program on."""
    import ctypes

    for capability in (1, 2):  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def _small_files() -> None:
    """Refuse to write more than 3 kB into a file, as a disk that is nearly full does."""
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(command, check=False).returncode:
        pytest.skip("a small disk can be mounted only by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _fill(disk: Path) -> Path:
    """Fill a disk to its last byte, and return what fills it."""
    ballast = disk / "ballast"
    for size in (2**16, 2**12, 1):
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
            while file.write(b"x" * size):
                pass
    return ballast


# --- a full disk -------------------------------------------------------------------------------


def test_a_full_disk_is_a_sentence_and_the_site_still_stands(project: Project, disk: Path) -> None:
    site = disk / "out"
    shutil.copytree(project.root / "out", site)
    before = tree(site)
    ballast = _fill(disk)
    project.agent("team/ada-one.md", "## Reference\n\nThe word is peach.")
    arguments = ["sphinx", "-q", "-d", project.root / "doctrees", project.docs, site]
    done = _run(arguments, project.root)
    _says(done, "No space left on device", "Free some space", str(site))
    for name, data in tree(site).items():
        if name.endswith((".html", ".md", ".txt", ".json")):
            assert data in (before.get(name),), name
    ballast.unlink()
    assert _run(arguments, project.root).returncode == 0
    assert b"peach" in (site / "agents/team/ada-one/reference.html").read_bytes()


def test_pages_that_are_too_large_for_the_disk_are_never_cut(project: Project) -> None:
    before = tree(project.generated)
    body = "## Reference\n\n" + "word " * 3000
    project.agent("team/ada-one.md", body)
    done = _build(project, _small_files)
    _says(done, str(project.root), "File too large")
    for name, data in tree(project.generated).items():
        assert data == before[name]
    assert _build(project).returncode == 0
    assert "word " * 3000 in (project.generated / "team/ada-one/reference.md").read_text() + " "


def test_rendering_onto_a_full_disk_is_a_sentence(project: Project, disk: Path) -> None:
    (disk / "pages").mkdir()
    _fill(disk)
    arguments = ["agentdocs", "render", project.root / "agents", disk / "pages"]
    done = _run(arguments, project.root)
    _says(done, "No space left on device", "Free some space", str(disk / "pages"))
    for path in (disk / "pages").rglob("*"):
        assert (
            path.is_dir()
            or path.read_bytes()
            == (project.generated / path.relative_to(disk / "pages")).read_bytes()
        )


def test_results_that_do_not_fit_are_a_sentence(project: Project, disk: Path) -> None:
    _fill(disk)
    file = disk / "results.json"
    done = _run(["agentdocs", "verify", "agents", "--results", file], project.root)
    _says(done, str(disk), "No space left on device")


# --- rights ------------------------------------------------------------------------------------


@pytest.fixture
def closed() -> Iterator[Callable[..., None]]:
    """Return a function that changes the rights of files and folders, for the time of a test."""
    before: dict[Path, int] = {}

    def change(mode: int, *paths: Path) -> None:
        for path in paths:
            before.setdefault(path, path.stat().st_mode)
            path.chmod(mode)

    yield change
    for path, mode in before.items():
        path.chmod(mode)


def test_a_library_that_is_read_only_is_read(project: Project, closed: Callable[..., None]) -> None:
    project.agent("team/cleo-three.md")
    library = project.root / "agents"
    closed(0o444, *(path for path in library.rglob("*") if path.is_file()))
    closed(0o555, library, library / "team")
    done = _build(project, _mortal)
    assert done.returncode == 0, done.stderr
    assert (project.root / "out/agents/team/cleo-three/index.html").is_file()


@pytest.mark.parametrize("place", ["docs/agents/team", "docs/agents", "out/agents/team", "out"])
def test_a_folder_that_cannot_be_written_is_a_sentence(
    project: Project, place: str, closed: Callable[..., None]
) -> None:
    before, pages = tree(project.root / "out"), tree(project.generated)
    project.agent("team/cleo-three.md")
    closed(0o555, project.root / place)
    done = _build(project, _mortal)
    _says(done, str(project.root / place), "Permission denied", "Give whoever runs this the right")
    for folder, stood in ((project.root / "out", before), (project.generated, pages)):
        now = tree(folder)
        assert stood.keys() <= now.keys()
    closed(0o755, project.root / place)
    assert _build(project).returncode == 0


def test_a_source_folder_that_is_read_only_is_a_sentence_only_if_there_is_something_to_write(
    project: Project, closed: Callable[..., None]
) -> None:
    closed(0o555, project.docs, *(p for p in project.docs.rglob("*") if p.is_dir()))
    assert _build(project, _mortal).returncode == 0
    project.agent("team/cleo-three.md")
    _says(_build(project, _mortal), str(project.generated), "Permission denied")


def test_an_agent_that_may_not_be_read_costs_itself(
    project: Project, closed: Callable[..., None]
) -> None:
    closed(0, project.agent("team/secret.md"))
    done = _build(project, _mortal)
    assert done.returncode == 0, done.stderr
    assert "secret.md:1: WARNING: The file cannot be read" in done.stderr
    assert (project.root / "out/agents/team/ada-one/index.html").is_file()
    check = _run(["agentdocs", "check", "agents"], project.root, _mortal)
    assert "secret.md" in check.stdout
    assert "cannot be read" in check.stdout


def test_a_file_where_a_folder_is_needed_is_a_sentence(project: Project) -> None:
    shutil.rmtree(project.generated)
    project.generated.write_text("mine")
    _says(_build(project), str(project.generated), "move one of them away")
    assert project.generated.read_text() == "mine"


# --- what changes under our hands --------------------------------------------------------------

MEDDLE = """
import sys
from pathlib import Path
from agentdocs import source
victim = Path(sys.argv[1])
load = source.load
def meddling(root, path, *rest):
    if path.endswith(victim.name):
        {deed}
    return load(root, path, *rest)
import agentdocs.library, agentdocs.sphinx_ext.files
source.load = agentdocs.library.load = agentdocs.sphinx_ext.files.load = meddling
from sphinx.cmd.build import main
sys.exit(main(sys.argv[2:]))
"""


def _meddled(project: Project, deed: str, name: str) -> subprocess.CompletedProcess[str]:
    """Build, and do something to a file between finding and reading it."""
    script = project.write("meddle.py", MEDDLE.format(deed=deed))
    victim = project.root / "agents" / name
    arguments = ["-q", "-d", project.root / "doctrees", project.docs, project.root / "out"]
    env = {**os.environ, "PYTHONPATH": str(EXT), "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, str(script), str(victim), *map(str, arguments)],
        cwd=project.root, env=env, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_a_file_that_vanishes_costs_itself(project: Project) -> None:
    done = _meddled(project, "victim.unlink(missing_ok=True)", "team/ben-two.md")
    assert done.returncode == 0, done.stderr
    assert "ben-two.md:1: WARNING: The file cannot be read: No such file" in done.stderr
    assert (project.root / "out/agents/team/ada-one/index.html").is_file()
    assert not (project.generated / "team/ben-two/index.md").exists()


def test_a_file_that_changes_while_it_is_read_is_built_as_it_was_read(project: Project) -> None:
    deed = "victim.write_text(victim.read_text().replace('apple', 'peach'))"
    project.agent("team/ada-one.md", "## Reference\n\nThe word is apple, apple, apple.")
    done = _meddled(project, deed, "team/ada-one.md")
    assert done.returncode == 0, done.stderr
    page = (project.root / "out/agents/team/ada-one/reference.html").read_text()
    assert "peach, peach, peach" in page


# --- two at once -------------------------------------------------------------------------------


@pytest.fixture
def busy() -> Iterator[Callable[[Path], str]]:
    """Return a function that has another process hold a folder, and returns its number."""
    code = (
        "import sys, time; from pathlib import Path; from agentdocs.lock import Lock\n"
        "lock = Lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(300)"
    )
    started: list[subprocess.Popen[str]] = []

    def hold(folder: Path) -> str:
        env = {**os.environ, "PYTHONPATH": str(EXT)}
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder)], env=env, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return str(process.pid)

    yield hold
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("folder", ["docs/agents", "out", "out.doctrees"])
def test_a_second_build_says_who_is_at_work_and_stops(
    project: Project, folder: str, busy: Callable[[Path], str]
) -> None:
    before = tree(project.root / "out")
    project.agent("team/ada-one.md", "## Reference\n\nThe word is peach.")
    number = busy(project.root / folder)
    _says(_build(project), f"Process {number} (since ", str(project.root / folder), "Wait until")
    assert tree(project.root / "out") == before
    os.kill(int(number), 9)
    assert _build(project).returncode == 0  # a process that was killed keeps nobody out


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, nothing ends with its parent")
def test_workers_end_with_a_build_that_was_killed(tmp_path: Path) -> None:
    # As Sphinx's do: each holds both ends of the pipe into which it writes more than fits.
    code = (
        "import multiprocessing as m, sys, time; from pathlib import Path\n"
        "from agentdocs.lock import Lock\n"
        "lock = Lock(Path(sys.argv[1])); ends = m.Pipe(False)\n"
        "worker = m.get_context('fork').Process(target=lambda: ends[1].send(b' ' * 1_000_000))\n"
        "worker.start(); print('held', flush=True); time.sleep(300)"
    )
    env = {**os.environ, "PYTHONPATH": str(EXT)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
    Lock(tmp_path).release()


def test_a_second_rendering_says_so_and_stops(
    project: Project, busy: Callable[[Path], str]
) -> None:
    number = busy(project.root / "pages")
    done = _run(["agentdocs", "render", "agents", "pages"], project.root)
    _says(done, f"Process {number} (since ", "pages")
    assert not list((project.root / "pages").iterdir())


def test_of_two_real_builds_one_works(project: Project) -> None:
    for number in range(30):
        project.agent(f"team/worker-{number}.md", "Works.")
    env = {**os.environ, "PYTHONPATH": str(EXT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "sphinx", "-q", "-d", str(project.root / "out.doctrees")]
    both = [
        subprocess.Popen(
            [*command, str(project.docs), str(project.root / "out")],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=300)[1] for process in both]
    codes = [process.returncode for process in both]
    assert 0 in codes, said
    for code, text in zip(codes, said, strict=True):
        assert code == 0 or "is writing into" in text  # or the first was done in time
    first = Project(project.root / "again", SMALL)
    shutil.copytree(project.root / "agents", first.root / "agents")
    assert first.build().code == 0
    assert tree(project.generated) == tree(first.generated)


def test_no_build_leaves_a_lock_or_a_mark(project: Project) -> None:
    for folder in ("out", "out.doctrees", "docs/agents"):
        assert not list((project.root / folder).rglob(".agentdocs-*"))
        fd = os.open(project.root / folder, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(fd)
