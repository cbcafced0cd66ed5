"""What the system refused → a sentence that names the file and says what to do."""

from __future__ import annotations

import errno

_FREE = "Free some space, and try again: what stood here before still stands."
_RIGHTS = "Give whoever runs this the right to it, and try again."
_ADVICE = {
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.EFBIG: "Allow larger files, and try again: what stood here before still stands.",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: "Work on a copy in a place that can be written.",
    errno.ENOENT: "It has vanished meanwhile, or never was there: try again.",
    errno.ENOTDIR: "A file stands where a folder is needed: move one of them away.",
    errno.EEXIST: "A file stands where a folder is needed: move one of them away.",
    errno.EISDIR: "A folder stands where a file is needed: move one of them away.",
    errno.ENAMETOOLONG: "Shorten the names of files, folders or headings.",
    errno.EMFILE: "Allow more open files, with `ulimit -n 4096`, and try again.",
}


def sentence(error: OSError, folder: str = "") -> str:
    """Say what happened to which file, and what to do about it.

    :param folder: what is named where the system does not say which file it was.
    """
    said = error.strerror or str(error) or type(error).__name__
    where = error.filename2 or error.filename or folder
    if isinstance(where, bytes):
        where = where.decode(errors="replace")
    advice = _ADVICE.get(error.errno or 0, "Try again when that is mended.")
    return f"{where}: {said}. {advice}" if where and isinstance(where, str) else f"{said}. {advice}"
