"""What a condition is, and what is known beside the state when conditions are looked for."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from config.instants import Instant
from config.settings.notifications import Severity


class Condition(msgspec.Struct, frozen=True):
    """Something that stands at this moment and that somebody should know."""

    key: str
    """What it is about: the same for as long as it stands."""
    severity: Severity
    title: str
    text: str
    """What happened, why, and what to type next."""


class Facts(msgspec.Struct, frozen=True):
    """What the state alone does not tell. The figures are those that hashes, metrics and `solvent status` show."""

    now: Instant
    ratio: Fraction | None = None
    """The committed cost over the last closed month; None where that is unknown."""
    uncovered: bool = False
    """The last closed month is known to have earned nothing, and something costs money: above every bound."""
    growth: Fraction | None = None
    closed: tuple[tuple[str, str], ...] = ()
    """The channels whose receivers said that they are gone, with their words."""
    others: tuple[Condition, ...] = ()
    """What stands outside the journal, such as an old backup."""


class Judgement(msgspec.Struct, frozen=True):
    """What stands, and the keys of what neither stands nor is over: those stay as they are."""

    conditions: tuple[Condition, ...]
    held: frozenset[str] = frozenset()
