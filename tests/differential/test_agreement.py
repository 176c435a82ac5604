"""The live daemon, the simulation and `backtest` agree: every close's figures, every decision whole, what stood after.

Where they differ rightly, the test states the rule.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from config.calendar import calendar_of
from config.customer import CustomerId
from config.instants import DAY, Instant
from config.plan import Plan
from daemon.demo.rehearsal import rehearsed
from machines.revenue.payments import COMPLETED, Payment
from tests.differential.account import (
    Account,
    by_backtest,
    by_backtest_as_told,
    decided_alike,
    differences,
)
from tests.differential.businesses import FIRST, STEPS, UNIT, Business, Told, business
from tests.differential.by_process import lived_for_real
from tests.differential.by_simulation import imported, lived
from tests.differential.plans import plan_of
from tests.simulation.holding import CHECKED
from tests.simulation.scenario import command
from tests.simulation.sweeping import SEEDS
from tests.simulation.world import World


def end_of(plan: Plan, found: Business) -> Instant:
    """Until when the business told everything."""
    return calendar_of(plan.timezone).end_of(found.months[-1])


def agree(expected: Account, found: Account, told: str) -> None:
    """Fail with what differs, and how to make it again; a history that closes nothing proves nothing."""
    assert expected.closes, told
    assert not (lines := differences(expected, found, told)), "\n".join(lines)


@pytest.mark.parametrize("seed", range(1, 1 + 6 * SEEDS))
def test_an_import_decides_what_a_backtest_decides(seed: int) -> None:
    """All at once, a hundred days later: the same closes and decisions; the days behind the file are not judged."""
    plan, told = plan_of(seed)
    sold = business(plan, seed)
    expected, found = by_backtest(plan, sold, end_of(plan, sold)), imported(plan, sold, seed)

    agree(decided_alike(expected), decided_alike(found), f"seed {seed}, {sold.shape}, {told}")


@pytest.mark.parametrize("seed", range(1, 1 + 2 * SEEDS))
def test_a_life_by_watermarks_decides_what_a_backtest_decides(seed: int) -> None:
    """Stride by stride: the same closes and decisions, and after each close the same cost stands."""
    plan, told = plan_of(seed)
    sold = business(plan, seed)
    expected, found = by_backtest(plan, sold, end_of(plan, sold)), lived(plan, sold, seed)

    agree(expected, found, f"seed {seed}, {sold.shape}, {told}")


@pytest.mark.parametrize("seed", range(1, 1 + 2 * SEEDS))
def test_a_life_by_time_decides_what_a_backtest_decides(seed: int) -> None:
    """Months that close a day late, or after an implausible fall by the watermark at the very end, decide the same."""
    plan, told = plan_of(seed)
    sold = business(plan, seed)
    expected, found = by_backtest(plan, sold, end_of(plan, sold)), lived(plan, sold, seed, watermarks=False)

    agree(decided_alike(expected), decided_alike(found), f"seed {seed}, {sold.shape}, {told}")


def test_no_day_is_judged_before_the_month_in_front_of_it_closed() -> None:
    """Months that close a day late, and a fall at a day's end on both sides of the close: as the backtest has it."""
    test_a_life_by_time_decides_what_a_backtest_decides(8)


def test_days_behind_an_imports_end_are_unknown() -> None:
    """A daily rollback takes nothing down for the silence between a file's end and the day it is imported on."""
    test_an_import_decides_what_a_backtest_decides(103)


@pytest.mark.parametrize("seed", range(1, 1 + 2 * SEEDS))
def test_what_is_told_late_counts_from_then_on(seed: int) -> None:
    """Each close counts what was told by then; a payment that comes later changes later decisions and no past one."""
    plan, told = plan_of(seed, daily=False)
    sold = business(plan, seed, late=True)
    expected, found = by_backtest_as_told(plan, sold), lived(plan, sold, seed)

    agree(expected, decided_alike(found), f"seed {seed}, {sold.shape}, {told}")


@pytest.mark.parametrize("name", sorted(STEPS))
async def test_the_real_daemon_agrees_with_both(name: str, tmp_path: Path, redis_url: str) -> None:
    """`serve` on Redis and SQLite: the closes, the decisions and the standing cost of simulation and backtest."""
    seed = len(name)
    plan, told = plan_of(seed, name)
    sold = business(plan, seed, months=6)
    real = await lived_for_real(plan, sold, tmp_path / "state", redis_url, f"differential-{name}")

    agree(by_backtest(plan, sold, end_of(plan, sold)), real, f"{sold.shape}, {told}")


async def test_the_real_daemon_counts_late_payments_as_the_simulation_does(tmp_path: Path, redis_url: str) -> None:
    """What comes after its month closed: the same figures and decisions, and the same cost stands."""
    plan, told = plan_of(5, "ladder", daily=False)
    sold = business(plan, 5, late=True, months=6)
    real = await lived_for_real(plan, sold, tmp_path / "state", redis_url, "differential-late")

    agree(by_backtest_as_told(plan, sold), decided_alike(real), told)


def attesting(world: World) -> None:
    """An auditor signs."""
    command("signed", verb="attest", item="audited", reason="the report")(world)


def prospering() -> Business:
    """Six months of 700 in one payment each: level three of the ladder, as soon as its audit is attested."""
    calendar = calendar_of(CHECKED.timezone)
    months = range(FIRST, FIRST + 6)
    paid = [
        Payment(f"{month}", CustomerId("c"), 700 * UNIT, CHECKED.currency, COMPLETED, calendar.start_of(month) + DAY)
        for month in months
    ]
    return Business("steady", tuple(Told(each.created_at, each) for each in paid), months)


def test_an_attestation_counts_from_its_month_on() -> None:
    """Signed in the third month, it counts at that month's close, in the backtest as in the simulation."""
    plan, _ = rehearsed(CHECKED, instant=True)
    sold, at = prospering(), calendar_of(plan.timezone).start_of(FIRST + 2) + 5 * DAY
    expected = by_backtest(plan, sold, end_of(plan, sold), {"audited": at})
    found = lived(plan, sold, 1, on_the_way={at: attesting})

    agree(expected, found, "signed in the third month")
    assert [1, 2, 3, 3, 3, 3] == [each.level for each in expected.decisions]


def test_an_import_judges_by_what_is_attested_today() -> None:
    """The rule of decision 18: signed before the import, it counts for every month; a backtest is told from when on."""
    plan, _ = rehearsed(CHECKED, instant=True)
    sold = prospering()
    expected = by_backtest(plan, sold, end_of(plan, sold), {"audited": 0})

    agree(decided_alike(expected), decided_alike(imported(plan, sold, 1, before=attesting)), "signed today")
    assert 3 == expected.decisions[1].level
