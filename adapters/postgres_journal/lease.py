"""`PostgresLeaseDesk`: the lease as one row, and the daemons beside it. Time is the server's `clock_timestamp()` alone.

Each question is a transaction of one statement on a connection of its own, so that no long append delays it, and each
ends within a bound: the answer, or `LeaseAwayError`.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from psycopg import AsyncConnection, Error, errors, sql
from psycopg.conninfo import conninfo_to_dict

from adapters.postgres_journal.place import PostgresPlace, application_name, connect, said
from adapters.postgres_journal.schema import ensure_schema
from config.instants import instant_from_datetime
from machines.ports.lease import (
    FORGOTTEN_AFTER_S,
    WANTED_FIRST_S,
    Candidate,
    LeaseAwayError,
    LeaseLostError,
    LeaseView,
    Standing,
    lost_to,
)

CONNECT_S: Final = 2
"""How long each host may take; libpq takes no less."""
LOCK_MS: Final = 500
"""How long a row that somebody holds is waited for: a transaction of the leader delays nobody for longer."""
_NO_TABLES: Final = (errors.UndefinedTable, errors.InvalidSchemaName)

_ACQUIRE: Final = """
UPDATE {lease} SET fencing = fencing + 1, holder = %(name)s, http = %(http)s, version = %(version)s, wanted = '',
  since = clock_timestamp(), seen_at = clock_timestamp(),
  expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s)
WHERE (expires_at IS NULL OR expires_at <= clock_timestamp())
  AND (coalesce(wanted, '') IN ('', %(name)s) OR expires_at IS NULL
       OR expires_at <= clock_timestamp() - make_interval(secs => %(wanted_first_s)s))
RETURNING fencing
"""
_RENEW: Final = """
UPDATE {lease} SET http = %(http)s, version = %(version)s, seen_at = clock_timestamp(),
  expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s)
WHERE fencing = %(fencing)s AND holder = %(name)s AND expires_at > clock_timestamp()
RETURNING fencing
"""
_RELEASE: Final = """
UPDATE {lease} SET holder = '', http = '', expires_at = clock_timestamp()
WHERE fencing = %(fencing)s AND holder = %(name)s
"""
_STAND_BY: Final = """
INSERT INTO {daemons} (name, http, version, since, seen_at, folded_sequence)
VALUES (%(name)s, %(http)s, %(version)s, clock_timestamp(), clock_timestamp(), %(folded)s)
ON CONFLICT (name) DO UPDATE SET http = excluded.http, version = excluded.version, seen_at = clock_timestamp(),
  folded_sequence = excluded.folded_sequence
"""
_LEAVE: Final = "DELETE FROM {daemons} WHERE name = %(name)s OR seen_at < clock_timestamp() - interval '1 day'"
_WANT: Final = "UPDATE {lease} SET wanted = %(name)s"
_LOOK: Final = """
SELECT clock_timestamp(), l.fencing, coalesce(l.holder, ''), coalesce(l.http, ''), coalesce(l.version, ''),
  l.since, l.seen_at, l.expires_at, coalesce(l.wanted, ''),
  d.name, d.http, d.version, d.since, d.seen_at, d.folded_sequence
FROM {lease} l LEFT JOIN {daemons} d ON d.seen_at > clock_timestamp() - make_interval(secs => %(forgotten_s)s)
ORDER BY d.name
"""


async def make_tables(place: PostgresPlace) -> None:
    """Make the journal's tables where there are none, the lease among them.

    Older tables stay as they are: only the daemon that leads migrates them. Raises `JournalDamagedError` for a schema
    that holds anything else, and `LeaseAwayError`.
    """

    def make() -> None:
        connection = connect(place, "making tables")
        try:
            ensure_schema(connection, place.schema)
        finally:
            connection.close()

    try:
        await asyncio.to_thread(make)
    except (Error, OSError) as error:
        raise LeaseAwayError(f"PostgreSQL does not answer about the lease: {said(place, error)}") from None


class PostgresLeaseDesk:
    """The `LeaseDesk` port on the tables `lease` and `daemons` of a journal's schema."""

    def __init__(self, place: PostgresPlace, *, call_timeout_s: float = 2.0) -> None:
        """`call_timeout_s` bounds each statement; a connection that must be made first takes its own time."""
        self._place = place
        self._call_timeout_s = call_timeout_s
        self._connection: AsyncConnection[tuple[Any, ...]] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._given: dict[str, Any] = conninfo_to_dict(place.url.reveal())
        self._connect_timeout_s = CONNECT_S * (1 + str(self._given.get("host") or "").count(",")) + 1.0

    async def acquire(self, candidate: Candidate, ttl_s: float) -> int | None:
        """The next fencing token where the lead is free and nobody else is wanted first; else None."""
        values = {**_named(candidate), "ttl_s": ttl_s, "wanted_first_s": WANTED_FIRST_S}
        rows = await self._ask(_ACQUIRE, values, make=True)
        if not rows:
            return None
        with suppress(LeaseAwayError):  # it is forgotten by itself
            await self._ask(_LEAVE, {"name": candidate.name})
        return int(rows[0][0])

    async def renew(self, candidate: Candidate, fencing: int, ttl_s: float) -> LeaseView:
        """Keep it for another `ttl_s`; raises `LeaseLostError`."""
        kept = await self._ask(_RENEW, {**_named(candidate), "fencing": fencing, "ttl_s": ttl_s})
        view = await self.look()
        if not kept:
            raise LeaseLostError(lost_to(view, fencing))
        return view

    async def release(self, candidate: Candidate, fencing: int) -> None:
        """Give it back; nothing happens where it is another's."""
        await self._ask(_RELEASE, {"name": candidate.name, "fencing": fencing})

    async def stand_by(self, candidate: Candidate, folded_sequence: int) -> LeaseView:
        """Say that this candidate stands by."""
        await self._ask(_STAND_BY, {**_named(candidate), "folded": folded_sequence}, make=True)
        return await self.look()

    async def leave(self, candidate: Candidate) -> None:
        """It stands by no longer; what was not heard of for a day goes with it."""
        await self._ask(_LEAVE, {"name": candidate.name})

    async def want(self, name: str) -> LeaseView:
        """Ask for a hand-over to this standby, or take the wish back."""
        await self._ask(_WANT, {"name": name})
        return await self.look()

    async def look(self) -> LeaseView:
        """Who leads and who stands by."""
        return _view(await self._ask(_LOOK, {"forgotten_s": FORGOTTEN_AFTER_S}))

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
                    raise LeaseAwayError(f"the schema {self._place.schema!r} holds no lease yet") from None
            except (Error, OSError, TimeoutError) as error:
                if not isinstance(error, errors.LockNotAvailable):
                    await self.close()
                raise LeaseAwayError(
                    f"PostgreSQL does not answer about the lease: {said(self._place, error)}"
                ) from None
        await make_tables(self._place)
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
        raise LeaseAwayError("the table of the lease is empty: start a daemon once, and it is filled")
    now, fencing, holder, http, version, since, seen_at, expires_at, wanted = rows[0][:9]
    leader = None
    if holder and expires_at is not None and expires_at > now:
        leader = _standing((holder, http, version, since, seen_at, 0))
    standbys = tuple(_standing(row[9:]) for row in rows if row[9] is not None)
    until = instant_from_datetime(expires_at) if leader is not None else None
    return LeaseView(instant_from_datetime(now), fencing, leader, until, standbys, wanted)


def _standing(columns: tuple[Any, ...]) -> Standing:
    name, http, version, since, seen_at, folded = columns
    candidate = Candidate(name, http or "", version or "")
    return Standing(candidate, instant_from_datetime(since), instant_from_datetime(seen_at), folded or 0)
