"""Who the daemon hears and who hears the daemon: sources of payments, and channels of notifications."""

from __future__ import annotations

from collections.abc import Iterator

from config.instants import instant_text
from daemon.doctor.findings import Finding, problem, unknown, warning, well
from machines.sources.freshness import SourceQuality, quality_of
from machines.state.whole import State


def sources(state: State) -> Iterator[Finding]:
    """How each source of payments stands in the journal."""
    for name, stand in state.revenue.sources.stands.items():
        quality, why = quality_of(state, name), f": {stand.failure}" if stand.failure else ""
        read = "never" if stand.heard_at is None else instant_text(stand.heard_at)
        text = f"{name} ({stand.kind}) is {quality.value}, last read {read}{why}"
        mend = "mend what the sentence names; docs/sources.md has each kind"
        if quality is SourceQuality.GOOD:
            yield well("sources", text)
        elif quality is SourceQuality.UNKNOWN:
            yield unknown("sources", text, mend)
        else:
            yield (problem if quality is SourceQuality.STALE else warning)("sources", text, mend)


def channels(state: State) -> Iterator[Finding]:
    """What could not be told, and to whom."""
    told = state.notifications
    for name, closed in told.closed.items():
        mend = "give it another address in the settings, or `solvent notify replay --all` when it is back"
        yield problem("channels", f"{name} is closed: {closed.reason}", mend)
    if told.dead:
        yield problem(
            "channels", f"{len(told.dead)} notifications could not be delivered", "solvent notify list --dead"
        )
    if told.begun_at is not None and not told.closed and not told.dead:
        yield well("channels", f"{sum(told.delivered.values())} notifications were delivered, none is lost")
