"""Shrinking a case that fails: fewer faults, commands, crashes, days and components, while it fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from tests.simulation.swarm.case import Case
from tests.simulation.swarm.outcome import Outcome, run_case

replace = msgspec.structs.replace
DAYS_MIN = 5


def smaller(case: Case) -> Iterator[Case]:
    """Simpler cases, the boldest steps first."""
    names = list(case.faults)
    if names:
        yield replace(case, faults={})
        half = len(names) // 2
        if half:
            for part in (names[:half], names[half:]):
                yield replace(case, faults={name: case.faults[name] for name in part})
        for left_out in names:
            yield replace(case, faults={name: rate for name, rate in case.faults.items() if name != left_out})
    if case.commands_in_100_days:
        yield replace(case, commands_in_100_days=0)
        yield replace(case, commands_in_100_days=case.commands_in_100_days // 2)
    if case.mess_per_mille:
        yield replace(case, mess_per_mille=0)
    if case.crashes_max:
        yield replace(case, crashes_max=0)
        yield replace(case, crashes_max=case.crashes_max - 1)
        yield replace(case, crash_every_rounds=case.crash_every_rounds * 4)
    if case.days > DAYS_MIN:
        yield replace(case, days=max(DAYS_MIN, case.days // 2))
        yield replace(case, days=max(DAYS_MIN, case.days * 9 // 10))
    if case.components > 1:
        yield replace(case, components=max(1, case.components // 2))
    if case.levels > 2:
        yield replace(case, levels=case.levels - 1)
    if case.business != "steady":
        yield replace(case, business="steady")


def minimised(
    failing: Outcome,
    *,
    attempts_max: int = 200,
    run: Callable[[Case], Outcome] = run_case,
    tried: Callable[[Case, bool], None] = lambda case, fails: None,
) -> Outcome:
    """The simplest case found that breaks the same invariant. The result fails, whatever was tried."""
    attempts = 0
    while True:
        for case in smaller(failing.case):
            attempts += 1
            if attempts > attempts_max:
                return failing
            outcome = run(case)
            fails = outcome.invariant == failing.invariant
            tried(case, fails)
            if fails:
                failing = outcome
                break
        else:
            return failing
