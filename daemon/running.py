"""A running daemon: the actors and roots on one kernel, over whatever ports it was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec

from config.plan import Plan
from config.settings import Settings
from daemon.actors.commands import COMMANDS_STREAM
from daemon.actors.commands import NAME as COMMANDS
from daemon.actors.revenue import NAME as REVENUE
from daemon.actors.source_watch import SourceWatch
from daemon.actuator import Actuator
from daemon.journal_ending import EndingJournal
from daemon.kernel import EventKind, Kernel, Root, StopReport, pause
from daemon.leading.led import led
from daemon.leading.streams import LedStreams
from daemon.leading.watched import WatchedLead
from daemon.ports import Ports
from daemon.publication.topics import Topics
from daemon.recorder import Recorder
from daemon.resume import boot_events, encode_state, resume
from daemon.roots.dials import Dials
from daemon.roots.gate import Gate
from daemon.roots.intake import Intake, IntakeLimits
from daemon.roots.mqtt import MqttLimits, MqttPublication
from daemon.roots.orphans import ORPHANS, Orphans, SweepTimes
from daemon.roots.publication import Publication, PublicationLimits
from daemon.roots.sources import SourceRoot
from daemon.source_settings import kinds_of, limits_of, times_of
from daemon.spawning import Spawning, actor_policy
from machines.events import ActorParked, Mode
from machines.ports.journal import JournalRefusedError
from machines.ports.lease import Alone
from machines.ports.retained import RetainedBroker
from machines.ports.streams import Owner
from machines.state.sources import stream_of
from machines.state.whole import State

PAYMENTS_STREAM = "payments"
RETRY_RECORD_S = 5.0
LOST_CANCEL_S = 1.0
"""How long what is under way may take to end after the lead was lost."""


class Daemon:
    """One daemon, from its resume to its stop."""

    def __init__(
        self,
        ports: Ports,
        settings: Settings,
        *,
        plan: Plan,
        read_plan: Callable[[], Plan],
        mode: Mode | None,
        holder: str,
        version: str,
    ) -> None:
        """`holder` says in words who this is, for whoever finds the instance's keys taken."""
        self.lead = WatchedLead(ports.leadership)
        alone = isinstance(ports.leadership, Alone)
        self.ports = ports if alone else led(msgspec.structs.replace(ports, leadership=self.lead))
        self._gate_streams = ports.streams if alone else LedStreams(ports.streams, ports.leadership)
        """The gate alone may claim the keys of a daemon that was kept out of them."""
        self.settings = settings
        self.kernel: Kernel
        self.recorder: Recorder
        self.gate: Gate
        self.actuator: Actuator
        self.publication: Publication
        self.mqtt: MqttPublication | None = None
        self._plan = plan
        self._read_plan = read_plan
        self._mode = mode
        self._holder = holder
        self._version = version
        self.about: dict[str, str] = {}
        """What only the process knows, shown in the hash `status`."""
        self.over_cap_listeners: list[Callable[[str], None]] = []
        """Told of the component of each step that the cap refused."""
        self.kernel_listeners: list[Callable[[EventKind, str, str], None]] = []
        """Told of restarts, parkings and failed tasks, for logs and metrics."""
        self.source_watch = SourceWatch(limits_of(settings))
        self.source_roots: dict[str, SourceRoot] = {}
        """The roots of the sources that are asked, by name."""

    async def start(self) -> None:
        """Resume, write that it started, and let the actors and the intake begin."""
        await self.resume()
        self.begin()

    async def resume(
        self,
        before_start: Callable[[Daemon], Awaitable[None]] | None = None,
        progressed: Callable[[int], None] = lambda _events: None,
        *,
        warm: State | None = None,
    ) -> None:
        """Fold the journal and record the start; nobody acts yet. `before_start` may listen from the first event on.

        `progressed` hears now and then how many events were folded. `warm` was folded while standing by.
        """
        ports, settings = self.ports, self.settings
        resumed = await resume(ports.journal, progressed, warm=warm)
        self.kernel = Kernel(on_event=self._kernel_event, jitter=ports.jitter)
        self.recorder = Recorder(
            EndingJournal(ports.journal, self.kernel.end),
            resumed.state,
            ports.clock,
            group_events_max=settings.journal.group_events_max,
            snapshot_every_events=settings.journal.snapshot_every_events,
            waiting_groups_max=settings.journal.waiting_groups_max,
            encode_state=encode_state,
        )
        self.recorder.last_recorded_at = resumed.last_recorded_at
        self.recorder.attach(self.kernel)
        self.gate = Gate(
            streams=self._gate_streams,
            recorder=self.recorder,
            owner=Owner(
                ports.journal.identity.journal_id,
                self._holder,
                epoch=ports.journal.identity.epoch,
                fencing=self.lead.fencing,
                name=self.lead.name,
            ),
            lead=self.lead,
        )
        if before_start is not None:
            await before_start(self)
        events = boot_events(
            resumed.state,
            plan=self._plan,
            mode=self._mode,
            instance=settings.instance,
            version=self._version,
            sources=kinds_of(settings),
            fencing=ports.leadership.fencing,
            holder=self._holder if ports.leadership.fencing else "",
        )
        await self.recorder.record("boot", events)

    def begin(self) -> None:
        """Spawn the actors, then open the intake."""
        ports, settings, kernel = self.ports, self.settings, self.kernel
        acting = self.recorder.state.mode is Mode.ACT
        self.actuator = Actuator(
            observers=ports.provisioners if acting else ports.observers,
            provisioners=ports.provisioners if acting else {},
            clock=ports.clock,
            call_timeout_s=settings.provisioning.call_timeout_s,
            concurrent_calls_max=settings.provisioning.concurrent_calls_max,
            stopping=lambda: kernel.is_stopping,
            leadership=ports.leadership,
            confirm=self.gate.confirm,
        )
        Spawning(
            ports=ports,
            settings=settings,
            recorder=self.recorder,
            kernel=kernel,
            actuator=self.actuator,
            source_watch=self.source_watch,
            read_plan=self._read_plan,
            over_cap=self._hear_over_cap,
        ).spawn()
        self._start_publication()
        if ports.retained is not None:
            self._start_mqtt(ports.retained)
        self._start_intake("payments intake", (PAYMENTS_STREAM,), REVENUE, watches_gaps=True)
        self._start_sources()
        if acting and ports.dial_board is not None:
            dials = Dials(recorder=self.recorder, board=ports.dial_board, every_s=settings.health.check_every_s)
            self.start_root("dials", dials.run)
        principals = settings.commands.principals
        streams = (COMMANDS_STREAM, *(f"{COMMANDS_STREAM}:{name}" for name in principals))
        self._start_intake("commands intake", streams, COMMANDS, watches_gaps=False)
        self._start_sweep()

    def start_root(
        self,
        name: str,
        run: Callable[[Root], Coroutine[Any, Any, None]],
        *,
        essential: bool = False,
        finishes: bool = False,
    ) -> Root:
        """Run a long-lived service beside the actors."""
        return self.kernel.roots.start(
            name, run, owner=name, policy=actor_policy(self.settings).restart, essential=essential, finishes=finishes
        )

    async def stop(self, *, lost: bool = False) -> StopReport:
        """Climb the stop ladder; what is under way and not answered stays an open intent.

        `lost` says that this daemon leads no longer: nothing is waited for, for nothing could be written.
        """
        if lost:
            return await self.kernel.stop(ask_s=0, cancel_s=LOST_CANCEL_S)
        stopping = self.settings.stopping
        return await self.kernel.stop(ask_s=stopping.ask_s, cancel_s=stopping.cancel_s)

    # --- the roots ---

    def _start_publication(self) -> None:
        limits = self.settings.publication
        self.publication = Publication(
            streams=self.ports.streams,
            recorder=self.recorder,
            gate=self.gate,
            limits=PublicationLimits(
                stream_entries_max=limits.stream_entries_max,
                batch_entries_max=limits.batch_entries_max,
                retry_initial_s=limits.retry_every_s,
            ),
            about=lambda: self.about,
        )
        self.start_root("publication", self.publication.run, finishes=True)

    def _start_mqtt(self, broker: Callable[[], RetainedBroker]) -> None:
        settings = self.settings.mqtt
        self.mqtt = MqttPublication(
            broker=broker,
            recorder=self.recorder,
            topics=Topics(settings.topic_prefix, settings.discovery_prefix, self.settings.instance, self._version),
            limits=MqttLimits(
                gather_s=settings.gather_ms / 1_000,
                retry_initial_s=settings.reconnect_initial_s,
                retry_max_s=settings.reconnect_max_s,
            ),
        )
        self.start_root("mqtt", self.mqtt.run, finishes=True)

    def _start_intake(self, name: str, streams: tuple[str, ...], actor: str, *, watches_gaps: bool) -> None:
        payments = self.settings.payments
        intake = Intake(
            names=streams,
            actor=actor,
            watches_gaps=watches_gaps,
            streams=self.ports.streams,
            recorder=self.recorder,
            kernel=self.kernel,
            gate=self.gate,
            limits=IntakeLimits(
                entries_max=payments.read_entries_max,
                block_ms=payments.block_ms,
                retry_initial_s=payments.reconnect_initial_s,
                retry_max_s=payments.reconnect_max_s,
                trim_every_s=payments.trim_every_s,
                disk_retry_s=self.settings.journal.disk_retry_s,
            ),
        )
        self.start_root(name, intake.run)

    def _start_sources(self) -> None:
        """One root for each source that is asked; none of them passes through Redis."""
        for source in self.ports.sources:
            times = times_of(self.settings, self.settings.sources[source.name])
            asking = SourceRoot(source=source, recorder=self.recorder, kernel=self.kernel, times=times)
            self.source_roots[source.name] = asking
            self.start_root(stream_of(source.name), asking.run)

    def _start_sweep(self) -> None:
        settings = self.settings.provisioning
        sweep = Orphans(
            recorder=self.recorder,
            actuator=self.actuator,
            epoch=self.ports.journal.identity.epoch,
            times=SweepTimes(every_s=settings.sweep_every_s, again_s=settings.sweep_again_s),
        )
        self.start_root(ORPHANS, sweep.run)

    # --- the kernel's voice ---

    def _hear_over_cap(self, component_id: str) -> None:
        for listener in self.over_cap_listeners:
            listener(component_id)

    def _kernel_event(self, kind: EventKind, name: str, detail: str) -> None:
        """A parked actor is a fact that operators must find in the journal."""
        for listener in self.kernel_listeners:
            listener(kind, name, detail)
        if kind is EventKind.PARKED and not self.kernel.is_stopping:
            self.kernel.tasks.start(self._record_parked(name, detail), name=f"noting that {name} parked", owner="boot")

    async def _record_parked(self, name: str, detail: str) -> None:
        while not self.kernel.is_stopping:
            try:
                await self.recorder.record("kernel", [ActorParked(name, detail)])
            except JournalRefusedError:
                await pause(RETRY_RECORD_S)
            else:
                return
