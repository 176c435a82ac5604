"""How long a provider can make us wait before the next attempt."""

from __future__ import annotations

import pytest

from machines.ports.faults import RETRY_AFTER_S_MAX, Transient


@pytest.mark.parametrize(
    ("wished_s", "waited_s"),
    [
        (None, None),
        (30.0, 30.0),
        (0.0, 0.0),
        (-5.0, 0.0),
        (1e12, RETRY_AFTER_S_MAX),
        (float("inf"), RETRY_AFTER_S_MAX),
        (float("nan"), None),
    ],
)
def test_a_wish_is_followed_for_an_hour_at_most(wished_s: float | None, waited_s: float | None) -> None:
    """A wish between 0 and an hour counts as it stands; a longer one as an hour; what is no number says nothing."""
    assert waited_s == Transient("busy", wished_s).retry_after_s
