"""The steps from schema N to N + 1, in order. A step that was released is never changed again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

import msgspec


class Step(msgspec.Struct, frozen=True):
    """One change of the tables, run within a transaction that somebody else commits."""

    to_schema: int
    run: Callable[[sqlite3.Connection], None]


def _operators_thresholds(connection: sqlite3.Connection) -> None:
    """`revenue_threshold_config` also says what operators set."""
    for column in ("set_by TEXT NOT NULL DEFAULT 'plan'", "until TEXT", "reason TEXT NOT NULL DEFAULT ''"):
        connection.execute(f"ALTER TABLE revenue_threshold_config ADD COLUMN {column}")


STEPS: Final = (Step(2, _operators_thresholds),)
