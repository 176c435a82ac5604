"""Where the journal is in PostgreSQL, and connections to it."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from typing import Any, Final

import msgspec
import psycopg

from adapters.postgres_journal.address import read_address, secrets_of
from adapters.postgres_journal.connections import LimitedConnection
from config.redaction import redacted
from config.secret import Secret

ANSWER_MARGIN_S: Final = 2
"""The server ends a statement by itself; after so much more it is as good as away."""
LOCK_TIMEOUT_S: Final = 4
"""Longer than a transaction whose owner stands still lives, so that who waits for it gets the lock."""
READING_LOCK_TIMEOUT_S: Final = 2
"""Only a change of the tables, or a LOCK TABLE, keeps a reader waiting: who looks is told so instead."""
IDLE_IN_TRANSACTION_S: Final = 2
"""A daemon that stands still within a transaction holds rows that its successor needs: the server ends it."""
NAME_BYTES_MAX: Final = 63
"""PostgreSQL cuts longer application names."""
_DIGEST_CHARACTERS: Final = 12
"""Stands at the end of a name that is cut: a daemon ends the sessions of its own name, and of no other schema's."""
_KEEPALIVE_IDLE_S: Final = 3
_KEEPALIVE_INTERVAL_S: Final = 1
_KEEPALIVES_MAX: Final = 3
"""A peer that is gone without a word is noticed within six seconds."""
_TCP_USER_TIMEOUT_MS: Final = 6_000
TRANSACTION_TIMEOUT_FROM: Final = 170_000
"""The first version of the server that knows `transaction_timeout`."""
_READ_ONLY_SIGNS: Final = ("read-only", "hot standby", "in recovery")
_SAID_CHARACTERS_MAX: Final = 400
_STATEMENT: Final = re.compile(r"LINE \d+:")


class PostgresPlace(msgspec.Struct, frozen=True):
    """One journal: a schema of a database. Raises `JournalRefusedError` for an address that is none."""

    url: Secret
    """As libpq reads it; several hosts are tried in turn until one takes writes."""
    schema: str = "solvent"
    connect_timeout_s: int = 5
    """For each host."""
    statement_timeout_s: int = 10

    def __post_init__(self) -> None:
        """No place with an unreadable address is ever made: whoever tried it would quote it."""
        read_address(self.url)

    def __str__(self) -> str:
        """For messages: without the address, which holds a password."""
        return f"in PostgreSQL, schema {self.schema}"

    @property
    def quoted_schema(self) -> str:
        """The schema's name for a statement."""
        return '"' + self.schema.replace('"', '""') + '"'


def connect(
    place: PostgresPlace, name: str = "journal", *, read_only: bool = False, primary: bool | None = None
) -> LimitedConnection:
    """A new connection in autocommit, with the schema as its search path and every wait limited.

    It blocks: call it in a thread. `name` says at the server what it is for. A session that writes, and any with
    `primary`, needs a server that takes writes. Raises `psycopg.OperationalError`, whose text holds no secret.
    """
    try:
        connection = LimitedConnection.connect(
            place.url.reveal(),
            autocommit=True,
            # Several statements go in one message: none may be prepared.
            prepare_threshold=None,
            **_parameters(place, name, primary=not read_only if primary is None else primary),
        )
    except psycopg.Error as error:
        raise psycopg.OperationalError(_refusal(place, error)) from None
    connection.answer_limit_s = place.statement_timeout_s + ANSWER_MARGIN_S
    try:
        _settle(connection, place, read_only=read_only)
    except psycopg.Error as error:
        connection.close()
        raise psycopg.OperationalError(said(place, error)) from None
    return connection


def application_name(place: PostgresPlace, name: str) -> str:
    """What the server shows of a connection."""
    whole = f"solvent {name} {place.schema}"
    if len(whole) <= NAME_BYTES_MAX:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{whole[: NAME_BYTES_MAX - len(digest) - 1]}-{digest}"


def said(place: PostgresPlace, error: BaseException) -> str:
    """What went wrong, in one line, without the address and its password."""
    known = secrets_of(place.url)
    line = _in_one_line(str(error)) or type(error).__name__
    for each in known:
        line = line.replace(each, "[redacted]")
    return redacted(line, known)[:_SAID_CHARACTERS_MAX]


def _in_one_line(text: str) -> str:
    """Sentences with a full stop between them, without the piece of our own statement and the mark below it."""
    lines = [" ".join(each.split()) for each in text.splitlines()]
    told = [each for each in lines if each and each != "^" and not _STATEMENT.match(each)]
    ended = [each if each[-1] in ".:;,?!" else f"{each}." for each in told[:-1]]
    return " ".join([*ended, *told[-1:]])


def _parameters(place: PostgresPlace, name: str, *, primary: bool) -> dict[str, Any]:
    given = read_address(place.url)
    wanted = "read-write" if primary else "any"
    return {
        "application_name": application_name(place, name),
        "connect_timeout": place.connect_timeout_s,
        "client_encoding": "UTF8",
        "keepalives": 1,
        "keepalives_idle": _KEEPALIVE_IDLE_S,
        "keepalives_interval": _KEEPALIVE_INTERVAL_S,
        "keepalives_count": _KEEPALIVES_MAX,
        "tcp_user_timeout": _TCP_USER_TIMEOUT_MS,
        "target_session_attrs": wanted if not primary else given.get("target_session_attrs", wanted),
    }


def _settle(connection: LimitedConnection, place: PostgresPlace, *, read_only: bool) -> None:
    """What holds for the session, whatever the server's or the role's defaults are."""
    settings = {
        "search_path": place.quoted_schema,
        "standard_conforming_strings": "on",
        "statement_timeout": f"{place.statement_timeout_s}s",
        "lock_timeout": f"{READING_LOCK_TIMEOUT_S if read_only else LOCK_TIMEOUT_S}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S}s",
    }
    if connection.info.server_version >= TRANSACTION_TIMEOUT_FROM:
        settings["transaction_timeout"] = f"{place.statement_timeout_s + ANSWER_MARGIN_S}s"
    if read_only:
        settings |= {"default_transaction_read_only": "on", "default_transaction_isolation": "repeatable read"}
    else:
        settings["default_transaction_isolation"] = "read committed"
    connection.execute(
        "; ".join(f"SET {name} = '{value}'" for name, value in settings.items() if name != "search_path")
        + f"; SET search_path = {place.quoted_schema}"
    )
    # Whoever is told that a group is durable must not lose it to a crash of the server.
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') IN ('off', 'local')"
    )
    with suppress(psycopg.Error):  # not every system can
        connection.execute(
            f"SET tcp_keepalives_idle = {_KEEPALIVE_IDLE_S}; SET tcp_keepalives_interval = {_KEEPALIVE_INTERVAL_S}; "
            f"SET tcp_keepalives_count = {_KEEPALIVES_MAX}; SET tcp_user_timeout = {_TCP_USER_TIMEOUT_MS}"
        )


def _refusal(place: PostgresPlace, error: psycopg.Error) -> str:
    text = said(place, error)
    if any(sign in text for sign in _READ_ONLY_SIGNS):
        return (
            f"PostgreSQL takes no writes there: it is a replica in recovery, or set to read only ({text}). Name the "
            "primary, or all hosts of the cluster in the address: the one that takes writes is found"
        )
    return text
