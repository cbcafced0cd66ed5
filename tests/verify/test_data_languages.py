"""Languages that are only parsed: what each says of a text, and that no text hurts any of them.

Cases stand in ``languages/``, a file for each fence; here is what cannot be written as text.
"""

from __future__ import annotations

import ast
import json
import re
import resource
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest
from agentdocs.verify.languages.base import Missing, ParseError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

MODULES = ("dockerfile", "graphql", "html", "http", "json", "toml", "xml", "yaml")
FOUND = {name: import_module(f"agentdocs.verify.languages.{name}") for name in MODULES}
LANGUAGES = [language for module in FOUND.values() for language in module.LANGUAGES]
BY_FENCE = {fence: language for language in LANGUAGES for fence in language.fences}

FOLDER = Path(__file__).parent / "languages"
CASE = re.compile(r"^=== ([^\n]+)\n(.*?)^>>>\n(.*?)(?=\n=== |\n?\Z)", re.MULTILINE | re.DOTALL)
CASES = [
    pytest.param(path.stem, code, said.strip(), id=f"{path.stem}: {title}")
    for path in sorted(FOLDER.glob("*.txt"))
    if path.stem in BY_FENCE
    for title, code, said in CASE.findall(path.read_text())
]

EVERY = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
ANY = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def parsed(language, code):
    """Return the data, or the error, which must be one that can be shown."""
    try:
        return language.parse(code)
    except ParseError as error:
        assert 1 <= error.line <= code.count("\n") + 1, error.line
        assert error.text and "\n" not in error.text and len(error.text) < 300, error.text
        error.text.encode()
        return error


@pytest.mark.parametrize(("fence", "code", "said"), CASES)
def test_cases(fence, code, said):
    found = parsed(BY_FENCE[fence], code.removesuffix("\n"))
    if isinstance(found, ParseError):
        assert f"{found.line} {found.text}" == said
    elif said != "ok":
        assert said.startswith("= "), found
        # Text again, because JSON tells 1 from 1.0 and true, and Python does not.
        assert json.dumps(found) == json.dumps(json.loads(said[2:]))


def test_there_are_cases_for_each_module():
    tried = {BY_FENCE[case.values[0]].name for case in CASES}
    assert tried == {language.name for language in LANGUAGES}


def test_fences_are_of_one_language():
    fences = [fence for language in LANGUAGES for fence in language.fences]
    assert len(fences) == len(set(fences))
    assert all(fence == fence.lower() for fence in fences)
    assert not {"vue", "svelte", "jsx"} & set(fences)


@EVERY
def test_nothing_of_it_runs(language):
    assert not language.runs and language.parse and language.placeholder


@pytest.mark.parametrize("name", MODULES)
def test_start_up_is_light(name):
    """Parsers that are heavy, or may be absent, are imported when they are asked."""
    heavy = {"graphql", "yaml", "tomllib", "xml.parsers", "xml"}
    tree = ast.parse(Path(FOUND[name].__file__).read_text())
    at_once = [
        alias.name if isinstance(node, ast.Import) else node.module
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    assert not heavy & set(at_once)


def test_without_graphql_core(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphql", None)
    with pytest.raises(
        Missing, match=r"^needs graphql-core \(pip install 'agentdocs\[verify\]'\)$"
    ):
        BY_FENCE["graphql"].parse("{a}")


def test_nothing_is_fetched(tmp_path):
    """An external entity is not read, so what it holds cannot break the document either."""
    (tmp_path / "x").write_text("</a>")
    code = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{(tmp_path / "x").as_uri()}">]><a>&x;</a>'
    assert parsed(BY_FENCE["xml"], code) is None


# --- any text -------------------------------------------------------------------------------------

PIECES = r"""
{ } [ ] ( ) < > " ' ` : , ; = - + * & # % @ ! ? / \ | ~ $ . ... … ___ -- --- /* */ // <!-- --> ]]>
<a> </a> <p> <br/> <div <li> <td> <tr> <table> <svg> <script> </script> <!doctype <?xml ?> &lt; &x;
"a" 'b' ''' true null NaN 1 -0 1e9 0x1F 2024-01-01 a: b: a=1 - *a &a <<: !t %YAML
FROM RUN COPY CMD ONBUILD <<EOF EOF \ ["a"] GET POST HTTP/1.1 200 Host:x ### {{x}} query type on
your-key YOUR_KEY <your-key> <name> [insert x] sk-xxxx é 𝄞
"""
PIECE = st.sampled_from(
    [*PIECES.split(), '"""', " ", "  ", "\n", "\n\n", "\t", "\r", "\0", "\x85", "\u2028"]
)
TEXT = st.one_of(
    st.text(st.characters(), max_size=60),
    st.text(st.characters(codec=None, categories=("Cs", "Cc", "L", "P", "S", "Z")), max_size=30),
    st.lists(PIECE, max_size=40).map("".join),
    st.lists(PIECE, max_size=40).map(" ".join),
)


@EVERY
@ANY
@given(code=TEXT)
@example(code="")
@example(code="\ud800")
@example(code='"\ud800"')
@example(code="a\0b")
@example(code="\r\r\r:\r{")
@example(code="\ufeff{}")
@example(code="a: \x85\u2028\n- b")
def test_any_text_is_data_or_an_error(language, code):
    parsed(language, code)


DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@ANY
@given(DATA, st.sampled_from([None, 2]), st.booleans())
def test_json_that_was_written_is_read(data, indent, ascii_only):
    code = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    for fence in ("json", "jsonc", "json5"):
        assert BY_FENCE[fence].parse(code) == data
    if indent is None:
        assert BY_FENCE["jsonl"].parse(f"{code}\n{code}\n") == [data, data]


@ANY
@given(TEXT)
def test_json_agrees_with_the_standard_library(code):
    """Except where ours is stricter: duplicate keys, and numbers that are none."""

    def strict(pairs):
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    def refuse(_):
        raise ValueError

    try:
        expected = json.loads(code, object_pairs_hook=strict, parse_constant=refuse)
    except (ValueError, RecursionError):
        assert isinstance(parsed(BY_FENCE["json"], code), ParseError)
    else:
        assert BY_FENCE["json"].parse(code) == expected


# --- texts that were made to hurt -----------------------------------------------------------------

MEGA = 1_000_000
HOSTILE = {
    "brackets": "[" * MEGA,
    "braces": '{"a":' * 200_000,
    "closed brackets": "[" * 100_000 + "]" * 100_000,
    "nested json": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "nested blocks": "- " * 500_000,
    "nested toml": "a=" + "[" * 500_000,
    "nested tables": "a={" * 300_000,
    "a long key": ".".join("a" * 500_000) + "=1",
    "a long header": "[" + ".".join("a" * 500_000) + "]",
    "tags": "<a>" * 300_000,
    "divs": "<div>" * 200_000,
    "closed tags": "<a>" * 100_000 + "</a>" * 100_000,
    "less than": "<" * MEGA,
    "ampersands": "&" * MEGA,
    "attributes": "<a " + " ".join(f"a{n}=1" for n in range(100_000)) + ">",
    "comments": "<!--" * 250_000,
    "selections": "{a" * 500_000,
    "types": "type A { a: " + "[" * 500_000,
    "quotes": '"' * MEGA,
    "backslashes": "\\" * MEGA,
    "hashes": "#\n" * 500_000,
    "requests": "GET /\n" * 160_000,
    "instructions": "FROM a\n" + "RUN a \\\n" * 120_000,
    "here-documents": "FROM a\n" + "RUN <<a\n" * 120_000,
    "directives": "%TAG !a! b\n" * 90_000,
    "anchors": "".join(f"a{n}: &a{n} x\n" for n in range(60_000)),
    "spaces": " " * MEGA,
    "newlines": "\n" * MEGA,
    "digits": "1" * MEGA,
    "a number": "[" + "1" * MEGA + "]",
    "a toml number": "a=" + "1" * MEGA,
    "nul": "\0" * MEGA,
    "surrogates": "\ud800" * MEGA,
    "one line": "a" * (10 * MEGA),
    "one line of json": json.dumps({"a": "b" * (10 * MEGA)}),
    "one line of values": "[" + "1," * 500_000 + "1]",
    "laughs in yaml": "a0: &a0 [x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 99)),
    "depth in yaml": "a0: &a0 x\n"
    + "".join(f"a{n}: &a{n} {'[' * 90}*a{n - 1}{']' * 90}\n" for n in range(1, 999)),
    "laughs in xml": '<!DOCTYPE a [<!ENTITY e0 "x">'
    + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 99))
    + "]><a>&e98;</a>",
    "a long entity": f'<!DOCTYPE a [<!ENTITY e "{"x" * 100_000}">]><a>{"&e;" * 100_000}</a>',
    "parameters in xml": '<!DOCTYPE a [<!ENTITY % e "x"> ' + "%e; " * 100_000 + "]><a/>",
    "a model in xml": f"<!DOCTYPE a [<!ELEMENT a {'(' * 100_000}a{')' * 100_000}>]><a/>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_little(name):
    """No parser dies, none takes long, and none fills the memory.

    The limits are wide, for slow machines; what grows with the square is far beyond them.
    """
    code = HOSTILE[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for language in LANGUAGES:
        start = time.perf_counter()
        parsed(language, code)
        assert time.perf_counter() - start < 20, language.name
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700_000, "in kB"


@pytest.mark.parametrize(
    ("fence", "code"),
    [
        ("json", HOSTILE["closed brackets"]),
        ("json", HOSTILE["nested json"]),
        ("jsonc", HOSTILE["brackets"]),
        ("yaml", HOSTILE["closed brackets"]),
        ("yaml", HOSTILE["nested blocks"]),
        ("yaml", HOSTILE["depth in yaml"]),
        ("toml", HOSTILE["nested toml"]),
        ("toml", HOSTILE["nested tables"]),
        ("toml", HOSTILE["a long key"]),
        ("toml", HOSTILE["a long header"]),
        ("html", HOSTILE["divs"]),
        ("graphql", HOSTILE["selections"]),
        ("graphql", HOSTILE["types"]),
    ],
)
def test_what_is_too_deep_says_so(fence, code):
    assert parsed(BY_FENCE[fence], code).text == "is nested too deeply"


def test_what_is_not_too_deep_is_read():
    assert BY_FENCE["json"].parse("[" * 200 + "]" * 200)
    assert BY_FENCE["yaml"].parse("[" * 100 + "]" * 100)
    assert BY_FENCE["toml"].parse(".".join("a" * 100) + " = 1")
    assert BY_FENCE["html"].parse("<div>" * 250 + "</div>" * 250) is None


def test_a_long_number_is_one():
    assert BY_FENCE["json"].parse("1" * 5000) == float("inf")
    assert BY_FENCE["json"].parse("1" * 4000) > 0
    assert BY_FENCE["json"].parse("-0") == 0
