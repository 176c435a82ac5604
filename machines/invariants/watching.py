"""I3, I10 and I11: what only somebody who watches a whole run can tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from machines.events import Recorded, Started
from machines.invariants.finding import Finding
from machines.state.components import ComponentRecord


class CallStarted(msgspec.Struct, frozen=True):
    """An outside call, and whether a stop had begun when it started."""

    call: str
    subject: str
    stopping: bool


def calls_after_stop(calls: Iterable[CallStarted]) -> list[Finding]:
    """I10: calls that started after a stop had begun."""
    return [
        Finding("I10", f"{each.call} of {each.subject} started after a stop had begun")
        for each in calls
        if each.stopping
    ]


def written_by_idle_boot(written: Sequence[Recorded]) -> list[Finding]:
    """I3: what a second boot with nothing changed wrote beyond that it started."""
    return [
        Finding("I3", f"a boot with nothing changed wrote {type(each.event).__name__}", each.sequence)
        for each in written
        if not isinstance(each.event, Started)
    ]


def disturbed_by_failure(
    undisturbed: Mapping[str, ComponentRecord], disturbed: Mapping[str, ComponentRecord], failed: Iterable[str]
) -> list[Finding]:
    """I11: components that stand elsewhere than in the same run without the failure of others."""
    spared = undisturbed.keys() - set(failed)
    return [
        Finding("I11", f"the failure of another left {each} {_state(disturbed.get(each))}")
        for each in sorted(spared)
        if _state(undisturbed[each]) != _state(disturbed.get(each))
    ]


def _state(record: ComponentRecord | None) -> str:
    return "COLD" if record is None else record.state.value
