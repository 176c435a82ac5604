"""Random histories, read at random moments through random troubles, come to exactly the true sums."""

from __future__ import annotations

import pytest

from tests.sources.stripe.history import History

STEPS = 60


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_came_late_twice_or_not_at_all_the_sums_are_true_in_the_end(seed: int) -> None:
    """Posts in any order, lost posts, restarts, stale and broken answers: sums and intervals are exact."""
    history = History(seed)
    await history.play(STEPS)
    counted = {currency: net for currency, net in history.ledger.sums.items() if net}
    told = history.ledger.intervals
    assert (history.truth(), []) == (counted, history.ledger.contradictions)
    assert {name: each for name, each in history.intervals.items() if name in told} == {
        name: each for name, each in told.items() if name in history.intervals
    }


@pytest.mark.parametrize("seed", range(100, 103))
async def test_also_after_seven_weeks_without_a_single_poll(seed: int) -> None:
    """What changed while nobody polled, longer than Stripe keeps events, is found too."""
    history = History(seed, away_days=50)
    await history.play(STEPS)
    counted = {currency: net for currency, net in history.ledger.sums.items() if net}
    assert history.truth() == counted
