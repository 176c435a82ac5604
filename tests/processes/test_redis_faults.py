"""Redis away, killed, emptied or replaced under the real daemon: components stay, it is said once, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from machines.events import FreezeChanged, PaymentsRecorded
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer, at_level, earn, rise
from tests.processes.redis_place import Keys, RedisServer, payment_fields
from tests.processes.waiting import until

JANUARY: dict[Any, Any] = dict(payment_fields("p1", "2024-01-10", "250.00"))
"""What `earn` sends for the first month."""


@pytest.fixture
def daemon(redis_server: RedisServer, shop: FileShop, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon that may act, not yet started; none is left behind."""
    daemon = DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act")
    try:
        yield daemon
    finally:
        daemon.__exit__()


def freezes(daemon: DaemonProcess) -> list[tuple[str, bool]]:
    """Every freeze that was said, and every end of one."""
    return [(event.key, event.frozen) for event in daemon.journal.events(FreezeChanged)]


def frozen(daemon: DaemonProcess, key: str) -> bool:
    """Whether this freeze is on."""
    return key in daemon.journal.state().freezes


def published_whole(daemon: DaemonProcess, keys: Keys) -> bool:
    """Whether the newest event of the journal stands in the stream of events."""
    return daemon.journal.last_sequence() in keys.published_sequences()[-1:]


def test_redis_absent_at_the_start_is_waited_for(
    daemon: DaemonProcess, redis_server: RedisServer, shop: FileShop, keys: Keys
) -> None:
    """The daemon starts, says once that it is frozen, runs no script, and goes on by itself once Redis is there."""
    redis_server.kill()
    daemon.start()
    until(lambda: frozen(daemon, "streams_away"), "the freeze")
    redis_server.start()
    rise(daemon, keys)

    assert [("streams_away", True), ("streams_away", False)] == freezes(daemon)
    assert ["p1"] == [payment.payment_id for payment in daemon.journal.counted()]
    assert "hot" in shop.live("web").values()


def test_redis_killed_in_the_middle_changes_no_component(
    daemon: DaemonProcess, redis_server: RedisServer, shop: FileShop, keys: Keys
) -> None:
    """While it is away everything stays as it is; back with its data, what was sent counts once and is decided."""
    daemon.start()
    rise(daemon, keys)
    calls = shop.calls()
    for round_number in (2, 3):
        keys.payment(f"before-{round_number}", f"2024-{round_number:02d}-10", "10.00")
        redis_server.kill()
        until(lambda: frozen(daemon, "streams_away"), "the freeze")
        assert calls == shop.calls()
        redis_server.start()
        until(lambda: not frozen(daemon, "streams_away"), "the thaw")
    keys.watermark("2024-04-01")
    until(lambda: at_level(daemon, 0), "the fall to the floor")
    until(lambda: published_whole(daemon, keys), "everything to be published")

    assert [("streams_away", True), ("streams_away", False)] * 2 == freezes(daemon)
    assert ["p1", "before-2", "before-3"] == [payment.payment_id for payment in daemon.journal.counted()]
    assert list(range(1, daemon.journal.last_sequence() + 1)) == keys.published_sequences()


def test_a_daemon_restarted_without_redis_leaves_components_alone(
    daemon: DaemonProcess, redis_server: RedisServer, shop: FileShop, keys: Keys
) -> None:
    """Killed and started again while Redis is away, it neither raises nor lowers, and says nothing twice."""
    daemon.start()
    rise(daemon, keys)
    redis_server.kill()
    until(lambda: frozen(daemon, "streams_away"), "the freeze")
    calls = shop.calls()
    daemon.kill()
    daemon.start()
    redis_server.start()
    until(lambda: not frozen(daemon, "streams_away"), "the thaw")

    assert [("streams_away", True), ("streams_away", False)] == freezes(daemon)
    assert calls == shop.calls()


def test_redis_restarted_empty_costs_nothing(
    daemon: DaemonProcess, redis_server: RedisServer, shop: FileShop, keys: Keys
) -> None:
    """The new stream is read from its start, payments sent again are duplicates, and all hashes are shown again."""
    daemon.start()
    rise(daemon, keys)
    calls = shop.calls()
    until(lambda: keys.hash("component:web").get("state") == "HOT", "the component to be shown")
    redis_server.kill()
    redis_server.forget()
    until(lambda: frozen(daemon, "streams_away"), "the freeze")
    redis_server.start()
    earn(keys, 1, "250.00")
    keys.payment("new", "2024-02-10", "260.00")
    until(lambda: len(daemon.journal.counted()) == 2, "the new payment")
    replied = answer(keys, keys.command("pause", reason="the commands' stream is a new one as well"))
    until(lambda: published_whole(daemon, keys), "everything to be published")

    assert ["p1", "new"] == [payment.payment_id for payment in daemon.journal.counted()]
    assert 1 == sum(event.duplicates for event in daemon.journal.events(PaymentsRecorded))
    assert "done" == replied["outcome"]
    assert calls == shop.calls()
    assert "HOT" == keys.hash("component:web")["state"]
    assert list(range(1, daemon.journal.last_sequence() + 1)) == keys.published_sequences()


def test_a_replaced_stream_is_read_from_its_start(
    daemon: DaemonProcess, redis_server: RedisServer, shop: FileShop, keys: Keys
) -> None:
    """A stream deleted and made anew while the daemon runs: what stands in the new one counts, nothing counts twice."""
    daemon.start()
    rise(daemon, keys)
    calls = shop.calls()
    keys.client.delete(keys.key("payments"))
    keys.client.xadd(keys.key("payments"), JANUARY, id="1-1")
    keys.client.xadd(keys.key("payments"), {**JANUARY, "payment_id": "new"}, id="1-2")
    until(lambda: len(daemon.journal.counted()) == 2, "the new payment")

    assert ["p1", "new"] == [payment.payment_id for payment in daemon.journal.counted()]
    assert calls == shop.calls()


def test_entries_trimmed_unread_freeze_until_an_operator_resumes(
    daemon: DaemonProcess, redis_server: RedisServer, shop: FileShop, keys: Keys
) -> None:
    """A gap behind the cursor is said and decides nothing; sent again and resumed, the level follows."""
    daemon.start()
    rise(daemon, keys)
    assert 0 == daemon.stop()
    calls = shop.calls()
    keys.payment("trimmed", "2024-02-10", "1000.00")
    newest = keys.payment("kept", "2024-02-11", "1.00")
    keys.client.xtrim(keys.key("payments"), minid=newest, approximate=False)
    daemon.start()
    until(lambda: frozen(daemon, "stream_gap"), "the freeze")
    keys.watermark("2024-03-01")
    until(lambda: len(daemon.journal.counted()) == 2, "what is left to be counted")
    assert calls == shop.calls()
    assert 1 == daemon.journal.decided()

    keys.payment("trimmed", "2024-02-10", "1000.00")
    until(lambda: len(daemon.journal.counted()) == 3, "what was sent again")
    replied = answer(keys, keys.command("resume", reason="the lost ones were sent again"))
    until(lambda: not frozen(daemon, "stream_gap"), "the thaw")

    assert "done" == replied["outcome"]
    assert [("stream_gap", True), ("stream_gap", False)] == freezes(daemon)
