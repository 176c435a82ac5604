"""A business of some shape, its shop, and how the shop tells of its payments: late, twice, malformed, or not at all."""

from __future__ import annotations

import math
import random
from functools import partial
from typing import TYPE_CHECKING, Final

from config.calendar import Calendar, calendar_of, month_text
from config.instants import DAY, HOUR, MINUTE, SECOND, Instant, instant_text
from tests.simulation.selling import SHOP, Ledger
from tests.simulation.swarm.agenda import Agenda
from tests.simulation.swarm.paces import PACES

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld

RATE_PERCENT: Final = {"EUR": 100, "USD": 92}
WATERMARKS: Final = ("early", "early", "late", "never")
CENT: Final = 10_000
"""Micros."""


class Business:
    """What it earns, and the truth of what it told, of every payment that counts."""

    def __init__(self, world: SwarmWorld, agenda: Agenda, ledger: Ledger | None) -> None:
        self.chance = random.Random(f"business {world.case.seed}")
        self.truth = world.truth
        self.rows = 0
        self.ledger = ledger
        self._world = world
        self._agenda = agenda
        self._shape = world.case.business
        self._calendar: Calendar = calendar_of(world.plan.timezone)
        minima = world.draft.minima
        self._low, self._top = minima[0], minima[-1] * 1.3
        self._watermarks = self.chance.choice(WATERMARKS)
        self._churns_in = self.chance.randrange(2, 30)
        self._parts = self.chance.choice((2, 5, 12))
        self._exports_every = PACES[world.case.pace].read_s * SECOND
        """The shop tells of its payments in batches."""
        self._phase = self.chance.randrange(12)

    def begin(self, at: Instant) -> None:
        """From the month of this moment on."""
        self._agenda.at(at, partial(self._month, number=0, month=self._calendar.month_of(at)))

    def _month(self, world: SwarmWorld, number: int, month: int) -> None:
        """Enter one month's payments into the agenda, its watermark, and the next month."""
        begins, ends = self._calendar.start_of(month), self._calendar.end_of(month)
        begins = max(begins, world.origin)
        for index, amount in enumerate(self._amounts(number)):
            if amount <= 0:
                continue
            at = self._paid_at(begins, ends)
            interval = "year" if self._shape == "yearly" and index == 0 else ""
            self._sell(f"{month_text(month)}/{index}", amount, at, interval)
        if self._watermarks != "never":
            delay = 10 * MINUTE if self._watermarks == "early" else self.chance.randrange(1, 9) * DAY
            self._agenda.at(ends + delay, partial(self._complete, through=ends))
        self._agenda.at(ends, partial(self._month, number=number + 1, month=month + 1))

    def _paid_at(self, begins: Instant, ends: Instant) -> Instant:
        if self._shape == "billed_first":
            return min(begins + self.chance.randrange(1, 6 * 60) * MINUTE, ends - 1)
        return begins + self.chance.randrange(0, max(1, (ends - begins) // MINUTE)) * MINUTE

    def _amounts(self, number: int) -> list[float]:
        """What is paid in the business's month of this number."""
        chance, low, top = self.chance, self._low, self._top
        match self._shape:
            case "steady":
                whole = (low + top) / 2
            case "seasonal":
                whole = low + (top - low) * (1 + math.sin((number + self._phase) * math.pi / 6)) / 2
            case "viral":
                whole = min(low * 0.2 * 1.6**number, top * 2)
            case "dying":
                whole = top * 1.5 * 0.85**number
            case "yearly":
                whole = top * 6 if number % 12 == 0 else low * 0.3
            case "whale":
                small = low * 1.1
                return [*([top] if number < self._churns_in else []), *[small / self._parts] * self._parts]
            case "billed_first":
                whole = low + (top - low) * min(1, number / 18)
            case _:
                whole = chance.choice((0, 0, low, top, top * 3))
        return [whole / self._parts * chance.uniform(0.9, 1.1) for _ in range(self._parts)]

    # --- telling ---

    def _sell(self, name: str, amount: float, at: Instant, interval: str) -> None:
        chance = self.chance
        cents = max(1, round(amount * 100))
        currency = "USD" if self._messy() else "EUR"
        row = {
            "payment_id": name,
            "customer_id": f"customer {chance.randrange(1_000)}",
            "amount": f"{cents // 100}.{cents % 100:02d}",
            "currency": currency,
            "status": "completed",
            "created_at": instant_text(at),
            "kind": "payment",
            **({"interval": interval} if interval else {}),
        }
        told_at = at + (chance.randrange(1, 40 * 24) * HOUR if self._messy() else chance.randrange(1, 60) * MINUTE)
        told_at = -(-told_at // self._exports_every) * self._exports_every
        if self._messy():
            self._agenda.at(at, partial(self._tell, row={**row, "status": "pending"}))
        micros = cents * CENT * RATE_PERCENT[currency] // 100
        self._agenda.at(told_at, partial(self._tell, row=row, counts=(at, micros)))
        if self._messy():
            self._agenda.at(told_at + chance.randrange(0, 90 * 24) * HOUR, partial(self._tell, row=row))
        if self._messy():
            other = {**row, "amount": "0.01"}
            self._agenda.at(told_at + chance.randrange(1, 48) * HOUR, partial(self._contradict, row=other))
        if self._messy():
            self._agenda.at(told_at, partial(self._tell, row=self._malformed(row)))
        if self._messy():
            self._refund(row, cents, at + chance.randrange(1, 70 * 24) * HOUR)

    def _refund(self, row: dict[str, str], cents: int, at: Instant) -> None:
        back = {**row, "payment_id": f"{row['payment_id']}/refund", "kind": "refund", "created_at": instant_text(at)}
        micros = cents * CENT * RATE_PERCENT[row["currency"]] // 100
        self._agenda.at(at + HOUR, partial(self._tell, row=back, counts=(at, -micros)))

    def _malformed(self, row: dict[str, str]) -> dict[str, str]:
        """Something that no reader may take for a payment; its id is of its own."""
        chance = self.chance
        broken = {**row, "payment_id": f"{row['payment_id']}/broken"}
        match chance.randrange(6):
            case 0:
                broken["amount"] = chance.choice(("", "nonsense", "-5", "1,000", "9" * 30))
            case 1:
                broken["created_at"] = chance.choice(("yesterday", "", "2026-02-30T00:00:00Z", "1999-01-01T00:00:00Z"))
            case 2:
                del broken["payment_id"]
            case 3:
                broken["currency"] = chance.choice(("EURO", "", "GBP"))
            case 4:
                broken["kind"] = "chargeback?"
            case _:
                return {"watermark": chance.choice(("soon", "", "2999-01-01T00:00:00Z"))}
        return broken

    def _messy(self) -> bool:
        return self.chance.random() * 1_000 < self._world.case.mess_per_mille

    def _tell(self, world: SwarmWorld, row: dict[str, str], counts: tuple[Instant, int] | None = None) -> None:
        self.rows += 1
        if counts is not None:
            self.truth[row["payment_id"]] = counts
        if self.ledger is not None and "watermark" not in row and len(row.get("payment_id", "")) % 2:
            self.ledger.rows.append(row)
        else:
            world.send("payments", row)

    def _contradict(self, world: SwarmWorld, row: dict[str, str]) -> None:
        """Say otherwise of what was told; not of what the server lost, where it would be the first word."""
        if row["payment_id"] not in world.to_send_again:
            self._tell(world, row)

    def _complete(self, world: SwarmWorld, through: Instant) -> None:
        """Say that everything before this moment was sent; what is late by now is told all the same, and corrects."""
        if self.ledger is not None:
            self.ledger.through = through
        world.send("payments", {"watermark": instant_text(through)})

    def all_told(self, world: SwarmWorld) -> None:
        """At the end: everything up to now was told; the clock of the installation decides what now is."""
        self._complete(world, world.clock.wall() - MINUTE)


def ledger_for(world: SwarmWorld) -> Ledger | None:
    """Some shops write a table too, which is asked; it survives the processes."""
    if random.Random(f"ledger {world.case.seed}").random() < 0.6:
        return None
    ledger = Ledger(world, SHOP, page=50)
    world.sources = lambda: [ledger]
    return ledger
