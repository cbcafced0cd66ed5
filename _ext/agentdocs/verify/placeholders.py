"""Code → the first thing in it that its reader must replace, as written, and its line.

It is only ever a reason, beside a verdict that is reached without it. So a placeholder that is
missed costs little, a false one misleads, and in doubt there is none.

Comments and strings are set apart first, by one expression for each family of languages. What is
left, the *bare* code, has the same length and lines. All patterns run in a straight line over
any text: they are possessive, bounded, or begin with something that cannot repeat.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Hit = tuple[int, str]
    """Where it begins, and its text."""

MAX_CODE = 200_000
"""Characters beyond which nothing is looked for: such a snippet is no example to fill in."""
MAX_TEXT = 80
"""Characters of a placeholder that are returned, and of a string that can be one, twice."""

# --- what may stand for something else ------------------------------------------------------------

_DOTS = r"(?:\.\.\.|…)"
_UPPER = (
    r"(?:YOUR[_-][A-Z0-9][A-Z0-9_-]{0,60}+|REPLACE_(?:ME|THIS|WITH_[A-Z0-9_]{1,60}+)|CHANGE_?ME"
    r"|(?:[A-Z0-9]{1,20}_){0,3}(?:KEY|TOKEN|SECRET|PASSWORD|ID|URL|VALUE)_HERE)(?![a-z])"
)
_LOWER = (
    r"your(?:[-_][a-z0-9][\w-]{0,60}+|(?:domain|username|password|token|apikey|project|company)\b)"
)
_ASKING = r"(?i:your|insert|replace|enter)[-_ ]"
_BRACKET = r"\[(?i:insert|your|enter|describe|replace|specify) [A-Za-z][^\[\]\n]{0,80}\]"
_SECRET = r"(?:sk|pk|rk|gh[pousr]|xox[abp]|github_pat|glpat|hf|AKIA|eyJ|whsec|Bearer)"
_XS = (
    r"(?:(?:[A-Za-z]{2,8}[-_]){1,4}x{4,64}|(?:x{3,12}-){1,8}x{3,12}"
    rf"|(?:{_SECRET}|UA|G|GTM)(?:[-_][a-z]{{2,8}}){{0,3}}[-_]?X{{4,64}}(?:-X{{1,12}}){{0,8}}){_DOTS}?"
)
_CUT_SECRET = rf"{_SECRET}[\w.-]{{0,40}}{_DOTS}"
_TEMPLATE = r"(?<!\$)\{\{[^{}\n]{1,80}\}\}"
_TAG = r"\{%[^%\n]{1,120}%\}"

_NOUN = (
    r"(?i:key|token|secret|password|id|url|uri|host|hostname|domain|user|username|email|name"
    r"|region|bucket|account|project|org|repo|branch)"
)
_ANGLE = r"<\w(?:[\w .,:/'|-]{0,57}[\w.'])?>"
_ANGLE_SURE = rf"<(?:{_ASKING}[\w .'-]{{1,50}}|[A-Za-z][\w-]{{0,40}}[-_]{_NOUN})>"
# What stands in angle brackets as a whole value and is meant: tags, and tokens of language models.
_MEANT = re.compile(
    r"<(?:a|b|br|body|button|code|div|em|form|head|h[1-6]|hr|html|i|img|input|label|li|link|main"
    r"|meta|nav|ol|p|pre|script|section|small|span|strong|style|svg|table|tbody|td|th|title|tr|ul"
    r"|video|s|unk|pad|eos|bos|mask|sep|cls|stdin|stdout|stderr|lambda|module|string|genexpr)>"
)

_HEADER = r"(?:[\w-]{1,40}:[ \t]*)?"
_SCHEME = r"(?:Bearer|Basic|Token|token|Key)[ \t]+"
_PART = rf"(?<![A-Za-z0-9]){_UPPER}|(?<![\w$-]){_LOWER}"


def _whole(more: str = "(?!)") -> re.Pattern[str]:
    """Match a string that stands for another: all of it, or a word without spaces."""
    sure = rf"{_ANGLE_SURE}|{_BRACKET}|{_XS}|{_CUT_SECRET}|{more}"
    return re.compile(
        rf"{_HEADER}(?:{_SCHEME})?(?:[^\s<>]*?(?P<part>{_PART})[^\s<>]*|(?P<all>{sure}))"
        rf"|{_HEADER}{_SCHEME}(?P<key>{_ANGLE})"
    )


_STRINGS = {
    "data": _whole(rf"{_DOTS}|{_ANGLE}|x{{3,64}}"),
    "shell": _whole(_ANGLE),
    "markup": _whole(_DOTS),
}
"""What counts beyond that, where a string is rarely anything else."""
_STRING = _whole()

# --- comments and strings -------------------------------------------------------------------------

_ONE_LINE = r""""(?>(?:[^"\\\n]|\\.)*)"?+|'(?>(?:[^'\\\n]|\\.)*)'?+"""
_THREE = (
    r'"""(?>(?:[^"\\]|\\.|"(?!""))*)(?:"""|\Z)' + "|" + r"'''(?>(?:[^'\\]|\\.|'(?!''))*)(?:'''|\Z)"
)
_MANY_LINES = r""""(?>(?:[^"\\]|\\.)*)(?:"|\Z)|'(?>(?:[^'\\]|\\.)*)(?:'|\Z)"""
_STARRED = r"/\*(?>(?:[^*]|\*(?!/))*)(?:\*/|\Z)"
_BACKTICKS = r"`(?>(?:[^`\\$]|\\.|\$\{(?>(?:[^{}`]|`[^`]*+`|\{[^{}]*+\})*)\}|\$)*)(?:`|\Z)"
# A regular expression of JavaScript may hold quotes; it stands where a division cannot.
_SLASHES = (
    r"(?<=[=(,:;!&|?{}\[])[ \t]*+/(?![/*\s])"
    r"(?:[^/\\\n\[]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n]){0,200}+\]){1,500}+/"
)
_HEREDOC = r"""<<-?[ \t]*+(?P<quote>["']?)(?P<word>[A-Za-z_]\w*+)(?P=quote)"""


def _lexer(comment: str, string: str, more: str = "") -> re.Pattern[str]:
    return re.compile(rf"(?ms)(?P<comment>{comment})|(?P<string>{string}){more}")


_LEXERS = {
    "python": _lexer(r"\#[^\n]*+", f"{_THREE}|{_ONE_LINE}"),
    "c": _lexer(
        rf"//[^\n]*+|{_STARRED}|^[ \t]*+\#(?![\w!\[])[^\n]*+",
        f"{_THREE}|{_ONE_LINE}|{_BACKTICKS}",
        f"|{_SLASHES}",
    ),
    "shell": _lexer(r"(?<![^\s;(])\#[^\n]*+", _MANY_LINES, rf"|\\.|<<<|{_HEREDOC}"),
    "sql": _lexer(rf"--[^\n]*+|{_STARRED}", r"""'[^']*+(?:'|\Z)|"[^"\n]*+"?+|`[^`\n]*+`?+"""),
    "data": _lexer(
        rf"(?<!\S)\#[^\n]*+|(?<![^\s,{{\[])//[^\n]*+|(?<![^\s,{{\[]){_STARRED}",
        rf"{_THREE}|(?<![\w)])(?:{_ONE_LINE})",
    ),
    "markup": _lexer(r"<!--(?>(?:[^-]|-(?!->))*)(?:-->|\Z)", r"""(?<==)(?:"[^"]*+"|'[^']*+')"""),
    "other": _lexer(
        r"^[ \t]*+(?:\#|//|--|;|%)[^\n]*+", r"""(?<!\w)(?:"[^"\n]*+"?+|'[^'\n]*+'?+)"""
    ),
}


@dataclass(slots=True)
class _Split:
    """Code with its comments and strings set apart."""

    code: str
    bare: str = ""
    comments: list[Hit] = field(default_factory=list)
    strings: list[Hit] = field(default_factory=list)
    """What stands between the quotes."""


def find(code: str, family: str) -> tuple[str, int] | None:
    """Return the first placeholder and its line.

    :param family: ``python``, ``c`` (and all that looks like it), ``shell``, ``sql``, ``data``,
        ``markup`` or ``other``.
    """
    if len(code) > MAX_CODE:
        return None
    split = _split(code, family)
    hits = [next(rule, None) for rule in (_comments(split), *_rules(split, family))]
    first = min((hit for hit in hits if hit), default=None)
    if first is None:
        return None
    at, hit = first
    text = code[at : at + len(hit)].strip().partition("\n")[0]
    return text[:MAX_TEXT], code.count("\n", 0, at) + 1


def _rules(split: _Split, family: str) -> list[Iterator[Hit]]:
    bare = split.bare
    if family == "data":
        rules = [_plain_values(split), _plain_words(bare), _search(_TEMPLATE_VALUE, bare)]
    else:
        rules = [_upper(bare)]
    rules += [_strings(split, family), _bracketed(bare)]
    if family == "python":
        rules += [_python(bare), _search(_PYTHON, bare)]
    elif family == "c":
        rules += [_c(bare), _angles(split)]
    elif family == "shell":
        rules += [_search(_SHELL, bare), _shell_dots(bare)]
    elif family == "sql":
        rules += [_search(_SQL, bare)]
    elif family == "markup":
        rules += [_search(_MARKUP, _without(split)), _own_line(bare)]
    elif family == "other":
        rules += [_own_line(bare), _angles(split)]
    return rules


# --- taking code apart ----------------------------------------------------------------------------


def _split(code: str, family: str) -> _Split:
    """Set comments and strings apart; in bare code, they are blanks and quotes."""
    split = _Split(code)
    lexer = _LEXERS.get(family, _LEXERS["other"])
    blocks = deque(_blocks(code) if family == "data" else ())
    ends = _heredoc_ends(code) if family == "shell" and "<<" in code else {}
    parts: list[str] = []
    at = done = 0

    def cut(start: int, end: int, filling: str) -> None:
        nonlocal done
        parts.append(code[done:start])
        parts.append(_blank(code[start:end], filling))
        done = end

    while found := lexer.search(code, at):
        start, end = found.span()
        if blocks and blocks[0][0] <= start:
            start, end = blocks.popleft()
            if end > done:
                cut(max(start, done), end, '"')
            at = max(end, at)
            continue
        at = end
        if found["comment"] is not None:
            split.comments.append((start, found[0]))
            cut(start, end, " ")
        elif found["string"] is not None:
            width = 3 if found[0][:3] in ('"""', "'''") else 1
            split.strings.append((start + width, found[0][width:-width]))
            cut(start, end, '"')
        elif ends and found["word"]:
            line_end = code.find("\n", end)
            closing = ends.get(found["word"], [])
            number = bisect_right(closing, line_end)
            if line_end >= 0 and number < len(closing):
                blocks.append((line_end + 1, closing[number]))
        elif family == "c" and found[0].lstrip()[:1] == "/":
            cut(start, end, '"')
    for start, end in blocks:
        if end > done:
            cut(max(start, done), end, '"')
    parts.append(code[done:])
    split.bare = "".join(parts)
    return split


def _blank(text: str, filling: str) -> str:
    return "\n".join(filling * len(line) for line in text.split("\n"))


def _heredoc_ends(code: str) -> dict[str, list[int]]:
    """Return where lines of a single word end, by word: all that can close a here-document."""
    ends: dict[str, list[int]] = {}
    for line in re.finditer(r"(?m)^[ \t]*+([A-Za-z_]\w*+)[ \t]*+$", code):
        ends.setdefault(line[1], []).append(line.end())
    return ends


_BLOCK = re.compile(r"([ ]*+(?>(?:-[ ]++)*))([^\n]*[:\s])?[|>][-+0-9]{0,2}[ \t]*(?:\s#.*)?")


def _blocks(code: str) -> list[tuple[int, int]]:
    """Return where the block scalars of YAML stand: they hold prose, or another language."""
    if not re.search(r"(?m)[|>][-+0-9]{0,2}[ \t]*$", code):
        return []
    found: list[tuple[int, int]] = []
    at = start = 0
    indent = -1
    for line in code.splitlines(keepends=True):
        inside = line.isspace() or len(line) - len(line.lstrip(" ")) > indent
        if indent >= 0 and not inside:
            found.append((start, at))
            indent = -1
        if indent < 0 and (head := _BLOCK.fullmatch(line.rstrip("\r\n"))):
            indent = len(head[1]) if head[2] else max(0, len(head[1].rstrip(" -")))
            start = at + len(line)
        at += len(line)
    if indent >= 0:
        found.append((start, at))
    return [(first, last) for first, last in found if first < last]


def _without(split: _Split) -> str:
    """Return markup without its comments: attributes are part of what is shown."""
    parts, done = [], 0
    for start, text in split.comments:
        parts += [split.code[done:start], _blank(text, " ")]
        done = start + len(text)
    return "".join([*parts, split.code[done:]])


# --- comments -------------------------------------------------------------------------------------

_ONLY_DOTS = re.compile(rf"(?:{_DOTS}|\(\.\.\.\)|\[\.\.\.\])")
_DOTS_FIRST = re.compile(
    rf"(?i){_DOTS}\s*(?!(?:but|or|unless|except|so|if|it|its|it's|then|that|this|these|we|you|which"
    r"|later|meanwhile|despite|because|since|when|while|as|in|on|to|with|w/|for|from|is|are|was|were|be|not|who"
    r"|where|by|at|of|only|just|failing|followed|into|until|after|before|has|have|can|will|would"
    r"|and(?! (?:so on|more|others?|the rest|similar)\b))\b)[A-Za-z][^\s]*(?:\s+\S+){0,5}"
)
_PHRASE = re.compile(
    r"(?i)(?:(?:add|insert|put|write|place) )?your (?:own )?(?:[\w-]+ ){0,3}(?:goes )?here"
    r"|(?:the )?rest of (?:the |your |this )?(?:[\w-]+ ){0,2}"
    r"(?:code|file|function|method|class|implementation|component|configuration|config|logic)"
    r"|existing (?:code|implementation|logic)(?: here| unchanged)?"
    r"|(?:code|implementation|logic)(?: goes)? here"
    r"|(?:(?:[\w-]+ ){0,5}omitted for brevity|(?:code|details|implementation) omitted|omitted)"
)


def _comments(split: _Split) -> Iterator[Hit]:
    """Yield comments that stand for code that was left out."""
    code = split.code
    below = -1
    trails_off = False
    for start, text in split.comments:
        body = text.strip().lstrip("#/*<!-;%").rstrip("*/->")
        inner = body.strip()
        margin = max(0, start - MAX_TEXT)
        line = code.rfind("\n", margin, start) + 1 or margin
        before = code[line:start].strip()
        alone = not before and (line == 0 or code[line - 1] == "\n")
        # A sentence may go on in the next comment: “first … / … and then”.
        continued = below == line
        goes_on = continued and trails_off
        below = start + len(text) + 1
        trails_off = len(inner) > 3 and inner.endswith(("...", "…"))
        # What is indented within a comment is an example in it.
        if len(inner) > MAX_TEXT or body.startswith(("  ", "\t")):
            continue
        if _ONLY_DOTS.fullmatch(inner):
            found = alone or before[-1:] in tuple("{([:") or text.startswith(("/*", "<!"))
        else:
            found = alone and not goes_on and _stands_for_code(inner, continued)
        if found:
            yield start + len(text) - len(text.lstrip()), text


def _stands_for_code(comment: str, continued: bool) -> bool:
    comment = comment.rstrip(" .…!")
    return bool(_DOTS_FIRST.fullmatch(comment) or (not continued and _PHRASE.fullmatch(comment)))


# --- strings and names ----------------------------------------------------------------------------


def _strings(split: _Split, family: str) -> Iterator[Hit]:
    pattern = _STRINGS.get(family, _STRING)
    for start, text in split.strings:
        if 2 < len(text) <= 2 * MAX_TEXT and (found := pattern.fullmatch(text)):
            group = found.lastgroup or "all"
            if not _MEANT.fullmatch(found[group]):
                yield start + found.start(group), found[group]


_UPPER_WORD = re.compile(rf"(?<![A-Za-z0-9_$]){_UPPER}")
_ASSIGNED = re.compile(r"(?<![\w.])([A-Z][A-Z0-9_]*+)[ \t]*+(?::[^=\n]{0,40}+)?=(?!=)")


def _upper(bare: str) -> Iterator[Hit]:
    """Yield names such as ``YOUR_KEY``, unless the code itself gives them a value."""
    known: set[str] | None = None
    for found in _UPPER_WORD.finditer(bare):
        if known is None:
            known = {name[1] for name in _ASSIGNED.finditer(bare)}
        if found[0] not in known:
            yield found.start(), found[0]


_BRACKETED = re.compile(_BRACKET)


def _bracketed(bare: str) -> Iterator[Hit]:
    return ((found.start(), found[0]) for found in _BRACKETED.finditer(bare))


_SURE = re.compile(rf"(?<![\w)\]<]){_ANGLE_SURE}")


def _angles(split: _Split) -> Iterator[Hit]:
    """Yield ``<your-name>`` and ``<YOUR_NAME>`` where it can be neither a type nor an element."""
    closed = _closed(split.code)
    for found in _SURE.finditer(split.bare):
        name = found[0][1:-1]
        if (name.isupper() or re.match(_ASKING, name)) and name not in closed:
            yield found.start(), found[0]


def _closed(code: str) -> set[str]:
    """Return the names that an end tag has somewhere: they are elements."""
    return set(re.findall(r"</([\w.:-]{1,80})", code)) if "</" in code else set()


def _search(pattern: re.Pattern[str], text: str) -> Iterator[Hit]:
    """Yield what a group of the pattern catches."""
    for found in pattern.finditer(text):
        if found.lastindex:
            yield found.start(found.lastindex), found[found.lastindex]


# --- each family's bare code ----------------------------------------------------------------------

_PYTHON = re.compile(
    rf"[=(,:\[{{][ \t]*+(<[A-Za-z][\w-]*+(?: [\w-]++){{0,5}}>)|({_TEMPLATE})|^[ \t]*(…)[ \t]*$",
    re.MULTILINE,
)
_SHELL = re.compile(
    r"(?<![<\w$&>])(<(?!anonymous>|module>|stdin>)"
    r"[A-Za-z](?:[\w.,:/'|-]|[ ](?=[A-Za-z])){0,58}(?<![ |])>)(?![>&(])"
    r"|(?<!\$)(\{\{[ \t]*[A-Za-z_][\w-]{0,60}[ \t]*\}\})"
    rf"|(?<![\w$\{{-])({_LOWER})(?!=)"
    r"|(?<![\w.])(/?path/to/[\w./-]++)"
    rf"|=[ \t]*({_XS})(?!\S)"
)
_SQL = re.compile(
    rf"(?<!\.)({_DOTS})(?!\.)|(?<![\w)<])(<[A-Za-z_][\w-]{{0,60}}>)|({_TEMPLATE})|({_TAG})"
)
_MARKUP = re.compile(rf"({_TEMPLATE})|({_TAG})")
_OWN_LINE = re.compile(rf"(?m)^[ \t]*+({_DOTS})[,;]?[ \t]*$")


def _own_line(bare: str) -> Iterator[Hit]:
    """Yield dots alone on a line, unless they end a list of parameters (C, R, Nix)."""
    for found in _OWN_LINE.finditer(bare):
        if not re.compile(r"\s*(?:\)|\}:)").match(bare, found.end()):
            yield found.start(1), found[1]


_C_DOTS = re.compile(
    rf"\{{[ \t]*({_DOTS})[ \t]*\}}|\[[ \t]*({_DOTS})[ \t]*\](?!\s*\w)"
    rf"|,[ \t]*({_DOTS})[ \t]*[\]\}}]|(?:[=:]|=>|\breturn)[ \t]*({_DOTS})[ \t]*(?:[;,\}}]|$)"
    r"|(?:^|[=(,:?.]|\breturn|\bawait|\bnew|\byield|\bthrow)[ \t]*(?!_*catch\b)"
    rf"[A-Za-z_$][\w$.]{{0,80}}\(({_DOTS})\)(?=[ \t]*(?:[;,.)]|$))",
    re.MULTILINE,
)


def _c(bare: str) -> Iterator[Hit]:
    """Yield dots that are no spread, no rest and no variable number of arguments."""
    if "..." not in bare and "…" not in bare:
        return
    hits = [next(_own_line(bare), None), next(_search(_C_DOTS, bare), None)]
    yield from sorted(hit for hit in hits if hit)


def _shell_dots(bare: str) -> Iterator[Hit]:
    """Yield dots that are a word of their own; what is only printed may end in them."""
    for found in re.finditer(rf"(?<![^\s(\[])({_DOTS})(?=[\s;)\]]|$)", bare):
        line = bare[max(0, found.start() - 200) : found.start()].rpartition("\n")[2]
        if not re.search(r"\b(?:echo|printf|print)\b", line):
            yield found.start(), found[1]


# --- Python's Ellipsis ----------------------------------------------------------------------------

_STATEMENT = re.compile(
    r"(?m)^(?P<indent>[ \t]*+)(?:[a-z_][\w.]{0,80}[ \t]*=[ \t]*|return[ \t]+|yield[ \t]+)?"
    r"(?P<dots>\.\.\.)[ \t]*$"
)
_NAME = f"{string.ascii_letters}{string.digits}_"
_BRACKET_OR_DOTS = re.compile(r"\.\.\.|[()\[\]{}]")
# Before “(”, where Ellipsis is a value: required fields of FastAPI, defaults, keywords.
_TAKES_ELLIPSIS = frozenset({
    "Body", "Cookie", "Depends", "Field", "File", "Form", "Header", "Path", "Query", "Security",
    "and", "assert", "cast", "field", "for", "get", "getattr", "id", "if", "in", "is",
    "isinstance", "next", "not", "or", "pop", "print", "repr", "return", "setattr", "setdefault",
    "str", "type", "yield",
})  # fmt: skip


def _python(bare: str) -> Iterator[Hit]:
    """Yield dots that stand for code, as opposed to stubs, types, indexes and required fields."""
    if "..." not in bare:
        return
    statements = {found.start("dots"): found for found in _STATEMENT.finditer(bare)}
    opened: list[int] = []
    for found in _BRACKET_OR_DOTS.finditer(bare):
        at = found.start()
        if found[0] in "([{":
            opened.append(at)
        elif found[0] != "...":
            if opened:
                opened.pop()
        elif opened:
            if _omits_items(bare, opened[-1], at):
                yield at, "..."
        elif (statement := statements.get(at)) and not _is_stub(bare, statement):
            yield at, "..."


def _is_stub(bare: str, statement: re.Match[str]) -> bool:
    """Whether dots are the whole body of what is above: ``def f(): ...`` on two lines."""
    if statement["dots"] != statement[0].strip():
        return False
    above = bare[max(0, statement.start() - 2000) : statement.start()].rstrip()
    last = above[above.rfind("\n") + 1 :].strip()
    if not last.endswith(":") and last.strip('"'):
        return False
    below = re.compile(r"\s*\n([ \t]*)\S").match(bare, statement.end())
    return not below or len(below[1]) < len(statement["indent"])


def _omits_items(bare: str, opening: int, at: int) -> bool:
    """Whether dots within brackets stand for more items or arguments."""
    before = bare[max(opening, at - 200) : at].rstrip()[-1:]
    after = bare[at + 3 : at + 203].lstrip(" \t\n,")[:1]
    ahead = bare[max(0, opening - 80) : opening].rstrip(" \t")
    of = ahead[len(ahead.rstrip(_NAME)) :]
    kind, follows = bare[opening], of or ahead.endswith((")", "]", '"'))
    if kind == "(":
        return bool(of and of not in _TAKES_ELLIPSIS and before in "(," and after == ")")
    if kind == "[":
        return not follows and before == "," and after == "]"
    return before in "{," and after == "}"


# --- data -----------------------------------------------------------------------------------------

_VALUE = re.compile(
    rf"(?m)(?:^[ \t]*+(?>(?:-[ \t]++)*)|[:=][ \t]*+|[,\[{{][ \t]*+(?={_DOTS}[ \t]*[\]\}}]))"
    rf"(?:(?:Bearer|Basic|Token)[ \t]+)?(?P<value>{_DOTS}|{_ANGLE}|{_XS}|{_CUT_SECRET})"
    r"(?=[ \t]*(?:$|[,\]\}]))"
)
_WORD_PART = re.compile(_PART)
# What a word may begin behind (read backwards), and what it may end before.
_BEGINS = re.compile(
    r"""[^\s<>,"'\[\]{}#]{0,80}+[ \t]*+(?:(?:reraeB|cisaB|nekoT)[ \t]++)?(?:[:=-]|\n|\Z)"""
)
_ENDS = re.compile(r"""(?m)[^\s<>,"]{0,80}+[ \t]*+(?:$|[,\]\}])""")
_GOES_ON = re.compile(r"\s*+(?!---|%)\S")
_TEMPLATE_VALUE = re.compile(
    rf"(?m)(?:^[ \t]*+(?:-[ \t]++)?|[:,\[][ \t]++|[ \t]=[ \t]*+|:(?=\{{))({_TEMPLATE}|{_TAG})"
)


def _plain_values(split: _Split) -> Iterator[Hit]:
    """Yield values without quotes that are nothing else."""
    bare = split.bare
    in_braces = bare.lstrip()[:1] in ("{", "[")
    closed = _closed(split.code)
    for found in _VALUE.finditer(bare):
        value = found["value"]
        if _MEANT.fullmatch(value) or value[1:-1] in closed:
            continue
        # Dots at the margin end a document of YAML, unless it goes on right below.
        if value == found[0] == "..." and not in_braces and not _GOES_ON.match(bare, found.end()):
            continue
        yield found.start("value"), value


def _plain_words(bare: str) -> Iterator[Hit]:
    """Yield parts such as ``YOUR_KEY`` of values without quotes that are one word."""
    for found in _WORD_PART.finditer(bare):
        before = bare[max(0, found.start() - 2 * MAX_TEXT) : found.start()]
        if _BEGINS.match(before[::-1]) and _ENDS.match(bare, found.end()):
            yield found.start(), found[0]
