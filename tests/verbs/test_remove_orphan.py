"""`remove-orphan`: first what would be removed and its code, then the order."""

from __future__ import annotations

import msgspec
import pytest

from config.instants import SECOND
from daemon.verbs.remove_orphan import CODE_CHARACTERS, confirmation_code
from machines.events import (
    Event,
    FreezeChanged,
    Mode,
    OrphanFound,
    OrphanRemovalAsked,
    OrphanRemoved,
    Pause,
    PauseSet,
    RemovalOutcome,
)
from tests.machines.histories import NOW, acting
from tests.verbs.benches import bench, refused, told

FOUND = OrphanFound("aws_sqs", "arn:old", "search", "token-1", "search is COLD: nothing of it should stand")
ASKED = OrphanRemovalAsked("aws_sqs", "arn:old", "search", "token-1", NOW + 600 * SECOND, "left by the old plan", "ann")
WHICH = (
    "; give the provider's own name as `solvent orphans` prints it; the daemon looks for orphans at its start and every"
    " provisioning.sweep_every_s, and knows one only after its own two reads agree"
)
CODE = confirmation_code(acting(FOUND).orphans["aws_sqs token-1 arn:old"])


def test_without_a_code_it_says_what_would_be_removed_and_orders_nothing() -> None:
    """Kind, name, component, token, why, and the code."""
    judged = told("remove-orphan", bench(acting(FOUND)), resource="arn:old")

    assert ("pending", ()) == (judged.outcome, judged.events)
    for part in ("aws_sqs arn:old", "search", "token-1", "nothing of it should stand", f"confirm={CODE}"):
        assert part in judged.reason


def test_with_its_code_the_removal_is_ordered() -> None:
    """Who, why, what, and until when."""
    before = bench(acting(FOUND))
    judged = told("remove-orphan", before, resource="arn:old", confirm=CODE, reason="left by the old plan")

    assert ("done", (ASKED,)) == (judged.outcome, judged.events)


def test_the_code_is_that_of_one_resource() -> None:
    """Short, the same every time, and another for another kind, name or token."""
    orphan = acting(FOUND).orphans["aws_sqs token-1 arn:old"]
    others = [msgspec.structs.replace(orphan, **{field: "x"}) for field in ("kind", "name", "token")]

    assert len(CODE) == CODE_CHARACTERS
    assert len({CODE, *map(confirmation_code, others)}) == 4


def test_it_is_refused_without_the_right_code_or_a_reason() -> None:
    """A code of another resource, or none of ours; and the journal keeps a reason."""
    before = bench(acting(FOUND))

    refused("remove-orphan", before, "confirm: expected the code that remove-orphan answers without confirm, found"
            " 'yes'; nothing is removed; look at what it would remove first",
            resource="arn:old", confirm="yes", reason="r")  # fmt: skip
    refused("remove-orphan", before, "reason: missing; expected why it is to be removed",
            resource="arn:old", confirm=CODE)  # fmt: skip


def test_only_an_orphan_that_the_daemon_found_can_be_removed() -> None:
    """It names some of those; a gone one is none."""
    second = OrphanFound("kubernetes", "home/web", "web", "t", "why")
    removed = OrphanRemoved("aws_sqs", "arn:old", "search", "token-1", RemovalOutcome.DONE)

    refused("remove-orphan", bench(acting()), "resource: the daemon knows no orphan 'arn:old'; those it found: none"
            + WHICH, resource="arn:old")  # fmt: skip
    refused("remove-orphan", bench(acting(FOUND, second)), "resource: the daemon knows no orphan 'arn:old' of kind"
            " 'kubernetes'; those it found: arn:old, home/web" + WHICH,
            resource="arn:old", kind="kubernetes")  # fmt: skip
    refused("remove-orphan", bench(acting(FOUND, ASKED, removed)), "resource: the daemon knows no orphan 'arn:old';"
            " those it found: none" + WHICH, resource="arn:old")  # fmt: skip
    refused("remove-orphan", bench(acting(FOUND)), "resource: missing; expected the provider's own name of an orphan,"
            " as `solvent orphans` shows it")  # fmt: skip


def test_a_name_that_two_kinds_have_needs_its_kind() -> None:
    """Nothing is guessed."""
    before = bench(acting(FOUND, msgspec.structs.replace(FOUND, kind="aws_ecr")))

    refused("remove-orphan", before, "kind: missing; arn:old is an orphan of several kinds: aws_ecr, aws_sqs",
            resource="arn:old")  # fmt: skip
    assert "aws_ecr arn:old" in told("remove-orphan", before, resource="arn:old", kind="aws_ecr").reason


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (PauseSet(Pause.ALL, None, "a backup", "bob"), "paused (all) by bob: a backup; resume first"),
        (PauseSet(Pause.DOWN, None, "", "bob"), "paused (down) by bob: no reason given; resume first"),
        (FreezeChanged("clock", frozen=True, reason="it jumped"), "frozen, everything stays as it is: it jumped"),
    ],
)
def test_a_pause_and_a_freeze_refuse_it(held: Event, why: str) -> None:
    """What would be removed is told all the same."""
    before = bench(acting(FOUND, held))

    refused("remove-orphan", before, f"resource: nothing is removed now: {why}",
            resource="arn:old", confirm=CODE, reason="r")  # fmt: skip
    assert told("remove-orphan", before, resource="arn:old").outcome == "pending"


def test_a_pause_of_what_rises_lets_it_go() -> None:
    """A removal lowers."""
    before = bench(acting(FOUND, PauseSet(Pause.UP, None, "", "bob")))

    assert told("remove-orphan", before, resource="arn:old", confirm=CODE, reason="r").outcome == "done"


def test_a_daemon_that_only_observes_refuses_it() -> None:
    """It says how to let it."""
    before = bench(acting(FOUND, mode=Mode.OBSERVE_ONLY))

    refused("remove-orphan", before, "mode: this daemon only observes and changes nothing; start it with --act to"
            " remove", resource="arn:old", confirm=CODE, reason="r")  # fmt: skip


def test_a_removal_under_way_is_not_ordered_again() -> None:
    """Once it was given up it can be."""
    begun = OrphanRemoved("aws_sqs", "arn:old", "search", "token-1", RemovalOutcome.BEGUN)
    given_up = OrphanRemoved("aws_sqs", "arn:old", "search", "token-1", RemovalOutcome.REFUSED)
    words = {"resource": "arn:old", "confirm": CODE, "reason": "r"}

    refused("remove-orphan", bench(acting(FOUND, ASKED)), "resource: ann ordered its removal already", **words)
    refused("remove-orphan", bench(acting(FOUND, ASKED, begun)),
            "resource: ann ordered its removal already, begun so far", **words)  # fmt: skip
    assert told("remove-orphan", bench(acting(FOUND, ASKED, given_up)), **words).outcome == "done"
