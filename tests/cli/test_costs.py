"""`solvent costs`: a month by component, from the journal alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from config.calendar import month_from_text
from config.money import amount_text
from config.plan import Plan
from daemon.cli.costs import costs_command
from daemon.cli.explain import explain_command
from daemon.cli.status import status_command
from machines import events
from machines.events import BillRead, CostAlarmChanged, CostsAccrued
from tests.cli.recorded import files_of, raised, run, shown, started, write
from tests.deciding.months import UNIT, autobroker
from tests.machines.histories import with_component

JUNE = month_from_text("2024-06")


def costs(state_dir: Path, *arguments: str) -> dict[str, Any]:
    """The object of `solvent costs` of June 2024, which is long over."""
    return shown(costs_command, "--state-dir", state_dir, "--month", "2024-06", *arguments)


def bill(micros: int, accrued: int = 25 * UNIT, **fields: Any) -> BillRead:
    """A bill of the machine for the first half of June."""
    plain = BillRead(
        "cost_explorer",
        JUNE,
        date(2024, 6, 1),
        date(2024, 6, 15),
        estimated=False,
        billed_micros={"vps": micros},
        accrued_micros={"vps": accrued},
    )
    return msgspec.structs.replace(plain, **fields)


def priced() -> Plan:
    """A plan that says where the machine's price comes from."""
    return with_component(autobroker(), "vps", price_source="the provider's page", price_as_of=date(2024, 5, 1))


def test_a_whole_month_costs_what_the_plan_says(tmp_path: Path) -> None:
    """The machine stood from the first instant of June on; without a bill the bill is unknown."""
    write(tmp_path, started())
    found = costs(tmp_path)

    assert ("2024-06", True, "50.00", None) == tuple(found[k] for k in ("month", "month_over", "accrued", "billed"))
    assert {
        "run_rate_per_month": "50.00",
        "monthly_cost": "50.00",
        "accrued": "50.00",
        "billed": None,
        "accrued_same_days": None,
        "difference_percent": None,
        "reader": None,
        "budget_spent": None,
        "alarm": None,
        "alarm_reason": None,
        "price_source": None,
        "price_as_of": None,
        "price_age_days": None,
        "price_old": None,
    } == found["components"]["vps"]


def test_what_rose_in_the_month_costs_a_part_of_it(tmp_path: Path) -> None:
    """Exact to six decimals: 283 from one minute after midnight on, rounded down."""
    write(tmp_path, started(), raised("part_1", 283))
    minutes = 30 * 24 * 60

    accrued = costs(tmp_path)["components"]["part_1"]["accrued"]

    assert amount_text(283 * UNIT * (minutes - 1) // minutes) == accrued


def test_the_bill_stands_beside_what_was_accrued_on_the_same_days(tmp_path: Path) -> None:
    """Not beside the whole month, for a bill is days late."""
    write(tmp_path, started(), bill(30 * UNIT, estimated=True, unattributed_micros=UNIT))
    found = costs(tmp_path)

    vps = found["components"]["vps"]
    assert ("30.00", "25.00", "+20.00") == (vps["billed"], vps["accrued_same_days"], vps["difference_percent"])
    assert "31.00" == found["billed"]
    assert {
        "cost_explorer": {
            "first_day": "2024-06-01",
            "last_day": "2024-06-15",
            "estimated": True,
            "unattributed": "1.00",
        }
    } == found["bills"]


def test_an_outlier_is_shown_and_not_counted(tmp_path: Path) -> None:
    """The figure is there, the alarm beside it, the total without it."""
    alarm = CostAlarmChanged("cost_explorer", "vps", JUNE, "outlier", 25 * UNIT, 250 * UNIT, "ten times too much")
    write(tmp_path, started(), [bill(250 * UNIT), alarm])
    found = costs(tmp_path)

    assert ("250.00", "outlier") == (found["components"]["vps"]["billed"], found["components"]["vps"]["alarm"])
    assert "0.00" == found["billed"]
    assert "alarm: vps outlier: ten times too much" in run(
        costs_command, "--state-dir", tmp_path, "--month", "2024-06"
    ).stdout.replace("\n", "")


def test_a_price_that_nobody_knows_is_not_zero(tmp_path: Path) -> None:
    """The machine runs and costs something: its figure is null, and no sum is said to have it."""
    write(tmp_path, started(with_component(autobroker(), "vps", monthly_cost_micros=None)))
    found = costs(tmp_path)

    assert (["vps"], None) == (found["unpriced"], found["components"]["vps"]["accrued"])
    said = run(costs_command, "--state-dir", tmp_path, "--month", "2024-06").stdout
    assert "price unknown, and in no sum: vps" in said


def test_a_budget_that_was_set_to_its_bill_shows_what_it_spent(tmp_path: Path) -> None:
    """In the month of the bill and in no other."""
    reconciled = events.BudgetReconciled("part_1", JUNE, "done", 7 * UNIT, 5 * UNIT, 7 * UNIT)
    write(tmp_path, started(), reconciled)
    july = shown(costs_command, "--state-dir", tmp_path, "--month", "2024-07")

    assert "7.00" == costs(tmp_path)["components"]["part_1"]["budget_spent"]
    assert july["components"]["part_1"]["budget_spent"] is None


def test_status_and_explain_tell_an_alarm(tmp_path: Path) -> None:
    """Where operators look first."""
    alarm = CostAlarmChanged("cost_explorer", "vps", JUNE, "deviates", 25 * UNIT, 35 * UNIT, "too much")
    write(tmp_path, started(), alarm)

    said = "vps 2024-06 deviates by cost_explorer: too much"
    assert f"cost alarm: {said} (solvent costs)" in run(status_command, "--state-dir", tmp_path).stdout
    assert f"Its cost is in alarm: {said}" in run(explain_command, "vps", "--state-dir", tmp_path).stdout


def test_a_price_has_its_source_and_age(tmp_path: Path) -> None:
    """And is called old where it is older than the plan allows."""
    write(tmp_path, started(priced()))
    vps = costs(tmp_path)["components"]["vps"]

    assert ("the provider's page", "2024-05-01", True) == tuple(
        vps[key] for key in ("price_source", "price_as_of", "price_old")
    )


def test_the_table_has_the_same_figures(tmp_path: Path) -> None:
    """For people: totals first, then a row for each component."""
    write(tmp_path, started(priced()), bill(30 * UNIT))
    result = run(costs_command, "--state-dir", tmp_path, "--month", "2024-06")

    assert (0, "") == (result.exit_code, result.stderr)
    assert "accrued 50.00, billed 30.00; run rate now 50.00 a month" in result.stdout
    row = next(line for line in result.stdout.splitlines() if line.lstrip().startswith("vps"))
    assert ["vps", "50.00", "50.00", "25.00", "30.00", "+20.00", "%"] == row.split()[:7]
    assert "too old" in row


def test_a_month_before_those_that_are_kept_is_read_from_the_events(tmp_path: Path) -> None:
    """The state has thirteen months, the journal all of them."""
    days = [CostsAccrued(date(2023, 1, 1), {"vps": 7}), CostsAccrued(date(2023, 1, 2), {"vps": 8})]
    months = [CostsAccrued(date(2024 + each // 12, each % 12 + 1, 1), {"vps": 1}) for each in range(14)]
    write(tmp_path, started(), days, months)

    found = shown(costs_command, "--state-dir", tmp_path, "--month", "2023-01")

    assert "0.000015" == found["accrued"]


def test_a_component_that_only_a_bill_knows_is_shown(tmp_path: Path) -> None:
    """Something carries the plan's tag and the name of a component that the plan dropped."""
    write(tmp_path, started(), bill(UNIT, billed_micros={"old_part": UNIT}))
    old = costs(tmp_path)["components"]["old_part"]

    assert ("1.00", "0.00", None) == (old["billed"], old["accrued"], old["monthly_cost"])


def test_the_running_month_is_the_default(tmp_path: Path) -> None:
    """Years after the journal's last event the machine still costs, for nothing says that it stopped."""
    write(tmp_path, started())
    found = shown(costs_command, "--state-dir", tmp_path)

    assert False is found["month_over"]


def test_looking_writes_nothing(tmp_path: Path) -> None:
    """It works beside a running daemon."""
    write(tmp_path, started())
    before = files_of(tmp_path)
    costs(tmp_path)

    assert before == files_of(tmp_path)


def test_wrong_usage_says_what_was_expected(tmp_path: Path) -> None:
    """A month that is none, a journal without a plan, and no state directory: exit code 2."""
    write(tmp_path, events.Started("shop", "0.1.0", events.Mode.ACT))
    found = [
        run(costs_command, "--state-dir", tmp_path, "--month", "2024-06"),
        run(costs_command, "--state-dir", tmp_path / "none"),
    ]
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", started())
    found.append(run(costs_command, "--state-dir", tmp_path / "other", "--month", "June"))

    assert [2, 2, 2] == [each.exit_code for each in found]
    assert "expected a month such as 2026-11, found 'June'" in found[2].stderr
