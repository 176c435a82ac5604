"""Acting: wait for the component's lock, look, and only then run the step's script."""

from __future__ import annotations

from adapters.component_lock import ComponentLock, component_lock
from adapters.processes.running import Answer, Script, run
from adapters.processes.trusted import require_trusted
from adapters.provisioners.command.observing import CommandObserver, read_options
from adapters.provisioners.look_first import done_already
from config.instants import SECOND
from config.provisioner_options.command import CommandOptions
from machines.lifecycle_states import Step
from machines.ports.faults import Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, StepDone, StepOrder


class CommandProvisioner(CommandObserver):
    """The operator's scripts for all five calls. Held to `tests/contracts/provisioner.py`."""

    async def take(self, step: Step, order: StepOrder) -> StepDone:
        """The four steps.

        * `warm`: run `warm`: make the resource under SOLVENT_TOKEN, serving nobody.
        * `activate`: run `activate`: let it serve.
        * `deactivate`: run `deactivate`: snapshot what is stateful, then stop serving.
        * `decommission`: run `decommission`: remove it.
        """
        options = read_options(order.resource)
        wait_s = self._left_s(order)
        held = component_lock(self._state_directory, order.resource, exclusive=True, wait_s=wait_s, clock=self._clock)
        async with held as lock:
            return await self._take(step, order, options, lock)

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone:
        """Refused: a script's orphan is never found, so it is never removed."""
        del mandate
        raise Permanent(f"{found.name}: the kind command lists nothing, so it removes nothing; remove it by hand")

    async def _take(self, step: Step, order: StepOrder, options: CommandOptions, lock: ComponentLock) -> StepDone:
        seen = await self._look(order.resource, options, self._limit_s(step, order, options), order)
        if done := done_already(step, order, seen):
            return done
        limit_s = self._limit_s(step, order, options)
        argv = getattr(options, step.value)
        variables = self._variables(step.value, order.resource, options, limit_s, order)
        require_trusted(argv, variables, options.working_directory)
        script = Script(
            argv=argv,
            environment=variables,
            working_directory=options.working_directory,
            limit_s=limit_s,
            inherited=(lock.descriptor,),
        )
        order.mandate.require(f"`{step.value}` of {order.resource.plan}/{order.resource.component}")
        return _done(await run(script, self._state_directory, self._clock, lock.name_holder))

    def _left_s(self, order: StepOrder) -> float:
        return (order.deadline_at - self._clock.wall()) / SECOND

    def _limit_s(self, step: Step, order: StepOrder, options: CommandOptions) -> float:
        left_s = self._left_s(order)
        if left_s <= 0:
            name = f"{order.resource.plan}/{order.resource.component}"
            raise Transient(f"the deadline passed before `{step.value}` of {name} was started")
        return min(float(options.time_limit_s), left_s)


def _done(answer: Answer) -> StepDone:
    return StepDone(request_id=f"process {answer.process_id}, {answer.duration_ms} ms")
