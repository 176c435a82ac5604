"""What the state knows of orphans, folded from their events."""

from __future__ import annotations

import pytest

from config.instants import HOUR
from machines.events import Event, OrphanFound, OrphanGone, OrphanRemovalAsked, OrphanRemoved, RemovalOutcome
from machines.invariants.ordering import illegal_moves
from machines.state.orphans import KnownOrphan, Removal
from machines.state.whole import State
from tests.machines.histories import NOW, acting, then
from tests.publication.folded import recorded

WHICH = ("aws_sqs", "arn:old", "search", "token-1")
FOUND = OrphanFound(*WHICH, "search is COLD", "3 messages")
ASKED = OrphanRemovalAsked(*WHICH, NOW + HOUR, "left over", "ann")
REMOVAL = Removal(NOW, NOW + HOUR, "left over", "ann")


def orphan(state: State) -> KnownOrphan:
    """The only one there is."""
    (found,) = state.orphans.values()
    return found


def test_an_orphan_is_known_until_it_is_gone() -> None:
    """With everything that was told of it."""
    state = acting(FOUND)

    assert KnownOrphan(*WHICH, "search is COLD", NOW, "3 messages") == orphan(state)
    assert {} == then(state, OrphanGone(*WHICH, "gone")).orphans


def test_a_new_resource_under_the_name_is_another_orphan() -> None:
    """Its token is another."""
    state = acting(FOUND, OrphanFound("aws_sqs", "arn:old", "search", "token-2", "why"))

    assert ["token-1", "token-2"] == [each.token for each in state.orphans.values()]
    assert ["token-2"] == [each.token for each in then(state, OrphanGone(*WHICH, "gone")).orphans.values()]


@pytest.mark.parametrize(
    ("outcome", "removal"),
    [
        (None, REMOVAL),
        (RemovalOutcome.BEGUN, Removal(NOW, NOW + HOUR, "left over", "ann", RemovalOutcome.BEGUN, "said")),
        (RemovalOutcome.UNKNOWN, Removal(NOW, NOW + HOUR, "left over", "ann", RemovalOutcome.UNKNOWN, "said")),
        (RemovalOutcome.REFUSED, None),
    ],
)
def test_a_removal_is_open_until_it_is_refused(outcome: RemovalOutcome | None, removal: Removal | None) -> None:
    """The orphan stays known."""
    answered = [] if outcome is None else [OrphanRemoved(*WHICH, outcome, "said")]

    assert removal == orphan(acting(FOUND, ASKED, *answered)).removal


def test_what_is_removed_is_not_known_any_more() -> None:
    """That was the end of it."""
    assert {} == acting(FOUND, ASKED, OrphanRemoved(*WHICH, RemovalOutcome.DONE)).orphans


@pytest.mark.parametrize("before", [(), (FOUND,)])
def test_a_removal_that_nobody_ordered_is_a_finding(before: tuple[Event, ...]) -> None:
    """Nothing is removed without its order in the journal (I3)."""
    answer = OrphanRemoved(*WHICH, RemovalOutcome.DONE)
    ordered = acting(FOUND, ASKED)

    assert [] == illegal_moves(ordered, recorded(ordered.sequence + 1, answer, NOW))
    state = acting(*before)
    (finding,) = illegal_moves(state, recorded(state.sequence + 1, answer, NOW))
    assert "the removal of arn:old is done, but nobody ordered it" == finding.text
