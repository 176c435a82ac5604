"""Holding the table `payments` against the payments that the chain says were counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from adapters.sqlite_journal.tables import FAULTS_MAX, merged
from machines.events import CountedPayment, PaymentsRecorded, Recorded
from machines.ports.examination import Fault
from machines.ports.journal import PaymentSeen
from machines.revenue.payments import Interval, Kind

TABLE: Final = "payments"
Unlike = Callable[[PaymentSeen, CountedPayment, bool, bytes], str]
"""How what is remembered differs from what was counted, given whether it may have been converted, and the key."""


class Remembered:
    """The counted payments of the chain, in a database of its own that SQLite keeps in a temporary file.

    A payment that was not completed is in the table only: that one of those is missing cannot be told. Neither can a
    customer's hash be proven: customers may be forgotten.
    """

    def __init__(self, unlike: Unlike, key: bytes) -> None:
        self._unlike = unlike
        self._key = key
        self._group: list[tuple[CountedPayment, bool]] = []
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.execute("BEGIN")
        self._scratch.execute(
            "CREATE TABLE counted (payment_id TEXT PRIMARY KEY, sequence, kind, amount, created, interval, converted)"
            " WITHOUT ROWID"
        )

    def hear(self, recorded: Recorded, *, ends_group: bool) -> None:
        """Note what one more event counted; a row names the last event of its group."""
        if isinstance(recorded.event, PaymentsRecorded):
            self._group += [(each, recorded.event.converted > 0) for each in recorded.event.counted]
        if ends_group and self._group:
            self._scratch.executemany(
                "INSERT OR IGNORE INTO counted VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        each.payment_id,
                        recorded.sequence,
                        each.kind.value,
                        each.amount_micros,
                        each.created_at,
                        each.interval.value,
                        converted,
                    )
                    for each, converted in self._group
                ],
            )
            self._group = []

    def faults(self, connection: sqlite3.Connection, dropped_before: int, last_sequence: int) -> list[Fault]:
        """Where the table differs; may be asked once, at the end. Rows of dropped events are taken as they are."""
        try:
            return list(islice(self._differing(connection, dropped_before, last_sequence), FAULTS_MAX))
        except sqlite3.DatabaseError as unreadable:
            return [Fault(TABLE, "", f"cannot be read: {unreadable}")]
        finally:
            self._scratch.close()

    def _differing(self, connection: sqlite3.Connection, dropped_before: int, last_sequence: int) -> Iterator[Fault]:
        wanted = self._scratch.execute("SELECT * FROM counted ORDER BY payment_id")
        found = connection.execute(
            "SELECT payment_id, sequence, fingerprint, counted, customer_hash FROM payments WHERE sequence > ?"
            " ORDER BY payment_id",
            (dropped_before,),
        )
        for (payment_id,), one, other in merged(wanted, found, [0]):
            why, sequence = self._why(one, other, last_sequence)
            if why:
                yield Fault(TABLE, str(payment_id), why, sequence)

    def _why(
        self, one: tuple[object, ...] | None, other: tuple[object, ...] | None, last_sequence: int
    ) -> tuple[str, int | None]:
        if other is None:
            assert one is not None
            number = _number(one[1])
            return f"counted at event {number}, and the row is gone: it would be counted again", number
        number = _number(other[1])
        if number > last_sequence:
            return f"the row names event {number}, the journal ends at {last_sequence}", None
        if one is None:
            return ("the row says that it was counted, no event does" if other[3] != 0 else ""), number
        if one[1] != number:
            return f"counted at event {one[1]}, the row names event {number}", _number(one[1])
        if other[3] != 1:
            return f"counted at event {number}, the row says that it was not", number
        return self._unlike(_seen(other), _payment(one), bool(one[6]), self._key), number


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _seen(row: tuple[object, ...]) -> PaymentSeen:
    _, _, fingerprint, counted, customer_hash = row
    assert isinstance(fingerprint, bytes)
    assert isinstance(customer_hash, bytes)
    return PaymentSeen(str(row[0]), fingerprint, counted == 1, customer_hash)


def _payment(row: tuple[object, ...]) -> CountedPayment:
    payment_id, _, kind, amount, created, interval, _ = row
    return CountedPayment(str(payment_id), Kind(kind), _number(amount), _number(created), Interval(interval))
