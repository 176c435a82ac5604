"""What watches a daemon: its log, its metrics, its HTTP endpoints and the word to systemd."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import structlog

from daemon.kernel import Root
from daemon.kernel.pausing import pause
from daemon.notify import READY, STOPPING, WATCHDOG, notify, status, watchdog_s
from daemon.roots.http import Http
from daemon.running import Daemon
from daemon.telemetry.event_log import EventLog
from daemon.telemetry.health import Health
from daemon.telemetry.metrics import Metrics
from daemon.telemetry.samples import Family

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
        daemon.over_cap_listeners.append(lambda _component: self.metrics.tally.permit_refused())
        self._page = page_of(self.metrics.families)

    def start_http(self, address: Address, listening: Callable[[str], None]) -> None:
        """Serve the endpoints; `listening` is told their URL."""
        http = Http(
            host=address.host,
            port=address.port,
            metrics=self._page,
            health=self._health.problems,
            ready=self.unready,
            listening=listening,
        )
        self._daemon.start_root("http", http.run, finishes=True)

    def start_watchdog(self) -> None:
        """Tell systemd that the daemon is ready, and then that it is well, for as long as it is."""
        self._daemon.start_root("systemd", self._tell_systemd)

    def unready(self) -> Sequence[str]:
        """Why the daemon is not ready: steps that an earlier life left open and that are not settled yet."""
        records = self._daemon.recorder.state.components.records
        for component_id, opened_at in tuple(self._open_at_boot.items()):
            record = records[component_id]
            if record.parked or record.intent is None or record.intent.opened_at != opened_at:
                del self._open_at_boot[component_id]
        acting = not self._daemon.actuator.dry_run
        open_steps = [f"the open step of {component_id} is not settled" for component_id in self._open_at_boot]
        return (*self._health.problems(), *(open_steps if acting else ()))

    async def _tell_systemd(self, root: Root) -> None:
        said_ready = False
        every_s = watchdog_s() or 10.0
        while True:
            root.beat()
            if not said_ready and not self.unready():
                said_ready = notify(READY) or True
            if not self._health.problems():
                notify(WATCHDOG, status(self._status()))
            await pause(min(every_s, 10.0) if said_ready else 0.5)

    def _status(self) -> str:
        state = self._daemon.recorder.state
        frozen = f", frozen: {state.frozen}" if state.frozen else ""
        return f"level {state.deciding.decided.level}, {state.mode.value}{frozen}"


async def attach_log(daemon: Daemon) -> None:
    """Say every event of this daemon in the log, once."""
    log = EventLog(structlog.get_logger("events"))
    await log.recall(daemon.ports.journal, daemon.recorder.state)
    daemon.recorder.listen(log.note)
    daemon.kernel_listeners.append(log.note_kernel)


def say_stopping() -> None:
    """Tell systemd that the daemon ends."""
    notify(STOPPING)
