"""`unpin`: let the plan say again."""

from __future__ import annotations

from config.instants import DAY
from machines.events import ApprovalAsked, ApprovalEnded, PinEnded, PinSet
from tests.machines.histories import HOT, NOW, acting
from tests.verbs.benches import bench, refused, told

PINNED = PinSet("web", HOT, None, "", "ann")


def test_a_pin_is_taken_away() -> None:
    """The event says by whom."""
    judged = told("unpin", bench(acting(PINNED)), component="web")

    assert ("done", "unpinned web") == (judged.outcome, judged.reason)
    assert (PinEnded("web", "unpinned by ann"),) == judged.events


def test_the_questions_of_a_pin_go_with_it() -> None:
    """Those of other components and of levels stay."""
    asked = [
        ApprovalAsked(name, subject, "", "ann", NOW + DAY)
        for name, subject in (("a1", "component:web"), ("a2", "component:cache"), ("a3", "level:1"))
    ]
    judged = told("unpin", bench(acting(PINNED, *asked)), component="web")

    assert (PinEnded("web", "unpinned by ann"), ApprovalEnded("a1", "withdrawn", "ann")) == judged.events


def test_only_a_pinned_component_can_be_unpinned() -> None:
    """The field is named."""
    before = bench(acting())

    refused("unpin", before, "component: web is not pinned", component="web")
    refused("unpin", before, "component: missing; expected the id of a component")
