"""What watches a daemon: its log, its metrics, its HTTP endpoints and the word to systemd."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import structlog

from daemon.notify import STOPPING, extend_timeout, notify, status, watchdog_s
from daemon.roots.http import Http
from daemon.roots.systemd import EXTEND_S, Systemd
from daemon.running import Daemon
from daemon.telemetry.event_log import EventLog
from daemon.telemetry.health import Health
from daemon.telemetry.metrics import Metrics
from daemon.telemetry.samples import Family, Sample
from daemon.telemetry.source_samples import source_samples
from daemon.telemetry.status_line import status_line

OPENING_S = 1_800.0
"""An hour of disk is a defect; half of one is a journal of years on a slow disk."""

PageOf = Callable[[Callable[[], Iterable[Family]]], Callable[[], bytes]]
"""Turns the metric families, read at each scrape, into the page that is served."""


class Address(msgspec.Struct, frozen=True):
    """Where the endpoints are bound."""

    host: str
    port: int


class Telemetry:
    """Attached to a daemon between its resume and its first word to the world."""

    def __init__(self, daemon: Daemon, *, page_of: PageOf, version: str) -> None:
        self._daemon = daemon
        self._health = Health(daemon.kernel, daemon.recorder)
        self._open_at_boot = {
            record.id: record.intent.opened_at
            for record in daemon.recorder.state.components.records.values()
            if record.intent is not None
        }
        self.metrics = Metrics(
            recorder=daemon.recorder,
            kernel=daemon.kernel,
            publication=daemon.publication,
            version=version,
            mqtt=daemon.mqtt,
        )
        if daemon.source_watch.are_watched:
            self.metrics.readers.append(lambda: self._source_samples(daemon))
        daemon.over_cap_listeners.append(lambda _component: self.metrics.tally.permit_refused())
        self._page = page_of(self.metrics.families)

    @staticmethod
    def _source_samples(daemon: Daemon) -> Iterable[Sample]:
        state, now = daemon.recorder.state, daemon.recorder.clock.wall()
        return source_samples(state, now, daemon.source_watch.heard, daemon.source_roots)

    def start_http(self, address: Address, listening: Callable[[str], None]) -> None:
        """Serve the endpoints; `listening` is told their URL."""
        http = Http(
            host=address.host,
            port=address.port,
            metrics=self._page,
            health=self._health.problems,
            ready=self.unready,
            notes=self.notes,
            listening=listening,
        )
        self._daemon.start_root("http", http.run, finishes=True)

    def start_watchdog(self) -> None:
        """Tell systemd that the daemon is ready, and then that it is well, for as long as it is."""
        systemd = Systemd(
            roots=self._daemon.kernel.roots,
            open_steps=self.open_steps,
            status_line=lambda: status_line(self._daemon.recorder.state, self._health.problems()),
            watchdog_s=watchdog_s(),
        )
        self._daemon.start_root("systemd", systemd.run)

    def unready(self) -> Sequence[str]:
        """Why the daemon is not ready: it is not well, another one leads, or an earlier life left steps open."""
        kept_out = self._daemon.lead.kept_out
        return (*([kept_out] if kept_out else ()), *self._health.problems(), *self.open_steps())

    def notes(self) -> Sequence[str]:
        """What the daemon cannot mend and works beside: nothing is gained by taking it out of service."""
        blocked = self._daemon.publication.blocked.items()
        return [f"nothing is published into the stream {name}: {reason}" for name, reason in blocked]

    def open_steps(self) -> Sequence[str]:
        """Steps that an earlier life left open and that are not settled yet; none where this one may not act."""
        records = self._daemon.recorder.state.components.records
        for component_id, opened_at in tuple(self._open_at_boot.items()):
            record = records[component_id]
            if record.parked or record.intent is None or record.intent.opened_at != opened_at:
                del self._open_at_boot[component_id]
        if self._daemon.actuator.dry_run:
            return ()
        return [f"the open step of {component_id} is not settled" for component_id in self._open_at_boot]


async def attach_log(daemon: Daemon) -> None:
    """Say every event of this daemon in the log, once."""
    log = EventLog(structlog.get_logger("events"))
    await log.recall(daemon.ports.journal, daemon.recorder.state)
    daemon.recorder.listen(log.note)
    daemon.recorder.refusal_listeners.append(_say_refusing)
    daemon.kernel_listeners.append(log.note_kernel)


def say_opening() -> None:
    """Ask systemd for the time that proving and, after an upgrade, migrating a long journal may take."""
    notify(extend_timeout(OPENING_S), status("opening the journal"))


def say_resuming(events: int) -> None:
    """Tell systemd how far the journal is read; only what goes forward asks for more time."""
    notify(extend_timeout(EXTEND_S), status(f"reading the journal: {events} events"))


def _say_refusing(reason: str | None) -> None:
    log = structlog.get_logger("journal")
    if reason is None:
        log.info("journal_takes")
    else:
        log.error("journal_refuses", reason=reason)


def say_stopping() -> None:
    """Tell systemd, and the log, that the daemon ends."""
    structlog.get_logger("service").info("daemon_stopping")
    notify(STOPPING)
