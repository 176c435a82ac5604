"""A scenario of all that operators hold beside the plan, on the ladder with a checklist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.loading import plan_from_text
from tests.simulation.ladder import LADDER
from tests.simulation.scenario import Stimulus, approve_what_waits, command, month_of

_PLAIN: Final = "{metric: revenue, at_least: 600, for_months: 2}"
_AUDITED: Final = f"{{all: [{_PLAIN}, {{attested: audited}}]}}"
assert _PLAIN in LADDER
CHECKED = plan_from_text(
    LADDER.replace(_PLAIN, _AUDITED) + "checklist:\n  audited: the auditor signed\n", "ladder.yaml", ()
)
"""Level three asks for an audit too."""

HOLDS: Final[Sequence[Stimulus]] = (
    month_of("2025-01", "150"),  # level 1
    command("held", verb="set-level", level="2", ttl="40s", reason="a fair"),  # rises, expires, falls
    command("held high", verb="set-level", level="three", reason="a launch"),  # above the cap: asks
    approve_what_waits,
    month_of("2025-02", "350"),
    command("let go", verb="set-level", level="auto"),
    command("cheaper", verb="set-threshold", level="2", minimum="250", reason="a discount"),
    month_of("2025-03", "260"),  # level 2, as set
    command("as planned", verb="set-threshold", level="2", minimum="plan"),
    command("dearer", verb="set-threshold", level="2", minimum="310", ttl="15s", reason="a trial"),
    command("unknown", verb="attest", item="audit", reason="?"),
    month_of("2025-04", "700"),
    month_of("2025-05", "700"),  # nobody attests: level 2
    command("signed", verb="attest", item="audited", reason="the report of May"),
    month_of("2025-06", "700"),  # level 3
    command("withdrawn", verb="attest", item="audited", state="withdrawn"),
    month_of("2025-07", "700"),  # lacks one close of two
    command("held down", verb="set-level", level="0", ttl="40s", reason="a freeze of spending"),
    month_of("2025-08", "700"),  # level 2
    command("signed for a moment", verb="attest", item="audited", ttl="15s", reason="a draft"),
    month_of("2025-09", "700"),  # expired: level 2
)
