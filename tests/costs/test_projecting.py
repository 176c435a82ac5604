"""What a month will come to by its bills."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.calendar import month_from_text
from machines.costs.projecting import month_days, projected
from machines.events import BillRead, CostAlarmChanged
from machines.state.costs import Costs, alarm_key

NOVEMBER = month_from_text("2026-11")
AMOUNTS = st.integers(min_value=0, max_value=10**12)


def bill(days: int, *, unattributed: int = 0, reader: str = "cost_explorer", **figures: tuple[int, int]) -> BillRead:
    """A bill of November's first days: by component what is billed and what was accrued."""
    return BillRead(
        reader,
        NOVEMBER,
        date(2026, 11, 1),
        date(2026, 11, days),
        estimated=True,
        billed_micros={name: billed for name, (billed, _) in figures.items()},
        accrued_micros={name: accrued for name, (_, accrued) in figures.items()},
        unattributed_micros=unattributed,
    )


def costs(*bills: BillRead, alarm: CostAlarmChanged | None = None) -> Costs:
    """A state with these bills, and perhaps an alarm."""
    known = Costs(bills={each.reader: {each.month: each} for each in bills})
    if alarm is not None:
        known.alarms[alarm_key(alarm.reader, alarm.component, alarm.month)] = alarm
    return known


def figures(known: Costs) -> tuple[int, int] | None:
    """What is billed for the whole month, and what of it nothing explains."""
    found = projected(known, NOVEMBER)
    return None if found is None else (found.billed_micros, found.unexplained_micros)


def test_without_a_bill_nothing_is_known() -> None:
    """Unknown is not zero; another month's bill says nothing of this one."""
    assert figures(costs()) is None
    assert projected(costs(bill(3, vps=(1, 1))), NOVEMBER - 1) is None


def test_the_days_that_are_billed_set_the_pace() -> None:
    """Three of November's thirty days: ten times as much."""
    assert (300, 0) == figures(costs(bill(3, vps=(30, 30))))


def test_a_whole_month_is_taken_as_it_is() -> None:
    """Nothing is multiplied once all days are billed."""
    assert (30, 5) == figures(costs(bill(30, vps=(25, 25), unattributed=5)))


def test_what_no_component_explains_counts() -> None:
    """Billed without a component's name, for a component that accrued nothing, and beyond what one accrued."""
    found = figures(costs(bill(30, vps=(12, 10), search=(7, 0), unattributed=5)))

    assert (24, 14) == found


def test_a_component_that_is_cheaper_hides_nothing() -> None:
    """What one component costs less does not explain what another costs more."""
    assert (20, 5) == figures(costs(bill(30, vps=(5, 10), search=(15, 10))))


def test_a_refused_bill_counts_as_what_was_accrued() -> None:
    """An outlier is rather a mistake of unit or tag, and has an alarm of its own."""
    alarm = CostAlarmChanged("cost_explorer", "vps", NOVEMBER, "outlier", 10, 1_000, "")

    assert (10, 0) == figures(costs(bill(30, vps=(1_000, 10)), alarm=alarm))


def test_the_bills_of_all_readers_are_added() -> None:
    """Each at its own pace, as `solvent costs` adds them."""
    known = costs(bill(30, vps=(10, 10)), bill(15, reader="open_cost", worker=(10, 10)))

    assert (30, 0) == figures(known)


@pytest.mark.parametrize(("month", "days"), [("2026-11", 30), ("2026-12", 31), ("2026-02", 28), ("2028-02", 29)])
def test_a_month_has_its_own_days(month: str, days: int) -> None:
    """December's end is in the next year."""
    assert days == month_days(month_from_text(month))


@given(days=st.integers(min_value=1, max_value=30), billed=AMOUNTS, accrued=AMOUNTS, unattributed=AMOUNTS)
def test_what_is_unexplained_is_part_of_the_bill(days: int, billed: int, accrued: int, unattributed: int) -> None:
    """Never more than the whole, never below nothing."""
    found = figures(costs(bill(days, vps=(billed, accrued), unattributed=unattributed)))

    assert found is not None
    assert 0 <= found[1] <= found[0]
