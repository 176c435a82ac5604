"""The one place that knows adapters: it chooses them and hands them to those who know only ports."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from adapters.clocks import AcceleratedClock, SystemClock
from adapters.costs import cost_readers
from adapters.logs import configure_logs
from adapters.metrics import PrometheusText
from adapters.payments_csv import PaymentsFile, UnreadableFileError, write_payments_csv
from adapters.provisioners.dial import RedisDialBoard
from adapters.provisioners.registry import (
    KINDS,
    ProvisionerUnavailableError,
    Surroundings,
    observer_for,
    preflight_of,
    provisioner_for,
)
from adapters.redis_server import EmbeddedRedis, EmbeddedRedisError
from adapters.redis_streams import CommandSender, PaymentsSender, RedisStreams
from adapters.redis_streams.names import url_without_password
from adapters.sqlite_journal import JOURNAL_NAME, JournalLimits, ReadOnlyJournal, SqliteJournal
from adapters.state_directory import HeldError, Holder, RunFacts, StateDirectory, current_holder, read_run_facts
from config.instants import Instant, instant_text
from config.plan import Plan
from config.settings import EMBEDDED, Settings
from daemon.roots.http import check_address
from daemon.running import Ports
from machines.ports.clock import Clock
from machines.ports.costs import CostReader
from machines.ports.journal import JournalDamagedError, JournalRefusedError
from machines.ports.provisioner import Observer, Provisioner, Resource
from machines.ports.retained import BrokerUnusableError, RetainedBroker
from machines.state.whole import FOLD_VERSION

__all__ = [
    "PaymentsFile",
    "PaymentsSender",
    "RunFacts",
    "UnreadableFileError",
    "read_payments_csv",
    "write_payments_csv",
]

CannotStart = (
    HeldError,
    EmbeddedRedisError,
    JournalDamagedError,
    JournalRefusedError,
    ProvisionerUnavailableError,
    BrokerUnusableError,
)
"""What keeps a daemon from starting; each message says what to do."""


Adapter = TypeVar("Adapter")


PREFLIGHT_LIMIT_S = 60
"""So long the check of one kind may take."""
GROUP_EVENTS_MAX = 200_000
"""What one read of a stream can come to: every entry rejected, or twelve corrections of each."""


class Unreached(msgspec.Struct, frozen=True):
    """One thing that keeps components of a kind from being reached, and what to do about it."""

    kind: str
    components: tuple[str, ...]
    sentence: str


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


@asynccontextmanager
async def installed(settings: Settings, clock: Clock) -> AsyncIterator[Installation]:
    """Hold the state directory, start the embedded Redis where it is wished, open the journal; let go in reverse.

    Raises `HeldError` naming the holder, `OSError` for an HTTP address that is taken, `EmbeddedRedisError`,
    `JournalDamagedError`, `JournalRefusedError`, and `ProvisionerUnavailableError` where the packages of a bill's
    reader are missing.
    """
    path = Path(settings.state_dir)
    for reader in cost_readers(settings.costs, os.environ, clock):
        await reader.close()  # its packages are there: better missed now than by tomorrow's bill
    with StateDirectory.hold(path, instance=settings.instance, since=clock.wall()) as directory:
        # Not before: who starts the same daemon twice is to read that it runs, not that its address is taken.
        check_address(settings.http_host, settings.http_port)
        embedded = EmbeddedRedis(path) if settings.redis == EMBEDDED else None
        url = settings.redis if embedded is None else await embedded.start()
        try:
            journal = await SqliteJournal.open(
                path / JOURNAL_NAME,
                clock=clock,
                fold_version=FOLD_VERSION,
                limits=JournalLimits(
                    group_events_max=GROUP_EVENTS_MAX,
                    snapshots_kept=settings.journal.snapshots_kept,
                    busy_timeout_ms=settings.journal.busy_timeout_ms,
                    retention_days=settings.journal.retention_days,
                ),
            )
            streams = RedisStreams(url, settings.instance)
            surroundings = _surroundings(settings, clock, url)
            observers, provisioners = _Adapters(observer_for, surroundings), _Adapters(provisioner_for, surroundings)
            try:
                yield Installation(
                    ports=_ports(settings, clock, journal, streams, surroundings, adapters=(observers, provisioners)),
                    redis_url=url_without_password(url),
                    warnings=(
                        *journal.opening.warnings,
                        *((embedded.warning,) if embedded and embedded.warning else ()),
                    ),
                    write_run_facts=lambda http: directory.write_run_facts(
                        RunFacts(os.getpid(), settings.instance, http, url_without_password(url))
                    ),
                    preflight=lambda plan: _preflight(plan, _surroundings(settings, clock, url)),
                    cost_readers=lambda: cost_readers(settings.costs, os.environ, clock),
                )
            finally:
                for adapter in (*observers.constructed, *provisioners.constructed):
                    await adapter.close()
                await streams.close()
                await journal.close()
        finally:
            if embedded is not None:
                await embedded.stop()


def metrics_page(read: Callable[[], Iterable[Any]]) -> Callable[[], bytes]:
    """The page of the metric families that `read` gives at each scrape."""
    return PrometheusText(read).render


def log_to_stderr(clock: Clock) -> None:
    """One JSON object a line on standard error, or a readable line where that is a terminal."""
    configure_logs(timestamp=lambda: instant_text(clock.wall()))


def log_into(out: BinaryIO) -> None:
    """One JSON object a line into a file, for a command whose screen is for something else."""
    configure_logs(timestamp=lambda: instant_text(SystemClock().wall()), human=False, out=out)


def accelerated_clock(origin: Instant, factor: float) -> AcceleratedClock:
    """A clock that starts at `origin` and that its owner moves forward."""
    return AcceleratedClock(origin, factor)


def clock_from(as_of: Instant | None) -> Clock:
    """The machine's clock, or one that starts at `as_of` and runs at the same speed."""
    return SystemClock() if as_of is None else AcceleratedClock(as_of, 1)


class _Adapters(Mapping[str, Adapter]):
    """The adapters by kind, each constructed when it is first used and never before."""

    def __init__(self, construct: Callable[[str, Surroundings], Adapter], surroundings: Surroundings) -> None:
        self._construct = construct
        self._surroundings = surroundings
        self._constructed: dict[str, Adapter] = {}

    def __getitem__(self, kind: str) -> Adapter:
        if kind not in KINDS:
            raise KeyError(kind)
        if kind not in self._constructed:
            self._constructed[kind] = self._construct(kind, self._surroundings)
        return self._constructed[kind]

    @property
    def constructed(self) -> tuple[Adapter, ...]:
        """Those that were used so far."""
        return tuple(self._constructed.values())

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


async def preflight(plan: Plan, settings: Settings, clock: Clock) -> tuple[Unreached, ...]:
    """What keeps the plan's components from being reached as things stand: credentials, packages, rights; () is well.

    It looks and changes nothing, and asks each kind that the plan uses once. What is in an embedded Redis is looked
    for in that of the daemon that runs on the state directory.
    """
    surroundings = _surroundings(settings, clock)
    facts = run_facts(settings.state_dir) if settings.redis == EMBEDDED else None
    if facts is not None:
        surroundings = msgspec.structs.replace(surroundings, redis_url=facts.redis, instance=facts.instance)
    return await _preflight(plan, surroundings)


async def _preflight(plan: Plan, surroundings: Surroundings) -> tuple[Unreached, ...]:
    used: dict[str, list[Resource]] = {}
    for component in plan.components.values():
        if not component.host:
            resource = Resource(plan.id, component.id, component.options, stateful=component.stateful)
            used.setdefault(component.provisioner, []).append(resource)
    found: list[Unreached] = []
    for kind, resources in used.items():
        try:
            async with asyncio.timeout(PREFLIGHT_LIMIT_S):
                sentences = await preflight_of(kind, resources, surroundings)
        except TimeoutError:
            sentences = (
                f"the check of {kind} did not end within {PREFLIGHT_LIMIT_S} s: see that its provider answers",
            )
        components = tuple(resource.component for resource in resources)
        found += [Unreached(kind, components, sentence) for sentence in sentences]
    return tuple(found)


def _surroundings(settings: Settings, clock: Clock, redis_url: str = "") -> Surroundings:
    chance = random.SystemRandom()
    url = redis_url or ("" if settings.redis == EMBEDDED else settings.redis)
    return Surroundings(Path(settings.state_dir), clock, chance.randrange, os.environ, url, settings.instance)


def _ports(
    settings: Settings,
    clock: Clock,
    journal: SqliteJournal,
    streams: RedisStreams,
    surroundings: Surroundings,
    *,
    adapters: tuple[Mapping[str, Observer], Mapping[str, Provisioner]],
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
        retained=_retained(settings, clock),
        dial_board=lambda: RedisDialBoard(surroundings.redis_url, surroundings.instance, clock),
    )


def _retained(settings: Settings, clock: Clock) -> Callable[[], RetainedBroker] | None:
    """The MQTT broker of the settings; None where they name none. Raises `BrokerUnusableError`."""
    if not settings.mqtt.url:
        return None
    try:
        from adapters.mqtt.retained import retained_broker  # noqa: PLC0415 - an extra, imported where it is wished
    except ModuleNotFoundError as missing:
        raise BrokerUnusableError(
            f"mqtt.url needs the package {missing.name}: pip install 'solvent[mqtt]'"
        ) from missing
    broker = retained_broker(settings.mqtt, settings.instance, clock, random.SystemRandom().randrange, os.environ)
    return lambda: broker


@asynccontextmanager
async def observers_of(state_dir: str, clock: Clock) -> AsyncIterator[Mapping[str, Observer]]:
    """What can look at a daemon's components, with the environment of whoever asks; nothing here can change anything.

    Asked for a kind that is not installed, it raises `ProvisionerUnavailableError`.
    """
    facts, chance = run_facts(state_dir), random.SystemRandom()
    surroundings = Surroundings(Path(state_dir), clock, chance.randrange, os.environ)
    if facts is not None:
        surroundings = msgspec.structs.replace(surroundings, redis_url=facts.redis, instance=facts.instance)
    observers = _Adapters(observer_for, surroundings)
    try:
        yield observers
    finally:
        for observer in observers.constructed:
            await observer.close()


def read_payments_csv(path: str) -> PaymentsFile:
    """The payments of a file (`-` is standard input); iterating it raises `UnreadableFileError`."""
    return PaymentsFile(path)


def open_journal_for_reading(state_dir: str) -> ReadOnlyJournal:
    """The journal of a state directory, beside its daemon or without one; nothing is made or changed.

    Raises `FileNotFoundError` where there is none, `JournalDamagedError` and `JournalRefusedError`.
    """
    return ReadOnlyJournal.open(Path(state_dir) / JOURNAL_NAME, fold_version=FOLD_VERSION)


def run_facts(state_dir: str) -> RunFacts | None:
    """Where the daemon of this state directory is found; None where none runs or it is not ready."""
    return read_run_facts(Path(state_dir))


def holder_of(state_dir: str) -> Holder | None:
    """The process that holds the state directory, also while it starts or stops; None where nobody does."""
    return current_holder(Path(state_dir))


def payments_sender(url: str, instance: str) -> PaymentsSender:
    """Whoever wants to send payments to an instance; raises `ValueError` for an unusable URL."""
    return PaymentsSender(url, instance)


def command_sender(url: str, instance: str) -> CommandSender:
    """Whoever wants to command an instance's daemon; raises `ValueError` for an unusable URL."""
    return CommandSender(url, instance)
