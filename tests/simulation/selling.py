"""A business that sells, and a scripted source that tells of it: whole, late, twice, half, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from config.instants import instant_from_text
from config.settings import Settings, SqlSource, StreamSource
from daemon.running import Daemon
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.sources import Entry, SourceRead
from machines.state.sources import stream_of
from tests.simulation.scenario import quiescent, require_none
from tests.simulation.world import World

SHOP: Final = "shop"
SQL: Final = SqlSource(url="env:SHOP", query="SELECT", poll_every_s=60, stale_after_s=3_600)
NEVER_REACHED_S: Final = 7_200


def selling(*names: str, stream: bool = False) -> Settings:
    """Settings with these sources, asked every minute."""
    sources = dict.fromkeys(names or (SHOP,), SQL)
    return Settings(
        plan="ladder", sources={**sources, **({"redis": StreamSource(stale_after_s=3_600)} if stream else {})}
    )


def payment(payment_id: str, month: str, amount: str, **changed: str) -> dict[str, str]:
    """A payment in the middle of a month."""
    return {
        "payment_id": payment_id,
        "customer_id": f"customer of {payment_id}",
        "amount": amount,
        "currency": "EUR",
        "status": "completed",
        "created_at": f"{month}-15T12:00:00Z",
        "kind": "payment",
        **changed,
    }


class Ledger:
    """What one source knows; it survives the processes."""

    def __init__(self, world: World, name: str = SHOP, page: int = 3) -> None:
        self.name = name
        self.rows: list[dict[str, str]] = []
        self.through: int | None = None
        self.faults: list[Callable[[SourceRead], SourceRead]] = []
        """What becomes of the next answers, one each; they may raise."""
        self.reads = 0
        self._world = world
        self._page = page

    def sell(self, month: str, amount: str, *, parts: int = 4, closes: bool = True) -> None:
        """A month's revenue in equal parts, and the word that it is complete."""
        for part in range(parts):
            self.rows.append(payment(f"{self.name}/{month}/{part}", month, f"{float(amount) / parts:.2f}"))
        if closes:
            year, number = int(month[:4]), int(month[5:])
            following = f"{year + number // 12}-{number % 12 + 1:02}"
            self.through = instant_from_text(f"{following}-01T00:00:00Z")

    async def read(self, position: str) -> SourceRead:
        """A page, from the row read last on; what the script makes of it."""
        self._world.point(f"before {self.name}.read")
        await asyncio.sleep(0.01)
        self.reads += 1
        start = int(position or 0)
        if start > len(self.rows):
            raise Ambiguous(f"the answer lacks row {start}, which it gave before")
        rows = self.rows[max(0, start - 1) : start + self._page]
        first = max(0, start - 1)
        entries = tuple(Entry(f"row-{first + index}", row) for index, row in enumerate(rows))
        end = min(len(self.rows), start + self._page)
        more = end < len(self.rows)
        read = SourceRead(entries, str(end) if end else "", None if more else self.through, more=more)
        if self.faults:
            read = self.faults.pop(0)(read)
        self._world.point(f"after {self.name}.read")
        return read

    async def close(self) -> None:
        """Nothing to let go of."""


def raising(failure: CallError) -> Callable[[SourceRead], SourceRead]:
    """An answer that is none."""

    def fail(_read: SourceRead) -> SourceRead:
        raise failure

    return fail


def reversed_order(read: SourceRead) -> SourceRead:
    """The entries the other way round."""
    return SourceRead(read.entries[::-1], read.position, read.through, more=read.more)


def doubled(read: SourceRead) -> SourceRead:
    """Each entry twice."""
    return SourceRead(read.entries * 2, read.position, read.through, more=read.more)


UNAUTHORISED: Final = raising(Permanent("401: the key was revoked"))
MISSING: Final = raising(Permanent("404: there is no such page"))
HALF: Final = raising(Ambiguous("the page breaks off after 2 rows"))
AWAY: Final = raising(Transient("connection refused", retry_after_s=120))


async def told(world: World, daemon: Daemon, *ledgers: Ledger, within_s: float = NEVER_REACHED_S) -> None:
    """Wait until everything in the ledgers has been read, and nothing moves any more."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + within_s
    while not all(_is_told(daemon, ledger) for ledger in ledgers):
        require_none(world)
        assert loop.time() < until_s, f"{[ledger.name for ledger in ledgers]} not read within {within_s} s"
        await asyncio.sleep(1)
    await quiescent(world, daemon)


def _is_told(daemon: Daemon, ledger: Ledger) -> bool:
    state = daemon.recorder.state
    at = state.cursors.get(stream_of(ledger.name), "")
    stand = state.revenue.sources.stands.get(ledger.name)
    vouched = stand is not None and (ledger.through is None or (stand.through or 0) >= ledger.through)
    return at == (str(len(ledger.rows)) if ledger.rows else "") and vouched


def world_of(
    plan: object, settings: Settings, names: Sequence[str] = (SHOP,), seed: int = 1
) -> tuple[World, list[Ledger]]:
    """A world with a ledger for each name."""
    world = World(plan, seed, settings=settings)  # type: ignore[arg-type]
    ledgers = [Ledger(world, name) for name in names]
    world.sources = lambda: ledgers
    return world, ledgers
