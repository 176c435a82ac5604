"""What a step reserves, and whether the cap pays for it: ARCHITECTURE 8."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.plan import Component
from machines.lifecycle_states import ComponentState, Step
from machines.permits import OverCap, Reservation, UnknownPrice, cost_in, reserve
from tests.deciding.months import UNIT
from tests.machines.histories import ACTIVATING, COLD, HOT, WARM

micros = st.integers(0, 1000 * UNIT)


def component(price: int | None = 100, warm: int = 10) -> Component:
    """A component with these prices in units."""
    return Component("web", None if price is None else price * UNIT, "simulated", warm_cost_micros=warm * UNIT)


def reserved(step: Step, *, own: int = 0, total: int = 0, cap: int | None = 1000, **more: Any) -> object:
    """What the cap says; all figures in units."""
    return reserve(
        more.pop("component", component()),
        step,
        own_micros=own * UNIT,
        total_micros=total * UNIT,
        cap_micros=None if cap is None else cap * UNIT,
        **more,
    )


@given(
    step=st.sampled_from(Step),
    prices=st.tuples(micros, micros),
    own=micros,
    others=micros,
    cap=st.none() | micros,
    override=st.sampled_from(["", "approval-1"]),
)
@example(step=Step.ACTIVATE, prices=(10, 0), own=0, others=0, cap=10, override="")
@example(step=Step.ACTIVATE, prices=(11, 0), own=0, others=0, cap=10, override="")
def test_a_raise_never_passes_the_cap(
    step: Step, prices: tuple[int, int], own: int, others: int, cap: int | None, override: str
) -> None:
    """A granted step ends above the cap only where it raises nothing, is exempt, or is overridden."""
    price, warm = prices
    made = Component("web", price, "simulated", warm_cost_micros=warm)
    answer = reserve(made, step, own_micros=own, total_micros=own + others, cap_micros=cap, override=override)
    wished = {Step.WARM: warm, Step.ACTIVATE: price}.get(step, 0)
    after = others + max(own, wished)
    exempt = wished <= own or cap is None or bool(override)

    if cap is None or after <= cap or exempt:
        assert Reservation(max(own, wished), after, cap, override) == answer
    else:
        assert isinstance(answer, OverCap)
        assert after - cap == answer.missing_micros


def test_what_is_missing_is_said_in_amounts() -> None:
    """The refusal names the total, the cap and the difference."""
    answer = reserved(Step.ACTIVATE, own=10, total=60, cap=120)

    assert OverCap("150.00 a month would pass the cap of 120.00 by 30.00", 30 * UNIT, 150 * UNIT) == answer


def test_the_cap_itself_may_be_reached() -> None:
    """A total equal to the cap is granted."""
    assert Reservation(100 * UNIT, 120 * UNIT, 120 * UNIT) == reserved(Step.ACTIVATE, total=20, cap=120)


@pytest.mark.parametrize("step", [Step.DEACTIVATE, Step.DECOMMISSION])
def test_a_lowering_keeps_its_reservation(step: Step) -> None:
    """Until the provider confirms, the component counts what it counted, also far above the cap."""
    assert Reservation(100 * UNIT, 500 * UNIT, 0) == reserved(step, own=100, total=500, cap=0)


def test_a_repair_reuses_its_reservation() -> None:
    """A step that raises no total is granted above a cap that fell below what runs."""
    assert Reservation(100 * UNIT, 500 * UNIT, 50 * UNIT) == reserved(Step.ACTIVATE, own=100, total=500, cap=50)


def test_an_unknown_price_blocks_activation_alone() -> None:
    """Warming and lowering have a known price."""
    unpriced = component(price=None)
    answers = [reserved(step, component=unpriced, own=10, total=10) for step in Step]

    assert [False, True, False, False] == [isinstance(answer, UnknownPrice) for answer in answers]
    assert UnknownPrice("the price of web is unknown: state its monthly_cost in the plan") == answers[1]


@pytest.mark.parametrize(("state", "units"), [(COLD, 0), (WARM, 10), (HOT, 100), (ACTIVATING, 100)])
def test_a_state_has_its_price(state: ComponentState, units: int) -> None:
    """COLD costs nothing, WARM the minimum, all else the full price."""
    assert units * UNIT == cost_in(component(), state)


def test_a_hot_component_of_unknown_price_has_none() -> None:
    """Nobody guesses it; COLD and WARM stay known."""
    assert [0, 10 * UNIT, None] == [cost_in(component(price=None), state) for state in (COLD, WARM, HOT)]
