"""Businesses of many shapes: the payments that each has, and when each of them is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from config.calendar import Calendar, Month, calendar_of, month_from_text
from config.customer import CustomerId
from config.instants import DAY, HOUR, Instant
from config.plan import Plan
from machines.revenue.payments import COMPLETED, Interval, Kind, Payment

FIRST: Final = month_from_text("2023-12")
STEPS: Final[Mapping[str, Sequence[int]]] = {
    "ladder": (100, 300, 600, 1_500),
    "starter": (50, 200),
    "autobroker": (450, 800, 3_000, 10_000),
}
"""What each plan's levels ask for: a history that never comes near them decides nothing."""
UNIT: Final = 1_000_000


class Told(msgspec.Struct, frozen=True):
    """One payment, and when the shop told of it."""

    at: Instant
    payment: Payment


class Business(msgspec.Struct, frozen=True):
    """What a business told, in the order of the telling."""

    shape: str
    told: tuple[Told, ...]
    months: range
    """The months that it tells of, the last of them complete."""

    @property
    def payments(self) -> list[Payment]:
        """As a file has them."""
        return [each.payment for each in self.told]


def business(plan: Plan, seed: int, *, late: bool = False, months: int | None = None) -> Business:
    """The business of a seed; `late` lets some payments be told weeks after their date."""
    chance = random.Random(f"business {seed}")
    shape = sorted(SHAPES)[seed % len(SHAPES)]
    span = range(FIRST, FIRST + (months or chance.randrange(4, 17)))
    till = _Till(chance, plan, calendar_of(plan.timezone), late=late)
    for month, units in zip(span, SHAPES[shape](chance, STEPS[plan.id], len(span)), strict=True):
        till.sell(month, max(1, round(units * UNIT)), shape)
    told = sorted(till.told, key=lambda each: each.at)
    return Business(shape, tuple(told), span)


def _steady(chance: random.Random, steps: Sequence[int], months: int) -> list[float]:
    level = chance.choice(steps)
    return [level * chance.uniform(0.9, 1.15) for _ in range(months)]


def _seasonal(chance: random.Random, steps: Sequence[int], months: int) -> list[float]:
    low, high = sorted(chance.sample(range(len(steps)), 2)) if len(steps) > 1 else (0, 0)
    return [steps[high if number % 6 < 3 else low] * chance.uniform(0.85, 1.3) for number in range(months)]


def _viral(chance: random.Random, steps: Sequence[int], months: int) -> list[float]:
    growth = chance.uniform(1.2, 2.0)
    return [steps[0] * 0.7 * growth**number for number in range(months)]


def _dying(chance: random.Random, steps: Sequence[int], months: int) -> list[float]:
    fall = chance.uniform(0.55, 0.9)
    return [steps[-1] * 1.4 * fall**number for number in range(months)]


def _jumping(chance: random.Random, steps: Sequence[int], months: int) -> list[float]:
    edges = [step * share for step in steps for share in (0.949, 0.95, 0.951, 0.999, 1, 1.2)]
    runs: list[float] = []
    while len(runs) < months:
        runs += [chance.choice([0.01, *edges])] * chance.randrange(1, 4)
    return runs[:months]


Shape = Callable[[random.Random, Sequence[int], int], list[float]]
SHAPES: Final[Mapping[str, Shape]] = {
    "steady": _steady,
    "seasonal": _seasonal,
    "viral": _viral,
    "dying": _dying,
    "jumping": _jumping,
    "billed on the first": _jumping,
    "billed yearly": _seasonal,
    "one whale": _jumping,
}


class _Till:
    """Turns a month's figure into payments: parts, refunds, repetitions, pending rows, contradictions."""

    def __init__(self, chance: random.Random, plan: Plan, calendar: Calendar, *, late: bool) -> None:
        self.told: list[Told] = []
        self._chance = chance
        self._currency = plan.currency
        self._calendar = calendar
        self._late = late

    def sell(self, month: Month, micros: int, shape: str) -> None:
        """A month's revenue, in the manner of the business."""
        chance = self._chance
        parts = 1 if shape == "one whale" else chance.randrange(1, 6)
        refunded = chance.randrange(0, micros // 3 + 1) if chance.random() < 0.3 else 0
        gross = micros + refunded
        for part in range(parts):
            share = gross // parts + (gross % parts if part == 0 else 0)
            at = self._moment(month, shape)
            self._tell(f"{month}/{part}", share, at, interval=self._interval(shape))
        if refunded:
            self._tell(f"{month}/back", refunded, self._moment(month, shape), kind=Kind.REFUND)

    def _moment(self, month: Month, shape: str) -> Instant:
        start, end = self._calendar.start_of(month), self._calendar.end_of(month)
        if shape == "billed on the first":
            return start + self._chance.choice((0, 1, HOUR, 3 * HOUR))
        if self._chance.random() < 0.2:
            return self._chance.choice((start, end - 1, start + HOUR, end - HOUR))
        return self._chance.randrange(start, end)

    def _interval(self, shape: str) -> Interval:
        if shape == "billed yearly" and self._chance.random() < 0.6:
            return Interval.YEAR
        return Interval.ONE_OFF if self._chance.random() < 0.1 else Interval.MONTH

    def _tell(
        self,
        identity: str,
        micros: int,
        at: Instant,
        *,
        kind: Kind = Kind.PAYMENT,
        interval: Interval = Interval.MONTH,
    ) -> None:
        chance = self._chance
        customer = CustomerId(f"customer of {identity}")
        payment = Payment(identity, customer, micros, self._currency, COMPLETED, at, kind, interval)
        late = self._late and identity.partition("/")[0] != str(FIRST) and chance.random() < 0.2
        heard = at + chance.randrange(0, 70 * DAY) if late else at
        if chance.random() < 0.1:
            self.told.append(Told(heard, msgspec.structs.replace(payment, status="pending")))
        self.told.append(Told(heard, payment))
        if chance.random() < 0.1:
            self.told.append(Told(heard + chance.randrange(0, 40 * DAY), payment))
        if chance.random() < 0.05:
            other = msgspec.structs.replace(payment, amount_micros=micros + UNIT)
            self.told.append(Told(heard + chance.randrange(1, 40 * DAY), other))
