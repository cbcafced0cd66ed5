"""The head of ``results.json`` → state and counts; and its folder, where no link is followed.

Every start asks :func:`peek`, so nothing is imported but what Python has loaded anyway: ``json``
alone, which needs ``re``, takes nearly as long again as Python without it.
"""

# pathlib takes as long as json, and cannot open what is in a folder held open.

import os
import stat

VERSION = 1
"""Of the format. Files of another version count as absent."""
LIMIT = 256 * 2**20
"""Bytes that are read at most; a larger file counts as absent."""
HEAD = 64 * 2**10
"""Bytes in which the head must stand for :func:`peek`."""

_SAFELY: int = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # A planted pipe would be waited for.
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_HOLDS = os.open in os.supports_dir_fd
"""Whether a folder can be held open and files opened in it; not on Windows."""

AnyPath = str | os.PathLike[str]
Summary = dict[str, int | dict[str, int]]


class ResultsError(Exception):
    """Results cannot be written, or not without harm."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(path, text)
        self.path = path
        self.text = text

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def parts(path: AnyPath) -> tuple[str, str, str]:
    """Return the folder of a ``results.json``, its name, and how names beside it begin."""
    folder, name = os.path.split(os.fspath(path))
    return folder or os.curdir, name, name.removesuffix(".json")


def head(path: AnyPath) -> dict[str, str]:
    """Return what stands before the results, as JSON; nothing if it is not as we write it."""
    data = read(os.fspath(path), HEAD, whole=False) or b""
    start, found, _ = data.partition(b',\n"problems": [')
    try:
        lines = start.decode().split(",\n")
    except UnicodeDecodeError:
        return {}
    if not found or lines[0][:3] != '{\n"' or f'"version": {VERSION}' not in lines:
        return {}
    pairs = [line.removeprefix("{\n").partition(": ") for line in lines]
    return {key.strip('"'): value for key, _, value in pairs}


def peek(path: AnyPath) -> tuple[str, Summary]:
    """Return the state and the counts, without the results; ``("", {})`` if they are not known.

    Verdicts that wait in journals are not counted, but then there is no state either.
    """
    said = head(path)
    state = said.get("state", "")[1:-1]
    folder, _, stem = parts(path)
    odd = "\\" in state or '"' in state
    if odd or journals(os.path.join(folder, f"{stem}.d")) or not _is_whole(path):
        state = ""
    try:
        return state, _counts(said.get("summary", ""))
    except ValueError:
        return "", {}


def _is_whole(path: AnyPath) -> bool:
    """Whether a file ends as it was written."""
    try:
        fd = os.open(path, os.O_RDONLY | _SAFELY)
    except OSError:
        return False
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size < 4:
            return False
        os.lseek(fd, -4, os.SEEK_END)
        return os.read(fd, 4) == b"]\n}\n"
    except OSError:
        return False
    finally:
        os.close(fd)


def journals(folder: str | int) -> list[str]:
    """Return the names of the journals in a folder."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".jsonl"))
    except OSError:
        return []


def _counts(text: str) -> Summary:
    """Read ``{"total": 2, "verdicts": {"failed": 0, …}, …}``."""
    found: Summary = {}
    into: dict[str, int] | None = None
    pieces = text.split('"')
    for name, value in zip(pieces[1::2], pieces[2::2], strict=True):
        number = value.strip(":, }")
        if number == "{":
            found[name] = into = {}
        elif into is None:
            found[name] = int(number)
        else:
            into[name] = int(number)
        if "}" in value:
            into = None
    return found


def read(path: str, limit: int, *, whole: bool = True, within: int | None = None) -> bytes | None:
    """Return what a file holds; nothing if it is absent, too large, a link or no file at all.

    :param whole: otherwise the first ``limit`` bytes.
    :param within: the folder, held open, in which it is.
    """
    try:
        fd = os.open(path, os.O_RDONLY | _SAFELY, dir_fd=within)
    except (OSError, ValueError):
        return None
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode) or (whole and about.st_size > limit):
            return None
        with open(fd, "rb", closefd=False) as file:
            return file.read(min(about.st_size, limit))
    except OSError:
        return None
    finally:
        os.close(fd)


class Folder:
    """A folder held open, so that nobody can put a link in its place meanwhile."""

    def __init__(self, path: str, within: "Folder | None" = None, *, create: bool = False) -> None:
        """Open it, in another if one is given.

        :raises ResultsError: if it is a link, or not there, or not to be made.
        """
        self.path: str = os.path.join(within.path, path) if within else path
        self.fd: int | None = None
        at = within.at(path) if within else path
        above = within.fd if within else None
        try:
            new = create and _make(at, above)
            if stat.S_ISLNK(os.stat(at, dir_fd=above, follow_symlinks=False).st_mode):
                raise ResultsError(self.path, "is a symbolic link, and results follow none")
            if _HOLDS:
                flags = os.O_RDONLY | _SAFELY | os.O_DIRECTORY
                self.fd = os.open(at, flags, dir_fd=above)
            if new and not within:
                self._ignore()
        except (OSError, ValueError) as fault:
            self.close()
            raise refusal(self.path, fault) from fault

    def _ignore(self) -> None:
        fd = self.open(".gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            os.write(
                fd, b"# Verdicts of agentdocs; they are made again wherever they are absent.\n*\n"
            )
        finally:
            os.close(fd)

    def journals(self) -> list[str]:
        """Return the names of the journals in it."""
        return journals(self.path if self.fd is None else self.fd)

    def at(self, name: str) -> str:
        """Return how a file in this folder is called where it is opened."""
        return name if self.fd is not None else os.path.join(self.path, name)

    def open(self, name: str, flags: int) -> int:
        """Open a file, never through a link."""
        return os.open(self.at(name), flags | _SAFELY, 0o666, dir_fd=self.fd)

    def write(self, name: str, data: bytes, draft: str) -> None:
        """Give a file new content, whole or not at all, by way of a draft beside it.

        :raises ResultsError: if what has either name is no plain file.
        """
        self.expect_file(name)
        if self.expect_file(draft):
            self.remove(draft)
        fd = self.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with open(fd, "wb") as file:
            file.write(data)
        os.replace(self.at(draft), self.at(name), src_dir_fd=self.fd, dst_dir_fd=self.fd)

    def expect_file(self, name: str) -> bool:
        """Return whether there is a file of that name.

        :raises ResultsError: if it is no plain file.
        """
        try:
            mode = os.stat(self.at(name), dir_fd=self.fd, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return False
        if not stat.S_ISREG(mode):
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "no plain file"
            path = os.path.join(self.path, name)
            raise ResultsError(path, f"is {kind}, and is left as it is")
        return True

    def remove(self, name: str) -> None:
        """Remove a file."""
        os.unlink(self.at(name), dir_fd=self.fd)

    def close(self) -> None:
        """Let it go."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _make(path: str, within: int | None) -> bool:
    try:
        os.mkdir(path, dir_fd=within)
    except FileExistsError:
        return False
    return True


def refusal(path: str, fault: OSError | ValueError) -> ResultsError:
    """Say what the system said."""
    return ResultsError(path, getattr(fault, "strerror", None) or str(fault))
