"""`python -m tests.mutations [--only NAME]`: delete one guard after the other; every named test must notice."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.mutations.mutation import Mutation
from tests.mutations.mutations import MUTATIONS
from tests.mutations.running import Copy, verdicts


def main(arguments: list[str]) -> int:
    """0 where every mutation is noticed by every test that must, and all of them pass without any."""
    wanted = arguments[arguments.index("--only") + 1] if "--only" in arguments else ""
    chosen = [each for each in MUTATIONS if wanted in each.name]
    if not chosen:
        sys.stdout.write(f"no mutation is named {wanted!r}; there are {', '.join(each.name for each in MUTATIONS)}\n")
        return 2
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        broken = _broken_before(chosen, Path(folder))
        missed = [] if broken else _missed(chosen, Path(folder))
    for text in (*broken, *missed):
        sys.stdout.write(f"{text}\n")
    noticed = len(chosen) - len(missed)
    took_s = time.monotonic() - began_s
    if not broken:
        sys.stdout.write(f"{noticed} of {len(chosen)} mutations are noticed, in {took_s:.0f} s\n")
    return 1 if broken or missed else 0


def _broken_before(chosen: list[Mutation], folder: Path) -> list[str]:
    """The named tests that do not pass while nothing is mutated."""
    tests = sorted({test for each in chosen for test in each.tests})
    outcomes, said = Copy(folder / "whole").outcomes(tests)
    broken = [test for test in tests if set(outcomes.get(test.partition("[")[0], ["missing"])) != {"passed"}]
    lines = [f"{test} does not pass unmutated: {outcomes.get(test, ['it was not found'])}" for test in broken]
    return [*lines, said] if lines else []


def _missed(chosen: list[Mutation], folder: Path) -> list[str]:
    missed: list[str] = []
    for verdict in verdicts(chosen, folder, os.cpu_count() or 1):
        mutation = verdict.mutation
        word = "noticed" if verdict.is_noticed else "MISSED "
        how = f", by hanging: {', '.join(verdict.hanging)}" if verdict.hanging else ""
        sys.stdout.write(f"{word}  {mutation.name:58} {verdict.took_s:4.0f} s  {mutation.file}{how}\n")
        sys.stdout.flush()
        if not verdict.is_noticed:
            missed.append(f"{mutation.name}: these did not fail: {', '.join(verdict.survived)}\n{verdict.said}")
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
