"""What `solvent doctor` looks at the machine and at Redis with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.examinations.machine import ClockFacts, FileFacts, Room, clock_facts, facts_of, room_at, user_id
from adapters.examinations.postgres_facts import PostgresFacts
from adapters.examinations.redis import RedisFacts
from adapters.examinations.redis import redis_facts as _redis_facts
from adapters.journal_place import place_for_reading
from adapters.redis_streams.access import RedisAccess
from adapters.secret_references import SecretMissingError, read_secret
from config.instants import Instant
from config.settings import RedisAccessSettings, Settings
from daemon.assembly.journals import packages_told
from machines.ports.journal import JournalRefusedError
from machines.ports.lease import LeaseView

if TYPE_CHECKING:
    from adapters.postgres_journal.place import PostgresPlace

__all__ = [
    "ClockFacts",
    "FileFacts",
    "PostgresFacts",
    "RedisFacts",
    "Room",
    "clock_facts",
    "facts_of",
    "journal_server_facts",
    "lease_seen",
    "redis_facts",
    "room_at",
    "secret_fault",
    "secrets_that_can_be_read",
    "user_id",
]


async def redis_facts(
    url: str, access: RedisAccessSettings, environ: Mapping[str, str], instance: str, wall: Instant
) -> RedisFacts:
    """What the Redis of this address shows to this user; raises `StreamsAwayError` and `ValueError`."""
    return await _redis_facts(url, RedisAccess(access, environ), instance, wall)


def journal_server_facts(settings: Settings, environ: Mapping[str, str]) -> PostgresFacts | None:
    """What the PostgreSQL of the journal shows; None where the journal is a file.

    Raises `JournalRefusedError` and `JournalDamagedError`.
    """
    place = _place(settings, environ)
    if place is None:
        return None
    from adapters.examinations.postgres import postgres_facts  # noqa: PLC0415 - an extra

    return postgres_facts(place)


async def lease_seen(settings: Settings, environ: Mapping[str, str]) -> LeaseView:
    """Who leads on the journal in PostgreSQL, and who stands by. Raises `LeaseAwayError` and `JournalRefusedError`."""
    place = _place(settings, environ)
    assert place is not None, "the journal is a file"
    from adapters.postgres_journal.lease import PostgresLeaseDesk  # noqa: PLC0415 - an extra

    desk = PostgresLeaseDesk(place)
    try:
        return await desk.look()
    finally:
        await desk.close()


def _place(settings: Settings, environ: Mapping[str, str]) -> PostgresPlace | None:
    """Where the journal is; None where it is a file. Raises `JournalRefusedError`."""
    noted, journal = place_for_reading(Path(settings.state_dir)), settings.journal
    reference = noted.url if noted is not None else journal.url
    if not reference:
        return None
    with packages_told():
        from adapters.postgres_journal.place import PostgresPlace  # noqa: PLC0415 - an extra
    try:
        url = read_secret(reference, environ)
    except SecretMissingError as missing:
        raise JournalRefusedError(f"journal.url: {missing}") from missing
    schema = journal.schema if noted is None else noted.schema
    return PostgresPlace(url, schema, journal.connect_timeout_s, journal.statement_timeout_s)


def secret_fault(reference: str, environ: Mapping[str, str]) -> str:
    """Why the secret cannot be read from where the settings say it is; "" where it can. Never the secret."""
    try:
        read_secret(reference, environ)
    except SecretMissingError as missing:
        return str(missing)
    return ""


def secrets_that_can_be_read(references: Iterable[str], environ: Mapping[str, str]) -> Iterator[str]:
    """The secrets themselves, to be taken out of a text; those that cannot be read are passed over."""
    for reference in references:
        try:
            yield read_secret(reference, environ).reveal()
        except SecretMissingError:
            continue
