"""The options of a simulated component, with the script of its faults read strictly."""

from __future__ import annotations

from typing import Final

import msgspec

from adapters.provisioners.adopted_names import refuse_other_name
from adapters.provisioners.simulated.faults import PER_MILLE, Fault, possible
from config.money import MoneyError, micros_from_text
from config.provisioner_options.actions import ACTIONS
from config.provisioner_options.simulated import SimulatedOptions, simulated_options
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource

SLOW_DEFAULT_S: Final = 60
STALE_DEFAULT_S: Final = 30


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mapping `faults` of a simulated component. Prices are decimal texts, durations seconds."""

    price: str | int | None = None
    """What the provider says a month HOT costs."""
    warm_price: str | int | None = None
    quota_permanent: bool = False
    """Whether the provider's quota is refused for good."""
    begins: bool = False
    """Whether a step is answered at once, as begun, and the resource is CHANGING until the step's time passed."""
    claimed_by: str = ""
    """A foreign writer that every look at the live resource names, such as an autoscaler."""
    observe_s: int = 0
    slow_s: int = SLOW_DEFAULT_S
    stale_s: int = 0
    stale_reads: int = 0
    """With either of these above 0, every change of this component is seen late."""
    per_mille: dict[str, int] = {}
    """How many of a thousand calls meet a fault: `{transient: 20}`."""
    once: dict[str, str] = {}
    """The faults of the first calls ever: `{warm: "transient none ambiguous_done"}`."""


class SimulatedComponent(msgspec.Struct, frozen=True):
    """All that the provisioner needs to know of one component."""

    steps: SimulatedOptions
    script: Script
    price_micros: int | None
    warm_price_micros: int | None
    per_mille: dict[Fault, int]
    once: dict[str, tuple[Fault, ...]]

    def latency_s(self, call: str) -> int:
        """How long a call takes."""
        return self.script.observe_s if call == "observe" else int(getattr(self.steps, f"{call}_s"))


def component_from(resource: Resource) -> SimulatedComponent:
    """The component's options; raises `Permanent` where they, or an adopted name, cannot be used."""
    refuse_other_name(resource, "simulated", f"{resource.plan}/{resource.component}")
    try:
        steps = simulated_options(resource.options)
        script = msgspec.convert(steps.faults, Script)
        return SimulatedComponent(
            steps=steps,
            script=script,
            price_micros=_micros(script.price),
            warm_price_micros=_micros(script.warm_price),
            per_mille={Fault(name): _rate(rate) for name, rate in script.per_mille.items()},
            once={call: _faults(call, text) for call, text in script.once.items()},
        )
    except (msgspec.ValidationError, MoneyError, ValueError) as error:
        raise Permanent(
            f"the options of {resource.plan}/{resource.component} are not those of a simulated provisioner: {error}"
        ) from error


def _micros(price: str | int | None) -> int | None:
    return None if price is None else micros_from_text(str(price))


def _rate(rate: int) -> int:
    if not 0 <= rate <= PER_MILLE:
        raise ValueError(f"expected a rate from 0 to {PER_MILLE} of a thousand, found {rate}")
    return rate


def _faults(call: str, text: str) -> tuple[Fault, ...]:
    if call not in ACTIONS:
        raise ValueError(f"expected one of {', '.join(ACTIONS)}, found {call!r}")
    faults = tuple(Fault(word) for word in text.split())
    for fault in faults:
        if fault not in possible(call):
            raise ValueError(f"the call {call!r} cannot meet the fault {fault.value!r}")
    return faults
