"""The words of a verdict; apart from the rest, because settings need them at every start."""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Literal

    Tier = Literal["none", "parses", "names", "imports", "runs", "checked"]
    Verdict = Literal["passed", "failed", "unproved", "skipped"]

TIERS: tuple[Tier, ...] = ("none", "parses", "names", "imports", "runs", "checked")
"""How far a snippet was proved, the least first. A snippet climbs as far as it can."""

VERDICTS: tuple[Verdict, ...] = ("failed", "unproved", "skipped", "passed")
"""*passed*: all that can be shown in its language was shown; what can be run passes only if it
ran. *failed*: it is wrong. *unproved*: something else is missing, as the reason says.
*skipped*: its author says why."""

IS_TEXT = "is text, and no code"
"""The reason of what is unproved because there is nothing to prove."""
