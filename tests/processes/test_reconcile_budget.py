"""`solvent budget reconcile` against a running daemon and a real Redis."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from config.calendar import calendar_of, month_text
from daemon.assembly import clock_from
from machines.costs.accrual import day_of, month_of_day
from machines.events import BudgetReconcileAsked, BudgetReconciled
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until

PLAN = """\
plan: apis
currency: EUR
timezone: UTC
components:
  transcripts:
    monthly_cost: 600
    provisioner: budget
    options: {api: hume-ai, unit: minute, units_per_month: 4000, unit_price: 0.15}
levels:
  - {id: floor, max_burn: 600, components: [transcripts]}
"""


@pytest.fixture
def plan_path(tmp_path: Path) -> Path:
    """A plan whose floor is one paid API."""
    path = tmp_path / "apis.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


@pytest.fixture
def daemon(redis_server: RedisServer, plan_path: Path, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A running daemon that may act, its budget on."""
    with DaemonProcess(tmp_path / "state", plan_path, redis_server.url, "--act") as daemon:
        until(daemon.journal.at_rest, "the budget to be on")
        yield daemon


def this_month() -> str:
    """The running month in UTC."""
    return month_text(month_of_day(day_of(calendar_of("UTC"), clock_from(None).wall())))


def reconcile(state_directory: Path, bill: str, month: str | None = None) -> tuple[int, str]:
    """The exit code of `solvent budget reconcile`, and what it says."""
    command = [PROGRAM, "budget", "reconcile", "transcripts", "--month", month or this_month(), "--bill", bill]
    command += ["--reason", "invoice 4711", "--state-dir", str(state_directory)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_the_months_sum_is_the_bill_and_the_journal_has_both(daemon: DaemonProcess, redis_server: RedisServer) -> None:
    """Who, why, before and after; the application's next spend starts from the bill."""
    client: Any = Redis.from_url(redis_server.url, protocol=2, decode_responses=True)
    code, said = reconcile(daemon.state_directory, "580.00")
    spent = client.hget("solvent:budget:transcripts", "spent_micros")
    client.close()

    assert (0, f"done: transcripts: {this_month()} had spent 0.00 and now 580.00\n") == (code, said)
    assert "580000000" == spent
    (asked,) = daemon.journal.events(BudgetReconcileAsked)
    (ended,) = daemon.journal.events(BudgetReconciled)
    assert ("operator", "invoice 4711") == (asked.by, asked.reason) == (ended.by, ended.reason)
    assert (0, 580_000_000) == (ended.before_micros, ended.after_micros)


def test_a_dry_run_refuses(redis_server: RedisServer, plan_path: Path, tmp_path: Path) -> None:
    """A daemon without --act changes no budget."""
    with DaemonProcess(tmp_path / "state", plan_path, redis_server.url):
        code, said = reconcile(tmp_path / "state", "580.00")

    assert 1 == code
    assert "refused: mode: this daemon only observes and changes nothing" in said


def test_without_a_daemon_nothing_is_asked(tmp_path: Path) -> None:
    """Exit code 3, and how to start one; a month that is none is wrong usage."""
    assert 3 == reconcile(tmp_path, "580.00")[0]
    assert 2 == reconcile(tmp_path, "580.00", month="October")[0]
