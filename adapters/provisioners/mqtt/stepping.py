"""Acting: look, and only then ask the agent for the step."""

from __future__ import annotations

from adapters.provisioners.look_first import done_already
from adapters.provisioners.mqtt.exchange import Question, about
from adapters.provisioners.mqtt.found_names import read_found_name
from adapters.provisioners.mqtt.observing import MqttObserver, read_options
from adapters.provisioners.mqtt.protocol import observation_from, step_answer
from config.instants import SECOND
from config.provisioner_options.mqtt import MqttOptions
from machines.lifecycle_states import Step
from machines.ports.faults import Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, StepBegun, StepDone, StepOrder


class MqttProvisioner(MqttObserver):
    """An agent for all calls. Held to `tests/contracts/provisioner.py`."""

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """The four steps.

        * `warm`: ask for `warm`: make the resource under the token, serving nobody.
        * `activate`: ask for `activate`: let it serve.
        * `deactivate`: ask for `deactivate`: snapshot what is stateful, then stop serving.
        * `decommission`: ask for `decommission`: remove it.
        """
        options = read_options(order.resource)
        look = about(order.resource, "observe", order.token, order.generation)
        reply = await self._exchange.ask(options, look, self._limit_s(step, order, options))
        if done := done_already(step, order, observation_from(reply, options.agent)):
            return done
        question = about(order.resource, step.value, order.token, order.generation)
        reply = await self._exchange.ask(options, question, self._limit_s(step, order, options), order.mandate)
        return step_answer(reply, options.agent)

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone | StepBegun:
        """Ask the agent that listed it for `remove`; the agent refuses what no longer carries the token."""
        options, plan, name = read_found_name(found.name)
        question = Question("remove", plan, found.component, found.token, found.generation, name)
        reply = await self._exchange.ask(options, question, options.answer_timeout_s, mandate)
        return step_answer(reply, options.agent)

    def _limit_s(self, step: Step, order: StepOrder, options: MqttOptions) -> float:
        left_s = (order.deadline_at - self._clock.wall()) / SECOND
        if left_s <= 0:
            name = f"{order.resource.plan}/{order.resource.component}"
            raise Transient(f"the deadline passed before `{step.value}` of {name} was asked for")
        return min(float(options.answer_timeout_s), left_s)
