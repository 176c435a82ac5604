"""Playing a piece of a run's inputs, in a process of its own."""

from __future__ import annotations

import random
import resource
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import structlog

from tests.fuzzing.edits import by_chance, made
from tests.fuzzing.every_target import TARGETS
from tests.fuzzing.target import HangError, bounded, seeds

FOUND: Final = Path("build/fuzz/found")
FAILURES_KEPT_MAX: Final = 5
MEMORY_BYTES_MAX: Final = 3 << 30
"""Of address space: an input that wants more gets a `MemoryError`, which is a finding."""


class Piece(msgspec.Struct, frozen=True):
    """A part of a target's inputs."""

    target: str
    first: int
    last: int
    seed: int


class Outcome(msgspec.Struct):
    """What came of a piece, or of a whole target."""

    target: str
    inputs: int = 0
    judged: int = 0
    """Single things: the entries of streams, the rows of files."""
    words: dict[str, int] = {}
    cpu_s: float = 0.0
    slowest_ms: float = 0.0
    failures: list[str] = []


def played(piece: Piece) -> Outcome:
    """Try the inputs of one piece, in a process of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    target = TARGETS[piece.target]
    documents, words, outcome = seeds(target), Counter[str](), Outcome(piece.target)
    for number in range(piece.first, piece.last):
        data = made(by_chance(random.Random(f"{piece.seed} {piece.target} {number}")), documents)
        began_s = time.process_time()
        try:
            with bounded():
                answer = target.check(data)
        except (Exception, HangError) as error:  # noqa: BLE001 - whatever it is, it is a finding
            _keep(outcome, data, error)
        else:
            words[answer.word] += 1
            outcome.judged += answer.inputs
        took_s = time.process_time() - began_s
        outcome.inputs += 1
        outcome.cpu_s += took_s
        outcome.slowest_ms = max(outcome.slowest_ms, took_s * 1_000)
    outcome.words = dict(words)
    return outcome


def _keep(outcome: Outcome, data: bytes, error: BaseException) -> None:
    where = FOUND / outcome.target / sha256(data).hexdigest()[:16]
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(data)
    if len(outcome.failures) < FAILURES_KEPT_MAX:
        last = traceback.extract_tb(error.__traceback__)[-1]
        outcome.failures.append(
            f"{type(error).__name__}: {str(error)[:300]} ({Path(last.filename).name}:{last.lineno}); {where}"
        )


def merged(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """One outcome for each target."""
    whole: dict[str, Outcome] = {}
    for each in outcomes:
        one = whole.setdefault(each.target, Outcome(each.target))
        one.inputs += each.inputs
        one.judged += each.judged
        one.words = dict(Counter(one.words) + Counter(each.words))
        one.cpu_s += each.cpu_s
        one.slowest_ms = max(one.slowest_ms, each.slowest_ms)
        one.failures = [*one.failures, *each.failures]
    return list(whole.values())
