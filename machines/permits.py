"""The cap: what a step would count, and whether that is paid for (ARCHITECTURE 8)."""

from __future__ import annotations

import msgspec

from config.money import amount_text
from config.plan import Component
from machines.lifecycle_states import ComponentState, Step


class Reservation(msgspec.Struct, frozen=True):
    """A granted step: what the component counts from now on, and the total with it."""

    committed_micros: int
    total_micros: int
    cap_micros: int | None
    override: str = ""


class OverCap(msgspec.Struct, frozen=True):
    """A refused step, with what is missing."""

    reason: str
    missing_micros: int
    total_micros: int
    """What is committed and reserved with the step."""


class UnknownPrice(msgspec.Struct, frozen=True):
    """A refused step of a component whose price nobody knows."""

    reason: str


def cost_in(component: Component, state: ComponentState) -> int | None:
    """What the component costs a month in a settled state, in micros; None for an unknown price."""
    match state:
        case ComponentState.COLD:
            return 0
        case ComponentState.WARM:
            return component.warm_cost_micros
        case _:
            return component.monthly_cost_micros


def reserve(
    component: Component,
    step: Step,
    *,
    own_micros: int,
    total_micros: int,
    cap_micros: int | None,
    override: str = "",
) -> Reservation | OverCap | UnknownPrice:
    """Whether `step` may be taken, and what it reserves.

    `own_micros` is what the component counts already, `total_micros` the sum over all. A lowering step keeps the
    component's figure until the provider confirms. A step that raises no total is always granted: a repair reuses its
    reservation. `cap_micros` None exempts the floor.
    """
    if step is Step.WARM:
        wished: int | None = component.warm_cost_micros
    elif step is Step.ACTIVATE:
        wished = component.monthly_cost_micros
    else:
        wished = 0
    if wished is None:
        return UnknownPrice(f"the price of {component.id} is unknown: state its monthly_cost in the plan")
    committed = max(own_micros, wished)
    after = total_micros - own_micros + committed
    if committed > own_micros and cap_micros is not None and after > cap_micros and not override:
        missing = after - cap_micros
        return OverCap(
            f"{amount_text(after)} a month would pass the cap of {amount_text(cap_micros)} by {amount_text(missing)}",
            missing,
            after,
        )
    return Reservation(committed, after, cap_micros, override)
