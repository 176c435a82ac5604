"""`PostgresLeaseDesk`: the lease as one row, and the daemons beside it. The server's clock is shown, no more.

Each question is a transaction of one statement on a connection of its own, so that no long append delays it, and each
ends within a bound: the answer, or `LeaseAwayError`.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from psycopg import AsyncConnection, Error, errors, sql

from adapters.postgres_journal.address import read_address
from adapters.postgres_journal.making import make_tables
from adapters.postgres_journal.place import PostgresPlace, application_name, said
from config.instants import instant_from_datetime
from machines.ports.journal import JournalDamagedError, JournalRefusedError
from machines.ports.lease import (
    FORGOTTEN_AFTER_S,
    Candidate,
    LeaseAwayError,
    LeaseLostError,
    LeaseView,
    Standing,
    fault_line,
    lost_to,
)

CONNECT_S: Final = 2
"""How long each host may take; libpq takes no less."""
LOCK_MS: Final = 500
"""How long a row that somebody holds is waited for: a transaction of the leader delays nobody for longer."""
_FAULT: Final = "; "
"""Behind a standby's version: what keeps it from leading. No version has this mark in it.

A column of its own would be one that a daemon of before refuses to open the journal for, and two versions share the
tables while both machines are upgraded. An older command shows what stands there as it is.
"""
_NO_TABLES: Final = (errors.UndefinedTable, errors.InvalidSchemaName)

_ACQUIRE: Final = """
UPDATE {lease} SET fencing = fencing + 1, renewals = renewals + 1, holder = %(name)s, http = %(http)s,
  version = %(version)s, wanted = '', handing_over = false, ttl_ms = %(ttl_ms)s,
  since = clock_timestamp(), seen_at = clock_timestamp()
WHERE fencing = %(seen_fencing)s AND renewals = %(seen_renewals)s AND wanted = %(seen_wanted)s
RETURNING fencing
"""
_RENEW: Final = """
UPDATE {lease} SET renewals = renewals + 1, http = %(http)s, version = %(version)s, ttl_ms = %(ttl_ms)s,
  seen_at = clock_timestamp(), handing_over = handing_over OR wanted NOT IN ('', %(name)s)
WHERE fencing = %(fencing)s AND holder = %(name)s
RETURNING fencing
"""
_RELEASE: Final = """
UPDATE {lease} SET holder = '', http = '', given_back = fencing, renewals = renewals + 1
WHERE holder = %(name)s AND fencing = coalesce(%(fencing)s::bigint, fencing)
"""
_STAND_BY: Final = """
INSERT INTO {daemons} (name, http, version, since, seen_at, folded_sequence)
VALUES (%(name)s, %(http)s, %(version)s, clock_timestamp(), clock_timestamp(), %(folded)s)
ON CONFLICT (name) DO UPDATE SET http = excluded.http, version = excluded.version, seen_at = clock_timestamp(),
  folded_sequence = excluded.folded_sequence
"""
_LEAVE: Final = "DELETE FROM {daemons} WHERE name = %(name)s OR seen_at < clock_timestamp() - interval '1 day'"
_WANT: Final = """
UPDATE {lease} SET wanted = %(name)s WHERE NOT handing_over AND wanted = coalesce(%(instead_of)s::text, wanted)
"""
_LOOK: Final = """
SELECT clock_timestamp(), l.fencing, l.renewals, l.holder, l.http, l.version, l.since, l.seen_at, l.ttl_ms,
  l.wanted, l.handing_over, l.given_back,
  d.name, d.http, d.version, d.since, d.seen_at, d.folded_sequence
FROM {lease} l LEFT JOIN {daemons} d ON d.seen_at > clock_timestamp() - make_interval(secs => %(forgotten_s)s)
ORDER BY d.name
"""
_LOOK_ALONE: Final = """
SELECT clock_timestamp(), l.fencing, l.renewals, l.holder, l.http, l.version, l.since, l.seen_at, l.ttl_ms,
  l.wanted, l.handing_over, l.given_back, NULL
FROM {lease} l
"""


class _NoTablesError(LeaseAwayError):
    """The schema holds none of the tables that were asked, or not all of them."""


class PostgresLeaseDesk:
    """The `LeaseDesk` port on the tables `lease` and `daemons` of a journal's schema."""

    def __init__(
        self,
        place: PostgresPlace,
        *,
        call_timeout_s: float = 2.0,
        makes_tables: bool = False,
        known: Callable[[], str] = str,
    ) -> None:
        """`call_timeout_s` bounds each statement; a connection that must be made first takes its own time.

        `makes_tables` says that a look into an empty database makes them, as it does for a daemon; not in place of the
        journal that is `known`.
        """
        self._place = place
        self._known = known
        self._makes_tables = makes_tables
        self._call_timeout_s = call_timeout_s
        self._connection: AsyncConnection[tuple[Any, ...]] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._given = read_address(place.url)
        self._connect_timeout_s = CONNECT_S * (1 + self._given.get("host", "").count(",")) + 1.0

    async def acquire(self, candidate: Candidate, ttl_s: float, seen: LeaseView) -> int | None:
        """The next fencing token where the lease is still as it was seen; else None."""
        as_seen = {"seen_fencing": seen.fencing, "seen_renewals": seen.renewals, "seen_wanted": seen.wanted}
        rows = await self._ask(_ACQUIRE, {**_named(candidate), **as_seen, "ttl_ms": round(ttl_s * 1_000)})
        if not rows:
            return None
        with suppress(LeaseAwayError):  # it is forgotten by itself
            await self._ask(_LEAVE, {"name": candidate.name})
        return int(rows[0][0])

    async def renew(self, candidate: Candidate, fencing: int, ttl_s: float) -> LeaseView:
        """Show a sign of life; raises `LeaseLostError`."""
        values = {**_named(candidate), "fencing": fencing, "ttl_ms": round(ttl_s * 1_000)}
        kept = await self._ask(_RENEW, values)
        view = await self.look()
        if not kept:
            raise LeaseLostError(lost_to(view, fencing))
        return view

    async def release(self, candidate: Candidate, fencing: int | None) -> None:
        """Give it back; nothing happens where it is another's."""
        await self._ask(_RELEASE, {"name": candidate.name, "fencing": fencing})

    async def stand_by(self, candidate: Candidate, folded_sequence: int, fault: str = "") -> LeaseView:
        """Say that this candidate stands by."""
        said_version = candidate.version + (_FAULT + fault_line(fault) if fault else "")
        values = {**_named(candidate), "version": said_version, "folded": folded_sequence}
        await self._ask(_STAND_BY, values, make=True)
        return await self.look()

    async def leave(self, candidate: Candidate) -> None:
        """It stands by no longer; what was not heard of for a day goes with it."""
        await self._ask(_LEAVE, {"name": candidate.name})

    async def want(self, name: str, *, instead_of: str | None = None) -> LeaseView:
        """Ask for a hand-over to this standby, or take the wish back, where none has begun."""
        await self._ask(_WANT, {"name": name, "instead_of": instead_of})
        return await self.look()

    async def look(self) -> LeaseView:
        """Who leads and who stands by."""
        try:
            return _view(await self._ask(_LOOK, {"forgotten_s": FORGOTTEN_AFTER_S}, make=self._makes_tables))
        except _NoTablesError as missing:
            try:
                # The table of the standbys is for show: nobody must lose the lead over it.
                return _view(await self._ask(_LOOK_ALONE, {}))
            except _NoTablesError:
                raise missing from None

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    # --- one statement ---

    async def _ask(self, statement: str, values: dict[str, Any], *, make: bool = False) -> Sequence[tuple[Any, ...]]:
        """The rows; `make` makes the tables of an empty database first."""
        async with self._one_at_a_time:
            try:
                return await self._answered(await self._connected(), statement, values)
            except _NO_TABLES:
                if not make:
                    raise _NoTablesError(f"the schema {self._place.schema!r} holds no lease yet") from None
            except (Error, OSError, TimeoutError) as error:
                if not isinstance(error, errors.LockNotAvailable):
                    await self.close()
                raise LeaseAwayError(
                    f"PostgreSQL does not answer about the lease: {said(self._place, error)}"
                ) from None
        try:
            await make_tables(self._place, self._known())
        except (LeaseAwayError, JournalDamagedError, JournalRefusedError) as refused:
            raise _NoTablesError(str(refused)) from refused
        return await self._ask(statement, values)

    async def _connected(self) -> AsyncConnection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            async with asyncio.timeout(self._connect_timeout_s):
                self._connection = await AsyncConnection.connect(
                    self._place.url.reveal(),
                    autocommit=True,
                    connect_timeout=CONNECT_S,
                    application_name=application_name(self._place, "lease"),
                    client_encoding="UTF8",
                    target_session_attrs=self._given.get("target_session_attrs", "read-write"),
                    tcp_user_timeout=round(self._call_timeout_s * 1_000),
                    prepare_threshold=None,  # a pooler between the two may not keep what was prepared
                )
            limit_ms = round(self._call_timeout_s * 1_000)
            await self._answered(
                self._connection,
                f"SELECT set_config('lock_timeout', '{LOCK_MS}', false),"
                f" set_config('statement_timeout', '{limit_ms}', false)",
            )
        return self._connection

    async def _answered(
        self, connection: AsyncConnection[tuple[Any, ...]], statement: str, values: dict[str, Any] | None = None
    ) -> Sequence[tuple[Any, ...]]:
        """The rows; after the bound the socket is shut, so that whoever waits hears of an error.

        Cancelling would have the library ask a server that is silent to cancel, and wait for it.
        """
        bound = asyncio.get_running_loop().call_later(self._call_timeout_s, _shut, connection)
        schema = self._place.schema
        names = {each: sql.Identifier(schema, each) for each in ("lease", "daemons")}
        try:
            cursor = await connection.execute(sql.SQL(statement).format(**names), values)
            return await cursor.fetchall() if cursor.description else ()
        finally:
            bound.cancel()


def _shut(connection: AsyncConnection[tuple[Any, ...]]) -> None:
    with suppress(OSError, Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _named(candidate: Candidate) -> dict[str, Any]:
    return {"name": candidate.name, "http": candidate.http, "version": candidate.version}


def _view(rows: Sequence[tuple[Any, ...]]) -> LeaseView:
    if not rows:
        raise LeaseAwayError(
            "somebody deleted the row of the table lease, so that nobody can lead: start a daemon again, on either "
            "machine, and it is made anew with a higher fencing token"
        )
    now, fencing, renewals, holder, *described, ttl_ms, wanted, handing_over, given_back = rows[0][:12]
    return LeaseView(
        now=instant_from_datetime(now),
        fencing=fencing,
        leader=_standing((holder, *described, 0)) if holder else None,
        renewals=renewals,
        ttl_s=ttl_ms / 1_000,
        standbys=tuple(_standing(row[12:]) for row in rows if row[12] is not None),
        wanted=wanted,
        handing_over=handing_over,
        given_back=given_back,
    )


def _standing(columns: tuple[Any, ...]) -> Standing:
    name, http, version, since, seen_at, folded = columns
    plain_version, _, fault = (version or "").partition(_FAULT)
    candidate = Candidate(name, http or "", plain_version)
    seen = instant_from_datetime(since), instant_from_datetime(seen_at)
    return Standing(candidate, *seen, folded or 0, fault_line(fault))
