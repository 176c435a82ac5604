"""A daemon that was away for four days: it records them at its start, reads OpenCost, and raises an alarm."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

from machines.events import BillRead, CostAlarmChanged, CostsAccrued
from tests.costs.answering import Answering
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until

PLAN = """\
plan: small
currency: EUR
timezone: UTC
components:
  machine: {monthly_cost: 300, host: true, price_source: the contract, price_as_of: 2026-10-01}
levels:
  - {id: floor, max_burn: 300, components: [machine]}
"""
DAYS = tuple(f"2026-11-0{day}T00:00:00Z" for day in range(1, 5))
BILL = json.dumps(
    {"code": 200, "data": [{"small/machine": {"window": {"start": day}, "totalCost": 15}} for day in DAYS]}
).encode()


def costs_of(state_directory: Path) -> Any:
    """What `solvent costs` says of November."""
    command = [PROGRAM, "costs", "--month", "2026-11", "--format", "json", "--state-dir", str(state_directory)]
    return json.loads(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)


def test_missing_days_are_recorded_and_held_against_the_bill(redis_server: RedisServer, tmp_path: Path) -> None:
    """Exactly ten a day, whenever the daemon looks; the bill of fifteen is an alarm that a person sees."""
    plan = tmp_path / "small.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    state = tmp_path / "state"
    with DaemonProcess(state, plan, redis_server.url, "--as-of", "2026-11-01T00:00:00Z") as first:
        first.stop()
    with Answering((200, BILL)) as open_cost:
        settings = {"SOLVENT_COSTS__OPEN_COST_URL": open_cost.url, "SOLVENT_COSTS__OPEN_COST_CURRENCY": "EUR"}
        again = ("--as-of", "2026-11-05T12:00:00Z")
        with DaemonProcess(state, plan, redis_server.url, *again, settings=settings) as daemon:
            until(lambda: daemon.journal.events(CostAlarmChanged), "the alarm")
            shown = costs_of(state)
            days, bills = daemon.journal.events(CostsAccrued), daemon.journal.events(BillRead)
            daemon.stop()

    # The plan was adopted a moment after the month began, so the first day is a moment shorter.
    assert [date(2026, 11, day) for day in range(1, 5)] == [each.day for each in days]
    assert [10_000_000] * 3 == [each.by_component_micros["machine"] for each in days[1:]]
    assert 9_990_000 < days[0].by_component_micros["machine"] <= 10_000_000
    assert [{"machine": 60_000_000}] == [each.billed_micros for each in bills]
    machine = shown["components"]["machine"]
    assert ("60.00", "deviates", "the contract") == (machine["billed"], machine["alarm"], machine["price_source"])
    assert 1 == len(open_cost.asked)
    assert '"cost_alarm_changed"' in daemon.log
