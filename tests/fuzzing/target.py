"""What a target is, and what every answer owes: it comes soon, it is one, and it can be read."""

from __future__ import annotations

import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec

INPUT_CPU_S_MAX: Final = 5.0
"""The longest that one input may take; the slowest ones, half a megabyte of YAML, take one."""
INPUT_HANG_S: Final = 30
"""After so long of waiting an input hangs, whether it takes CPU time or not."""
INPUT_RSS_GROWTH_KIB_MAX: Final = 300 * 1024
"""How much one input may raise the high-water mark of memory."""
CORPUS: Final = Path(__file__).parent / "corpus"


class Answer(msgspec.Struct, frozen=True):
    """What became of an input."""

    word: str
    """`taken`, or what kind of refusal."""
    inputs: int = 1
    """How many single things were judged: the rows of a file, the entries of a stream."""


class Target(msgspec.Struct, frozen=True):
    """One reader of what others wrote."""

    name: str
    documents: Sequence[bytes]
    """Good ones, from which bad ones are made."""
    check: Callable[[bytes], Answer]
    """Lets the reader read, and requires of it all that it promises. What it raises is a defect."""
    share: int = 10
    """How many of all inputs it gets, relative to the others: slow ones get few."""
    examples: int = 40
    """How many recipes the suite of every day tries."""
    guided: bool = True
    """Whether coverage can guide it: not where every input needs a fresh file."""


class HangError(BaseException):
    """An input was not answered in time. No `Exception`: the reader must not take it for its own."""


def say(text: str) -> None:
    """A line for whoever started the run."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def require(holds: bool, broken: str) -> None:
    """Require a promise."""
    if not holds:
        raise AssertionError(broken)


def require_told(text: str, *, lines: bool = False) -> None:
    """Require that a refusal can be shown to a person: something, printable, not endless."""
    shown = text.replace("\n", "") if lines else text
    assert shown.strip(), "the refusal says nothing"
    assert shown.isprintable(), f"the refusal cannot be printed: {shown[:300]!r}"
    assert lines or len(shown) <= 4_000, f"the refusal has {len(shown)} characters"


@contextmanager
def bounded() -> Iterator[None]:
    """The bounds of one input: time that it computes, time that it waits, memory."""
    before = signal.signal(signal.SIGALRM, _hang)
    signal.alarm(INPUT_HANG_S)
    began_s, rss_kib = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    took_s = time.process_time() - began_s
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - rss_kib
    assert took_s <= INPUT_CPU_S_MAX, f"one input took {took_s:.1f} s of CPU time"
    assert grown_kib <= INPUT_RSS_GROWTH_KIB_MAX, f"one input took {grown_kib} KiB of memory"


def seeds(target: Target) -> list[bytes]:
    """The documents of a target, and what its folder of the corpus holds."""
    kept = sorted((CORPUS / target.name).glob("*"))
    return [*target.documents, *(each.read_bytes() for each in kept)]


def _hang(_signal: int, _frame: FrameType | None) -> None:
    raise HangError(f"one input was not answered within {INPUT_HANG_S} s")
