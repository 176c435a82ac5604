"""Which tagged resources belong to nothing."""

from __future__ import annotations

from machines.events import Event, ResourceNamed, ResourceUnmanaged
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.orphans import Orphan, agreed, orphans
from machines.ports.provisioner import FoundResource
from machines.tokens import token
from tests.machines.histories import COLD, acting, intended, risen

OURS = FoundResource("simulated", "web#0", "web", "token-web")


def why(found: FoundResource, *happened: Event) -> list[str]:
    """Why it is an orphan, after these events; [] where it is none."""
    return [each.why for each in orphans([found], acting(*happened), epoch=1)]


def test_what_carries_its_components_token_belongs_to_it() -> None:
    """Standing, or being made: the intent is in the journal before the resource is in the world."""
    assert [] == why(OURS, *risen("web"))
    assert [] == why(OURS, intended("web", Step.WARM, COLD))


def test_what_belongs_to_nothing_is_told_with_its_reason() -> None:
    """No such component, a COLD one, an older generation, a token of nobody."""
    strange = FoundResource("simulated", "x#0", "shop_old", "t")
    older = FoundResource("simulated", "web#1", "web", token("shop", "web", 1, 1))
    unknown = FoundResource("simulated", "web#1", "web", "other")
    second = intended("web", Step.WARM, COLD, generation=2)

    assert ["the plan has no component shop_old"] == why(strange)
    assert ["web is COLD: nothing of it should stand"] == why(OURS)
    assert ["it is generation 1 of web, which is at generation 2"] == why(older, second)
    assert ["web has the token token-web, and this one has other"] == why(unknown, *risen("web"))


def test_what_waits_to_be_adopted_is_no_orphan() -> None:
    """It is told as unmanaged, or is about to be adopted."""
    assert [] == why(OURS, ResourceUnmanaged("web", ResourceState.HOT, ("token-web",), 7))
    assert [] == why(OURS, ResourceNamed("web", "web#0", "r", "ann"))


def test_only_what_both_reads_found_is_an_orphan() -> None:
    """The same name under another token is another resource."""
    first = [Orphan(OURS, "a"), Orphan(FoundResource("simulated", "b", "web", "t"), "b")]
    second = [Orphan(OURS, "now"), Orphan(FoundResource("simulated", "b", "web", "u"), "b")]

    assert (Orphan(OURS, "now"),) == agreed(first, second)
