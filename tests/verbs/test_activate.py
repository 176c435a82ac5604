"""`activate` and `deactivate`: pins with a word of their own."""

from __future__ import annotations

from machines.events import PinSet
from tests.machines.histories import HOT, acting
from tests.verbs.benches import IN_TWO_HOURS, bench, refused, told


def test_activate_holds_hot() -> None:
    """For as long as it says."""
    judged = told("activate", bench(acting()), component="web", ttl="2h")

    assert ("done", "pinned web HOT") == (judged.outcome, judged.reason)
    assert (PinSet("web", HOT, IN_TWO_HOURS, "", "ann"),) == judged.events


def test_activate_takes_no_state() -> None:
    """That is `pin`."""
    refused(
        "activate", bench(acting()), "state: activate takes by, component, reason, ttl", component="web", state="HOT"
    )
