"""The sites that several tests look at: this repository's own, a hostile one and a clean one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hostile.builds import Project, copy_repository, shared, sphinx

if TYPE_CHECKING:
    import pytest
    from hostile.builds import Build

LIBRARY = Path(__file__).parent / "library"
"""Agent files that try to act. ``@SECRET@`` and ``@MARKER@`` become paths of the host."""

SECRET = "host-secret-5f1c0a7e"
CONF_SECRET = "conf-secret-93b2d4c8"
SOURCE_SECRET = "source-secret-27aa61f0"
SECRETS = (SECRET, CONF_SECRET, SOURCE_SECRET)
"""Words of files that no site may show."""

# Everything that MyST can do is switched on, and a few extensions that run what they are given.
CONF = f"""\
# {CONF_SECRET}
project = "hostile"
extensions = ["agentdocs", "sphinx.ext.ifconfig", "sphinx.ext.todo", "sphinx.ext.mathjax"]
agentdocs_agents = "../agents"
html_theme = "furo"
nitpicky = True
exclude_patterns = ["private.txt"]
rst_prolog = ".. |substituted| replace:: was-substituted"
myst_enable_extensions = [
    "amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath", "fieldlist",
    "html_admonition", "html_image", "replacements", "smartquotes", "strikethrough",
    "substitution", "tasklist",
]
myst_substitutions = {{"substituted": "was-substituted"}}
myst_fence_as_directive = ["mermaid", "include", "python", "text"]
myst_heading_anchors = 6
myst_enable_checkboxes = True
myst_links_external_new_tab = True
myst_number_code_blocks = ["python", "text"]
myst_url_schemes = {{"http": None, "https": None, "javascript": None, "data": None,
                    "evil": "javascript:{{{{path}}}}"}}
myst_html_meta = {{"generator": "hostile"}}
"""

# Names that a file system allows. Each holds a whole agent.
NAMES = (
    '"><img src=x onerror=window.pwned=1>.md',
    "<script>pwned='file'<",
    "{include} x.md",
    "{{ substituted }}.md",
    "{% raw %}.md",
    "`tick`.md",
    "a|b.md",
    "[name-link](javascript:window.pwned=1).md",
    "#hash?query=1&b.md",
    "%2e%2e%2fpercent.md",
    "..dots.md",
    "-rf.md",
    "$(touch x).md",
    "'single' and space.md",
    "back\\slash.md",
    "tab\there.md",
    "line\nbreak.md:1: ERROR: forged [ref.doc].md",
    "index.md",
    "source.md",
    "ünï-çødé-漢字-🔥.md",
    "right\u202eto-left.md",
    "con.md",
    "x" * 200 + ".md",
)
FOLDERS = (
    "<img src=x onerror=window.pwned='folder'>",
    "library",
    "files",
    "_static",
    "index",
    "{{ substituted }}",
    "..folder",
    "q'\"uote",
)


def _agent(name: str) -> str:
    return f"---\nname: {name}\ndescription: Lies in a file with a hostile name.\ntools: Read\n---\n\nname-body\n"


def _write_hostile(project: Project) -> None:
    root = project.root
    secret = project.write("secret.txt", f"{SECRET}\n")
    project.write("docs/private.txt", f"{SOURCE_SECRET}\n")
    project.write("docs/private.png", f"{SOURCE_SECRET}\n")
    project.write("secret.png", b"\x89PNG\r\n\x1a\n" + SECRET.encode())
    project.write("outside/agent.md", _agent(SECRET))
    agents = root / "agents"
    for file in sorted(LIBRARY.rglob("*")):
        if file.is_file():
            data = file.read_bytes().replace(b"@SECRET@", str(secret).encode())
            data = data.replace(b"@MARKER@", str(root / "marker").encode())
            project.write(f"agents/{file.relative_to(LIBRARY).as_posix()}", data)
    for number, name in enumerate(NAMES):
        text = _agent(f"file-name-{number}") + "\n[gone](gone.md)\n"
        if not name.endswith(".md"):
            text += "\nAn agent without a suffix.\n"
        project.write(f"agents/names/{name}", text)
    for number, name in enumerate(FOLDERS):
        project.write(f"agents/{name}/folder-{number}.md", _agent(f"folder-{number}"))
    skill = agents / "skills" / "evil-skill"
    for name in ('"><script>window.pwned=1<', "{include} c.md", "a&b=c?.py", "x`y.md", "e.HTML"):
        project.write(f"agents/skills/evil-skill/scripts/{name}", "companion-with-a-name\n")
    (skill / "assets" / "secret-link.txt").symlink_to(secret)
    (skill / "assets" / "secret-link.png").symlink_to(root / "secret.png")
    (skill / "assets" / "folder-link").symlink_to(root / "outside")
    (skill / "assets" / "loop").symlink_to("..")
    (agents / "names" / "linked-agent.md").symlink_to(root / "outside" / "agent.md")
    (agents / "linked-collection").symlink_to(root / "outside")


def hostile_site(factory: pytest.TempPathFactory, theme: str = "furo") -> Build:
    """Return the site of agents that try to act, with all of MyST switched on around them."""

    def make(folder: Path) -> Build:
        project = Project(folder, CONF.replace('"furo"', f'"{theme}"'))
        _write_hostile(project)
        return project.build("-n")

    return shared(factory, f"hostile-{theme}", make)


def clean_site(factory: pytest.TempPathFactory, theme: str = "furo") -> Build:
    """Return a site of harmless agents, built alike: what the theme and we put on a page."""

    def make(folder: Path) -> Build:
        project = Project(folder, CONF.replace('"furo"', f'"{theme}"'))
        for name in ("one", "two", "three"):
            project.agent(
                f"clean/{name}.md",
                "Works with two-handed.\n\n## Examples\n\n```python\nprint(1)\n```\n\n"
                "| a | b |\n| :-- | --: |\n| 1 | 2 |\n\n## Schemas\n\n```json\n{}\n```\n\n- [ ] task",
                model="sonnet", tags="[tag]", dependencies="[missing-helper]", version="1.0",
            )  # fmt: skip
        project.agent("clean/two-handed.md", "Works with one-handed.")
        project.agent("clean/one-handed.md", "![dot](dot.png)", dependencies="[two-handed]")
        project.agent("other/one.md", "Shares a name.")
        dot = LIBRARY / "skills" / "evil-skill" / "assets" / "dot.png"
        shutil.copy(dot, project.root / "agents" / "clean" / "dot.png")
        return project.build("-n")

    return shared(factory, f"clean-{theme}", make)


def own_site(factory: pytest.TempPathFactory) -> Build:
    """Return the site of this repository, from a copy."""

    def make(folder: Path) -> Build:
        root = copy_repository(folder)
        return sphinx(
            root / "docs", folder / "out", "-n", "-W", "--keep-going", "-c", str(root), cwd=root
        )

    return shared(factory, "own", make)
