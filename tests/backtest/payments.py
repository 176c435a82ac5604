"""Payments and small plans for backtests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from config.instants import instant_from_text
from config.money import micros_from_text
from config.plan import Component, Level, Plan
from machines.backtest import BacktestReport, backtest
from machines.revenue.payments import Payment
from tests.deciding.months import UNIT, at_least, policies_with

HEADER = "payment_id,customer_id,amount,currency,status,created_at,kind"


def paid(payment_id: str, day: str, amount: str, **fields: Any) -> Payment:
    """A completed payment at noon of a day, in EUR."""
    payment = Payment(
        payment_id, "customer", micros_from_text(amount), "EUR", "completed", instant_from_text(f"{day}T12:00:00Z")
    )
    return msgspec.structs.replace(payment, **fields)


def monthly(*amounts: str, first_month: int = 1) -> list[Payment]:
    """One payment on the 10th of each month from 2024 on."""
    months = range(first_month - 1, first_month - 1 + len(amounts))
    return [
        paid(f"p{month}", f"{2024 + month // 12}-{month % 12 + 1:02d}-10", amount)
        for month, amount in zip(months, amounts, strict=True)
    ]


def numbered(payments: Iterable[Payment]) -> list[tuple[int, Payment]]:
    """The rows of a file with only these payments."""
    return list(enumerate(payments, start=2))


def replayed(plan: Plan, payments: Iterable[Payment], until: str | None = None) -> BacktestReport:
    """The backtest of these payments; `until` is the first instant that the file says nothing about."""
    return backtest(plan, numbered(payments), None if until is None else instant_from_text(until))


def shop(**policies: Any) -> Plan:
    """A floor of 10, level 1 of 100 from 200, level 2 of 400 from 500 in two months; the database keeps its data."""
    components = {
        "vps": Component("vps", 10 * UNIT, "simulated", host=True),
        "files": Component("files", 0, "simulated"),
        "web": Component("web", 40 * UNIT, "simulated", requires=("database",)),
        "database": Component("database", 60 * UNIT, "simulated", warm_cost_micros=6 * UNIT, stateful=True),
        "search": Component("search", 300 * UNIT, "simulated", warm_cost_micros=30 * UNIT),
    }
    levels = (
        Level(0, "floor", "Floor", ("vps", "files"), 50 * UNIT),
        Level(1, "small", "Small", ("web", "database"), 200 * UNIT, at_least(200)),
        Level(2, "large", "Large", ("web", "database", "search"), 1000 * UNIT, at_least(500, 2)),
    )
    return Plan("shop", "Shop", "EUR", "UTC", components, levels, policies_with(**policies))
