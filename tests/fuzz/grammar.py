"""What the dialects' files are made of → strategies for each target, as bytes.

The words come from the tables that the readers themselves go by, so that a new field, tool,
language or kind of Problem is tried as soon as there is one.
"""

from __future__ import annotations

import json

from agentdocs.artefacts.model import KINDS
from agentdocs.dialects import plain, role
from agentdocs.fields import MEANINGS
from agentdocs.tools import CANONICAL
from agentdocs.verify.languages import LANGUAGES
from agentdocs.verify.model import TIERS, VERDICTS
from hypothesis import strategies as st

FENCES = sorted({fence for language in LANGUAGES for fence in language.fences})
TITLES = sorted({*plain.TITLES, *role.TITLES, "Examples", "Schema", "Usage", "Quick start"})
KEYS = st.sampled_from(sorted(MEANINGS))
# Every category of Unicode, lone surrogates among them.
ANY = st.text(max_size=30)
WORD = st.sampled_from([
    "Read", "x", "a: b", "2.10", "no", "*", "&a", "*a", "!!tag", "[a", "a]", "{", "}", '"open',
    "'", "|", ">", "- a", "<example>", "</example>", "user: hi", "Use when.", "\t", "\\n", "---",
    "a.md", "../x", "notes.md#a", "@steady", "steady", "ﬁ", "e\u0301", "\u202e", "\u200b", "\0",
    "\ufeff", "\x85", "\u2028", "🏳️‍🌈", "javascript:x", "%2e%2e", "1e999", "0x1F", "~", "=",
    *sorted(CANONICAL),
])  # fmt: skip
TEXT = st.one_of(WORD, ANY, st.lists(WORD, max_size=8).map(" ".join))
MARKUP = st.sampled_from(
    """\
**Bold:**
- item
  - nested
1. one
> quote
>>>>>>>>>>>>>>>>>>>>>>>>>>>>>> deep
~~~
```{include} x
```{agent-source} x 1
    code
===
[a]: b "c"
[A]: <d>
[a](b.md)
![i](j.png)
| use | b |
| --- | --- |
| yes | no — c |
<script>
- [ ] task
(target)=
AUTO-TRIGGERS: a, {b,c}, d
**Version**: 1 Author: x <y>
\\
+++
""".splitlines()
)
LINE = st.one_of(
    MARKUP,
    TEXT,
    st.just(""),
    st.builds("{} {}".format, st.sampled_from(["#", "##", "###", "######"]), TEXT),
    st.sampled_from(TITLES).map("## {}".format),
    st.builds(
        "{}{}".format,
        st.sampled_from(["```", "~~~", "````", "- ```", "> ```"]),
        st.sampled_from(FENCES),
    ),
    st.builds("{}{}".format, st.sampled_from(["- ", "> ", "  ", "\t", "1. ", "> - "]), MARKUP),
    st.builds(lambda text, times: text * times, WORD, st.integers(2, 200)),
)
ENTRY = st.one_of(
    st.builds("{}: {}".format, KEYS, TEXT),
    st.builds("{}:\n  - {}\n  - {}".format, KEYS, TEXT, TEXT),
    st.builds("{}: |\n  {}".format, KEYS, TEXT),
    st.builds("{}: {{{}: {}}}".format, KEYS, TEXT, TEXT),
    TEXT,
)
BODY = st.lists(LINE, max_size=30).map("\n".join)
FRONT = st.lists(ENTRY, max_size=12).map("\n".join)
OPENING = st.sampled_from(["---\n", "---\n", "---\n", "", "\n---\n", "<!-- a -->\n---\n", "--- \n"])
CLOSING = st.sampled_from(["\n---\n", "\n---\n", "\n---\n", "\n...\n", "\n", "\n---"])
FILE = st.builds("{}{}{}{}".format, OPENING, FRONT, CLOSING, BODY)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\u2028"])
CODINGS = st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1"])


def _encoded(text, end, coding):
    wide = coding in ("utf-8", "utf-8-sig") or coding.startswith("utf-")
    return text.replace("\n", end).encode(coding, "surrogatepass" if wide else "replace")


def encoded(texts):
    """Return a strategy of texts as bytes, in encodings and with line ends that are met."""
    return st.builds(_encoded, texts, ENDS, CODINGS)


SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORD, ANY)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORD, inner, max_size=4),
    max_leaves=20,
)


def _objects(*keys):
    """Return a strategy of JSON whose objects have these keys, with values of any form."""
    key = st.sampled_from(keys) | WORD
    return st.recursive(
        SCALAR | st.sampled_from(keys),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(key, inner, max_size=6),
        max_leaves=40,
    )


def dumped(values):
    """Return a strategy of JSON as bytes."""
    return values.map(lambda value: json.dumps(value).encode())


SCHEMA = _objects(
    "type", "properties", "items", "required", "enum", "const", "$ref", "$defs", "definitions",
    "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "pattern", "format", "default",
    "examples", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "additionalProperties",
    "patternProperties", "prefixItems", "discriminator", "title", "description", "#", "#/$defs/x",
    "string", "object", "array", "integer", "null", "date-time", "^a+$", "(a|b){2,3}",
)  # fmt: skip
OPENAPI = _objects(
    "openapi", "swagger", "3.1.0", "2.0", "info", "title", "version", "servers", "url", "paths",
    "/x/{id}", "get", "post", "parameters", "name", "in", "path", "query", "body", "schema",
    "requestBody", "content", "application/json", "responses", "200", "default", "headers", "links",
    "components", "schemas", "securitySchemes", "security", "tags", "webhooks", "callbacks",
    "examples", "example", "value", "$ref", "#/components/schemas/x", "type", "oauth2", "flows",
)  # fmt: skip
TABLES = _objects(
    "tables", "name", "columns", "type", "primary_key", "foreign_keys", "references", "indexes",
    "unique", "nullable", "default", "checks", "table", "to", "comment", "schema",
)  # fmt: skip
KEPT = st.fixed_dictionaries({
    "version": st.just(1) | SCALAR,
    "snippets": st.dictionaries(WORD, st.fixed_dictionaries({
        "digest": SCALAR,
        "artefacts": st.lists(st.fixed_dictionaries({
            "kind": st.sampled_from(KINDS) | SCALAR, "name": SCALAR, "data": JSON,
        }), max_size=3) | JSON,
    }) | JSON, max_size=4) | JSON,
})  # fmt: skip
OUTCOME = st.fixed_dictionaries({
    "path": SCALAR, "address": SCALAR, "agent": SCALAR, "line": SCALAR, "end": SCALAR,
    "language": SCALAR, "digest": SCALAR, "verdict": st.sampled_from(VERDICTS) | SCALAR,
    "tier": st.sampled_from(TIERS) | SCALAR,
}, optional={"reason": JSON, "seconds": JSON, "packages": JSON, "error": JSON, "artefacts": JSON,
             "output": JSON, "terms": JSON, "cut": JSON, "expected": JSON})  # fmt: skip
PLANS = st.fixed_dictionaries({
    "root": st.just(".") | SCALAR, "size": st.just(1) | JSON, "files": JSON, "packages": JSON,
    "snippets": st.dictionaries(WORD, st.dictionaries(WORD, st.fixed_dictionaries({
        "digest": SCALAR, "plan": JSON, "snippet": JSON, "kind": SCALAR, "reason": SCALAR,
    }) | JSON, max_size=3), max_size=3) | JSON,
})  # fmt: skip


def _results(said, rows):
    """Return a file of results, with a line for each as they are written."""
    lines = ",\n".join(json.dumps(row) for row in rows)
    head = "".join(f'"{key}": {json.dumps(value)},\n' for key, value in said.items())
    return f'{{\n"version": 1,\n{head}"problems": [],\n"outcomes": [\n{lines}\n]\n}}\n'.encode()


RESULTS = st.builds(
    _results,
    st.dictionaries(st.sampled_from(["state", "summary"]), JSON),
    st.lists(OUTCOME, max_size=4),
)

RULES = ("digest", "setup", "check", "expect", "after", "files", "skip", "timeout", "schema",
         "namespace", "services", "databases", "fails")  # fmt: skip
CONTRACT = st.one_of(
    st.lists(
        st.one_of(
            st.builds("{}: {}".format, st.sampled_from(["requires", "timeout", "namespace", "snippets"]), TEXT),
            st.builds("snippets:\n  {}:\n    {}: {}".format, WORD, st.sampled_from(RULES), TEXT),
            st.builds("    {}: {}".format, st.sampled_from(RULES), TEXT),
            st.builds("    {}: |\n      {}".format, st.sampled_from(RULES), TEXT),
            st.builds("requires:\n  {}: [{}]".format, st.sampled_from(["python", "npm", "x"]), TEXT),
            TEXT,
        ),
        max_size=10,
    ).map("\n".join),
    dumped(_objects("snippets", "requires", "python", "timeout", *RULES)).map(bytes.decode),
)  # fmt: skip
VALUE = st.sampled_from(
    ["None", "1", "'%(default)s'", "[1, 2]", "('a', 'b')", "a.b", "-1", "f''", "x()"]
)
CALL = st.builds(
    "{}.{}({!r}, {}={}, {}={})".format,
    st.sampled_from(["p", "q", "a.b", "p.q()"]),
    st.sampled_from(["add_argument", "add_parser", "add_argument_group"]),
    TEXT,
    st.sampled_from(["help", "default", "metavar"]),
    VALUE,
    st.sampled_from(["choices", "nargs", "type"]),
    VALUE,
)
SCRIPT = st.lists(st.one_of(CALL, CALL.map("q = {}".format), TEXT), max_size=12).map("\n".join)

STRATEGIES = {
    "agent": encoded(FILE),
    "compared": encoded(BODY),
    "companion": encoded(FILE),
    "contract": encoded(CONTRACT),
    "script": encoded(SCRIPT),
    "snippet": encoded(st.one_of(BODY, SCRIPT, CONTRACT)),
    "code": encoded(st.one_of(BODY, SCRIPT, CONTRACT, FRONT)),
    "described": dumped(st.one_of(SCHEMA, OPENAPI, TABLES, JSON)),
    "artefacts": dumped(KEPT | JSON),
    "verdicts": RESULTS | dumped(JSON),
    "plans": dumped(PLANS | JSON),
}
"""Target → what it is fed."""
