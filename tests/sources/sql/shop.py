"""A shop's database, SQLite or PostgreSQL, with one table of payments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import sqlalchemy
from sqlalchemy.pool import NullPool

from adapters.sources.construction import SourceSurroundings
from adapters.sources.sql import SqlPayments, construct
from config.settings import SqlSource
from tests.sources.payments import FIELDS, MovedClock, payment

COLUMNS: Final = ", ".join(FIELDS)
QUERY: Final = f"SELECT id, {COLUMNS} FROM payments WHERE id >= :cursor ORDER BY id LIMIT :limit"
SETTLE_S: Final = 60


class Shop:
    """The business's side: it writes. The source has its own connection, and may only read."""

    def __init__(self, url: str, *, created: str = "TEXT", amount: str = "TEXT") -> None:
        self.url = url
        self.clock = MovedClock()
        self.engine = sqlalchemy.create_engine(url, poolclass=NullPool)
        self.run(
            f"CREATE TABLE payments (id BIGINT PRIMARY KEY, payment_id TEXT, customer_id TEXT, amount {amount}, "
            f"currency TEXT, status TEXT, created_at {created}, kind TEXT)"
        )

    def run(self, statement: str, **values: Any) -> None:
        """Do something in a transaction of its own."""
        with self.engine.begin() as connection:
            connection.execute(sqlalchemy.text(statement), values)

    def insert(self, row_id: int, payment_id: str = "", **changed: Any) -> None:
        """A payment."""
        fields = {**payment(payment_id or f"p-{row_id}"), **changed}
        values = ", ".join(f":{name}" for name in FIELDS)
        self.run(f"INSERT INTO payments (id, {COLUMNS}) VALUES (:id, {values})", id=row_id, **fields)

    def settle(self) -> None:
        """So much time goes by that no transaction of before is still open."""
        self.clock.pass_s(SETTLE_S + 1)

    def source(self, **changed: Any) -> SqlPayments:
        """The source, as the next process makes it."""
        settings = SqlSource(**{"url": "env:SHOP", "query": QUERY, "rows_max": 5, "call_timeout_s": 2, **changed})
        made = construct("shop", settings, SourceSurroundings(self.clock, {**os.environ, "SHOP": self.url}))
        assert isinstance(made.asked, SqlPayments)
        return made.asked


def sqlite_shop(folder: Path, **changed: Any) -> Shop:
    """A shop in a file."""
    return Shop(f"sqlite:///{folder}/shop.db", **changed)
