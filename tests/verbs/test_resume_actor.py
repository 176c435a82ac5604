"""`resume-actor`: let a parked actor or component go on."""

from __future__ import annotations

from config.instants import SECOND
from machines.events import ActorParked, ActorResumed, ComponentParked, ComponentUnparked
from tests.machines.histories import NOW, acting
from tests.verbs.benches import bench, refused, told


def test_a_parked_actor_goes_on() -> None:
    """It is named to be resumed once the event is durable."""
    judged = told("resume-actor", bench(acting(ActorParked("revenue", "failed"))), actor="revenue")

    assert ("done", "resumed revenue", "revenue") == (judged.outcome, judged.reason, judged.resume_actor)
    assert (ActorResumed("revenue"),) == judged.events


def test_a_parked_component_gets_a_new_deadline() -> None:
    """Counted from now."""
    judged = told("resume-actor", bench(acting(ComponentParked("web", "refused"))), actor="component:web")

    assert (ComponentUnparked("web", NOW + 600 * SECOND),) == judged.events


def test_component_and_actor_go_on_together() -> None:
    """Where both are parked."""
    state = acting(ComponentParked("web", "refused"), ActorParked("component:web", "failed"))
    judged = told("resume-actor", bench(state), actor="component:web")

    assert [ComponentUnparked, ActorResumed] == [type(event) for event in judged.events]


def test_a_component_is_named_as_an_actor() -> None:
    """Its bare id is none, although it is parked."""
    before = bench(acting(ComponentParked("web", "refused")))

    refused("resume-actor", before, "actor: no actor is called 'web'", actor="web")


def test_only_what_is_parked_can_be_resumed() -> None:
    """A running actor and an unknown one are told apart."""
    before = bench(acting())

    refused("resume-actor", before, "actor: revenue is not parked", actor="revenue")
    refused("resume-actor", before, "actor: component:web is not parked", actor="component:web")
    refused("resume-actor", before, "actor: no actor is called 'nobody'", actor="nobody")
    refused(
        "resume-actor",
        before,
        "actor: missing; expected the name of a parked actor, such as component:rds_single",
    )
