"""A build → whole or made again: one at a time, and what a killed one left is not built upon.

Sphinx decides by the times of files what is to be done, and remembers pages as read before any of
them is written. A build that is killed leaves pages that look new and are not: nothing would ever
write them again. So each folder that a build writes has a mark as long as it is not done, and a
build that finds one begins from nothing, as Sphinx itself does after an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sphinx.application import ENV_PICKLE_FILENAME
from sphinx.errors import SphinxError, SphinxParallelError

from agentdocs.faults import sentence
from agentdocs.lock import HeldError, Lock
from agentdocs.writer import discard, refresh

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

MARK = ".agentdocs-unfinished"
_SAYS = b"A build is at work here, or was stopped. The next one makes everything again.\n"

_LOCKS: WeakKeyDictionary[Sphinx, list[Lock]] = WeakKeyDictionary()


class BusyError(SphinxError):
    """Another build writes the same files."""

    category = "Another build is at work"


class FileError(SphinxError):
    """The system refused to read or write a file."""

    category = "A file cannot be read or written"


def begin(app: Sphinx, config: Config) -> None:
    """Take the folders that are written, before Sphinx looks at what it remembers.

    :raises BusyError: another build has one of them.
    :raises FileError: one of them cannot be written.
    """
    # A book is made of all that stands in its folder, and says what it leaves out.
    config.epub_exclude_files = [*config.epub_exclude_files, MARK]
    marked = [Path(app.outdir), Path(app.doctreedir)]
    generated = Path(app.srcdir) / config.agentdocs_output
    locks = _LOCKS.setdefault(app, [])
    try:
        for folder in [*marked, *([generated] if config.agentdocs_agents else [])]:
            locks.append(Lock(folder))
        if any((folder / MARK).exists() for folder in marked):
            (Path(app.doctreedir) / ENV_PICKLE_FILENAME).unlink(missing_ok=True)
            for folder in [*marked, generated]:
                discard(folder)
        for folder in marked:
            refresh(folder / MARK, _SAYS)
    except HeldError as error:
        _release(app)
        raise BusyError(str(error)) from None
    except OSError as error:
        _release(app)
        raise FileError(sentence(error)) from None


def end(app: Sphinx, exception: Exception | None) -> None:
    """Let the folders go, and say in a sentence what the system refused.

    :raises FileError: that was why the build came to no end.
    """
    try:
        if exception is None:
            for folder in (app.outdir, app.doctreedir):
                (Path(folder) / MARK).unlink(missing_ok=True)
    finally:
        _release(app)
    if (fault := _refused(exception)) is not None:
        raise FileError(sentence(fault, f"{app.outdir} or {app.doctreedir}")) from None


def _release(app: Sphinx) -> None:
    for lock in _LOCKS.pop(app, []):
        lock.release()


def _refused(exception: BaseException | None) -> OSError | None:
    """Return what the system refused, if that stopped the build."""
    while exception is not None:
        if isinstance(exception, OSError):
            return exception
        if isinstance(exception, SphinxParallelError):
            return _told(str(exception))
        cause: Any = getattr(exception, "orig_exc", None)
        exception = cause or exception.__cause__
    return None


def _told(text: str) -> OSError | None:
    """Return what another process was refused, of which only words came back."""
    import re

    found = re.search(r"\[Errno (\d+)\] ([^:\n]*)(?:: '([^'\n]*)')?", text)
    return OSError(int(found[1]), found[2], found[3]) if found else None


def setup(app: Sphinx) -> None:
    """Register the handlers."""
    # After the configuration is known to be right, and after whatever others do at the end.
    app.connect("config-inited", begin, priority=950)
    app.connect("build-finished", end, priority=990)
