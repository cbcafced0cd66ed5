"""Agent text cannot act: proved against the built HTML of agents that try.

``library/`` holds the agents. They are text on the page and nothing else, while every extension
of MyST is switched on around them.
"""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from hostile import markup, sites

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile.builds import Build
    from hostile.markup import Tag

    Sites = tuple[Build, Build]

# What can run, fetch, restyle or redirect. A page may hold one only if a clean page does, too.
ACTIVE = frozenset(
    [
        "script",
        "iframe",
        "frame",
        "frameset",
        "style",
        "base",
        "object",
        "embed",
        "applet",
        "portal",
        "meta",
        "link",
        "form",
        "input",
        "button",
        "textarea",
        "select",
        "svg",
        "math",
        "foreignobject",
        "audio",
        "video",
        "source",
        "track",
        "template",
        "noscript",
        "dialog",
        "marquee",
        "slot",
        "animate",
        "set",
        "use",
    ]
)


def _pages(site: Build) -> list[Path]:
    return sorted(site.out.rglob("*.html"))


def _tags(site: Build) -> Iterator[tuple[Path, Tag]]:
    for page in _pages(site):
        for tag in markup.parse(page).tags:
            yield page.relative_to(site.out), tag


def _shape(tag: Tag) -> tuple[object, ...]:
    """Return what makes a tag act, without what is different on every page."""
    attributes = dict(tag.attributes)
    if tag.name == "meta" and attributes.get("name") == "description":
        attributes.pop("content")  # a place for text in the head
    if attributes.get("property") in ("og:title", "og:description"):
        attributes.pop("content", None)  # and these are the others
    if str(attributes.get("name", "")).startswith("agentdocs:"):
        attributes.pop("content", None)
    if attributes.get("type") == "text/markdown":
        attributes.pop("href", None)
    if tag.name == "link" and attributes.get("rel") in ("prev", "next"):
        attributes.pop("title", None)
        attributes.pop("href", None)  # where it leads is looked at with all other addresses
    if tag.name in ("svg", "input", "form", "button"):
        attributes.pop("width", None)
        attributes.pop("height", None)
        attributes.pop("viewbox", None)
    plain = {key: re.sub(r"^(\.\./)+", "", value) for key, value in attributes.items()}
    return tag.name, tuple(sorted(plain.items())), tag.text.strip()


def _overviews(site: Build) -> dict[str, str]:
    """Return the name of every agent with its overview's document."""
    text = (site.out / "_static" / "agentdocs-catalogue.js").read_text(encoding="utf-8")
    cards = json.loads(text.partition("=")[2].strip().removesuffix(";"))
    return {card["name"]: unquote(url).removesuffix(".html") for url, card in cards}


def _own_text(site: Build, agent: str) -> str:
    """Return the text of all pages of an agent but for its verbatim source."""
    folder = site.out / "agents" / agent
    assert folder.is_dir(), f"{agent} has no pages"
    pages = [page for page in folder.rglob("*.html") if not page.name.startswith("source")]
    return markup.words(" ".join(markup.parse(page).article for page in sorted(pages)))


# --- the build ---------------------------------------------------------------------------------


def test_hostile_agents_build_without_a_warning_of_sphinx_myst_or_docutils(hostile: Build) -> None:
    assert hostile.code == 0, hostile.errors
    assert "Traceback" not in hostile.errors
    assert hostile.foreign() == []


def _unescape(match: re.Match[str]) -> str:
    return match[0].encode().decode("unicode_escape")


def test_what_is_warned_about_names_a_file_that_is_there(hostile: Build) -> None:
    assert len(hostile.warnings) > 40
    for warned in hostile.warnings:
        # What could forge a line is escaped in the path.
        path = Path(re.sub(r"\\([nrt]|x[0-9a-f]{2}|u[0-9a-f]{4})", _unescape, warned.path))
        assert path.is_symlink() or path.exists(), warned


@pytest.mark.security("SEC-02")
def test_nothing_was_run_while_building(hostile: Build) -> None:
    assert not (hostile.source.parent / "marker").exists()


def test_every_agent_has_its_pages(hostile: Build) -> None:
    files = [path for path in sites.LIBRARY.rglob("*.md") if "skills" not in path.parts]
    named = len(sites.NAMES) + len(sites.FOLDERS) + len(files) + 1
    overviews = _overviews(hostile)
    for docname in overviews.values():
        assert (hostile.out / f"{docname}.html").is_file(), docname
    # A file without a suffix that begins with front matter is an agent as well.
    assert len(overviews) == named


# --- what a browser would do -------------------------------------------------------------------


@pytest.mark.security("SEC-33")
def test_no_page_holds_an_active_element_that_a_clean_page_does_not(themed: Sites) -> None:
    hostile, clean = themed
    harmless = {_shape(tag) for _, tag in _tags(clean) if tag.name in ACTIVE}
    found = [
        (str(page), tag)
        for page, tag in _tags(hostile)
        if tag.name in ACTIVE and _shape(tag) not in harmless
    ]
    assert found == []


@pytest.mark.security("SEC-33")
def test_no_attribute_is_an_event_handler(themed: Sites) -> None:
    hostile, clean = themed
    harmless = {item for _, tag in _tags(clean) for item in tag.attributes if item[0][:2] == "on"}
    found = [
        (str(page), tag)
        for page, tag in _tags(hostile)
        for name, value in tag.attributes
        if name.startswith("on") and (name, value) not in harmless
    ]
    assert found == []


@pytest.mark.security("SEC-33")
def test_no_quote_breaks_out_of_an_attribute(themed: Sites) -> None:
    hostile, _ = themed
    found = [
        (str(page), tag)
        for page, tag in _tags(hostile)
        if not all(re.fullmatch(r"[a-z_][a-z0-9_:.-]*", name) for name, _ in tag.attributes)
    ]
    assert found == []


@pytest.mark.security("SEC-37")
def test_no_element_gets_a_class_an_id_or_a_style_from_an_agent(themed: Sites) -> None:
    hostile, clean = themed
    styles = {tag.get("style") for _, tag in _tags(clean)}
    chosen = re.compile(
        r"(fence|colon|span|code|attrs|inline-attrs|heading|chat)-(class|id)|fake-id|"
        r"fence-stolen-id|fence-container"
    )
    found = []
    for page, tag in _tags(hostile):
        words = f"{tag.get('class') or ''} {tag.get('id') or ''}".split()
        if any(chosen.fullmatch(word) for word in words) or tag.get("style") not in styles:
            found.append((str(page), tag))
    assert found == []


def test_ids_are_unique_on_every_page(themed: Sites) -> None:
    hostile, _ = themed
    for page in _pages(hostile):
        ids = [tag.get("id") for tag in markup.parse(page).tags if tag.inside and tag.get("id")]
        twice = {one for one in ids if ids.count(one) > 1}
        assert not twice, f"{page.relative_to(hostile.out)}: {twice}"


def test_no_link_stands_inside_a_link(themed: Sites) -> None:
    hostile, _ = themed
    nested = {str(page): markup.parse(page).nested for page in _pages(hostile)}
    assert {page: lines for page, lines in nested.items() if lines} == {}


def test_every_address_leads_inside_the_site_or_is_a_plain_link_out(themed: Sites) -> None:
    hostile, _ = themed
    found = {
        str(page.relative_to(hostile.out)): problems
        for page in _pages(hostile)
        if (problems := list(markup.broken(hostile.out, page)))
    }
    assert found == {}


@pytest.mark.security("SEC-35")
def test_links_keep_to_http_and_mail(themed: Sites) -> None:
    hostile, _ = themed
    found = [
        (page, tag, name, value)
        for page in _pages(hostile)
        for tag, name, value in markup.addresses(markup.parse(page))
    ]
    for page, tag, name, value in found:
        # A browser drops white space and control characters before it looks at the scheme.
        bare = re.sub(r"[\x00-\x20\u00a0\u2028\u2029]", "", value).lower()
        scheme = re.match(r"[a-z][a-z0-9+.-]*(?=:)", bare)
        assert scheme is None or scheme[0] in ("http", "https", "mailto"), (page, tag, name)


@pytest.mark.security("SEC-36")
def test_no_picture_comes_from_elsewhere(themed: Sites) -> None:
    hostile, _ = themed
    for page, tag in _tags(hostile):
        if tag.name == "img":
            assert re.match(r"(\.\./)*(agents/)?(library/files|_static)/", tag.get("src") or ""), (
                page,
                tag,
            )


def test_no_formula_loads_a_script(hostile: Build) -> None:
    assert not any("mathjax" in (tag.get("src") or "") for _, tag in _tags(hostile))


# --- what is published -------------------------------------------------------------------------


@pytest.mark.security("SEC-01")
def test_no_file_of_the_host_is_published(hostile: Build) -> None:
    leaks = []
    for path, data in hostile.files().items():
        data = zlib.decompress(data.partition(b"zlib.\n")[2]) if path == "objects.inv" else data
        leaks += [(path, word) for word in sites.SECRETS if word.encode() in data]
        if "root:x:0:0" in data.decode("utf-8", "replace"):
            leaks.append((path, "/etc/passwd"))
    assert leaks == []


def test_nothing_is_put_where_sphinx_keeps_downloads_and_pictures(hostile: Build) -> None:
    for folder in ("_downloads", "_images"):
        assert not list(hostile.out.glob(f"{folder}/**/*"))


@pytest.mark.security("SEC-04")
def test_no_agent_writes_outside_its_folder(hostile: Build, clean: Build) -> None:
    def top(site: Build) -> set[str]:
        return {path.name for path in site.out.iterdir()} - {"_images", ".well-known"}

    assert top(hostile) <= top(clean)
    generated = {path.name for path in hostile.source.iterdir()}
    assert generated == {"conf.py", "index.md", "private.txt", "private.png", "agents"}


@pytest.mark.security("SEC-38")
def test_what_a_browser_would_run_is_offered_as_text(hostile: Build) -> None:
    folder = hostile.out / "agents" / "library" / "files"
    suffixes = {path.suffix.lower() for path in folder.rglob("*") if path.is_file()}
    assert not suffixes & {".html", ".htm", ".xhtml", ".svg", ".xml", ".js", ".mjs", ".wasm", ""}


def test_downloads_are_the_files_themselves(hostile: Build) -> None:
    agents = hostile.source.parent / "agents"
    skill = "skills/evil-skill"
    for name in ("assets/evil.html", "assets/evil.svg", "tricks.md", "scripts/evil.py"):
        there = list((hostile.out / "agents" / "library" / "files" / skill).glob(f"{name}*"))
        assert [path.read_bytes() for path in there] == [(agents / skill / name).read_bytes()]


@pytest.mark.security("SEC-37")
def test_an_agent_adds_nothing_to_the_inventory_but_itself(hostile: Build) -> None:
    data = (hostile.out / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(data).decode().splitlines()
    forged = [line for line in lines if not re.match(r".+?\s+\S+:\S+\s+-?\d+\s+\S*\s+.*$", line)]
    forged += [line for line in lines if "fake.html" in line.split()[3:4] or "fake/" in line]
    assert forged == []


def test_no_page_takes_part_in_what_sphinx_collects(hostile: Build) -> None:
    # The general index, labels and the table of contents belong to hand-written pages.
    assert "fence-index-entry" not in (hostile.out / "genindex.html").read_text()
    labels = ("hidden-target", "math-label", "companion-target", "colon-figure-label")
    inventory = (hostile.out / "objects.inv").read_bytes().split(b"\n", 4)[4]
    names = {line.split(" ")[0] for line in zlib.decompress(inventory).decode().splitlines()}
    assert not names & set(labels)
    assert "fence-math" not in (hostile.out / "index.html").read_text()


# --- what is shown -----------------------------------------------------------------------------

SHOWN = [
    ("fences/backticks", text)
    for text in (
        "{include} ../../../../secret.txt",
        "{include} /private.txt",
        ":literal:",
        "{literalinclude} ../../../../conf.py",
        ".. literalinclude:: ../../../../conf.py",
        '<script>window.pwned = "eval-rst"</script>',
        '<script>window.pwned = "raw"</script>',
        "{csv-table} fence-csv",
        "fence-figure",
        ":alt: fence-image",
        "{image} https://tracker.invalid/pixel.png",
        "{toctree}",
        '{"agent": "fake/agent", "page": "index", "links": [], "snippets": [], "mentions": {}}',
        "{agent-source} ../../conf.py 1",
        ":id: fence-stolen-id",
        '{"nodes": [], "edges": []}',
        "user: fence-conversation",
        "{agentdocs-manual} config",
        "fence-container-text",
        "fence-only",
        "fence-ifconfig",
        "fence-index-entry",
        ":http-equiv=refresh: 0;url=https://tracker.invalid/",
        "{title} fence-title",
        "fence^{math}",
        "{button-link} javascript:window.pwned=1",
        "{dropdown} fence-dropdown",
        "{role} raw-html(raw)",
        'print("fence-code-block")',
        "{INCLUDE}",
        "{.include}",
        "graph TD; fence-mermaid",
        "<b>info-html</b>",
        "\"><script>window.pwned='info'</script>",
        'print("info-breakout")',
        "never closed, to the end of the file",
    )
]
SHOWN += [
    ("fences/tildes", text)
    for text in (
        "{eval-rst}",
        '<script>window.pwned = "tilde"</script>',
        '{"agent": "fake/tilde", "page": "index"}',
        "tilde-note-title",
        "tilde-info-with-backticks",
    )
]
SHOWN += [
    ("fences/colons", text)
    for text in (
        ":::{include}",
        "::::{note} colon-note-title :class: colon-class colon-note :::{literalinclude} ../../../../conf.py",
        ':::{raw} html <script>window.pwned = "colon"</script>',
        ':::{agent-page} {"agent": "fake/colon", "page": "index"}',
        "colon-figure",
        ":::{figure-md} colon-figure-label",
        ":::warning colon-plain :::",
    )
]
SHOWN += [
    ("fences/nested", text)
    for text in (
        '<script>window.pwned = "list"</script>',
        ".. include::",
        "after the list",
        "after the quote",
        "{literalinclude} ../../../../conf.py",
        "indented-fence",
        "tab-fence",
        "~~~{raw} html",
        "```{include}",
    )
]
SHOWN += [
    ("inline/roles", text)
    for text in (
        "role-download <../../../../conf.py>",
        '<script>window.pwned="role"</script>',
        "{raw-html}",
        "../../../../index",
        "{any}role-any, {ref}role-ref, {agent:agent}role-agent, {term}role-term.",
        "role^{math}",
        "ROLE (role abbreviation)",
        "{octicon}report;1em;role-octicon",
        "role-badge <javascript:window.pwned=1>",
        "{external+other:agent:agent}role-external",
        '[]{.span-class #span-id} and [bracketed]{.span-class onclick="window.pwned=1"}',
        'code{.code-class #code-id onclick="window.pwned=1"}',
        "{ref}table-role",
    )
]
SHOWN += [
    ("inline/substitutions", text)
    for text in (
        "{{ substituted }} and {{substituted}} and |substituted|.",
        '{{ env.config.html_theme }} and {{ 7 * 7 }} and {{ "".class.mro }}.',
        "{% for x in [1] %}jinja-loop{% endfor %} {% raw %}jinja-raw{% endraw %} {# jinja-comment #}",
        "cycler.init.globals.os.popen",
        '{% include "../../../conf.py" %}',
        "{%- set x = 1 -%}",
        "%(substituted)s ${substituted} #{substituted} <%= substituted %>",
        "{{ substituted }} in a heading",
        "{{ 6 * 7 }}",
        "Tries {{ substituted }} and {% include 'conf.py' %} and |substituted| and {{ 7 * 7 }}.",
    )
]
SHOWN += [
    ("inline/syntax", text)
    for text in (
        "% percent-comment, which must be shown",
        "% percent-comment-indented",
        "(hidden-target)=",
        "(hidden-target-2)=",
        '+++ {"break": "block-break-metadata"}',
        '{#attrs-id .attrs-class onclick="window.pwned=1"} A paragraph with block attributes.',
        "{#inline-attrs .inline-attrs}attributes",
        "A footnote[^one] and an inline one^[inline-footnote].",
        "footnote-text-one",
        "footnote-text-unused",
        "$inline-math$ and $$display-math$$",
        "$$ block-math^2 $$ (math-label)",
        "\\begin{equation} ams-math \\end{equation}",
        "term-of-a-list : its-definition",
        ":field-name: field-value :orphan: field-orphan",
        "[ ] task-open",
        "[x] task-done",
        "~~struck-out~~ (c) (tm) +- \"straight quotes\" -- --- ... 'single'",
        "H~2~O and x^2^ and ==marked== and ++inserted++",
        ":warning: :smile:",
        "www.fuzzy-link.invalid and fuzzy@mail.invalid",
        'orphan: false html_meta: {"http-equiv=refresh": "0;url=https://tracker.invalid/"}',
        "no-break-space-info",
        "line-separator-info",
        "line-separator-inside-info",
    )
]
SHOWN += [
    ("inline/html", text)
    for text in (
        '<script>window.pwned = "html-script"</script>',
        '<SCRIPT SRC="https://tracker.invalid/x.js"></SCRIPT>',
        "<img src=x onerror=\"window.pwned='html-img'\">",
        '<svg onload="window.pwned=\'html-svg\'"><circle r="1"/></svg>',
        '<iframe src="https://tracker.invalid/" srcdoc="<script>parent.pwned=1</script>"></iframe>',
        "<style>* { display: none }</style>",
        '<base href="https://tracker.invalid/">',
        '<meta http-equiv="refresh" content="0;url=https://tracker.invalid/">',
        '<object data="https://tracker.invalid/o"></object>',
        "html-button",
        '<link rel="stylesheet" href="https://tracker.invalid/x.css">',
        '<p class="title">html-admonition</p>',
        '<!--</style><img title="--><img src=1 onerror=window.pwned=1>">',
        "<!-- html-comment -->",
        "<![CDATA[html-cdata]]>",
        "<?php html-php ?>",
        "<!DOCTYPE html-doctype>",
        "</article></main></body></html> html-closing-tags",
        "<textarea><title><noscript><plaintext>html-swallow",
        "<b onmouseover=\"window.pwned='html-b'\">html-bold</b>",
        '<a href="javascript:window.pwned=1">html-anchor</a>',
        "<!-- html-inline-comment -->",
        '<script>window.pwned="entity"</script> <img src=x onerror=window.pwned=1> &lt;',
        '<script>window.pwned = "html-item"</script>',
        '<script>window.pwned = "html-quote"</script>',
        '<script>window.pwned = "html-cell"</script>',
        '<script>window.pwned = "html-code"</script>',
        '<script>window.pwned = "html-fence"</script></pre></div></code>',
        '<script>window.pwned = "html-indented"</script></pre>',
        "<img src=x onerror=\"window.pwned='html-heading'\"> in a heading",
        'Tries to put <script>window.pwned="description"</script> markup into the page.',
    )
]
SHOWN += [
    ("inline/links", text)
    for text in (
        *re.findall(r"^- \[(link-[\w-]+)\]", (sites.LIBRARY / "inline/links.md").read_text(), re.M),
        "link-title-html",
        "link-quote-in-url",
        'link-<script>window.pwned="text"</script>',
        "link-image-inside",
        "link-{include}",
        "javascript:window.pwned=1",
        "data:text/html,autolink-data",
        "file:///etc/autolink-file",
        "doc:library/autolink-doc",
        "line:inline/autolink-line",
        "inv:autolink#inv",
        'https://example.com/autolink?a=1&b="2"',
        "autolink@example.com",
    )
]
SHOWN += [
    ("inline/images", text)
    for text in (
        "image-http",
        "image-https",
        "image-host",
        "image-javascript",
        "image-data",
        "image-passwd",
        "image-secret",
        "image-conf",
        "image-absolute",
        "image-srcdir",
        "image-file",
        "image-glob",
        "image-doc",
        "image-our-file",
        "https://tracker.invalid/no-alt.png",
        'image-alt" onerror="window.pwned=1',
        "image-alt-<script>window.pwned=1</script>",
        "image-svg",
        "image-html",
        "image-agent",
        "image-reference",
    )
]
SHOWN += [
    ("inline/definitions", text)
    for text in (
        "definition-one",
        "definition-script",
        "definition-doc",
        "definition-across",
        "definition-break",
        "definition-multi",
        "definition-late",
        "definition-schemas",
        "definition-quote",
        "label: javascript:window.pwned=1",
        "[LABEL]: https://example.com/second",
        "[act]: javascript:window.pwned=1",
    )
]
SHOWN += [
    ("fields/values", text)
    for text in (
        "<script>window.pwned='name'</script>",
        "<img src=x onerror=\"window.pwned='description'\"> {{ substituted }} {% raw %}",
        "{download}`",
        "[field-link](javascript:window.pwned=1)",
        "1.0\"><script>window.pwned='version'</script>",
        "Eve \"><img src=x onerror=window.pwned='author'> <eve@example.com>",
        "\"><script>window.pwned='model'</script>",
        "red; background: url(https://tracker.invalid/color)",
        "<script>window.pwned='tag'</script>",
        "\" onclick=\"window.pwned='tag-quote'",
        "../../../tag-path",
        "tag with lines agent:agent 1 fake.html -",
        "# tag-hash",
        "`tag-tick",
        "tag|pipe",
        "[tag-link](javascript:window.pwned=1)",
        "</script><script>window.pwned='tag-close'</script>",
        "<svg/onload=window.pwned='tool'>",
        "Bash(<script>window.pwned='argument'</script>)",
        "`tool`",
        "a|b",
        "<iframe src=//tracker.invalid>",
        "[dependency](javascript:window.pwned=1)",
        "<b>key</b>",
        "onload=window.pwned=1",
        "key-jinja",
        "`key`|",
        "<script>window.pwned='nested'</script>",
    )
]
SHOWN += [
    ("fields/names", "name-first-line # name-heading ```{include}"),
    ("fields/names", "--- :::{note} <script>window.pwned='multi-line'</script>"),
    ("fields/quotes", "'\"><img src=x onerror=window.pwned='quote-name'> & [x](javascript:window"),
    ("fields/quotes", "*b* `c` $d$ |e| {{ substituted }} {include}"),
    ("fields/quotes", "\"><svg onload=window.pwned='quote-description'>"),
    ("fields/quotes", "\\\" ' & &lt;b&gt; -- '' --flag \"quoted\""),
    ("fields/quotes", "\"><img src=x onerror=window.pwned='quote-title'>"),
    ("fields/yaml-tags", "yaml-set"),
    ("fields/yaml-tags", "YAML tags are text."),
    ("fields/own-keys", "{{ substituted }} and <b>own-html</b>"),
    ("fields/own-keys", ":::{note} own-colon :::"),
    ("fields/own-keys", "disable_syntax"),
    ("fields/own-keys", "mystnb"),
    ("fields/dashes", "orphan: true myst: {enable_extensions: [substitution], disable_syntax: []}"),
    ("fields/dashes", "{{ substituted }}"),
    ("fields/dashes", "Setext-heading-trick"),
    ("fields/dashes", "--- not a rule"),
    ("fields/dashes", 'toml = "front matter"'),
    ("fields/dialogue", "<script>window.pwned='context'</script> {{ substituted }}"),
    ("fields/dialogue", "[chat-link](javascript:window.pwned=1)"),
    ("fields/dialogue", "<img src=x onerror=window.pwned='chat'>"),
    ("fields/dialogue", "chat-commentary :class: chat-class {download}`"),
    ("fields/dialogue", ":class: chat-option"),
    ("fields/dialogue", ":::{note} chat-note"),
    ("fields/dialogue", "`````` chat-ticks"),
    ("fields/dialogue", "% chat-percent"),
    ("fields/plain", "<script>window.pwned='plain-title'</script> {{ substituted }}"),
    ("fields/plain", "<img src=x onerror=\"window.pwned='plain'\">"),
    ("fields/plain", "<script>window.pwned='trigger'</script>"),
    ("fields/plain", "<img src=x onerror=window.pwned='use'>"),
    ("fields/plain", "<script>window.pwned='plain-tool'</script>"),
    ("fields/plain", "<script>window.pwned='command'</script>"),
    ("fields/plain", "<script>window.pwned='row'</script>"),
    ("fields/plain", "NO - use <b>other</b>"),
    ("fields/plain", "1.0 <script>window.pwned='footer'</script>"),
    ("fields/plain", "Eve <img src=x onerror=window.pwned='maintainer'>"),
]
SHOWN += [
    ("headings/headings", text)
    for text in (
        *(f"heading-text-{number}" for number in range(1, 16)),
        "{include} heading-top",
        "<script>window.pwned='heading'</script>",
        "{#heading-attrs .heading-class}",
        '{#fake-id onclick="window.pwned=1"}',
        "heading-link",
        "heading-image",
        "heading-code heading-emphasis {{ substituted }} $heading-math$",
        "heading-collides",
        "heading-collides-again",
        "heading-collides-with-ours",
        "heading-collides-with-theme",
        "heading-collides-with-lines",
        "\"><img src=x onerror=window.pwned='heading-quote'>",
        "trailing backslash \\",
        ":id: heading-option",
        "over two lines",
        "too deep {{ substituted }}",
        "heading-in-a-quote",
        "heading-in-an-item",
        "Response Formats | pipe <b>bold</b>",
    )
]
SHOWN += [
    ("skills/evil-skill", text)
    for text in (
        "companion-html",
        "companion-svg-image",
        "companion-secret",
        "companion-link",
        "Tricks <script>window.pwned='companion-heading'</script>",
        "{{ substituted }} {download}",
        "<img src=x onerror=\"window.pwned='companion'\">",
        "% companion-percent",
        "(companion-target)=",
        "companion-javascript",
        "companion-picture",
        '<script>window.pwned = "joined"</script>',
        '<iframe src="https://tracker.invalid/"></iframe> notes-text.',
        '<script>window.pwned = "notes"</script>',
        'window.pwned = "companion-script"; // </script><script>window.pwned = "closed"</script>',
        "print(\"</pre><script>window.pwned = 'python'</script>\")",
        '<script>window.pwned = "companion-html"',
        '<script>window.pwned = "svg-script"</script></svg>',
        '<script>window.pwned = "no-suffix"</script>',
    )
]


@pytest.mark.parametrize("agent", sorted({agent for agent, _ in SHOWN}))
@pytest.mark.security("SEC-01")
def test_every_trick_is_shown_as_the_text_that_it_is(hostile: Build, agent: str) -> None:
    text = _own_text(hostile, agent)
    missing = [trick for of, trick in SHOWN if of == agent and markup.words(trick) not in text]
    assert missing == []


def test_nothing_is_substituted(hostile: Build) -> None:
    # The agent that brings its own substitutions has them in a field, which is shown.
    for page in _pages(hostile):
        assert "was-substituted" not in markup.parse(page).text, page


@pytest.mark.parametrize(
    "path",
    [
        path.relative_to(sites.LIBRARY).as_posix()
        for path in sorted(sites.LIBRARY.rglob("*.md"))
        if path.parent.name != "references"
    ],
)
def test_the_verbatim_page_shows_every_character(hostile: Build, path: str) -> None:
    written = (hostile.source.parent / "agents" / path).read_bytes().decode()
    shown = []
    for page in (
        (hostile.out / "agents" / path).parent.rglob("source*.html")
        if (hostile.out / "agents" / path).parent.is_dir()
        else ()
    ):
        text = page.read_text(encoding="utf-8")
        if match := re.search(r"agentdocs-verbatim.*?<pre>(.*?)</pre>", text, re.DOTALL):
            shown.append(markup.parse_text(match[1]).text)
    # Control characters cannot be shown; all else is.
    assert written.replace("\x0c", "\ufffd") in shown


def test_titles_are_text_in_the_tab_and_in_the_head(hostile: Build) -> None:
    page = hostile.page("agents/fields/values/index")
    title = page.partition("<title>")[2].partition("</title>")[0]
    assert "window.pwned" in title
    assert "<" not in title  # escaped, or left out
    described = next(t for t in markup.parse_text(page).tags if t.get("name") == "description")
    assert "window.pwned='description'" in (described.get("content") or "")


def test_names_reach_neighbours_and_lists_as_text(hostile: Build) -> None:
    # The agent before it in its collection has its name in the side bar and as “next”.
    name = "<script>window.pwned='name'</script>"
    for page in (
        "agents/fields/yaml-tags/index",
        "agents/index",
        "agents/library/collections/fields",
    ):
        text = markup.words(markup.parse(hostile.out / f"{page}.html").text)
        assert name in text, page
