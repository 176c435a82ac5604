"""What goes wrong during a soak, one thing at a time, now and then."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Final

from tests.soak.load import Load, Payments
from tests.soak.place import Place

PAUSE_S: Final = (1.0, 4.0)
"""How long a fault lasts."""


class Faults(Load):
    """Draws a fault, lets it last, mends it, waits."""

    def __init__(self, place: Place, payments: Payments, every_s: float, seed: int, stopping: threading.Event) -> None:
        super().__init__("faults", stopping)
        self.injected: Counter[str] = Counter()
        self._place, self._payments, self._every_s = place, payments, every_s
        self._chance = random.Random(seed)

    def work(self) -> None:
        """Each kind in a shuffled turn, so that a short soak meets every kind too."""
        kinds: list[Callable[[], None]] = []
        while not self.stopping.wait(self._every_s * self._chance.uniform(0.5, 1.5)):
            if not kinds:
                kinds = [self._redis_killed, self._redis_held, self._hook_fails, self._script_fails, self._shop_locked]
                kinds += [self._broker_killed] if self._place.broker else []
                self._chance.shuffle(kinds)
            kind = kinds.pop()
            kind()
            self.injected[kind.__name__.strip("_")] += 1

    def _last(self) -> None:
        self.stopping.wait(self._chance.uniform(*PAUSE_S))

    def _redis_killed(self) -> None:
        self._place.redis.kill()
        self._last()
        self._place.redis.start()
        self._payments.send_again()

    def _redis_held(self) -> None:
        pid = self._place.redis.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            self._last()
        finally:
            os.kill(pid, signal.SIGCONT)

    def _hook_fails(self) -> None:
        self._place.hook.failing = True
        self._last()
        self._place.hook.failing = False

    def _script_fails(self) -> None:
        said = self._place.arranged / f"exit.{self._chance.choice(('activate', 'deactivate', 'warm'))}.web"
        said.write_text("1\n")
        self._last()
        said.unlink()

    def _shop_locked(self) -> None:
        with closing(sqlite3.connect(self._place.database, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            self._last()
            connection.execute("ROLLBACK")

    def _broker_killed(self) -> None:
        assert self._place.broker is not None
        self._place.broker.stop()
        self._last()
        self._place.broker.start()
