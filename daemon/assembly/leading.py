"""What a daemon needs to lead one of several: the desk of the lease, the followed journal, and who it is."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
import structlog

from adapters.clocks import boot_time_s
from adapters.journal_place import (
    PLACE_NAME,
    address_of,
    note_opened,
    noted_place,
    package_missing,
    place_for_reading,
    require_place,
)
from adapters.redis_streams.names import url_without_password
from adapters.secret_references import SecretMissingError, read_secret
from adapters.state_directory import RUN_FACTS_NAME, RunFacts, StateDirectory, directory_fault
from config.plan import Plan
from config.settings import Settings
from daemon.assembly.command_line import metrics_page
from daemon.assembly.owners import refuse_foreign_keys
from daemon.leading.leading import Waiting
from daemon.standing_by import StandingBy
from machines.ports.clock import Clock
from machines.ports.journal import Journal, JournalRefusedError
from machines.ports.lease import Candidate, LeaseAwayError, LeaseDesk
from machines.state.whole import FOLD_VERSION

FOLLOW_CONNECT_S: Final = 2
"""How long PostgreSQL may take to let a standby in: after a fail-over another host has the journal."""
FOLLOW_STATEMENT_S: Final = 2
"""How long one reading of a standby may take: a thousand events, or one part of a snapshot, which is 1 MiB."""
Opened = TypeVar("Opened", bound=Journal)
if TYPE_CHECKING:
    from adapters.postgres_journal.place import PostgresPlace


def postgres_place(settings: Settings) -> PostgresPlace:
    """Where the settings put the journal; raises `JournalRefusedError` where that cannot be used."""
    try:
        from adapters.postgres_journal.place import PostgresPlace  # noqa: PLC0415 - an extra, where it is wished
    except ImportError as missing:
        raise JournalRefusedError(f"journal.url: {package_missing(missing)}") from missing
    try:
        url = read_secret(settings.journal.url, os.environ)
    except SecretMissingError as missing:
        raise JournalRefusedError(f"journal.url: {missing}") from missing
    limits = settings.journal
    return PostgresPlace(url, limits.schema, limits.connect_timeout_s, limits.statement_timeout_s)


async def noted_or_closed(journal: Opened, path: Path, settings: Settings) -> Opened:
    """Remember in the state directory where a journal is that was just opened; raises `JournalRefusedError`."""
    try:
        note_opened(path, settings.journal, journal.identity.journal_id)
    except JournalRefusedError:
        await journal.close()
        raise
    except OSError as error:
        await journal.close()
        raise JournalRefusedError(
            f"where the journal is could not be noted in {path / PLACE_NAME}: {error.strerror or error}. The state "
            "directory must be there, writable for this user, with room"
        ) from error
    return journal


def note_run_facts(directory: StateDirectory, facts: RunFacts) -> None:
    """Say where this daemon is found. It serves without that: whoever looks for it by the state directory does not."""
    try:
        directory.write_run_facts(facts)
    except OSError as error:
        text = f"{directory.path / RUN_FACTS_NAME}: {error.strerror or error}; commands do not find this daemon by it"
        structlog.get_logger("service").warning("set_up_warning", text=text)


@contextmanager
def held_directory(settings: Settings, clock: Clock) -> Iterator[StateDirectory]:
    """Hold the state directory; raises `HeldError` and `OSError`."""
    with StateDirectory.hold(Path(settings.state_dir), instance=settings.instance, since=clock.wall()) as directory:
        yield directory


@asynccontextmanager
async def lease_desk(settings: Settings) -> AsyncIterator[LeaseDesk]:
    """The desk where this journal's lease is taken, with its tables where the server answers."""
    place = postgres_place(settings)
    from adapters.postgres_journal.lease import PostgresLeaseDesk  # noqa: PLC0415 - an extra, where it is wished

    known = partial(known_journal, Path(settings.state_dir))
    desk = PostgresLeaseDesk(place, call_timeout_s=settings.lease.renew_every_s, makes_tables=True, known=known)
    try:
        yield desk
    finally:
        await desk.close()


def lease_desk_beside(state_dir: str) -> LeaseDesk | None:
    """The desk of a state directory's journal; None where that is in the directory. Raises `JournalRefusedError`."""
    folder = Path(state_dir)
    noted = place_for_reading(folder)
    if noted is None:
        return None
    from adapters.postgres_journal.lease import PostgresLeaseDesk  # noqa: PLC0415 - an extra, where it is wished
    from adapters.postgres_journal.place import PostgresPlace  # noqa: PLC0415 - an extra, where it is wished

    return PostgresLeaseDesk(PostgresPlace(address_of(noted, folder, os.environ), noted.schema))


async def made_tables(settings: Settings) -> None:
    """Make the tables of an empty database; a server that does not answer is asked again later.

    Raises `JournalDamagedError` for a schema that holds something else, `JournalRefusedError` where the state directory
    knows another place or another journal, and `OwnedByAnotherError` where a second journal would be begun.
    """
    from adapters.postgres_journal.making import make_tables, would_begin  # noqa: PLC0415 - an extra

    path = Path(settings.state_dir)
    require_place(path, settings.journal)
    place, known = postgres_place(settings), known_journal(path)
    with suppress(LeaseAwayError):
        if await would_begin(place, known):
            await refuse_foreign_keys(settings, journal_id="")
        for mended in await make_tables(place, known):
            structlog.get_logger("service").warning("set_up_warning", text=mended)


def known_journal(path: Path) -> str:
    """The journal in PostgreSQL that a state directory knows; empty where it knows none, or cannot tell."""
    with suppress(JournalRefusedError):
        noted = noted_place(path)
        return "" if noted is None else noted.journal_id
    return ""


def waiting_for_lead(
    settings: Settings, desk: LeaseDesk, directory: StateDirectory, read_plan: Callable[[], Plan]
) -> Waiting:
    """What a wait for the lead needs of the world."""
    chance = random.SystemRandom()

    def found_at(http: str) -> None:
        redis = url_without_password(settings.redis)
        facts = RunFacts(os.getpid(), settings.instance, http, redis, settings.commands.principals)
        note_run_facts(directory, facts)

    return Waiting(
        desk=desk,
        candidate=_candidate,
        standing_by=lambda candidate: StandingBy(
            desk,
            candidate,
            settings,
            open_journal=lambda: _followed(settings),
            page_of=metrics_page,
            now_s=boot_time_s,
            jitter=lambda: chance.uniform(0.5, 1.5),
            found_at=found_at,
            read_plan=read_plan,
            place_fault=lambda: directory_fault(Path(settings.state_dir)),
        ),
        now_s=boot_time_s,
    )


def _candidate() -> Candidate:
    name = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
    return Candidate(name, version=version("solvent"))


async def _followed(settings: Settings) -> Journal:
    """The journal of the daemon that leads, opened for reading; raises as `Following` expects."""
    from adapters.postgres_journal import FollowedPostgresJournal  # noqa: PLC0415 - an extra, where it is wished

    path = Path(settings.state_dir)
    require_place(path, settings.journal)
    whole = postgres_place(settings)
    # A server that does not answer is looked for anew soon: after a fail-over another host has the journal.
    place = msgspec.structs.replace(whole, connect_timeout_s=FOLLOW_CONNECT_S, statement_timeout_s=FOLLOW_STATEMENT_S)
    journal = await asyncio.to_thread(FollowedPostgresJournal.open, place, fold_version=FOLD_VERSION)
    return await noted_or_closed(journal, path, settings)
