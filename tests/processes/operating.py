"""What tests do with a running daemon again and again: earn, wait, ask and be answered."""

from __future__ import annotations

from tests.processes.daemon_process import DaemonProcess
from tests.processes.redis_place import Keys
from tests.processes.waiting import until


def earn(keys: Keys, month: int, amount: str) -> None:
    """One payment in a month of 2024, and the month's end."""
    keys.payment(f"p{month}", f"2024-{month:02d}-10", amount)
    keys.watermark(f"2024-{month + 1:02d}-01")


def at_level(daemon: DaemonProcess, level: int) -> bool:
    """Whether the level is decided and every component stands for it."""
    return daemon.journal.decided() == level and daemon.journal.at_rest()


def rise(daemon: DaemonProcess, keys: Keys) -> None:
    """Earn what level 1 needs and wait until it stands."""
    earn(keys, 1, "250.00")
    until(lambda: at_level(daemon, 1), "level 1 to stand")


def answer(keys: Keys, entry_id: str) -> dict[str, str]:
    """The one reply to a command; raises `AssertionError` where it has none, or more than one."""

    def replies() -> list[dict[str, str]]:
        return [fields for _, fields in keys.entries("replies") if fields["id"] == entry_id]

    found = until(replies, f"a reply to the command {entry_id}")
    assert 1 == len(found)
    return found[0]
