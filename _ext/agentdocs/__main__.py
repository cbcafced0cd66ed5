"""``python -m agentdocs``: the core from a terminal, without Sphinx.

Exit codes: 0 fine (warnings allowed), 1 errors were found, 2 the call itself is wrong.
"""

from __future__ import annotations

import io
import sys

from agentdocs import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal has no letter for
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        print("agentdocs: interrupted; what is known by now is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"agentdocs: {_sentence(error)}", file=sys.stderr)
        return 2


def _run(arguments: Sequence[str]) -> int:
    """Answer what asks for no command, before what only commands need is imported."""
    asked = arguments[0] if arguments else ""
    if asked == "--version":
        print(f"agentdocs {__version__}")
        return 0
    if not arguments or asked in ("-h", "--help"):
        from agentdocs.cli.overview import overview

        print(overview(), end="", file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    from agentdocs.cli.parser import parser

    options = parser().parse_args(arguments)
    return int(options.run(options))


def _sentence(error: OSError) -> str:
    from agentdocs.faults import sentence

    if isinstance(error, NotADirectoryError) and error.errno is None:
        return f"there is no folder {error}"
    return sentence(error)


if __name__ == "__main__":
    sys.exit(main())
