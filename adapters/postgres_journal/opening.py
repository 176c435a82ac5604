"""Opening the journal in PostgreSQL: make it, recognise it, claim it, prove its newest part, refuse the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from adapters.journal_rows.chain import ChainBreakError, StoredEvent, checked
from adapters.journal_rows.journal import Known
from adapters.journal_rows.limits import OpeningReport
from adapters.journal_rows.meta import meta
from adapters.journal_rows.proving import damaged_after, proving_starts, written_by_newer
from adapters.journal_rows.reading import Point, identity_of, stored_events
from adapters.journal_rows.statements import Statements
from adapters.postgres_journal import migrating
from adapters.postgres_journal.batches import Batch, opening_batch
from adapters.postgres_journal.claiming import Claim, end_older_writers
from adapters.postgres_journal.expected_tables import require_expected_tables
from adapters.postgres_journal.place import PostgresPlace, application_name
from adapters.postgres_journal.schema import ensure_schema, require_known_version
from adapters.postgres_journal.snapshot_parts import row_with_parts
from config.instants import Instant
from machines.ports.journal import JournalRefusedError
from machines.upcasters import EventNewerError, require_known

SERVER_VERSION_MIN: Final = 130_000
"""From 13 on each statement of a message has the time limit for itself."""
CHUNK_EVENTS: Final = 1_000
"""How many events are held in memory while the chain is proven."""
_PROMISES: Final = ("fsync", "full_page_writes")
_WHAT_TO_DO: Final = "Nothing was changed. Restore the newest backup (`solvent restore`), or name another schema"


class Opening(msgspec.Struct, frozen=True):
    """How a journal is opened."""

    fold_version: int
    fencing: int | None
    random_bytes: Callable[[int], bytes]
    now: Callable[[], Instant]


class Opened(msgspec.Struct, frozen=True):
    """An open, proven journal."""

    batch: Batch
    claim: Claim
    known: Known


def open_place(place: PostgresPlace, asked: Opening) -> Opened:
    """Open the journal, made where it is missing, migrated where an older solvent made its tables.

    Raises `JournalDamagedError`, `JournalFencedError` where another daemon leads, and `JournalRefusedError`.
    """
    with opening_batch(place) as batch:
        return _opened(batch, place, asked)


def _opened(batch: Batch, place: PostgresPlace, asked: Opening) -> Opened:
    _require_primary(batch, place)
    created = ensure_schema(batch.connection, place.schema, asked.random_bytes)
    version = require_known_version(batch.connection, place.schema)
    strange = require_expected_tables(batch.connection, place, version)
    claim = Claim(place, asked.fencing, asked.random_bytes(8).hex())
    batch.begin()
    claim.require_lead(batch)
    batch.rollback()
    end_older_writers(batch, application_name(place, "journal"))
    claim.take(batch)
    tail, verified = prove(batch, place, asked.fold_version)
    migrated, tail = migrating.migrate(batch, claim, tail, asked.now(), migrating.STEPS)
    warnings = strange + [_without(name, place) for name in _PROMISES if _setting(batch, name) == "off"]
    if migrated is not None:
        warnings.append(f"the journal {place} was migrated from schema {migrated.from_schema} to {migrated.to_schema}")
    report = OpeningReport(created=created, verified_events=verified, warnings=tuple(warnings), migrated=migrated)
    key = meta(batch, "customer_key")
    assert isinstance(key, bytes)
    return Opened(batch, claim, Known(str(place), identity_of(batch), key, tail, report))


def prove(connection: Statements, place: PostgresPlace, fold_version: int) -> tuple[Point, int]:
    """Check every event after the newest snapshot; the journal's end, and how many were checked."""
    last = proving_starts(connection, fold_version, str(place), _WHAT_TO_DO, row_with_parts)
    read, ends_group = 0, True
    try:
        for row in checked(_in_chunks(connection, last.sequence), last.sequence, last.hash):
            require_known(row.type, row.version)
            last, read, ends_group = Point(row.sequence, row.hash, row.recorded_at), read + 1, row.group_end == 1
    except EventNewerError as newer:
        raise written_by_newer(str(place), last, newer) from newer
    except ChainBreakError as broken:
        raise damaged_after(str(place), str(broken), last, _WHAT_TO_DO) from broken
    if not ends_group:
        raise damaged_after(str(place), f"event {last.sequence} does not end its group", last, _WHAT_TO_DO)
    return last, read


def _in_chunks(connection: Statements, after: int) -> Iterator[StoredEvent]:
    while True:
        rows = list(stored_events(connection, after, CHUNK_EVENTS))
        yield from rows
        if len(rows) < CHUNK_EVENTS:
            return
        after = rows[-1].sequence


def _require_primary(batch: Batch, place: PostgresPlace) -> None:
    version = batch.connection.info.server_version
    if version < SERVER_VERSION_MIN:
        raise JournalRefusedError(
            f"the journal {place} needs PostgreSQL 13 or newer, the server is {version // 10_000}: upgrade it"
        )
    (in_recovery,) = batch.execute("SELECT pg_is_in_recovery()").fetchone() or (True,)
    if in_recovery or _setting(batch, "transaction_read_only") == "on":
        raise JournalRefusedError(
            f"the journal {place} cannot be written: this server is a replica in recovery, or set to read only. Name "
            "the primary, or all hosts of the cluster in the address: the one that takes writes is found"
        )


def _setting(batch: Batch, name: str) -> str:
    row = batch.execute("SELECT current_setting(?)", (name,)).fetchone()
    return "" if row is None else str(row[0])


def _without(name: str, place: PostgresPlace) -> str:
    return (
        f"PostgreSQL runs with {name} = off: when its machine loses power, events of the journal {place} that were "
        f"acknowledged are lost, and the journal may be unreadable. Set {name} = on"
    )
