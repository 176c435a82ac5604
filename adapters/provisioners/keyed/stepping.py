"""Acting: look, then one script that does the whole step, or nothing where the key has changed since the look."""

from __future__ import annotations

from typing import Final

from adapters.provisioners.keyed.observing import KeyedObserver, Look
from adapters.provisioners.keyed.recipe import OFF, ON
from adapters.provisioners.look_first import done_already
from config.instants import SECOND
from machines.lifecycle_states import Step
from machines.ports.faults import Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, StepDone, StepOrder

LOOKS_MAX: Final = 3
"""A rival daemon wins the key once, perhaps twice; more often is no race but a fight."""
_STATE_AFTER: Final = {Step.WARM: OFF, Step.ACTIVATE: ON, Step.DEACTIVATE: OFF}
_ABSENT: Final = "-"
_ANY: Final = "any"


class KeyedProvisioner(KeyedObserver):
    """The keys of one kind on one Redis. Held to `tests/contracts/provisioner.py`."""

    async def take(self, step: Step, order: StepOrder) -> StepDone:
        """The four steps: make the key switched off, switch it on, switch it off, remove it."""
        for _ in range(LOOKS_MAX):
            look = await self._look(order.resource, self._left_s(step, order))
            if done := done_already(step, order, look.seen):
                return done
            if await self._applied(step, order, look):
                return StepDone(cost_micros=self._recipe.cost_micros(order.resource) if step is Step.ACTIVATE else 0)
        raise Transient(f"{order.resource.plan}/{order.resource.component} changed between every look and {step.value}")

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone:
        """Remove the key whatever its state, while it carries the token."""
        _, fields = await self._connection.look(found.component)
        if self._connection.key(found.component) == found.name and fields.get("token", "") == found.token and fields:
            arguments = ["remove", fields.get("plan", ""), found.token, _ANY, *self._recipe.step_arguments]
            if await self._connection.change(mandate, self._recipe.step_script, [found.name], arguments):
                return StepDone(cost_micros=0)
        raise Permanent(f"{found.name} no longer carries the token {found.token}: list again what is there")

    async def _applied(self, step: Step, order: StepOrder, look: Look) -> bool:
        """Whether the key still showed what was seen, and so the step was done."""
        fields = look.fields
        arguments = [
            step.value,
            fields.get("plan", "") if fields else order.resource.plan,
            fields.get("token", ""),
            fields.get("state", "") if fields else _ABSENT,
            *self._recipe.step_arguments,
        ]
        if step is not Step.DECOMMISSION:
            written = {
                "plan": order.resource.plan,
                "token": order.token,
                "generation": str(order.generation),
                "state": _STATE_AFTER[step],
                **self._recipe.wished(order.resource, look.now_ms),
            }
            arguments += [text for field in written.items() for text in field]
        key = self._connection.key(order.resource.component)
        return bool(
            await self._connection.change(
                order.mandate, self._recipe.step_script, [key], arguments, self._left_s(step, order)
            )
        )

    def _left_s(self, step: Step, order: StepOrder) -> float:
        left_s = (order.deadline_at - self._clock.wall()) / SECOND
        if left_s <= 0:
            name = f"{order.resource.plan}/{order.resource.component}"
            raise Transient(f"the deadline passed before {step.value} of {name} was begun")
        return left_s
