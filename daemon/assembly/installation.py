"""One daemon's own installation: the state directory, Redis, the journal, and the ports over them."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from adapters.clocks import SystemClock
from adapters.costs import cost_readers
from adapters.journal_place import require_place
from adapters.processes.watching import watch_ends_without_threads
from adapters.provisioners.dial import RedisDialBoard
from adapters.provisioners.registry import (
    Surroundings,
    observer_for,
    provisioner_for,
)
from adapters.redis_server import EmbeddedRedis, EmbeddedRedisError
from adapters.redis_streams import RedisAccess, RedisStreams
from adapters.redis_streams.names import url_without_password
from adapters.sqlite_journal import JOURNAL_NAME, JournalLimits, SqliteJournal
from adapters.state_directory import RunFacts, StateDirectory
from config.extras import install_hint
from config.plan import Plan
from config.settings import EMBEDDED, Settings
from daemon.assembly.channels import channels_of
from daemon.assembly.leading import note_run_facts, noted_or_closed, postgres_place
from daemon.assembly.owners import refuse_foreign_keys
from daemon.assembly.provisioners import AdaptersByKind, Unreached, preflight_in, surroundings_of
from daemon.assembly.sources import PaymentSources, sources_of
from daemon.ports import Ports
from daemon.roots.embedded_redis import EmbeddedServer
from daemon.roots.gate import OwnedByAnotherError
from daemon.roots.http import check_address
from daemon.roots.notifications import OpenChannel
from machines.ports.clock import Clock
from machines.ports.costs import CostReader
from machines.ports.lease import Alone, Leadership
from machines.ports.provisioner import Observer, Provisioner
from machines.ports.retained import BrokerUnusableError, RetainedBroker
from machines.state.whole import FOLD_VERSION

if TYPE_CHECKING:
    from adapters.postgres_journal import PostgresJournal

LOST_CLOSE_S: Final = 1.0
GROUP_EVENTS_MAX = 200_000
"""What one read of a stream can come to: every entry rejected, or twelve corrections of each."""


class Installation(msgspec.Struct, frozen=True):
    """Everything that one daemon holds while it runs."""

    ports: Ports
    redis_url: str
    warnings: tuple[str, ...]
    """What the operator must be told about this set-up."""
    write_run_facts: Callable[[str], None]
    """Says where the daemon is found, given the URL of its HTTP endpoint."""
    preflight: Callable[[Plan], Awaitable[tuple[Unreached, ...]]]
    """What keeps the plan's components from being reached, by the Redis that this daemon holds."""
    cost_readers: Callable[[], Sequence[CostReader]]
    """Constructs the readers of bills that the settings switch on; raises `ProvisionerUnavailableError`."""
    channels: Callable[[], Sequence[OpenChannel]]
    """Constructs the ways to tell somebody; raises `ChannelUnusableError`."""
    embedded: EmbeddedServer | None = None
    """The Redis in the state directory; None where the settings name another."""


@asynccontextmanager
async def installed(
    settings: Settings,
    clock: Clock,
    *,
    leadership: Leadership = Alone(),  # noqa: B008 - it has no state
    held: StateDirectory | None = None,
) -> AsyncIterator[Installation]:
    """Hold the state directory, start the embedded Redis where it is wished, open the journal; let go in reverse.

    `held` is the directory where it is held already, by who waited for the lead. Raises `HeldError` naming the holder,
    `OSError` for an HTTP address that is taken, `EmbeddedRedisError`, `JournalDamagedError`, `JournalRefusedError`,
    `JournalFencedError`, `OwnedByAnotherError`, and `ProvisionerUnavailableError` where the packages of a bill's reader
    are missing.
    """
    path = Path(settings.state_dir)
    watch_ends_without_threads()
    for reader in cost_readers(settings.costs, os.environ, clock):
        await reader.close()  # its packages are there: better missed now than by tomorrow's bill
    channels_of(settings, clock, os.environ)  # their packages and secrets are there: better missed now than at night
    sources = sources_of(settings, clock, os.environ)
    async with AsyncExitStack() as holding:
        directory = held or holding.enter_context(
            StateDirectory.hold(path, instance=settings.instance, since=clock.wall())
        )
        # Not before: who starts the same daemon twice is to read that it runs, not that its address is taken.
        check_address(settings.http_host, settings.http_port)
        if sources.posted:
            check_address(*settings.receiving.address, "receiving.http")
        embedded = EmbeddedRedis(path) if settings.redis == EMBEDDED else None
        url = settings.redis if embedded is None else await embedded.start()
        try:
            journal = await _opened_journal(path, settings, clock, leadership.fencing)
            streams = RedisStreams(url, settings.instance, access=RedisAccess(settings.redis_access, os.environ))
            surroundings = surroundings_of(settings, clock, url)
            observers, provisioners = (
                AdaptersByKind(observer_for, surroundings),
                AdaptersByKind(provisioner_for, surroundings),
            )
            try:
                yield Installation(
                    ports=_ports(
                        settings,
                        clock,
                        journal,
                        streams,
                        surroundings,
                        adapters=(observers, provisioners),
                        sources=sources,
                        leadership=leadership,
                    ),
                    redis_url=url_without_password(url),
                    warnings=(
                        *journal.opening.warnings,
                        *((embedded.warning,) if embedded and embedded.warning else ()),
                    ),
                    write_run_facts=lambda http: note_run_facts(directory, _facts(settings, http, url)),
                    preflight=lambda plan: preflight_in(plan, surroundings_of(settings, clock, url)),
                    cost_readers=lambda: cost_readers(settings.costs, os.environ, clock),
                    channels=lambda: channels_of(settings, clock, os.environ),
                    embedded=None if embedded is None else _kept(embedded),
                )
            finally:
                for adapter in (*observers.constructed, *provisioners.constructed):
                    await adapter.close()
                await sources.close()
                await streams.close()
                await _closed(journal, leadership)
        finally:
            if embedded is not None:
                await embedded.stop()


async def _opened_journal(
    path: Path, settings: Settings, clock: Clock, fencing: int
) -> SqliteJournal | PostgresJournal:
    require_place(path, settings.journal)
    limits = JournalLimits(
        group_events_max=GROUP_EVENTS_MAX,
        snapshots_kept=settings.journal.snapshots_kept,
        busy_timeout_ms=settings.journal.busy_timeout_ms,
        retention_days=settings.journal.retention_days,
        unknown_outcome_s=settings.journal.unknown_outcome_s,
    )
    if not settings.journal.url:
        return await SqliteJournal.open(path / JOURNAL_NAME, clock=clock, fold_version=FOLD_VERSION, limits=limits)
    from adapters.postgres_journal import PostgresJournal  # noqa: PLC0415 - an extra, imported where it is wished

    place = postgres_place(settings)
    journal = await PostgresJournal.open(
        place, clock=clock, fold_version=FOLD_VERSION, limits=limits, fencing=fencing, random_bytes=os.urandom
    )
    try:
        await refuse_foreign_keys(settings, journal.identity.journal_id)
    except OwnedByAnotherError:
        await journal.close()
        raise
    return await noted_or_closed(journal, path, settings)


async def _closed(journal: SqliteJournal | PostgresJournal, leadership: Leadership) -> None:
    """A daemon that lost the lead has nothing to finish, and must not wait for a store that it cannot reach."""
    with suppress(TimeoutError):
        async with asyncio.timeout(None if leadership.leads() else LOST_CLOSE_S):
            await journal.close()


def _facts(settings: Settings, http: str, url: str) -> RunFacts:
    return RunFacts(os.getpid(), settings.instance, http, url_without_password(url), settings.commands.principals)


def _kept(embedded: EmbeddedRedis) -> EmbeddedServer:
    async def start_again() -> str:
        try:
            await embedded.start_again()
        except EmbeddedRedisError as error:
            return str(error)
        return ""

    return EmbeddedServer(embedded.has_ended, start_again)


def _ports(
    settings: Settings,
    clock: Clock,
    journal: SqliteJournal | PostgresJournal,
    streams: RedisStreams,
    surroundings: Surroundings,
    *,
    adapters: tuple[Mapping[str, Observer], Mapping[str, Provisioner]],
    sources: PaymentSources,
    leadership: Leadership,
) -> Ports:
    observers, provisioners = adapters
    chance = random.SystemRandom()
    return Ports(
        clock=clock,
        journal=journal,
        streams=streams,
        observers=observers,
        provisioners=provisioners,
        customer_key=journal.customer_key,
        jitter=lambda: chance.uniform(0.5, 1.5),
        stamped_now=SystemClock().wall,
        sources=sources.asked,
        receivers=sources.posted,
        retained=_retained(settings, clock),
        dial_board=lambda: RedisDialBoard(
            surroundings.redis_url, surroundings.instance, clock, surroundings.redis_access
        ),
        leadership=leadership,
    )


def _retained(settings: Settings, clock: Clock) -> Callable[[], RetainedBroker] | None:
    """The MQTT broker of the settings; None where they name none. Raises `BrokerUnusableError`."""
    if not settings.mqtt.url:
        return None
    try:
        from adapters.mqtt.retained import retained_broker  # noqa: PLC0415 - an extra, imported where it is wished
    except ModuleNotFoundError as missing:
        raise BrokerUnusableError(f"mqtt.url needs the package {missing.name}: {install_hint('mqtt')}") from missing
    broker = retained_broker(settings.mqtt, settings.instance, clock, random.SystemRandom().randrange, os.environ)
    return lambda: broker
