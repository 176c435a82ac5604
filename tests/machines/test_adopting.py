"""Adopting by name: what a name changes in looking, granting and folding."""

from __future__ import annotations

import pytest

from config.instants import SECOND
from machines.breaker import BreakerLimits
from machines.events import (
    ComponentParked,
    ComponentUnparked,
    ResourceAdopted,
    ResourceNamed,
    ResourceUnmanaged,
)
from machines.granting import GrantLimits, Refusal, judge_step
from machines.lifecycle_states import ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.outcomes import after_sight
from machines.state.components import ComponentRecord
from machines.stepping import Sight, compare
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, HOT, NOW, SHOP, WARM, acting, risen, then, walked
from tests.verbs.benches import bench, refused, told

NAMED = ResourceNamed("web", "arn:theirs", "made by hand", "ann")
THEIRS = Observation(ResourceState.HOT, ("",))
NOTHING = Observation(ResourceState.ABSENT)
WEB = SHOP.components["web"]


def named() -> ComponentRecord:
    """The web server, COLD, to adopt a resource."""
    return acting(NAMED).components.of("web")


def test_a_name_is_given_with_a_reason() -> None:
    """It is recorded with whoever said it, and the component's actor looks at once."""
    judged = told("adopt", bench(acting()), component="web", resource="arn:theirs", reason="made by hand")

    assert (NAMED,) == judged.events
    assert "component:web" == judged.resume_actor
    assert "done" == judged.outcome


def test_a_name_lets_a_parked_component_go_on() -> None:
    """Whatever parked it, the operator has now said what to do."""
    before = bench(acting(ComponentParked("web", "the name is taken")))
    judged = told("adopt", before, component="web", resource="arn:theirs", reason="made by hand")

    assert (NAMED, ComponentUnparked("web", NOW + 600 * SECOND)) == judged.events


def test_a_name_is_refused_where_it_cannot_be_followed() -> None:
    """Without a reason, for what stands already, for what another has, and for what is no name."""
    before = bench(acting(*risen("database"), NAMED))

    refused("adopt", before, "reason: missing; expected why solvent is to manage this resource",
            component="cache", resource="x")  # fmt: skip
    refused("adopt", before, "resource: missing; expected the provider's own name of the resource, such as an ARN",
            component="cache", resource="", reason="r")  # fmt: skip
    refused("adopt", before, "resource: web was already given arn:theirs; a resource belongs to one component",
            component="cache", resource="arn:theirs", reason="r")  # fmt: skip
    refused("adopt", before, "resource: expected a name of printable characters without spaces around it",
            component="cache", resource="a\nb", reason="r")  # fmt: skip
    refused("adopt", before, "component: database is HOT and already has its own resource; only a COLD component at"
            " rest can adopt another: give the resource a component of its own in the plan",
            component="database", resource="x", reason="r")  # fmt: skip


@pytest.mark.parametrize("known", [None, ResourceState.HOT])
def test_what_is_found_under_the_name_is_unmanaged(known: ResourceState | None) -> None:
    """Also where something in the same state had been found before under the component's own name."""
    record = named()
    record.unmanaged = known

    assert Sight.UNMANAGED is compare(record, THEIRS, frozenset({"token-web"}))


def test_what_is_missing_under_the_name_is_told_apart() -> None:
    """Without a name an absent resource is as recorded; with one it is not."""
    assert Sight.NAMED_MISSING is compare(named(), NOTHING, frozenset())
    assert Sight.AS_RECORDED is compare(ComponentRecord("web"), NOTHING, frozenset())


@pytest.mark.parametrize(("found", "stands"), [(ResourceState.HOT, HOT), (ResourceState.WARM, WARM)])
def test_what_is_found_under_the_name_is_adopted_in_one_group(found: ResourceState, stands: ComponentState) -> None:
    """First what was found and what it costs, then that it is ours."""
    seen = Observation(found, ("theirs",))
    cost = {HOT: 40, WARM: 4}[stands] * UNIT

    assert [
        ResourceUnmanaged("web", found, ("theirs",), cost),
        ResourceAdopted("web", "theirs", 1, COLD, stands, cost),
    ] == after_sight(WEB, named(), seen, Sight.UNMANAGED, NOW, wanted=HOT)


def test_a_name_that_is_not_found_parks_the_component_and_is_taken_back() -> None:
    """So that resume-actor lets solvent make its own under its own name."""
    back, parked = after_sight(WEB, named(), NOTHING, Sight.NAMED_MISSING, NOW, wanted=HOT)

    assert ResourceNamed("web", "", "it was not found", "solvent") == back
    assert isinstance(parked, ComponentParked)
    assert "the resource arn:theirs that it was to adopt was not found" in parked.reason
    assert "" == then(acting(NAMED), back, parked).components.of("web").resource_name


def test_nothing_is_made_while_a_name_waits() -> None:
    """A granted warm would make a second resource beside the one to adopt."""
    state = acting(*risen("database"), ResourceNamed("cache", "arn:theirs", "r", "ann"), level=1)
    asked = {"allowed": {"cache": HOT}, "now": NOW, "epoch": 1}
    limits = GrantLimits(step_deadline_s=600, breaker=BreakerLimits())
    judged = judge_step(state, "cache", Step.WARM, **asked, limits=limits)  # type: ignore[arg-type]  # one call's words
    free = judge_step(acting(*risen("database"), level=1), "cache", Step.WARM, **asked, limits=limits)  # type: ignore[arg-type]  # one call's words

    assert isinstance(judged, Refusal)
    assert "cache is to adopt arn:theirs: nothing is made before it was looked for" == judged.reason
    assert not isinstance(free, Refusal)


def test_the_name_is_kept_until_the_resource_is_gone() -> None:
    """Every step is taken on the adopted resource; after its decommission solvent's own name stands again."""
    state = acting(NAMED, ResourceAdopted("web", "theirs", 1, COLD, HOT, 40 * UNIT))
    steps = walked("web", HOT, COLD)
    lowered = then(state, *steps[:2]).components.of("web").resource_name
    gone = then(state, *steps[2:]).components.of("web").resource_name

    assert ("arn:theirs", "") == (lowered, gone)
