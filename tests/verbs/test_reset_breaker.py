"""`reset-breaker`: close a circuit breaker by hand."""

from __future__ import annotations

from machines.breaker import Breaker
from machines.events import BreakerChanged, BreakerStatus
from machines.granting import breaker_event
from tests.machines.histories import NOW, acting
from tests.verbs.benches import bench, refused, told

OPENED = breaker_event("provider:simulated", Breaker(BreakerStatus.OPEN, (NOW,), NOW, 30), "")


def test_a_breaker_is_closed_and_forgets() -> None:
    """The event says by whom."""
    judged = told("reset-breaker", bench(acting(OPENED)), breaker="provider:simulated")

    assert ("done", "closed provider:simulated") == (judged.outcome, judged.reason)
    assert (BreakerChanged("provider:simulated", BreakerStatus.CLOSED, reason="reset by ann"),) == judged.events


def test_only_a_breaker_that_failed_can_be_closed() -> None:
    """The refusal lists those that have."""
    expected = "breaker: 'component:web' has never failed; those that have: "

    refused("reset-breaker", bench(acting(OPENED)), f"{expected}provider:simulated", breaker="component:web")
    refused("reset-breaker", bench(acting()), f"{expected}none", breaker="component:web")
    expected = "breaker: missing; expected provider:<kind>, component:<id> or source:<name>"
    refused("reset-breaker", bench(acting()), expected)
