"""What `/metrics` says of costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec

from config.calendar import month_from_text
from config.instants import DAY, Instant, instant_from_text
from daemon.telemetry.catalogue import OF_COSTS
from daemon.telemetry.cost_samples import cost_samples
from machines.events import BillRead, CostAlarmChanged, Event, Mode, PlanAdopted, Started
from machines.state.whole import State
from tests.deciding.months import UNIT
from tests.machines.histories import shop, then, with_component

NOVEMBER = month_from_text("2026-11")
BEGAN: Instant = instant_from_text("2026-11-01T00:00:00Z")
PLAN = with_component(shop(), "vps", price_as_of=date(2026, 1, 1))
BILL = BillRead(
    "cost_explorer",
    NOVEMBER,
    date(2026, 11, 1),
    date(2026, 11, 2),
    estimated=True,
    billed_micros={"vps": UNIT, "search": UNIT},
    accrued_micros={"vps": 800_000},
)
ALARM = CostAlarmChanged("cost_explorer", "vps", NOVEMBER, "deviates", 800_000, UNIT, "too much")


def samples(*events: Event, now: Instant = BEGAN + 3 * DAY) -> dict[tuple[str, tuple[str, ...]], object]:
    """Every sample of costs by name and labels, after these events on the third day."""
    state = then(State(), Started("shop", "0", Mode.ACT), PlanAdopted(PLAN, "f"), at=BEGAN)
    then(state, *events, at=BEGAN + 2 * DAY)
    return {(each.name, each.labels): each.value for each in cost_samples(state, PLAN, now)}


def test_the_running_month_is_exact_up_to_the_scrape() -> None:
    """Three days of a machine that costs 10 a month."""
    found = samples()

    assert Decimal("1.000000") == found["solvent_month_accrued_cost_currency", ("EUR",)]
    assert Decimal("1.000000") == found["solvent_component_accrued_cost_currency", ("vps", "EUR")]


def test_a_bill_shows_its_figures_and_how_far_off_they_are() -> None:
    """Where nothing was accrued there is no ratio."""
    found = samples(BILL)

    assert Decimal("1.000000") == found["solvent_component_billed_cost_currency", ("vps", "cost_explorer", "EUR")]
    assert Fraction(1, 4) == found["solvent_bill_deviation_ratio", ("vps", "cost_explorer")]
    assert ("solvent_bill_deviation_ratio", ("search", "cost_explorer")) not in found
    read_at = instant_from_text("2026-11-03T00:00:00Z") // 1_000_000
    assert read_at == found["solvent_bill_read_timestamp_seconds", ("cost_explorer",)]


def test_alarms_and_old_prices_are_counted() -> None:
    """Zero is said too: nothing is in alarm."""
    assert (0, 1) == tuple(samples()[key] for key in ALARM_KEYS)
    assert (1, 1) == tuple(samples(BILL, ALARM)[key] for key in ALARM_KEYS)
    ended = msgspec.structs.replace(ALARM, status="agrees")
    assert (0, 1) == tuple(samples(BILL, ALARM, ended)[key] for key in ALARM_KEYS)


ALARM_KEYS = (("solvent_cost_alarms_items", ("deviates",)), ("solvent_prices_old_items", ()))


def test_every_sample_is_in_the_catalogue() -> None:
    """With as many labels as it declares."""
    known = {each.name: len(each.labels) for each in OF_COSTS}
    found = {(name, len(labels)) for name, labels in samples(BILL, ALARM)}

    assert found <= known.items()
    assert known.keys() == {name for name, _ in found}
