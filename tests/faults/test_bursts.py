"""Bursts on the real daemon, with a slow disk and poison among them: all is taken, once, and memory stays flat."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.faults.machines import Machine
from tests.faults.seeing import LONG, lines, metric
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer
from tests.processes.pages import page
from tests.processes.redis_place import Keys, RedisServer, payment_fields
from tests.processes.waiting import until

PAYMENTS: Final = 1_000_000 if LONG else 30_000
WARMED_UP: Final = 10_000
COMMANDS: Final = 10_000 if LONG else 500
COMMIT_S: Final = 0.05
"""A disk that needs this for each synchronisation takes twenty groups a second."""
MEMORY_GROWTH_BYTES_MAX: Final = 12 * 1024 * 1024
"""Beside the burst itself, 15 MB for 30,000 payments in a Python that held them all."""
ANSWER_S_MAX: Final = 15.0
STOP_S: Final = {"SOLVENT_STOPPING__ASK_S": "3", "SOLVENT_STOPPING__CANCEL_S": "2"}
STOP_S_MAX: Final = 2 * (3 + 2) + 5.0
FOREVER_S: Final = 1_800.0 if LONG else 120.0

POISON: Final = {
    "no verb": ({"reason": "x"}, "verb"),
    "an unknown verb": ({"verb": "explode", "reason": "x"}, "explode"),
    "no component": ({"verb": "pin", "state": "COLD", "reason": "x"}, "component"),
    "an unknown component": ({"verb": "pin", "component": "x", "state": "COLD", "reason": "x"}, "component"),
    "an unknown state": ({"verb": "pin", "component": "search", "state": "BOILING", "reason": "x"}, "state"),
    "an unknown field": ({"verb": "pause", "reason": "x", "scoop": "all"}, "scoop"),
    "a level that is none": ({"verb": "set-level", "level": "NaN", "reason": "x"}, "level"),
    "a ttl that is none": ({"verb": "pause", "ttl": "-1h", "reason": "x"}, "ttl"),
    "a megabyte": ({"verb": "p" * 1_000_000, "reason": "x"}, "verb"),
}


@pytest.fixture
def daemon(redis_server: RedisServer, shop: FileShop, machine: Machine, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon whose floor stands, on a machine that can be arranged."""
    with DaemonProcess(
        tmp_path / "state", shop.plan_path, redis_server.url, "--act", settings=STOP_S, wrapper=machine.wrapper
    ) as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        yield daemon


def send(keys: Keys, first: int, count: int) -> None:
    """So many small payments of one month, of a thousand customers."""
    for start in range(first, first + count, 2_000):
        pipe = keys.client.pipeline(transaction=False)
        for number in range(start, min(start + 2_000, first + count)):
            fields = payment_fields(f"b{number}", "2024-01-05", "0.01", customer_id=f"c{number % 1_000}")
            pipe.xadd(keys.key("payments"), fields)  # type: ignore[arg-type]
        pipe.execute()


def resident_bytes(daemon: DaemonProcess) -> int:
    """What the process holds in memory."""
    pages = Path(f"/proc/{daemon.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def counted(daemon: DaemonProcess) -> float:
    """How many payments the daemon says that it counted."""
    return metric(daemon, "solvent_payments_counted_total")


def test_a_burst_against_a_slow_disk_slows_the_intake_and_neither_memory_nor_stop(
    daemon: DaemonProcess, machine: Machine, keys: Keys
) -> None:
    """Memory is flat, the pages and operators are answered, a stop is in time, and after it nothing is lost."""
    send(keys, 0, WARMED_UP)
    until(lambda: counted(daemon) >= WARMED_UP, "the warm-up", FOREVER_S)
    before, seen = resident_bytes(daemon), [0]
    with machine.slow_commits(COMMIT_S):
        send(keys, WARMED_UP, PAYMENTS)
        began_s = time.monotonic()
        sent = keys.command("pin", component="search", state="COLD", reason="in the middle of a burst")
        assert "done" == answer(keys, sent)["outcome"]
        assert time.monotonic() - began_s < ANSWER_S_MAX

        def half_done() -> bool:
            seen.append(resident_bytes(daemon))
            return counted(daemon) >= WARMED_UP + PAYMENTS / 2

        until(half_done, "half of the burst", FOREVER_S)
        assert page(daemon, "/healthz")[0] == 200
        began_s = time.monotonic()
        assert 0 == daemon.stop()
        assert time.monotonic() - began_s < STOP_S_MAX
    assert max(seen) - before < MEMORY_GROWTH_BYTES_MAX

    daemon.start()
    last, _ = keys.entries("payments")[-1]
    until(lambda: daemon.journal.state().cursors.get("payments") == last, "the rest of the burst", FOREVER_S)

    ids = Counter(payment.payment_id for payment in daemon.journal.counted())
    assert WARMED_UP + PAYMENTS == len(ids)
    assert {1} == set(ids.values())
    assert [] == lines(daemon, "task_restarting")


def test_a_burst_of_commands_with_poison_among_them_is_answered_one_by_one(daemon: DaemonProcess, keys: Keys) -> None:
    """Each has one reply; what cannot be read is refused with the word that is wrong; the good ones are done."""
    poison = {name: keys.add("commands", fields) for name, (fields, _) in POISON.items()}
    good = []
    for number in range(COMMANDS):
        verb = "pin" if number % 2 else "unpin"
        fields = {"verb": verb, "component": "search", "reason": f"{number}"} | (
            {"state": "COLD"} if number % 2 else {}
        )
        good.append(keys.add("commands", fields))
        if number % 50 == 0:
            poison[f"again {number}"] = keys.add("commands", POISON["an unknown verb"][0])
    expected = len(good) + len(poison)
    until(lambda: keys.client.xlen(keys.key("replies")) >= expected, "every reply", FOREVER_S)

    replies = {fields["id"]: fields for _, fields in keys.entries("replies")}
    assert expected == len(replies) == len(keys.entries("replies"))
    assert dict.fromkeys(POISON, "refused") == {name: replies[poison[name]]["outcome"] for name in POISON}
    for name, (_, word) in POISON.items():
        assert word in replies[poison[name]]["reason"]
    assert {"done"} == {replies[each]["outcome"] for each in good[1:]}
    assert [] == lines(daemon, "task_restarting")
    assert 0 == daemon.stop()
    assert daemon.journal.is_whole()
