"""What the pages of a folder have in common → made once, when the first of them is written.

The tree of contents and the tags of style sheets and scripts are the same on all pages of an
agent, because they stand in no tree and lead to everything from the same folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from agentdocs.sphinx_ext import domain

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_KEYS = ("toctree", "css_tag", "js_tag")
"""Functions that Sphinx gives to templates."""

Known = dict[tuple[object, ...], Any]
# Of the folder at hand: folders are written one after another, so no more need be kept.
_KNOWN: WeakKeyDictionary[Sphinx, tuple[str, Known]] = WeakKeyDictionary()


def share(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Let an agent's page take over what another one of its folder was given."""
    is_agents = "agentdocs_manifest" in context or pagename in domain.get(app.env).pages
    if not is_agents or app.builder.name != "html" or _stands_in_tree(app.env, pagename):
        return
    folder = pagename.rpartition("/")[0]
    there, known = _KNOWN.get(app, ("", {}))
    if there != folder:
        known = {}
        _KNOWN[app] = folder, known
    for key in _KEYS:
        if key in context:
            context[key] = _once(key, context[key], known)


def _stands_in_tree(env: BuildEnvironment, pagename: str) -> bool:
    """Whether a tree of contents shows a page, which then is the current one in it."""
    return pagename in env.files_to_rebuild


def _once(key: str, make: Callable[..., Any], known: Known) -> Callable[..., Any]:
    """Return a function that remembers what it has returned."""

    def remembered(*arguments: Any, **options: Any) -> Any:
        call = (key, *arguments, *sorted(options.items()))
        try:
            found = known.get(call)
        except TypeError:  # called with something that has no hash
            return make(*arguments, **options)
        if found is None:
            found = known[call] = make(*arguments, **options)
        return found

    return remembered


def setup(app: Sphinx) -> None:
    """Register the handler."""
    # Before themes ask for any of it.
    app.connect("html-page-context", share, priority=100)
