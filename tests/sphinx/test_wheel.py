"""The extension as a package: built, installed, and used by a project that knows nothing of ours."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile import markup
from hostile.builds import ROOT, Project, copy_repository, shared, sphinx

if TYPE_CHECKING:
    from hostile.builds import Build


def _run(*command: str, cwd: Path) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _install(folder: Path) -> Path:
    """Return the Python of a new environment that has the wheel and, from this one, Sphinx."""
    source = copy_repository(folder / "source")
    _run(sys.executable, "-m", "venv", str(folder / "venv"), cwd=folder)
    python = _python(folder)
    pip = (str(python), "-m", "pip", "--disable-pip-version-check", "--quiet")
    code = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    site = Path(_run(str(python), "-c", code, cwd=folder).strip())
    # A path file, unlike a site folder, does not run the path files of the folder that it adds:
    # an editable installation of ours there stays out of sight.
    (site / "lent.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    # hatchling comes from the package index, unless it is here.
    options = ["--no-build-isolation"] if find_spec("hatchling") else []
    wheels = str(folder / "wheels")
    _run(*pip, "wheel", "--no-deps", *options, "--wheel-dir", wheels, str(source), cwd=folder)
    (wheel,) = (folder / "wheels").glob("agentdocs-*.whl")
    _run(*pip, "install", "--no-deps", "--ignore-installed", str(wheel), cwd=folder)
    return python


def _python(folder: Path) -> Path:
    return folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"


def _make(folder: Path) -> Build:
    python = _install(folder)
    project = Project(folder / "project")
    # The two lines of configuration; the theme is the project's own affair.
    project.write(
        "docs/conf.py",
        'extensions = ["agentdocs"]\nagentdocs_agents = "../agents"\nhtml_theme = "alabaster"\n',
    )
    project.write(
        "docs/index.rst", "Our handbook\n============\n\n.. toctree::\n\n   agents/index\n"
    )
    for name in ("ada-one", "ben-two"):
        project.agent(
            f"team/{name}.md",
            "A body.\n\n## Reference\n\nFacts.\n\n## Examples\n\n```python\nprint(1)\n```\n",
            dependencies="[ben-two]", tags="[tag]",
        )  # fmt: skip
    return sphinx(
        project.docs, folder / "out", "-n", "-W", "--keep-going", python=str(python), path=None
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Build:
    done = shared(tmp_path_factory, "wheel", _make)
    assert (done.code, done.errors) == (0, "")
    return done


@pytest.fixture
def site(built: Build) -> Path:
    return built.out


@pytest.fixture
def installed(built: Build) -> Path:
    return _python(built.out.parent)


def test_the_wheel_is_what_runs(installed: Path, tmp_path: Path) -> None:
    code = "import agentdocs, sys; print(agentdocs.__file__); print(sys.prefix)"
    file, prefix = _run(str(installed), "-c", code, cwd=tmp_path).split()
    assert Path(file).is_relative_to(Path(prefix))
    assert not Path(file).is_relative_to(ROOT)


def test_the_wheel_holds_the_package_and_nothing_else(installed: Path) -> None:
    (wheel,) = (installed.parents[2] / "wheels").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"agentdocs"}
    package = ROOT / "_ext" / "agentdocs"
    expected = {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected <= set(names)


def test_the_command_is_installed(installed: Path, tmp_path: Path) -> None:
    said = _run(str(installed.with_name("agentdocs")), "--version", cwd=tmp_path)
    assert said.startswith("agentdocs ")


def test_another_project_has_the_same_pages(site: Path) -> None:
    for page in (
        "index", "agents/index", "agents/team/ada-one/index", "agents/team/ada-one/reference",
        "agents/team/ada-one/examples", "agents/team/ada-one/source", "agents/library/health",
        "agents/library/graph", "agents/library/tools/read", "agents/library/tags/tag",
        "agents/library/collections/team", "agents/library/snippets/python", "agent-agents",
    ):  # fmt: skip
        assert (site / f"{page}.html").is_file(), page
    assert "agent:agent" in _inventory(site)


def _inventory(site: Path) -> str:
    return zlib.decompress((site / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()


def test_style_and_script_come_with_it(site: Path) -> None:
    page = markup.parse(site / "agents" / "index.html")
    styles = [tag.get("href") or "" for tag in page.tags if tag.name == "link"]
    scripts = [tag.get("src") or "" for tag in page.tags if tag.name == "script"]
    for name, listed in (("agentdocs.css", styles), ("agentdocs.js", scripts)):
        assert any(f"/{name}" in address for address in listed), name
        installed = (site / "_static" / name).read_text(encoding="utf-8")
        assert installed == (ROOT / "_ext/agentdocs/static" / name).read_text(encoding="utf-8")
    assert (site / "_static" / "agentdocs-catalogue.js").is_file()


def test_nothing_leads_nowhere_in_another_theme(site: Path) -> None:
    broken = {
        str(page.relative_to(site)): problems
        for page in sorted(site.rglob("*.html"))
        if (problems := list(markup.broken(site, page)))
    }
    assert broken == {}


def test_the_verbatim_file_is_the_content_of_its_page(site: Path) -> None:
    page = markup.parse(site / "agents/team/ada-one/source.html")
    assert "dependencies: [ben-two]" in page.article
    assert any(tag.name == "h1" and tag.inside for tag in page.tags)
    outside = {tag.get("href") for tag in page.tags if tag.name == "a" and not tag.inside}
    assert "reference.html" in outside


def test_the_side_bar_of_another_theme_has_the_agents_pages(site: Path) -> None:
    page = markup.parse(site / "agents/team/ada-one/reference.html")
    outside = {tag.get("href") for tag in page.tags if tag.name == "a" and not tag.inside}
    assert {"index.html", "examples.html", "../ben-two/index.html"} <= outside
