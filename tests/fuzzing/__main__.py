"""`make fuzz N=100000`: so many inputs over all targets, in two processes; prints what each target was given and said.

    python -m tests.fuzzing --inputs 100000 [--only plans,rows] [--seed 1]

An input that breaks a promise is written to `build/fuzz/found/<target>/`, its error is printed, the run ends with 1.
Every input follows from the seed, the target and its number: the same run finds the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import msgspec

from tests.fuzzing.every_target import TARGETS
from tests.fuzzing.playing import Outcome, Piece, merged, played
from tests.fuzzing.target import Target, say

REPORT: Final = Path("build/fuzz.json")
CHUNKS: Final = 8
"""Into how many pieces each target's inputs are cut, so that two processes stay busy."""


def shares(inputs: int, targets: Sequence[Target]) -> dict[str, int]:
    """How many inputs each target gets; together at least `inputs`."""
    whole = sum(target.share for target in targets)
    return {target.name: -(-inputs * target.share // whole) for target in targets}


def _row(outcome: Outcome) -> str:
    said = ", ".join(f"{word} {count}" for word, count in sorted(outcome.words.items(), key=lambda each: -each[1])[:5])
    return (
        f"{outcome.target:20} {outcome.inputs:8} {outcome.judged:9} {outcome.cpu_s:8.1f} "
        f"{outcome.slowest_ms:9.1f} {len(outcome.failures):5}  {said}"
    )


def main(arguments: Sequence[str]) -> int:
    """Run, and report; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(arguments)
    names = [name for name in chosen.only.split(",") if name] or list(TARGETS)
    wanted = shares(chosen.inputs, [TARGETS[name] for name in names])
    pieces = [
        Piece(name, count * part // CHUNKS, count * (part + 1) // CHUNKS, chosen.seed)
        for part in range(CHUNKS)
        for name, count in wanted.items()
    ]
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        outcomes = merged(list(pool.map(played, pieces)))
    say(f"{'target':20} {'inputs':>8} {'judged':>9} {'cpu s':>8} {'worst ms':>9} {'bad':>5}  answers")
    for outcome in outcomes:
        say(_row(outcome))
    failures = [f"{each.target}: {failure}" for each in outcomes for failure in each.failures]
    total, judged = sum(each.inputs for each in outcomes), sum(each.judged for each in outcomes)
    say(f"\n{total} inputs, {judged} things judged, {len(failures)} promises broken (seed {chosen.seed})")
    for failure in failures:
        say(failure)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_bytes(
        msgspec.json.format(msgspec.json.encode({"inputs": total, "judged": judged, "targets": outcomes}))
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
