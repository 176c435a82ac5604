"""What can go wrong with a call to the simulated provider: once, by order, or at a rate."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from machines.ports.provisioner import Resource

OBSERVE: Final = "observe"
PER_MILLE: Final = 1_000


class Fault(enum.Enum):
    """One way in which a call goes wrong."""

    NONE = "none"
    """Nothing goes wrong; a place in a script of faults."""
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    AMBIGUOUS_NOT_DONE = "ambiguous_not_done"
    """The request was lost."""
    AMBIGUOUS_DONE = "ambiguous_done"
    """It was done, and the answer was lost."""
    SLOW = "slow"
    """It takes `slow_s` longer."""
    HALF_DONE = "half_done"
    """The answer is lost, the resource is CHANGING for `slow_s`, then it is done."""
    BREAKS = "breaks"
    """The answer is lost and the resource is BROKEN; the same step mends it."""
    STALE = "stale"
    """Done, but for `stale_s` and for `stale_reads` looks the world shows what was before."""
    LIES_ABSENT = "lies_absent"
    """One look shows nothing."""
    LIES_HOT = "lies_hot"
    """One look shows HOT."""
    VANISHES = "vanishes"
    """Somebody deleted it behind our back, before this call."""
    FOREIGN = "foreign"
    """A foreign writer turned HOT into WARM or WARM into HOT, before this call."""
    DIFFERS = "differs"
    """Somebody changed what serves, before this call: looks show a difference until it is activated again."""


_IN_ORDER: Final = tuple(Fault)
OF_STEPS: Final = frozenset(Fault) - {Fault.LIES_ABSENT, Fault.LIES_HOT}
OF_OBSERVE: Final = frozenset(
    {
        Fault.NONE,
        Fault.TRANSIENT,
        Fault.PERMANENT,
        Fault.AMBIGUOUS_NOT_DONE,
        Fault.SLOW,
        Fault.LIES_ABSENT,
        Fault.LIES_HOT,
        Fault.VANISHES,
        Fault.FOREIGN,
        Fault.DIFFERS,
    }
)


class _Once(msgspec.Struct, frozen=True):
    fault: Fault
    call: str
    component: str


class Faults:
    """Draws the fault of each call; with the same `chance` and the same calls the same faults.

    `chance` gives a whole number from 0 up to, not including, its argument (`random.Random(seed).randrange`).
    `per_mille` says how many of a thousand calls meet each fault; a fault that a call cannot have is left out.
    """

    def __init__(self, chance: Callable[[int], int], per_mille: Mapping[Fault, int] | None = None) -> None:
        self._chance = chance
        self.per_mille = dict(per_mille or {})
        self._once: list[_Once] = []

    def next(self, call: str, fault: Fault, component: str = "") -> None:
        """The next `call` (`observe`, `warm`, ...) meets this fault once; "" is any component.

        Raises `ValueError` for a fault that this call cannot have.
        """
        if fault not in possible(call):
            raise ValueError(f"the call {call!r} cannot meet the fault {fault.value!r}")
        self._once.append(_Once(fault, call, component))

    def cease(self) -> None:
        """No faults from now on."""
        self.per_mille.clear()
        self._once.clear()

    def draw(self, call: str, resource: Resource, per_mille: Mapping[Fault, int] | None = None) -> Fault:
        """The fault of this call; `per_mille` are the component's own rates, before the common ones."""
        for once in self._once:
            if once.call == call and once.component in ("", resource.component):
                self._once.remove(once)
                return once.fault
        rates = {**self.per_mille, **(per_mille or {})}
        if not rates:
            return Fault.NONE
        drawn, met = self._chance(PER_MILLE), possible(call)
        for fault in _IN_ORDER:
            rate = rates[fault] if fault in rates and fault in met else 0
            if drawn < rate:
                return fault
            drawn -= rate
        return Fault.NONE


def possible(call: str) -> frozenset[Fault]:
    """The faults that a call can meet."""
    return OF_OBSERVE if call == OBSERVE else OF_STEPS
