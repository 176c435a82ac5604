"""One real daemon, its real Redis, a proxy between them, and the books: what was sent, and what became of it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.redis_server.programs import find_program
from machines.events import CommandAnswered, FreezeChanged
from tests.conftest import REAL_KINDS
from tests.faults.redis.sentinel_set import RedisNode
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import Keys, keys_of, payment_fields
from tests.processes.waiting import until
from tests.tcp_proxy import TcpProxy

AWAY: Final = "streams_away"
LONG: Final = os.environ.get("TEST_FAULTS") == "all"
"""Whether there is time for the faults that take long (`make faults`)."""
QUICK: Final = {
    "SOLVENT_PAYMENTS__RECONNECT_INITIAL_S": "1",
    "SOLVENT_PAYMENTS__RECONNECT_MAX_S": "1",
    "SOLVENT_PAYMENTS__TRIM_EVERY_S": "3600",  # no trim comes in between, unless a test wants one
}


class Books:
    """What was sent to a daemon, held against its journal and what it published."""

    def __init__(self, daemon: DaemonProcess) -> None:
        self._daemon = daemon
        self.payments: list[str] = []
        self.commands: list[str] = []

    def pay(self, keys: Keys, count: int = 1) -> None:
        """Send so many payments, each with an id of its own."""
        for _ in range(count):
            keys.add("payments", self.next_payment())

    def next_payment(self) -> dict[Any, Any]:
        """The fields of a payment that the caller sends, with an id of its own."""
        payment_id = f"p{len(self.payments) + 1}"
        self.payments.append(payment_id)
        return dict(payment_fields(payment_id, "2024-01-10", "1.00"))

    def command(self, keys: Keys) -> None:
        """Send a command that is carried out whenever it comes."""
        self.told(keys, "pause", scope="up")

    def told(self, keys: Keys, verb: str, **fields: str) -> str:
        """Send a command; its id."""
        entry_id = keys.command(verb, reason=f"number {len(self.commands) + 1}", **fields)
        self.commands.append(entry_id)
        return entry_id

    def taken(self) -> bool:
        """Whether all payments were counted, and all commands answered."""
        journal = self._daemon.journal
        return len(journal.counted()) >= len(self.payments) and len(journal.events(CommandAnswered)) >= len(
            self.commands
        )

    def published(self, keys: Keys) -> bool:
        """Whether the newest event of the journal is in the stream of events."""
        return [self._daemon.journal.last_sequence()] == keys.published_sequences()[-1:]

    def hold(self, keys: Keys) -> None:
        """Wait until everything is taken and published, and see that nothing is lost and nothing doubled."""
        until(self.taken, "everything that was sent to be taken")
        until(lambda: self.published(keys), "everything to be published")
        journal = self._daemon.journal
        assert sorted(self.payments) == sorted(each.payment_id for each in journal.counted())
        assert self.commands == [each.entry_id for each in journal.events(CommandAnswered)]
        numbers = keys.published_sequences()
        assert list(range(numbers[0], numbers[-1] + 1)) == numbers
        for stream in ("mrr", "replies", "rejected"):
            seen = Counter(fields["sequence"] for _, fields in keys.entries(stream))
            assert [] == [number for number, times in seen.items() if times > 1], stream
        assert self.commands == [fields["id"] for _, fields in keys.entries("replies")]


class Bench:
    """A daemon that reaches its Redis through a proxy."""

    def __init__(self, folder: Path) -> None:
        """Choose the places; skips the test where there is no real Redis. Nothing is started."""
        program = find_program(REAL_KINDS, (6, 2))
        if program is None:
            pytest.skip("no real redis-server")
        folder.mkdir()
        self.server = RedisNode(program.path, folder / "redis")
        self.proxy = TcpProxy(self.server.port)
        shop = FileShop(folder / "shop")
        self.daemon = DaemonProcess(
            folder / "state", shop.plan_path, f"redis://127.0.0.1:{self.proxy.port}", settings=QUICK
        )
        self.books = Books(self.daemon)

    @contextmanager
    def running(self) -> Iterator[Bench]:
        """Everything, from the start to the end."""
        try:
            self.server.start()
            with self.keys() as keys, self.daemon:
                self.books.pay(keys)
                self.books.hold(keys)
                yield self
        finally:
            self.server.end()
            self.proxy.close()

    @contextmanager
    def keys(self) -> Iterator[Keys]:
        """The daemon's keys, beside the proxy."""
        with keys_of(f"redis://127.0.0.1:{self.server.port}") as keys:
            yield keys

    def reasons(self, key: str = AWAY) -> list[str]:
        """Why the daemon froze under this key so far, each time in its own words."""
        return [each.reason for each in self.daemon.journal.events(FreezeChanged) if each.key == key and each.frozen]

    def is_frozen(self, key: str = AWAY) -> bool:
        """Whether it is frozen now."""
        return key in self.daemon.journal.state().freezes

    @contextmanager
    def away(self, words: str) -> Iterator[None]:
        """Within, a fault; the daemon must say so once in these words, and go on by itself when it has ended."""
        before = self.reasons()
        pid = self.daemon.pid
        yield
        until(lambda: not self.is_frozen(), "the thaw")
        self.carry_on()
        said = self.reasons()[len(before) :]
        assert [words] == [words for reason in said if words in reason], said
        assert pid == self.daemon.pid
        assert self.daemon.is_running

    def frozen(self) -> None:
        """Wait until the daemon has seen the fault."""
        until(self.is_frozen, "the freeze")

    def frozen_with(self, words: str) -> None:
        """Wait until the daemon has frozen and said why in these words, at whatever it met first."""
        until(lambda: self.is_frozen() and words in self.daemon.journal.state().freezes[AWAY], f"a freeze: {words}")

    def waiting_readers(self, keys: Keys) -> int:
        """How many reads wait at the server for an entry."""
        return int(keys.client.info("clients")["blocked_clients"])

    def carry_on(self, *, payments: int = 3) -> None:
        """Payments and a command are taken as ever, and the books hold."""
        with self.keys() as keys:
            self.books.pay(keys, payments)
            self.books.command(keys)
            self.books.hold(keys)

    def warnings(self, words: Sequence[str]) -> list[str]:
        """The lines of the log in which all of these words stand."""
        return [line for line in self.daemon.log.splitlines() if all(word in line for word in words)]
