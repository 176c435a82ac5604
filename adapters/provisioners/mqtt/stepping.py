"""Acting: look, and only then ask the agent for the step."""

from __future__ import annotations

from adapters.provisioners.look_first import done_already
from adapters.provisioners.mqtt.exchange import Question, about
from adapters.provisioners.mqtt.found_names import read_found_name
from adapters.provisioners.mqtt.observing import MqttObserver, read_options
from adapters.provisioners.mqtt.protocol import observation_from, step_answer
from machines.lifecycle_states import Step
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
        reply = await self._exchange.ask(options, look, deadline_at=order.deadline_at)
        if done := done_already(step, order, observation_from(reply, options.agent)):
            return done
        question = about(order.resource, step.value, order.token, order.generation)
        reply = await self._exchange.ask(options, question, deadline_at=order.deadline_at, mandate=order.mandate)
        return step_answer(reply, options.agent)

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone | StepBegun:
        """Ask the agent that listed it for `remove`; the agent refuses what no longer carries the token."""
        options, plan, name = read_found_name(found.name)
        question = Question("remove", plan, found.component, found.token, found.generation, name)
        reply = await self._exchange.ask(options, question, mandate=mandate)
        return step_answer(reply, options.agent)
