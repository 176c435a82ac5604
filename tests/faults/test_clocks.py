"""Clocks under the real daemon: stepped by a day, over the hours that a time zone skips or repeats, over a leap day."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.instants import SECOND, instant_from_text
from machines.events import MonthClosed
from tests.faults.machines import Machine
from tests.faults.seeing import in_the_long_run, lines, stays
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer, at_level, earn
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

JANUARY = 2024 * 12
"""Months are counted from year 0."""
DAY_S = 86_400.0
QUIET_S = 2.5


@pytest.mark.parametrize(
    "step_s", [pytest.param(DAY_S, marks=in_the_long_run), -DAY_S], ids=["a day ahead", "a day back"]
)
def test_a_stepped_clock_freezes_decisions_until_it_is_right_again(
    redis_server: RedisServer, shop: FileShop, keys: Keys, machine: Machine, tmp_path: Path, step_s: float
) -> None:
    """Payments are counted and no level moves; recorded times never fall; set right, it goes on by itself."""
    with DaemonProcess(
        tmp_path / "state", shop.plan_path, redis_server.url, "--act", wrapper=machine.wrapper
    ) as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        machine.step_clock(step_s)
        until(lambda: "clock" in daemon.journal.state().freezes, "the freeze")
        calls = shop.calls()
        earn(keys, 1, "250.00")
        until(daemon.journal.counted, "the payment to be counted")
        assert stays(lambda: (daemon.journal.decided(), shop.calls()), QUIET_S)
        assert calls == shop.calls()

        machine.step_clock(0)
        until(lambda: "clock" not in daemon.journal.state().freezes, "the clock to be right again")
        until(lambda: at_level(daemon, 1), "level 1 to stand")
        assert 0 == daemon.stop()
    times = [each.recorded_at for each in daemon.journal.recorded()]
    assert sorted(times) == times
    assert daemon.journal.is_whole()


@pytest.mark.parametrize(
    ("as_of", "through"),
    [
        pytest.param("2024-03-31T00:59:58Z", "2024-03-31T01:00:01Z", marks=in_the_long_run),
        ("2024-10-27T00:59:58Z", "2024-10-27T01:00:01Z"),
        pytest.param("2024-02-29T22:59:58Z", "2024-02-29T23:00:01Z", marks=in_the_long_run),
    ],
    ids=["the hour that is skipped", "the hour that is repeated", "out of a leap day"],
)
def test_a_daemon_lives_through_the_odd_hours_of_its_time_zone(
    redis_server: RedisServer, shop: FileShop, keys: Keys, tmp_path: Path, as_of: str, through: str
) -> None:
    """Nothing freezes, fails or restarts; a month ends where it ends in the plan's time zone, to the second."""
    text = shop.plan_path.read_text(encoding="utf-8").replace("timezone: UTC", "timezone: Europe/Berlin")
    shop.plan_path.write_text(text, encoding="utf-8")
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act", "--as-of", as_of) as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        keys.payment("last", "2024-01-31", "250.00", created_at="2024-01-31T22:59:59Z")  # a second before midnight
        keys.payment("first", "2024-01-31", "70.00", created_at="2024-01-31T23:00:00Z")
        keys.add("payments", {"watermark": "2024-01-31T23:00:00Z"})
        until(lambda: at_level(daemon, 1), "level 1 to stand")
        passed = instant_from_text(through)

        def now() -> int:
            keys.payment("beat", "2024-01-31", "0.01", created_at="2024-01-31T23:00:01Z")
            return daemon.journal.recorded()[-1].recorded_at

        until(lambda: now() > passed + SECOND, "the hour to be over")
        sent = keys.command("pin", component="search", state="COLD", reason="after it")
        assert "done" == answer(keys, sent)["outcome"]
        assert [(JANUARY, 250_000_000)] == [
            (each.month, each.revenue_micros) for each in daemon.journal.events(MonthClosed)
        ]
        assert set() == {"clock", "month_silent"} & daemon.journal.state().freezes.keys()
        assert [] == lines(daemon, "task_restarting")
        assert 0 == daemon.stop()
