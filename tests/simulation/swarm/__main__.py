"""`python -m tests.simulation.swarm`: many seeds over all processors, or one seed again, or one made smaller."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
import time

from tests.simulation.swarm.case import Case, case_from_text, case_of, likely_cost
from tests.simulation.swarm.minimising import minimised
from tests.simulation.swarm.outcome import Outcome, replay, report, run_case


def main() -> int:
    """The number of seeds with findings, at most 1."""
    read = argparse.ArgumentParser(prog="python -m tests.simulation.swarm", description=__doc__)
    read.add_argument("--seeds", type=int, default=20, help="how many seeds (default 20)")
    read.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    read.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: all processors)")
    read.add_argument("--seed", type=int, help="one seed alone")
    read.add_argument("--case", help="one case alone, as a failure prints it")
    read.add_argument("--minimise", action="store_true", help="make the one that fails as small as it can be")
    asked = read.parse_args()
    if asked.case or asked.seed is not None:
        return _one(case_from_text(asked.case) if asked.case else case_of(asked.seed), minimise=asked.minimise)
    return _many(range(asked.first, asked.first + asked.seeds), asked.jobs)


def _one(case: Case, *, minimise: bool) -> int:
    began_s = time.monotonic()
    outcome = run_case(case)
    if minimise and outcome.findings:
        outcome = minimised(outcome, tried=_say_tried)
        _say("", "add it to tests/simulation/swarm/kept.py under a name that says what went wrong:")
        _say(f"    \"NAME\": '{outcome.case.text()}',", "")
    _say(*report([outcome], time.monotonic() - began_s))
    _say(*outcome.findings, f"journal {outcome.digest}")
    return 1 if outcome.findings else 0


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def _say_tried(case: Case, fails: bool) -> None:
    sys.stderr.write(f"{'fails' if fails else 'holds'} {case.text()}\n")


def _many(seeds: range, jobs: int) -> int:
    began_s = time.monotonic()
    outcomes: list[Outcome] = []
    cases = sorted(map(case_of, seeds), key=likely_cost, reverse=True)  # no costly one alone at the end
    with multiprocessing.Pool(jobs, initializer=gc.disable, maxtasksperchild=1) as pool:
        for outcome in pool.imap_unordered(run_case, cases):
            outcomes.append(outcome)
            if outcome.findings:
                _say(f"seed {outcome.case.seed}: {outcome.findings[0][:300]}", f"  {replay(outcome.case)}")
    outcomes.sort(key=lambda each: each.case.seed)
    _say(*report(outcomes, time.monotonic() - began_s))
    return 1 if any(each.findings for each in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
