"""A small shop, and states of it folded from hand-made events."""

from __future__ import annotations

from typing import Any

import msgspec

from config.calendar import calendar_of, month_from_text
from config.instants import HOUR, Instant, instant_from_text
from config.plan import Component, Level, Plan
from machines.deciding.facts import Decision, Direction
from machines.events import (
    Event,
    LevelDecided,
    Mode,
    PlanAdopted,
    Recorded,
    Started,
    StepEnded,
    StepIntended,
    StepOutcome,
)
from machines.lifecycle import next_step, state_after, state_while
from machines.lifecycle_states import ComponentState, Step
from machines.permits import cost_in
from machines.state.whole import State, fold
from tests.deciding.months import UNIT, at_least, policies_with

NOW: Instant = instant_from_text("2024-06-01T00:00:00Z")
MAY = month_from_text("2024-05")
COLD, WARMING, WARM = ComponentState.COLD, ComponentState.WARMING, ComponentState.WARM
ACTIVATING, HOT, DEACTIVATING = ComponentState.ACTIVATING, ComponentState.HOT, ComponentState.DEACTIVATING


def shop(**policies: Any) -> Plan:
    """A floor, a small and a large level; the large one replaces the cache by a cluster."""
    components = {
        "vps": Component("vps", 10 * UNIT, "simulated", host=True),
        "files": Component("files", 5 * UNIT, "simulated"),
        "web": Component("web", 40 * UNIT, "simulated", warm_cost_micros=4 * UNIT, requires=("database", "vps")),
        "database": Component("database", 60 * UNIT, "simulated", warm_cost_micros=6 * UNIT, stateful=True),
        "cache": Component("cache", 20 * UNIT, "simulated"),
        "cluster": Component("cluster", 80 * UNIT, "simulated", warm_cost_micros=8 * UNIT),
        "search": Component("search", 300 * UNIT, "other", warm_cost_micros=30 * UNIT, requires=("web",)),
    }
    floor = ("vps", "files")
    levels = (
        Level(0, "floor", "Floor", floor, 50 * UNIT),
        Level(1, "small", "Small", (*floor, "database", "web", "cache"), 200 * UNIT, at_least(200)),
        Level(2, "large", "Large", (*floor, "database", "web", "cluster", "search"), 1000 * UNIT, at_least(600, 2)),
    )
    return Plan("shop", "Shop", "EUR", "UTC", components, levels, policies_with(**policies))


SHOP = shop()


def with_component(plan: Plan, component_id: str, **changes: Any) -> Plan:
    """The plan with one component changed."""
    component = msgspec.structs.replace(plan.components[component_id], **changes)
    return msgspec.structs.replace(plan, components={**plan.components, component_id: component})


def then(state: State, *events: Event, at: Instant = NOW) -> State:
    """Fold more events into the state, and hand it back."""
    for event in events:
        fold(state, Recorded(state.sequence + 1, at, at, "test", None, event))
    return state


def decided(level: int, before: int = 0, *, cap: int | None = 900, measure: int = 1000, **changes: Any) -> LevelDecided:
    """The decision of May's close; `cap` and `measure` in units, no cap on the floor."""
    direction = Direction.STAY if level == before else Direction.UP if level > before else Direction.DOWN
    decision = Decision(
        month=MAY,
        at=calendar_of("UTC").end_of(MAY),
        daily=False,
        level_before=before,
        level=level,
        direction=direction,
        eligible=(),
        blocked=(),
        measure_micros=measure * UNIT,
        committed_cost_micros=0,
        cap_micros=None if level == 0 or cap is None else cap * UNIT,
        cause="test",
        explanation=(),
    )
    return LevelDecided(msgspec.structs.replace(decision, **changes))


def acting(*events: Event, plan: Plan = SHOP, level: int = 0, mode: Mode = Mode.ACT, **decision: Any) -> State:
    """A daemon that adopted the plan, decided the level, and then these events."""
    state = then(State(), Started("shop", "1", mode), PlanAdopted(plan, "fingerprint"))
    return then(state, decided(level, **decision), *events)


def intended(component: str, step: Step, from_state: ComponentState, **changes: Any) -> StepIntended:
    """The intent to take a step from a state of the shop's component, at its full price."""
    plain = StepIntended(
        component=component,
        step=step,
        token=f"token-{component}",
        generation=1,
        from_state=from_state,
        to_state=state_while(step, from_state),
        committed_micros=SHOP.components[component].monthly_cost_micros or 0,
        deadline_at=NOW + HOUR,
    )
    return msgspec.structs.replace(plain, **changes)


def ended(intent: StepIntended, outcome: StepOutcome = StepOutcome.DONE, **changes: Any) -> StepEnded:
    """The answer to an intent of the shop; only `done` moves the component."""
    done = outcome is StepOutcome.DONE
    to_state = state_after(intent.step, intent.to_state) if done else intent.to_state
    cost = cost_in(SHOP.components[intent.component], to_state) if done else intent.committed_micros
    plain = StepEnded(
        component=intent.component,
        step=intent.step,
        token=intent.token,
        outcome=outcome,
        from_state=intent.to_state,
        to_state=to_state,
        committed_micros=cost or 0,
        attempt=intent.attempt,
    )
    return msgspec.structs.replace(plain, **changes)


def walked(component: str, from_state: ComponentState, target: ComponentState) -> list[Event]:
    """All intents and answers that lead a component of the shop from one settled state to another."""
    events: list[Event] = []
    state = from_state
    while (step := next_step(state, target)) is not None:
        intent = intended(component, step, state)
        answer = ended(intent)
        events += [intent, answer]
        state = answer.to_state
    return events


def risen(*components: str, target: ComponentState = HOT) -> list[Event]:
    """The events after which these components stand."""
    return [event for component in components for event in walked(component, COLD, target)]
