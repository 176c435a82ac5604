"""The listener that logs each durable event, and the kernel's troubles, under stable names."""

from __future__ import annotations

from typing import Any, Protocol

from daemon.kernel import EventKind
from daemon.telemetry.lines import ERROR, INFO, WARNING, Line, Value, line_of
from daemon.telemetry.names import name_of
from machines import events
from machines.events import Recorded
from machines.ports.journal import Journal
from machines.state.whole import State


class Logger(Protocol):
    """What structlog's loggers do."""

    def log(self, level: int, event: str, **fields: Any) -> Any:
        """Write one line at a level of the standard library."""


LEVELS = {"debug": 10, INFO: 20, WARNING: 30, ERROR: 40}
_OWN_NAMES = {"actor": "name", "level": "of_level"}
"""`level` is how loud a line is; a level of the plan is `of_level`."""
_KERNEL_LEVELS = {
    EventKind.RESTARTING: WARNING,
    EventKind.PARKED: ERROR,
    EventKind.RESUMED: INFO,
    EventKind.TASK_FAILED: ERROR,
    EventKind.ABANDONED: ERROR,
}
_KERNEL_NAMES = {
    EventKind.RESTARTING: "task_restarting",
    EventKind.PARKED: "task_parked",
    EventKind.RESUMED: "task_resumed",
    EventKind.TASK_FAILED: "task_failed",
    EventKind.ABANDONED: "task_abandoned",
}


def own_fields(line: Line) -> dict[str, Value]:
    """The event's own fields, none named like one that every line has: whose actor was parked is `name`."""
    return {_OWN_NAMES.get(key, key): value for key, value in line.fields.items()}


class EventLog:
    """Says each event once, with the decision that it belongs to: `select(.decision==41)` tells a whole story."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._decision_of: dict[str, int] = {}
        """The decision under which each component moves."""

    async def recall(self, journal: Journal, state: State) -> None:
        """After a resume: which decisions the open intents belong to."""
        for record in state.components.records.values():
            if record.intent is None:
                continue
            async for recorded in journal.read(after=record.intent.sequence - 1, limit=1):
                self._note_intent(recorded)

    def note(self, recorded: Recorded) -> None:
        """Log one event; a listener of the recorder."""
        self._note_intent(recorded)
        line = line_of(recorded.event)
        about: dict[str, Any] = {"actor": recorded.actor, "sequence": recorded.sequence}
        if recorded.cause is not None:
            about["cause"] = recorded.cause
        decision = self._decision(recorded)
        if decision is not None:
            about["decision"] = decision
        self._logger.log(LEVELS[line.level], name_of(recorded.event), **about, **own_fields(line))

    def note_kernel(self, kind: EventKind, name: str, detail: str) -> None:
        """Log what the kernel reports; one of its `on_event` listeners."""
        self._logger.log(LEVELS[_KERNEL_LEVELS[kind]], _KERNEL_NAMES[kind], name=name, reason=detail)

    def _note_intent(self, recorded: Recorded) -> None:
        event = recorded.event
        if not isinstance(event, events.StepIntended):
            return
        if recorded.cause is None:
            self._decision_of.pop(event.component, None)
        elif event.attempt == 1 or event.component not in self._decision_of:
            self._decision_of[event.component] = recorded.cause

    def _decision(self, recorded: Recorded) -> int | None:
        match recorded.event:
            case events.LevelDecided():
                return recorded.sequence
            case events.StepIntended() | events.StepEnded() | events.IntentAbandoned() | events.ComponentParked():
                return self._decision_of.get(recorded.event.component)
            case _:
                return None
