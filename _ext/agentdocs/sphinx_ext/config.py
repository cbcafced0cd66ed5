"""Configuration: one dataclass, from which Sphinx's values and the manual's table are made."""

from __future__ import annotations

import dataclasses
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentdocs.catalog import HOME
from agentdocs.placing import PAGES
from agentdocs.source import MAX_BYTES

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig

PREFIX = "agentdocs_"


def _value(default: Any, help: str, types: tuple[type, ...], rebuild: str = "") -> Any:
    metadata = {"help": help, "types": types, "rebuild": rebuild}
    if isinstance(default, list):
        return field(default_factory=list, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Config:
    """Values of ``conf.py``; each is named ``agentdocs_<field>`` there."""

    agents: str = _value(
        "agents",
        "The folder with the agent files: one collection, nested folders, or a whole repository. "
        "A relative path counts from `conf.py`, or, given with `-D`, from where you are if it is "
        "not found there. Empty for a project that only refers to another one's agents.",
        (str,),
    )
    output: str = _value(
        "agents",
        "The folder for the generated pages, relative to the documentation's source folder. "
        "Ignore it in version control.",
        (str,),
    )
    placing: list[tuple[str, str]] = _value(
        [],
        "Rules that say on which page a section stands, looked at before the built-in ones: "
        '`[("schemas", r"^wire format")]`. The pages are `index` (the overview), `reference`, '
        "`examples` and `schemas`; the expression is searched in the heading.",
        (list, tuple),
    )
    max_bytes: int = _value(
        MAX_BYTES,
        "Files larger than this are listed with their fields, but their text is not rendered.",
        (int,),
    )
    edit_url: str = _value(
        "",
        "Where “Edit this page” leads for an agent, with `{path}` for its file: "
        "`https://github.com/you/agents/edit/main/agents/{path}`.",
        (str,),
        "html",
    )
    results: str = _value(
        ".agentdocs/results.json",
        "The verdicts of `python -m agentdocs verify`, which pages show beside the snippets; a "
        "build runs nothing. A relative path counts from `conf.py`; if it is not found there, from "
        "the folder above it, from the one that holds the agents, or from where you are. Empty "
        "for none.",
        (str,),
    )
    index: str = _value(
        "always",
        "When the index of the search is made: `always`, as soon as a page has changed, or `once`, "
        "which keeps one that is there. That suits a server that shows each edit at once: of "
        "thousands of pages, it takes longer than all else.",
        (str,),
    )
    runtime: str = _value(
        "_build/runtime",
        "The folder that `python -m agentdocs runtime` made, with which snippets run in a reader's "
        "browser. It is looked for like `agentdocs_results`. Empty for none.",
        (str,),
    )
    policy: str = _value(
        "agents",
        "Which pages of a site carry a Content-Security-Policy that lets nothing run or load but "
        "what the site itself brings: those of `agents`, `all`, or `none`. With `all`, extensions "
        "that load something from elsewhere do not work.",
        (str,),
        "html",
    )


def get(app: Sphinx) -> Config:
    """Return the values that are in force."""
    names = [item.name for item in dataclasses.fields(Config)]
    return Config(**{name: getattr(app.config, PREFIX + name) for name in names})


def agents_folder(app: Sphinx) -> Path:
    """Return the folder with the agent files."""
    path = Path(get(app).agents).expanduser()
    beside = Path(app.confdir) / path
    found = beside if path.is_absolute() or beside.is_dir() else path
    return Path(os.path.normpath(found.absolute()))


def results_files(app: Sphinx) -> list[Path]:
    """Return the files that may hold the verifier's verdicts and are there, the nearest first."""
    # Verdicts of a run that is not at its end wait in the folder beside the file.
    return [
        path
        for path in _places(app, get(app).results)
        if path.is_file() or path.with_suffix(".d").is_dir()
    ]


def runtime_folders(app: Sphinx) -> list[Path]:
    """Return the folders that may hold the runtime of browsers and are there, the nearest first."""
    return [path for path in _places(app, get(app).runtime) if (path / "runtime.json").is_file()]


def _places(app: Sphinx, value: str) -> list[Path]:
    """Return where something that a build uses may lie; nothing for an empty value."""
    if not value:
        return []
    beside = Path(app.confdir)
    folders = [beside, beside.parent, agents_folder(app).parent, Path()]
    found = (folder / Path(value).expanduser() for folder in folders)
    return list(dict.fromkeys(Path(os.path.normpath(path.absolute())) for path in found))


def validate(app: Sphinx, config: SphinxConfig) -> None:
    """Refuse values that cannot work, with a sentence instead of a traceback later."""
    from sphinx.errors import ConfigError

    for rule in config.agentdocs_placing:
        if not isinstance(rule, tuple | list) or len(rule) != 2 or rule[0] not in PAGES:
            pages = ", ".join(PAGES)
            message = (
                f"agentdocs_placing: {rule!r} is not a pair of one of {pages} and an expression."
            )
            raise ConfigError(message)
        try:
            re.compile(rule[1])
        except re.error as error:
            message = f"agentdocs_placing: {rule[1]!r} is not a regular expression: {error}."
            raise ConfigError(message) from None
    if config.agentdocs_policy not in ("agents", "all", "none"):
        raise ConfigError("agentdocs_policy must be “agents”, “all” or “none”.")
    if config.agentdocs_index not in ("always", "once"):
        raise ConfigError("agentdocs_index must be “always” or “once”.")
    output = config.agentdocs_output.removesuffix("/")
    config.agentdocs_output = output
    if not output or output.startswith("/") or ".." in output.split("/"):
        raise ConfigError("agentdocs_output must be a folder inside the source folder.")
    for name in ("myst_commonmark_only", "myst_gfm_only"):
        if getattr(config, name, False):
            # Both pass raw HTML through, and agents' HTML must not reach a reader's browser.
            raise ConfigError(f"agentdocs does not work with {name}: pages are MyST Markdown.")
    # A home page includes this file; it is no page of its own.
    config.exclude_patterns.append(f"{output}/{HOME}/summary.md")


def setup(app: Sphinx) -> None:
    """Register the values."""
    for item in dataclasses.fields(Config):
        default = item.default if item.default is not dataclasses.MISSING else []
        app.add_config_value(
            PREFIX + item.name, default, item.metadata["rebuild"], types=item.metadata["types"]
        )
    app.connect("config-inited", validate)
