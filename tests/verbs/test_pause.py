"""`pause`: hold moves back."""

from __future__ import annotations

import pytest

from machines.events import Pause, PauseSet
from tests.machines.histories import acting
from tests.verbs.benches import IN_TWO_HOURS, bench, refused, told


@pytest.mark.parametrize("scope", Pause)
def test_a_pause_has_a_scope(scope: Pause) -> None:
    """All, up or down, for a while."""
    judged = told("pause", bench(acting()), scope=scope.value, ttl="2h", reason="sale")

    assert ("done", f"paused {scope.value}") == (judged.outcome, judged.reason)
    assert (PauseSet(scope, IN_TWO_HOURS, "sale", "ann"),) == judged.events


def test_a_pause_without_a_scope_holds_all() -> None:
    """Until resumed."""
    assert (PauseSet(Pause.ALL, None, "", "ann"),) == told("pause", bench(acting())).events


def test_another_scope_is_refused() -> None:
    """As is a duration that cannot be read."""
    before = bench(acting())

    refused("pause", before, "scope: expected all, up or down, found 'sideways'", scope="sideways")
    refused("pause", before, "ttl: expected at most 2592000 s, found 31d", ttl="31d")
