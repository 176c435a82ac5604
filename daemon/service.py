"""One daemon as a service: everything started in order, and stopped in the reverse order when asked."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Any

import msgspec
import structlog

from config.errors import PlanError
from config.loading import load_plan
from config.plan import Plan
from config.settings import Settings
from daemon.assembly import Installation, installed, metrics_page
from daemon.assembly.backups_known import backups_known
from daemon.assembly.leading import held_directory, lease_desk, made_tables, waiting_for_lead
from daemon.kernel import StopReport
from daemon.leading.following import Following
from daemon.leading.held import HeldLease, LeadLostError
from daemon.leading.leading import lead_when_free
from daemon.leading.looking_again import look_again
from daemon.roots.audit import Audit
from daemon.roots.backup_conditions import backup_conditions
from daemon.roots.costs import CostsRoot, CostTimes
from daemon.roots.embedded_redis import EMBEDDED_REDIS, EmbeddedRedisRoot
from daemon.roots.gate import Gate
from daemon.roots.http import check_address
from daemon.roots.notifications import NOTIFICATIONS, Notifications
from daemon.roots.receiving import RECEIVING, Receiving
from daemon.running import Daemon
from daemon.source_failing import failures_noted_by
from daemon.source_settings import receiving_limits
from daemon.telemetry.attached import Address, Telemetry, attach_log, say_opening, say_resuming, say_stopping
from daemon.telemetry.backup_samples import backup_samples
from daemon.telemetry.lease_samples import leader_samples
from daemon.telemetry.log_samples import left_out_samples
from daemon.telemetry.notification_samples import notification_samples
from machines.events import Mode
from machines.ports.clock import Clock
from machines.ports.streams import StreamsAwayError


class Serving(msgspec.Struct, frozen=True):
    """A daemon that is up: what there is to tell about it."""

    daemon: Daemon
    installation: Installation
    http_url: str


async def serve(
    settings: Settings,
    clock: Clock,
    *,
    stop: asyncio.Event,
    ready: Callable[[Serving], None],
    read_plan: Callable[[], Plan] | None = None,
    logged: bool = True,
    left_out: Mapping[str, int] | None = None,
) -> StopReport:
    """Run one daemon until `stop` is set or it cannot go on; `read_plan` reads another plan than the settings name.

    Where the journal is in PostgreSQL it takes the lead first, or stands by for it.

    `ready` is told once the daemon serves. `logged` False keeps its events out of the log. `left_out` counts the lines
    that the log left out, by event.
    Raises what keeps it from starting (`PlanError`, `HeldError`, `OwnedByAnotherError`, `JournalDamagedError`,
    `LeadTakenError`, ...), or what ended it: `LeadLostError`, ...
    """
    read_plan = read_plan or partial(load_plan, settings.plan)
    plan = read_plan()
    say_opening()
    service = _Service(clock, stop, ready, read_plan, logged, left_out)
    if not settings.journal.url:
        async with installed(settings, clock) as installation:
            return await service.run(settings, plan, installation)
    with held_directory(settings, clock) as directory:
        check_address(settings.http_host, settings.http_port)
        async with lease_desk(settings) as desk:
            await made_tables(settings)

            async def lead(lease: HeldLease, following: Following | None, http_port: int) -> StopReport:
                there = msgspec.structs.replace(settings, http=f"{settings.http.rpartition(':')[0]}:{http_port}")
                newest = _read_again(read_plan, plan)
                async with installed(there, clock, leadership=lease, held=directory) as installation:
                    return await service.run(there, newest, installation, lease, following)

            waiting = waiting_for_lead(settings, desk, directory, read_plan)
            return await lead_when_free(settings, waiting, stop, lead)


def _read_again(read_plan: Callable[[], Plan], plan: Plan) -> Plan:
    """The plan may have changed while this daemon stood by; one that cannot be read must not cost the takeover."""
    try:
        return read_plan()
    except PlanError as error:
        structlog.get_logger("service").warning(
            "set_up_warning", text=f"the plan as read at the start is used: {error}"
        )
        return plan


class _Service(msgspec.Struct, frozen=True):
    """What one daemon is told by whoever runs it."""

    clock: Clock
    stop: asyncio.Event
    ready: Callable[[Serving], None]
    read_plan: Callable[[], Plan]
    logged: bool
    left_out: Mapping[str, int] | None

    async def run(
        self,
        settings: Settings,
        plan: Plan,
        installation: Installation,
        lease: HeldLease | None = None,
        following: Following | None = None,
    ) -> StopReport:
        """From the resume to the stop."""
        daemon = Daemon(
            installation.ports,
            settings,
            plan=plan,
            read_plan=self.read_plan,
            mode=None if settings.mode is None else Mode(settings.mode.value),
            holder=f"process {os.getpid()} on {socket.gethostname()}, state directory {settings.state_dir}",
            version=version("solvent"),
        )
        warm = None if following is None else await following.state_for(installation.ports.journal)
        await daemon.resume(attach_log if self.logged else None, say_resuming, warm=warm)
        try:
            await _refuse_foreign_keys(daemon.gate)
            daemon.begin()
            daemon.kernel.tasks.start(_tell_unreached(plan, installation), name="preflight", owner="service")
            telemetry = _watch(daemon, settings, installation, self._announcing(lease))
            if self.left_out is not None:
                telemetry.metrics.readers.append(partial(left_out_samples, self.left_out))
            if lease is not None:
                telemetry.metrics.readers.append(partial(leader_samples, lease, settings.lease.ttl_s))
            await _until(self.stop, daemon, lease)
        finally:
            say_stopping()
            report = await daemon.stop(lost=lease is not None and not lease.leads())
            structlog.get_logger("service").info("daemon_stopped", abandoned=",".join(report.abandoned))
        return report

    def _announcing(self, lease: HeldLease | None) -> Callable[[Serving], None]:
        def announce(serving: Serving) -> None:
            if lease is not None:
                lease.found_at(serving.http_url)
            self.ready(serving)

        return announce


async def _tell_unreached(plan: Plan, installation: Installation) -> None:
    """Say what the plan cannot reach; the daemon runs meanwhile, for what is not reached may not be needed yet."""
    for unreached in await installation.preflight(plan):
        structlog.get_logger("service").error(
            "preflight_failed",
            kind=unreached.kind,
            components=",".join(unreached.components),
            reason=unreached.sentence,
        )


def _watch(
    daemon: Daemon, settings: Settings, installation: Installation, ready: Callable[[Serving], None]
) -> Telemetry:
    """Serve the endpoints; the daemon is announced once it is known where they are."""

    def announce(url: str) -> None:
        installation.write_run_facts(url)
        daemon.about.update(pid=str(os.getpid()), http=url)
        if not announced:
            announced.append(url)
            ready(Serving(daemon, installation, url))

    announced: list[str] = []
    telemetry = Telemetry(daemon, page_of=metrics_page, version=version("solvent"))
    telemetry.start_http(Address(settings.http_host, settings.http_port), announce)
    telemetry.start_watchdog()
    audit = Audit(recorder=daemon.recorder, every_s=settings.health.audit_every_s)
    daemon.start_root("audit", audit.run)
    _receive(daemon, settings)
    wall = daemon.ports.clock.wall
    telemetry.metrics.readers.append(lambda: backup_samples(backups_known(settings.state_dir), wall()))
    times = CostTimes(settings.health.check_every_s, settings.costs.read_every_s, settings.costs.retry_every_s)
    costs = CostsRoot(
        recorder=daemon.recorder, actuator=daemon.actuator, times=times, readers=installation.cost_readers
    )
    daemon.start_root("costs", costs.run)
    if installation.embedded is not None:
        daemon.start_root(EMBEDDED_REDIS, EmbeddedRedisRoot(installation.embedded).run)
    if settings.channels:
        notifications = Notifications(
            recorder=daemon.recorder,
            channels=installation.channels,
            settings=settings.notifications,
            instance=settings.instance,
            jitter=daemon.ports.jitter,
            others=lambda: backup_conditions(backups_known(settings.state_dir), settings.backup, wall()),
        )
        daemon.start_root(NOTIFICATIONS, notifications.run)
        told = daemon.recorder.state.notifications
        telemetry.metrics.readers.append(partial(notification_samples, told, tuple(settings.channels)))
    return telemetry


def _receive(daemon: Daemon, settings: Settings) -> None:
    """Take posts, where there is a source that posts."""
    receivers = {each.name: each for each in daemon.ports.receivers}
    if not receivers:
        return
    host, port = settings.receiving.address
    receiving = Receiving(
        host=host,
        port=port,
        receivers=receivers,
        asks={name: each.ask_now for name, each in daemon.source_roots.items()},
        kernel=daemon.kernel,
        clock=daemon.ports.clock,
        limits=receiving_limits(settings),
        failing=failures_noted_by(daemon.recorder),
    )
    daemon.start_root(RECEIVING, receiving.run, finishes=True)


async def _refuse_foreign_keys(gate: Gate) -> None:
    """A second daemon on the same instance name must not start; an unreachable Redis is waited for instead.

    Raises `OwnedByAnotherError`.
    """
    try:
        await gate.enter()
    except StreamsAwayError:
        return


async def _until(stop: asyncio.Event, daemon: Daemon, lease: HeldLease | None) -> None:
    """Until a stop or a hand-over is asked for; raises what ends the daemon, `LeadLostError` among it."""
    tasks, owner = daemon.kernel.tasks, "service"
    ends: set[asyncio.Future[Any]] = {daemon.kernel.fatal}
    beside: set[asyncio.Future[Any]] = set()
    ends.add(tasks.start(_wait(stop), name="waiting for the stop", owner=owner))
    if lease is not None:
        ends.add(tasks.start(_wait(lease.lost), name="waiting for the loss of the lead", owner=owner))
        ends.add(tasks.start(_wait(lease.wanted), name="waiting for a hand-over", owner=owner))
        looking = look_again(lease, daemon.recorder.journal)
        beside.add(tasks.start(looking, name="looking at the journal's end", owner=owner))
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for waiting in (ends | beside) - {daemon.kernel.fatal}:
        waiting.cancel()  # the stop ladder waits for whatever is at work
    if lease is not None and not lease.leads():
        raise LeadLostError(lease.reason or "the lease ran out")
    if daemon.kernel.fatal.done():
        daemon.kernel.fatal.result()


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and Ctrl-C ask for a stop; the ladder does the rest."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
