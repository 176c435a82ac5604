"""A wait for the lead on a store in memory: whoever stands by is real, the journal is not there yet."""

from __future__ import annotations

import asyncio
from typing import Any

from adapters.memory_lease import MemoryLeaseDesk, MemoryLeaseStore
from config.settings import Settings
from config.settings.lease import LeaseSettings
from daemon.standing_by import StandingBy
from machines.ports.journal import Journal
from machines.ports.lease import Candidate
from tests.contracts.journal import SetClock
from tests.deciding.months import autobroker

ME, OTHER = Candidate("me/1/a"), Candidate("other/2/b")
SETTINGS = Settings(plan="", http="127.0.0.1:0", standby=True, lease=LeaseSettings(poll_every_ms=50))


class Slow(MemoryLeaseDesk):
    """A desk that carries a question out at once and keeps the answer back until `answer` is set."""

    def __init__(self, store: MemoryLeaseStore, method: str) -> None:
        super().__init__(store)
        self.asked = asyncio.Event()
        """Set once the question was carried out."""
        self.answer = asyncio.Event()
        self._method = method

    async def acquire(self, *asked: Any) -> int | None:
        """Take it."""
        return await self._kept_back("acquire", await super().acquire(*asked))

    async def stand_by(self, *asked: Any) -> Any:
        """Be seen."""
        return await self._kept_back("stand_by", await super().stand_by(*asked))

    async def _kept_back(self, method: str, answer: Any) -> Any:
        if method == self._method:
            self.asked.set()
            await self.answer.wait()
        return answer


class Bench:
    """A store, and whoever stands by at it."""

    def __init__(self) -> None:
        self.store = MemoryLeaseStore(SetClock())
        self.now_s = 0.0

    def standing_by(self, desk: MemoryLeaseDesk | None = None, candidate: Candidate = ME) -> StandingBy:
        """One wait."""
        return StandingBy(
            desk or MemoryLeaseDesk(self.store),
            candidate,
            SETTINGS,
            open_journal=_no_journal,
            page_of=lambda _families: lambda: b"",
            now_s=lambda: self.now_s,
            jitter=lambda: 1.0,
            found_at=lambda _url: None,
            read_plan=autobroker,
        )


async def _no_journal() -> Journal:
    raise FileNotFoundError
