"""Real files → files that are nearly real: the bytes of one, changed in a few places."""

from __future__ import annotations

from pathlib import Path

LARGEST = 60_000
"""Bytes of a file that is mutated; what grows with size is tried elsewhere."""
SUFFIXES = {
    "contract": (".verify.yaml", ".yaml", ".yml"),
    "script": (".py",),
    "described": (".json",),
    "artefacts": (".json",),
    "verdicts": (".json",),
    "plans": (".json",),
}
"""Target → the files that it reads; all others read Markdown."""
INSERTED = [
    b"\0", b"\r", b"\r\n", b"\n", b"\n\n", b"\t", b"---\n", b"...\n", b"```\n", b"```{x}\n", b"~~~\n",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"\xe2\x80\xae", b"\xe2\x80\x8b",
    b"&a ", b"*a", b"!!x ", b"{", b"}", b"[", b"]", b"(", b")", b"<", b">", b"|", b"\\", b"`", b'"',
    b"'", b": ", b"# ", b"> ", b"- ", b"    ", b"](", b"![", b"<example>", b"</example>", b"e\xcc\x81",
]  # fmt: skip


def real(folders, target):
    """Return the contents of the files below ``folders`` that a target reads, small ones first."""
    suffixes = SUFFIXES.get(target, (".md",))
    found = {
        file.read_bytes()
        for folder in folders
        for file in Path(folder).rglob("*")
        if file.is_file() and file.name.lower().endswith(suffixes)
        and 0 < file.stat().st_size < LARGEST
    }  # fmt: skip
    return sorted(found, key=lambda data: (len(data), data))


def mutated(data, others, random):
    """Return ``data`` changed in one to six places.

    :param others: files from which pieces are taken.
    :param random: a ``random.Random``, which decides.
    """
    data = bytearray(data)
    for _ in range(random.randint(1, 6)):
        random.choice(CHANGES)(data, others, random)
    return bytes(data[: 4 * LARGEST])


def _span(data, random, most=200):
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.randint(0, most))


def _cut(data, others, random):
    start, end = _span(data, random)
    del data[start:end]


def _insert(data, others, random):
    start, _ = _span(data, random)
    data[start:start] = random.choice(INSERTED)


def _flip(data, others, random):
    if data:
        data[random.randrange(len(data))] = random.randrange(256)


def _repeat(data, others, random):
    start, end = _span(data, random, 40)
    data[start:start] = data[start:end] * random.choice([1, 2, 10, 300])


def _splice(data, others, random):
    other = random.choice(others) if others else b""
    start, end = _span(other, random, 2000)
    at, till = _span(data, random)
    data[at:till] = other[start:end]


def _swap_lines(data, others, random):
    lines = bytes(data).split(b"\n")
    one, other = (random.randrange(len(lines)) for _ in range(2))
    lines[one], lines[other] = lines[other], lines[one]
    data[:] = b"\n".join(lines)


def _indent(data, others, random):
    lines = bytes(data).split(b"\n")
    start, end = sorted(random.randrange(len(lines) + 1) for _ in range(2))
    mark = random.choice([b"  ", b"> ", b"- ", b"\t", b"    "])
    lines[start:end] = [mark + line for line in lines[start:end]]
    data[:] = b"\n".join(lines)


def _truncate(data, others, random):
    del data[random.randint(0, len(data)) :]


CHANGES = (_cut, _insert, _insert, _flip, _repeat, _splice, _swap_lines, _indent, _truncate)
