"""What the machine denies the running daemon: descriptors, memory, threads, time. It goes on when it has them."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from machines.events import EntryRejected, StepEnded
from tests.faults.machines import Machine
from tests.faults.seeing import LONG, lines, stays
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer, at_level, earn
from tests.processes.pages import page
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

PATIENT = {"SOLVENT_BREAKER__FAILURES_MAX": "100"}
"""A breaker is not what these tests are about."""
QUIET_S = 1.5


@pytest.fixture
def daemon(redis_server: RedisServer, shop: FileShop, machine: Machine, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon whose floor stands, on a machine that can be arranged."""
    with DaemonProcess(
        tmp_path / "state", shop.plan_path, redis_server.url, "--act", settings=PATIENT, wrapper=machine.wrapper
    ) as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        yield daemon


@contextlib.contextmanager
def limited(daemon: DaemonProcess, what: int, limit: int) -> Iterator[None]:
    """The running process may have no more than this, until the end of the body."""
    before = resource.prlimit(daemon.pid, what)
    resource.prlimit(daemon.pid, what, (limit, before[1]))
    try:
        yield
    finally:
        resource.prlimit(daemon.pid, what, before)


def address_space_bytes(daemon: DaemonProcess) -> int:
    """What the process has mapped."""
    pages = Path(f"/proc/{daemon.pid}/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def assert_whole(daemon: DaemonProcess, shop: FileShop) -> None:
    """Level 1 stands, made once, and the payment is counted once."""
    until(lambda: at_level(daemon, 1), "level 1 to stand")
    assert ["p1"] == [payment.payment_id for payment in daemon.journal.counted()]
    assert [1, 1] == [len(shop.live(name)) for name in ("database", "web")]
    assert ["created"] == [what for what, _ in shop.history("database")]
    assert 0 == daemon.stop()
    assert daemon.journal.is_whole()


def test_without_descriptors_nothing_is_started_and_with_them_it_goes_on(
    daemon: DaemonProcess, shop: FileShop, keys: Keys
) -> None:
    """No script, no connection can be opened: steps fail with the reason, and are taken once when there is one."""
    calls = shop.calls()
    with limited(daemon, resource.RLIMIT_NOFILE, 3):
        earn(keys, 1, "250.00")
        until(lambda: "Too many open files" in daemon.log, "the trouble to be said")
        assert stays(shop.calls, QUIET_S)
        assert calls == shop.calls()

    assert page(daemon, "/healthz")[0] == 200
    assert_whole(daemon, shop)


def test_without_threads_nothing_is_lost_and_with_them_it_goes_on(
    daemon: DaemonProcess, machine: Machine, shop: FileShop, keys: Keys
) -> None:
    """No new thread can be started: payments, decisions and steps go on without one."""
    with machine.no_threads():
        earn(keys, 1, "250.00")
        until(lambda: at_level(daemon, 1), "level 1 to stand")

    assert {"done"} == {event.outcome.value for event in daemon.journal.events(StepEnded)}
    assert_whole(daemon, shop)


def test_without_memory_nothing_is_lost_or_done_twice(daemon: DaemonProcess, shop: FileShop, keys: Keys) -> None:
    """The address space may not grow while a burst arrives: who gets none is restarted, and reads all of it later."""

    def without_memory() -> set[str]:
        restarts = lines(daemon, "task_restarting")
        return {line["name"] for line in restarts if "MemoryError" in line["reason"]}

    with limited(daemon, resource.RLIMIT_AS, address_space_bytes(daemon) + 262_144):
        pipe = keys.client.pipeline(transaction=False)
        for number in range(3_000):
            fields = {"payment_id": f"m{number}", "amount": "x" * 2_000}  # rejected, and kept in full
            pipe.xadd(keys.key("payments"), fields)
        pipe.execute()
        earn(keys, 1, "250.00")
        until(lambda: "payments intake" in without_memory(), "the intake to be refused memory")

    for parked in until(lambda: [*daemon.journal.state().parked_actors, "none"], "the state"):
        if parked != "none":
            keys.command("resume-actor", actor=parked, reason="there is memory again")
    assert_whole(daemon, shop)
    rejected = [event.entry_id for event in daemon.journal.events(EntryRejected)]
    assert (3_000, 3_000) == (len(rejected), len(set(rejected)))


def test_a_process_that_was_held_still_goes_on_where_it_was(daemon: DaemonProcess, shop: FileShop, keys: Keys) -> None:
    """SIGSTOP for longer than it beats, as on a starved machine: commands and payments of meanwhile are done, once."""
    os.kill(daemon.pid, signal.SIGSTOP)
    earn(keys, 1, "250.00")
    sent = keys.command("pin", component="search", state="COLD", reason="held still")
    stays(daemon.journal.last_sequence, 60 if LONG else 3)
    os.kill(daemon.pid, signal.SIGCONT)

    assert "done" == answer(keys, sent)["outcome"]
    assert_whole(daemon, shop)
