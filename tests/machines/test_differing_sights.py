"""What follows from a look that shows differences or a foreign writer."""

from __future__ import annotations

from machines.events import ComponentDrifted, Event
from machines.lifecycle_states import ComponentState
from machines.observations import Observation, ResourceState
from machines.outcomes import DETAIL_CHARACTERS_MAX, after_sight
from machines.state.components import ComponentRecord
from machines.stepping import Sight
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, HOT, NOW, SHOP, WARM, acting, risen, then

WEB = SHOP.components["web"]


def sighted(record: ComponentRecord, seen: Observation, sight: Sight, wanted: ComponentState = COLD) -> Event:
    """The one event of a look at the web server."""
    (event,) = after_sight(WEB, record, seen, sight, NOW, wanted=wanted)
    return event


def test_differences_are_drift_at_the_full_price() -> None:
    """What serves otherwise than wished stands WARM, counts as if it were HOT, and the event says what differs."""
    record = acting(*risen("web")).components.of("web")
    seen = Observation(ResourceState.HOT, ("token-web",), differences=("replicas are 2, not 3", "the tag is gone"))
    detail = "replicas are 2, not 3; the tag is gone"

    assert ComponentDrifted("web", HOT, WARM, ResourceState.HOT, 40 * UNIT, detail=detail) == sighted(
        record, seen, Sight.DRIFTED, HOT
    )
    assert ComponentDrifted("web", HOT, HOT, ResourceState.HOT, 40 * UNIT, detail=detail) == sighted(
        record, seen, Sight.DRIFTED, COLD
    )


def test_a_foreign_writer_is_contested_at_once() -> None:
    """With the first sight, with its name, and the component is parked under it until an operator looks."""
    state = acting(*risen("web"))
    seen = Observation(ResourceState.HOT, ("token-web",), foreign_writer="an autoscaler owns it")
    event = sighted(state.components.of("web"), seen, Sight.CONTESTED, HOT)

    assert isinstance(event, ComponentDrifted)
    assert (True, "an autoscaler owns it") == (event.contested, event.detail)
    record = then(state, event).components.of("web")
    assert (True, "contested: an autoscaler owns it", 40 * UNIT) == (
        record.contested,
        record.parked,
        record.committed_micros,
    )


def test_long_differences_are_cut() -> None:
    """A provider's wordiness does not fill the journal."""
    seen = Observation(ResourceState.HOT, ("token-web",), differences=("x" * 1_999, "y" * 5_000))
    event = sighted(acting(*risen("web")).components.of("web"), seen, Sight.DRIFTED)

    assert isinstance(event, ComponentDrifted)
    assert DETAIL_CHARACTERS_MAX == len(event.detail)
