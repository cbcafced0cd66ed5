"""A library → two Sphinx projects: ours, and bare Sphinx with the same pages as plain Markdown.

The plain pages are those that our site offers to machines: the same text, without a directive.
They stand in no toctree, which is the cheapest that Sphinx can do; see docs/architecture.md. The
bare project has an environment of its own: the same releases, and nothing that only we install.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import peers
from timing import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from processes import Use

EXTENSIONS = Path(__file__).resolve().parents[2] / "_ext"
ONCE = ("-D", "agentdocs_index=once")
"""What a server that shows each edit at once builds with."""
FOLDERS = ("-d", "doctrees", "docs", "site")
_OURS = """
project = "Bench"
extensions = ["agentdocs"]
agentdocs_agents = "../agents"
html_theme = "furo"
"""
_BARE = """
project = "Bench"
extensions = ["myst_parser"]
html_theme = "furo"
"""
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^()\s]+)\)")
_FENCE = re.compile(r"^(`{3,}|~{3,})")


@dataclass(frozen=True)
class Site:
    """A project of Sphinx, and what it is built to."""

    name: str
    folder: Path
    """Holds ``docs`` and what is built: ``site`` and ``doctrees``."""
    interpreter: str = sys.executable

    @property
    def docs(self) -> Path:
        """The source folder."""
        return self.folder / "docs"

    @property
    def out(self) -> Path:
        """The pages, as HTML."""
        return self.folder / "site"

    @property
    def is_ours(self) -> bool:
        """Whether agentdocs makes its pages."""
        return (self.folder / "agents").is_dir()

    def clear(self) -> None:
        """Put aside everything that was built, and every generated page.

        Nothing is removed: for minutes after, ext4 looks at each file that is gone before it makes
        a new one, which would be measured as a part of the build.
        """
        aside = Path(tempfile.mkdtemp(prefix="built-", dir=self.folder))
        for name in ("site", "doctrees", "docs/agents") if self.is_ours else ("site", "doctrees"):
            if (self.folder / name).exists():
                (self.folder / name).rename(aside / Path(name).name)

    def pages(self) -> list[Path]:
        """Return the documents, from the source folder."""
        return sorted(path.relative_to(self.docs) for path in self.docs.rglob("*.md"))

    def build(
        self, jobs: int, before: Callable[[], object] = lambda: None, *options: str
    ) -> Command:
        """Return the call of Sphinx.

        :param before: what is done before each run, and not measured.
        """
        command = ("-m", "sphinx", "-q", "-j", str(jobs), *options, *FOLDERS)
        return self.python(*command, before=before, check=self._built)

    def python(
        self,
        *arguments: str,
        before: Callable[[], object] = lambda: None,
        check: Callable[[Use], str] = lambda use: f"ended with {use.code}" if use.code else "",
        times: int = 1,
    ) -> Command:
        """Return a call of Python in this project."""
        environment = peers.clean()
        if self.is_ours:
            environment["PYTHONPATH"] = str(EXTENSIONS)
        command = (self.interpreter, *arguments)
        return Command(self.name, command, self.folder, environment, check, times, before)

    def _built(self, use: Use) -> str:
        if use.code:
            return f"ended with {use.code}"
        if self.is_ours and not (self.out / "_pagefind" / "pagefind-entry.json").is_file():
            return "made no index of the search (is Pagefind installed?)"
        there = len(list(self.out.rglob("*.html")))
        wanted = len(self.pages())
        # A part of a page, which others include, is no page of its own.
        return "" if there >= wanted - 1 else f"made {there} of {wanted} pages"


def ours(folder: Path) -> Site:
    """Return our project around ``folder/agents``, which is there already."""
    site = Site("agentdocs", folder)
    site.docs.mkdir(exist_ok=True)
    (site.docs / "conf.py").write_text(_OURS)
    (site.docs / "index.md").write_text("# Bench\n\n```{toctree}\nagents/index\n```\n")
    return site


def bare(folder: Path, built: Site) -> Site:
    """Return a project with the same pages as plain Markdown; ours has been built already.

    :raises AbsentError: its environment cannot be made.
    """
    site = Site("bare Sphinx", folder, str(peers.environment(_peer()) / "python"))
    site.docs.mkdir(parents=True, exist_ok=True)
    (site.docs / "conf.py").write_text(_BARE)
    documents = {
        path
        for file in built.out.rglob("*.md")
        if (path := file.relative_to(built.out)).with_suffix(".md") in set(built.pages())
    }
    for path in documents:
        target = site.docs / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (built.out / path).read_text(encoding="utf-8")
        plain = "\n".join(_plain(text, path, documents))
        head = "" if path == Path("index.md") else "---\norphan: true\n---\n\n"
        target.write_text(f"{head}{plain}", encoding="utf-8")
    return site


def _peer() -> peers.Peer:
    same = tuple(f"{name}=={metadata.version(name)}" for name in ("sphinx", "myst-parser", "furo"))
    return peers.Peer("bare Sphinx", "sphinx", same, (), lambda _: 0)


def _plain(text: str, page: Path, documents: set[Path]) -> Iterator[str]:
    """Yield the lines of a page, with links to other documents and to nothing else."""

    def link(match: re.Match[str]) -> str:
        there = match[1].partition("#")[0]
        target = Path(*_resolved((page.parent / there).parts))
        return f"]({there})" if target in documents else "](https://example.org)"

    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or line.startswith(fence)):
            fence = "" if fence else mark[1]
        yield line if fence else _LINK.sub(link, line)


def _resolved(parts: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for part in parts:
        if part == ".." and found:
            found.pop()
        elif part != "..":
            found.append(part)
    return found
