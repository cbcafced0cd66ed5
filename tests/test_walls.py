"""The walls of the house, read off the source: who may import whom, and who may touch the disk.

``docs/architecture.md`` draws them; here they stand. Nothing is imported, so that a wall cannot
fall because a package happens to be missing.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "_ext" / "agentdocs"
MODULES = {
    ".".join(("agentdocs", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(ROOT.rglob("*.py"))
}

ADAPTER = "agentdocs.sphinx_ext"
OUTSIDE = ("sphinx", "sphinx_design", "docutils", "myst_parser", "pytest")
"""What only the adapters know."""
TERMINAL = (
    "agentdocs.cli.library", "agentdocs.formats", "agentdocs.verify.command",
    "agentdocs.verify.show", "agentdocs.verify.update",
)  # fmt: skip
"""The modules of the command line, which may print in colour."""
WRITERS = ("agentdocs.writer", "agentdocs.fix", "agentdocs.lock")
"""The modules of the core that write: pages, agent files that are mended, folders to lock."""
VERIFIER = "agentdocs.verify"
"""What runs snippets, and writes their results."""
PLUGIN = "agentdocs.verify.pytest_plugin"
"""The only module that knows pytest."""
GUEST = "agentdocs.verify.guest"
"""What runs inside the sandbox, where nothing else of agentdocs is."""
CLI = "agentdocs.cli"
"""The command line, which leads to all of this, but not before it is asked to."""
BROWSER = "agentdocs.browser"
"""What makes a site's snippets run in a reader's browser, and what runs them there."""
BROWSER_GUEST = "agentdocs.browser.guest"
"""What runs inside Pyodide, where of agentdocs only the sandbox's guest and judge are."""
JUDGE = "agentdocs.verify.judge"
EXECUTORS = (VERIFIER, BROWSER)
MANUAL = "agentdocs.sphinx_ext.manual"
"""Makes tables of the manual from the code's own, whichever they are."""
ACROSS = (
    "agentdocs.verify.results", "agentdocs.verify.model", "agentdocs.verify.tiers",
)  # fmt: skip
"""What the site may know of the verifier: how results are read, and digests."""

WRITING = frozenset({
    "write_text", "write_bytes", "mkdir", "makedirs", "unlink", "rmdir", "removedirs", "touch",
    "rename", "symlink_to", "hardlink_to", "chmod", "rmtree", "copyfile", "copytree", "copy2",
    "mkdtemp", "mkstemp", "NamedTemporaryFile", "TemporaryDirectory",
})  # fmt: skip
"""Calls that write, whatever they are called on."""


def imports(tree, name, is_package=False, lazy=True, typing=True):
    """Return the full names of what a module imports.

    :param lazy: also within functions.
    :param typing: also under ``if TYPE_CHECKING``.
    """
    found = set()

    def visit(node):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not lazy:
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) and not typing:
            for child in node.orelse:
                visit(child)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = name.split(".")
            base = parts[: len(parts) - node.level + is_package] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found.update({module, *(f"{module}.{alias.name}" for alias in node.names)})
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return found


def writes(tree):
    """Return the lines on which a module calls what writes to disk."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        modes = [
            a.value
            for a in (*node.args, *(k.value for k in node.keywords))
            if isinstance(a, ast.Constant)
        ]
        opens = name in ("open", "fdopen") and any(
            isinstance(mode, str) and set(mode) <= set("rwaxbt+") and set(mode) & set("wax+")
            for mode in modes
        )
        removes = (
            name in ("remove", "replace")
            and getattr(getattr(node.func, "value", None), "id", "") == "os"
        )
        if name in WRITING or opens or removes:
            found.append(node.lineno)
    return found


def tree_of(name):
    return ast.parse(MODULES[name].read_text(), str(MODULES[name]))


def within(name, *packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


CORE = [name for name in MODULES if not within(name, ADAPTER)]


@pytest.mark.parametrize(
    "name", [n for n in CORE if n != "agentdocs" and not within(n, *EXECUTORS)]
)
def test_the_core_knows_no_adapter(name):
    """Not even for types: what the core says is text and data."""
    found = imports(tree_of(name), name)
    assert not [one for one in found if within(one, *OUTSIDE, ADAPTER)]


@pytest.mark.parametrize("name", [n for n in MODULES if within(n, *EXECUTORS) and n != PLUGIN])
def test_the_verifier_knows_no_adapter(name):
    found = imports(tree_of(name), name, MODULES[name].name == "__init__.py")
    assert not [one for one in found if within(one, *OUTSIDE, ADAPTER)]


@pytest.mark.parametrize("name", [n for n in MODULES if not within(n, BROWSER)])
def test_only_the_command_line_leads_to_the_browser(name):
    """A build of the site reads what the command made; it cannot even reach what asks npm."""
    found = imports(tree_of(name), name, lazy=not within(name, CLI))
    assert not [one for one in found if within(one, BROWSER)]


@pytest.mark.parametrize("name", [n for n in MODULES if within(n, BROWSER_GUEST)])
def test_the_guest_of_browsers_needs_python_and_the_judge(name):
    found = imports(tree_of(name), name, MODULES[name].name == "__init__.py", typing=False)
    ours = {one for one in found if within(one, "agentdocs")}
    assert not [one for one in ours if not within(one, BROWSER_GUEST, GUEST, JUDGE)]


def test_the_plugin_knows_pytest_alone():
    found = imports(tree_of(PLUGIN), PLUGIN)
    assert not [one for one in found if within(one, *set(OUTSIDE) - {"pytest"}, ADAPTER)]
    loaded = imports(tree_of(PLUGIN), PLUGIN, lazy=False, typing=False)
    assert not [one for one in loaded if within(one, "agentdocs")], "loaded in every project"


@pytest.mark.parametrize("name", [n for n in MODULES if within(n, GUEST)])
def test_the_guest_needs_nothing_but_python(name):
    found = imports(tree_of(name), name, MODULES[name].name == "__init__.py")
    known = {*sys.stdlib_module_names, "agentdocs"}
    assert not [one for one in found if one.partition(".")[0] not in known]
    assert not [one for one in found if within(one, "agentdocs") and not within(one, GUEST)]


@pytest.mark.parametrize("name", [n for n in MODULES if not within(n, VERIFIER)])
def test_only_results_cross_to_the_site(name):
    found = imports(tree_of(name), name, lazy=not within(name, CLI))
    crossing = [one for one in found if within(one, VERIFIER) and one != VERIFIER]
    if name == MANUAL:
        return
    if within(name, BROWSER):  # it plans with the verifier's own cases
        return
    allowed = ACROSS if within(name, ADAPTER) else ()
    assert not [one for one in crossing if not within(one, *allowed)]


def test_the_package_only_leads_to_the_adapter():
    """``extensions = ["agentdocs"]`` needs ``setup``; what that needs is imported when called."""
    found = imports(tree_of("agentdocs"), "agentdocs", is_package=True, lazy=False, typing=False)
    assert not [one for one in found if within(one, *OUTSIDE, "agentdocs")]


@pytest.mark.parametrize("name", [n for n in MODULES if n not in TERMINAL])
def test_only_the_command_line_prints_in_colour(name):
    assert not [one for one in imports(tree_of(name), name) if within(one, "rich")]


@pytest.mark.parametrize(
    "name", [n for n in CORE if n not in WRITERS and not within(n, *EXECUTORS)]
)
def test_the_core_does_not_write(name):
    assert not writes(tree_of(name))


def test_the_core_runs_without_sphinx():
    """What the source says is so: reading, building and showing a library load no adapter."""
    core = [name for name in CORE if not within(name, *EXECUTORS)]
    code = f"import sys, {', '.join(core)}\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=True
    )  # fmt: skip
    loaded = run.stdout.split()
    assert "agentdocs.pages" in loaded
    assert not [name for name in loaded if within(name, *OUTSIDE, ADAPTER)]


def test_no_import_leads_back():
    """There is an order in which the modules can be read, each after all that it imports."""
    edges = {
        name: {
            one
            for one in imports(
                tree_of(name), name, path.name == "__init__.py", lazy=False, typing=False
            )
            if one in MODULES and one != name
        }
        for name, path in MODULES.items()
    }
    left = dict(edges)
    while left:
        free = [name for name, targets in left.items() if not targets & left.keys()]
        assert free, f"among these, imports lead back: {sorted(left)}"
        for name in free:
            del left[name]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is(name):
    assert ast.get_docstring(tree_of(name))


IMPORTS = [
    ("import sphinx.util", "sphinx.util"),
    ("from docutils import nodes", "docutils"),
    ("from . import read", "agentdocs.read"),
    ("from ..x import y", "x"),
    ("def f():\n    import pytest", "pytest"),
    ("if TYPE_CHECKING:\n    from sphinx.application import Sphinx", "sphinx.application"),
    ("try:\n    import rich\nexcept ImportError:\n    pass", "rich"),
]


@pytest.mark.parametrize(("source", "expected"), IMPORTS)
def test_the_eye_sees_imports(source, expected):
    """The walls are only as good as what looks for holes in them."""
    assert expected in imports(ast.parse(source), "agentdocs.names")


def test_the_eye_tells_imports_apart():
    source = (
        "def f():\n    import a\nif TYPE_CHECKING:\n    import b\nelse:\n    import c\nimport d"
    )
    assert imports(ast.parse(source), "agentdocs.names", lazy=False, typing=False) == {"c", "d"}


@pytest.mark.parametrize(
    "call",
    ["p.write_text('')", "open(p, 'w')", "p.open(mode='ab')", "os.remove(p)", "shutil.rmtree(p)"],
)
def test_the_eye_sees_writing(call):
    assert writes(ast.parse(call)) == [1]


@pytest.mark.parametrize(
    "call",
    ["p.open('rb')", "open(p)", "text.replace('a', 'w')", "names.remove('x')", "p.read_text()"],
)
def test_the_eye_sees_no_writing_where_there_is_none(call):
    assert writes(ast.parse(call)) == []
