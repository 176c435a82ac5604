"""The fields of a budget's key: what a component's options wish them to be, and what they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.provisioners.keyed import OFF, ON
from config.calendar import calendar_of, month_text
from config.money import amount_text
from config.provisioner_options.budget import BudgetOptions, budget_options
from machines.observations import Observation, ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource

CALENDAR_MONTHS: Final = 25
"""Months written ahead, so that Redis can begin each by itself while no daemon runs: two years, then it refuses."""
CALENDAR_MONTHS_MIN: Final = 3
"""With fewer left, the key shows a difference and `activate` writes them again."""
_MICROSECONDS_PER_MILLISECOND: Final = 1_000
_STATES: Final = {ON: ResourceState.HOT, OFF: ResourceState.WARM}
_NUMBERS: Final = ("budget_micros", "unit_price_micros", "warn_at_micros", "spent_micros", "period_ends_at_ms")


def options_from(resource: Resource) -> BudgetOptions:
    """The component's options; raises `Permanent` where they cannot be used."""
    try:
        return budget_options(resource.options)
    except ValueError as error:
        raise Permanent(
            f"the options of {resource.plan}/{resource.component} are not those of a budget: {error}"
        ) from error


def wished(options: BudgetOptions, now_ms: int) -> dict[str, str]:
    """The fields that follow from the options, with the months from that of `now_ms` on."""
    return {
        "api": options.api,
        "unit": options.unit,
        "budget_micros": str(options.budget_micros),
        "unit_price_micros": str(options.unit_price_micros),
        "warn_percent": str(options.warn_percent),
        "warn_at_micros": str(options.warn_at_micros),
        "timezone": options.timezone,
        "calendar": _calendar_text(options.timezone, now_ms),
    }


def observation_from(resource: Resource, options: BudgetOptions, fields: Mapping[str, str], now_ms: int) -> Observation:
    """What the key shows. Raises `Permanent` where it is another plan's."""
    if not fields:
        return Observation(ResourceState.ABSENT)
    tokens = (fields.get("token", ""),)
    plan = fields.get("plan", "")
    if plan not in ("", resource.plan):
        raise Permanent(
            f"the budget of {resource.component} belongs to the plan {plan}, not to {resource.plan}: "
            "rename the component, or give each plan's daemon its own --instance or SOLVENT_INSTANCE"
        )
    damaged = [name for name in _NUMBERS if not fields.get(name, "").isdecimal()]
    state = _STATES.get(fields.get("state", ""))
    if state is None or damaged or not plan or "=" not in fields.get("calendar", ""):
        return Observation(ResourceState.BROKEN, tokens, detail=f"unreadable: {', '.join(damaged) or 'state or plan'}")
    hot = state is ResourceState.HOT
    return Observation(
        state,
        tokens,
        cost_micros=int(fields["budget_micros"]) if hot else 0,
        detail=_detail(fields, now_ms),
        differences=_differences(fields, wished(options, now_ms), now_ms) if hot else (),
    )


def _calendar_text(timezone: str, now_ms: int) -> str:
    """Each month with its end in milliseconds: `2026-11=1764547200000 2026-12=…`."""
    calendar = calendar_of(timezone)
    first = calendar.month_of(now_ms * _MICROSECONDS_PER_MILLISECOND)
    return " ".join(
        f"{month_text(month)}={calendar.end_of(month) // _MICROSECONDS_PER_MILLISECOND}"
        for month in range(first, first + CALENDAR_MONTHS)
    )


def _detail(fields: Mapping[str, str], now_ms: int) -> str:
    budget = amount_text(int(fields["budget_micros"]))
    if now_ms >= int(fields["period_ends_at_ms"]):
        return f"nothing spent of {budget} since {fields.get('period', '')} ended"
    return f"{amount_text(int(fields['spent_micros']))} of {budget} spent in {fields.get('period', '')}"


def _differences(fields: Mapping[str, str], wish: Mapping[str, str], now_ms: int) -> tuple[str, ...]:
    """A sentence for each field that is not as wished; months count only once they run out."""
    found = [
        f"{name} is {fields.get(name, '')!r} instead of {value!r}"
        for name, value in wish.items()
        if name != "calendar" and fields.get(name) != value
    ]
    ahead = [end for end in _month_ends(fields["calendar"]) if end > now_ms]
    if len(ahead) < CALENDAR_MONTHS_MIN:
        found.append(f"only {len(ahead)} months are written ahead, after which every spend is refused")
    return tuple(found)


def _month_ends(calendar: str) -> list[int]:
    ends = (entry.partition("=")[2] for entry in calendar.split())
    return [int(end) for end in ends if end.isdecimal()]
