"""A case: all that one seed decides, as a value that a person can read, shrink and run again."""

from __future__ import annotations

import random
from typing import Final

import msgspec

from adapters.provisioners.simulated import Fault
from tests.simulation.swarm.paces import COARSE, DAY_S, FINE, HOURLY, PACES, SLOW, Pace

CALL_FAULTS: Final = tuple(each.value for each in Fault if each is not Fault.NONE)
"""Faults of single calls to providers; their rate is of a thousand calls."""
RARE_CALL_FAULTS: Final = frozenset({"lies_absent", "lies_hot", "permanent", "vanishes", "foreign", "differs"})
MISHAPS: Final = (
    "redis_away", "redis_lost_reply", "redis_empty", "redis_trimmed", "redis_refuses", "redis_slow", "redis_deleted",
    "disk_full", "disk_slow", "quota", "orphan", "vanish", "interruption", "price", "clock_back", "clock_forward",
    "bill_strange", "bill_away", "broker_away", "channel_fails", "channel_refuses", "throttled", "tags_lost",
    "defect",
)  # fmt: skip
"""What befalls the whole; their rate is how often in a hundred months."""
BUSINESSES: Final = ("steady", "seasonal", "viral", "dying", "billed_first", "yearly", "whale", "chaotic")


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One run."""

    seed: int
    pace: str = COARSE.name
    days: int = 365
    business: str = "steady"
    levels: int = 4
    tight: bool = False
    """Whether no level may burn more than its components cost, and some take the place of the one below."""
    components: int = 10
    faults: dict[str, int] = {}
    """Which faults strike, and how often."""
    commands_in_100_days: int = 0
    crashes_max: int = 0
    crash_every_rounds: int = 5_000
    """About how long a process lives before it dies."""
    mess_per_mille: int = 0
    """How many of a thousand rows come malformed, twice, pending, late, in another currency or contradicting."""

    @property
    def years(self) -> float:
        """Virtual years of it."""
        return self.days / 365.25

    def text(self) -> str:
        """As `--case` takes it."""
        return msgspec.json.encode(self).decode()


def case_from_text(text: str) -> Case:
    """The case that `text()` gave."""
    return msgspec.json.decode(text, type=Case)


def likely_cost(case: Case) -> float:
    """How much work a case is beside others, about: to begin with those that take longest."""
    beats_a_day = DAY_S / PACES[case.pace].tick_s
    return case.days * beats_a_day**0.7 * (1 + case.commands_in_100_days / 60)


def case_of(seed: int) -> Case:
    """All that a seed decides: most are long and coarse, some short and fine."""
    chance = random.Random(f"case {seed}")
    pace = _pace(seed, chance)
    days = chance.randrange(*pace.days)
    return Case(
        seed=seed,
        pace=pace.name,
        days=days,
        business=chance.choice(BUSINESSES),
        levels=chance.randrange(2, 7),
        tight=seed % 5 in (1, 3, 4),
        components=chance.choice((3, 4, 6, 8, 12, 18, 30)) if pace in (SLOW, COARSE) else chance.choice((3, 5, 8)),
        faults=_faults(chance, pace.mishaps_factor),
        commands_in_100_days=chance.choice((0, 5, 20, 60)) * pace.mishaps_factor,
        crashes_max=chance.choice((0, 1, 3, 8)),
        crash_every_rounds=chance.choice((50, 500, 5_000, 20_000)),
        mess_per_mille=chance.choice((0, 20, 100, 400)),
    )


def _pace(seed: int, chance: random.Random) -> Pace:
    """One in ten keeps minutes or hours, at fixed places: a few seeds in a row have some of each."""
    drawn = chance.choices((SLOW, COARSE), (11, 7))[0]
    if seed % 15 == 4:
        return HOURLY
    return FINE if seed % 30 == 6 else drawn


def _faults(chance: random.Random, factor: int) -> dict[str, int]:
    """A random half of the kinds, each at a random rate: a fault is often found only where others are away."""
    share = chance.choice((0.15, 0.35, 0.6))
    found: dict[str, int] = {}
    for name in CALL_FAULTS:
        if chance.random() < share:
            found[name] = chance.randrange(10, 120) // (5 if name in RARE_CALL_FAULTS else 1)
    for name in MISHAPS:
        if chance.random() < share:
            found[name] = chance.choice((4, 15, 40)) * factor
    return found
