"""What a look found: how it is, and what to do."""

from __future__ import annotations

import enum

import msgspec


class Verdict(enum.Enum):
    """How a thing is, best first."""

    WELL = "well"
    UNKNOWN = "unknown"
    """It could not be looked at, as without the right to; that is not well, and not known to be wrong."""
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    about: str
    """`redis`, `disk`, `plan`, …: what the finding is sorted under."""
    verdict: Verdict
    found: str
    mend: str = ""
    """The command, or the sentence, that mends it; "" where all is well."""


def well(about: str, found: str) -> Finding:
    """Nothing to do."""
    return Finding(about, Verdict.WELL, found)


def unknown(about: str, found: str, mend: str) -> Finding:
    """It could not be looked at."""
    return Finding(about, Verdict.UNKNOWN, found, mend)


def warning(about: str, found: str, mend: str) -> Finding:
    """It works, and somebody should see to it."""
    return Finding(about, Verdict.WARNING, found, mend)


def problem(about: str, found: str, mend: str) -> Finding:
    """It does not work, or will not for long."""
    return Finding(about, Verdict.PROBLEM, found, mend)
