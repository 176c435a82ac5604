"""`python -m tests.mutations [--only NAME]`: delete one guard after the other; every named test must notice."""

from __future__ import annotations

import argparse
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
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help="those alone whose name holds this")
    wanted = parser.parse_args(arguments).only
    chosen = [each for each in MUTATIONS if wanted in each.name]
    if not chosen:
        parser.error(f"no mutation is named {wanted!r}; there are {', '.join(each.name for each in MUTATIONS)}")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        took_s: dict[str, float] = {}
        broken = _broken_before(chosen, Path(folder), took_s)
        missed = [] if broken else _missed(chosen, Path(folder), took_s)
    for text in (*broken, *missed):
        sys.stdout.write(f"{text}\n")
    noticed = len(chosen) - len(missed)
    if not broken:
        sys.stdout.write(f"{noticed} of {len(chosen)} mutations are noticed, in {time.monotonic() - began_s:.0f} s\n")
    return 1 if broken or missed else 0


def _broken_before(chosen: list[Mutation], folder: Path, took_s: dict[str, float]) -> list[str]:
    """The named tests that do not pass while nothing is mutated; `took_s` is told how long each took."""
    tests = sorted({test for each in chosen for test in each.tests})
    outcomes, said = Copy(folder / "whole").outcomes(tests, took_s=took_s)
    broken = [test for test in tests if set(outcomes.get(test.partition("[")[0], ["missing"])) != {"passed"}]
    lines = [f"{test} does not pass unmutated: {outcomes.get(test, ['it was not found'])}" for test in broken]
    return [*lines, said] if lines else []


def _missed(chosen: list[Mutation], folder: Path, took_s: dict[str, float]) -> list[str]:
    missed: list[str] = []
    for verdict in verdicts(chosen, folder, os.cpu_count() or 1, took_s):
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
