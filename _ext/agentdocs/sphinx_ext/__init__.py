"""The Sphinx adapter: everything that knows Sphinx, docutils or MyST."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

ENV_VERSION = 4
"""To be raised when the domain's data change their form."""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension's parts, in the order in which data passes them."""
    from agentdocs import __version__
    from agentdocs.sphinx_ext import (
        alone,
        badges,
        compare,
        config,
        directives,
        domain,
        files,
        finish,
        generate,
        graph,
        heads,
        indexes,
        json_schema,
        machines,
        manual,
        memory,
        navigation,
        notfound,
        openapi,
        proof,
        provenance,
        run,
        search,
        search_words,
        settled,
        shapes,
        shared,
        summary,
        tables,
        tally,
        whole,
    )

    app.setup_extension("myst_parser")

    heads.setup(app)  # what all generated pages begin with
    memory.setup(app)
    config.setup(app)
    alone.setup(app)  # one build at a time, and none upon a half of one
    generate.setup(app)  # agent files → Markdown pages
    settled.setup(app)  # whether anything is to be done at all
    directives.setup(app)  # the few directives that those pages use
    provenance.setup(app)  # lines, links and snippets of what agents wrote
    domain.setup(app)  # identity: roles, indexes, inventory
    indexes.setup(app)  # which of them there are
    graph.setup(app)
    openapi.setup(app)  # what snippets make: APIs, with targets and an index
    json_schema.setup(app)  # models
    shapes.setup(app)  # examples that have no schema
    tables.setup(app)  # tables, with a diagram
    proof.setup(app)  # verdicts → the snippets that they are about
    badges.setup(app)  # a snippet's verdict beside it
    run.setup(app)  # buttons beside what runs in a browser, and what they load
    tally.setup(app)  # how much of an agent and of the library is proved
    compare.setup(app)  # agents of one name, side by side
    shared.setup(app)  # what the pages of a folder have in common, made once
    navigation.setup(app)  # the side bar, the way back, the edit link
    finish.setup(app)  # a policy for each page, names for its landmarks
    whole.setup(app)  # pages that are whole at every moment
    notfound.setup(app)  # what stands for pages that are not there
    files.setup(app)  # verbatim sources, downloads, the filter's data
    search.setup(app)  # what is indexed, and the index
    search_words.setup(app)
    machines.setup(app)  # Markdown, lists and a feed for machines
    manual.setup(app)  # tables of this manual, from the code
    summary.setup(app)  # what is said at the end

    # A build makes millions of nodes that live until its end; looking for garbage among them
    # costs a seventh of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

    return {
        "version": __version__,
        "env_version": ENV_VERSION,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
