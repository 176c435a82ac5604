"""One request to an agent and its answer: connect, see that the agent is there, ask, wait."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiomqtt
import msgspec
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from adapters.mqtt import Broker, Connector, client_id
from adapters.provisioners.mqtt.protocol import ONLINE, Reply, Request, Topics, reply_from
from config.instants import SECOND, Instant, instant_text
from config.provisioner_options.mqtt import MqttOptions, broker_address
from config.unreadable import UNREADABLE
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource

STATUS_WAIT_S: Final = 10.0
"""How long to wait for the retained status of an agent: brokers hand it over at once."""
REQUEST_NUMBERS: Final = 2**64
_REFUSED_FROM: Final = 128


class Question(msgspec.Struct, frozen=True):
    """What is asked of an agent."""

    step: str
    plan: str
    component: str = ""
    token: str = ""
    generation: int | None = None
    name: str = ""
    stateful: bool = False
    fencing: int = 0


class Said(msgspec.Struct, frozen=True):
    """One message."""

    topic: str
    payload: bytes


_Heard = Said | aiomqtt.MqttError
"""A broken connection is handed on as a value: a task group would wrap it."""


def about(resource: Resource, step: str, token: str = "", generation: int | None = None) -> Question:
    """A question about one component."""
    return Question(step, resource.plan, resource.component, token, generation, resource.name, resource.stateful)


class Exchange:
    """Asks agents. It holds no connection between two questions."""

    def __init__(
        self, clock: Clock, chance: Callable[[int], int], environment: Mapping[str, str], instance: str
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._environment = environment
        self._instance = instance
        self._connector = Connector(clock)

    async def reach(self, options: MqttOptions) -> None:
        """See that broker and agent are there; raises `Transient` or `Permanent` with what is missing."""
        async with self._conversation(options):
            pass

    async def ask(
        self,
        options: MqttOptions,
        question: Question,
        *,
        deadline_at: Instant | None = None,
        mandate: Mandate | None = None,
    ) -> Reply:
        """The agent's answer within its time after it was found to be there, not after the deadline.

        `mandate` for what changes things. Raises what the mandate does, `Transient` or `Permanent` where nothing was
        sent, `Ambiguous` where no answer came to what was sent.
        """
        self._limit_s(options, question, deadline_at)
        async with self._conversation(options) as (client, identifier):
            limit_s = self._limit_s(options, question, deadline_at)  # only now: to connect takes time
            if mandate is not None:
                mandate.require(f"`{question.step}` of {question.plan}/{question.component}")
                question = msgspec.structs.replace(question, fencing=mandate.fencing)
            return await self._asked(client, identifier, options, question, limit_s)

    def _limit_s(self, options: MqttOptions, question: Question, deadline_at: Instant | None) -> float:
        if deadline_at is None:
            return float(options.answer_timeout_s)
        left_s = (deadline_at - self._clock.wall()) / SECOND
        if left_s <= 0:
            name = f"{question.plan}/{question.component}"
            raise Transient(f"the deadline passed before `{question.step}` of {name} was asked for")
        return min(float(options.answer_timeout_s), left_s)

    @asynccontextmanager
    async def _conversation(self, options: MqttOptions) -> AsyncIterator[tuple[aiomqtt.Client, str]]:
        broker = self._broker(options)
        topics = Topics.of(options)
        identifier = client_id(self._instance, self._chance)
        async with self._connector.connection(broker, identifier) as client:
            try:
                # Unacknowledged: what this one connection loses is lost in any case, and no broker waits for us.
                granted = await client.subscribe([(topics.reply(identifier), 0), (topics.status, 0)])
                _pass_cancellation_on()
                if any(_number(code) >= _REFUSED_FROM for code in granted):
                    raise Permanent(
                        f"the MQTT broker {broker.name} does not let {broker.user or 'an unnamed user'} read "
                        f"{topics.root}/reply/+ and {topics.status}: expected read access to both"
                    )
                status = await self._within(STATUS_WAIT_S, _retained(client, topics.status))
            except aiomqtt.MqttError as error:
                raise Transient(f"the MQTT broker {broker.name} broke off: {error}; nothing was asked") from error
            if isinstance(status, aiomqtt.MqttError):
                raise Transient(f"the MQTT broker {broker.name} broke off: {status}; nothing was asked")
            if status is None:
                raise Transient(
                    f"the agent {options.agent} was never here: nothing is retained on {topics.status} of "
                    f"{broker.name}; expected online. Start it, or look at its name in the plan"
                )
            if status.payload != ONLINE:
                raise Transient(f"the agent {options.agent} is offline, says {topics.status} of {broker.name}")
            yield client, identifier

    async def _asked(
        self, client: aiomqtt.Client, identifier: str, options: MqttOptions, question: Question, limit_s: float
    ) -> Reply:
        topics = Topics.of(options)
        number = f"{self._chance(REQUEST_NUMBERS):016x}"
        deadline_at = self._clock.wall() + round(limit_s * SECOND)
        request = Request(
            request=number,
            deadline=instant_text(deadline_at),
            reply_to=topics.reply(identifier),
            options=options.settings,
            **msgspec.structs.asdict(question),
        )
        properties = None
        if self._connector.speaks_five(self._broker(options)):
            properties = _properties(request, limit_s)
        lost = f"of `{question.step}` for {question.plan}/{question.component} by the agent {options.agent}"
        heard = await self._within(limit_s, _asked_and_heard(client, topics, request, properties))
        if heard is None:
            raise Ambiguous(f"no answer came within {limit_s:g} s {lost}: it may have been done")
        if isinstance(heard, aiomqtt.MqttError):
            raise Ambiguous(f"the MQTT broker broke off ({heard}) before the answer {lost}: it may have been done")
        if heard.topic == topics.status:
            raise Ambiguous(f"the agent went away before its answer {lost}: it may have been done")
        return reply_from(heard.payload, options.agent)

    async def _within(self, limit_s: float, hearing: Coroutine[Any, Any, _Heard]) -> _Heard | None:
        """What is heard within so many seconds of the clock; None where nothing is."""
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(hearing, name="listen to the MQTT broker")
            limit = group.create_task(self._clock.sleep(limit_s), name="time limit of an MQTT answer")
            await asyncio.wait((listening, limit), return_when=asyncio.FIRST_COMPLETED)
            heard = listening.result() if listening.done() else None
            listening.cancel()
            limit.cancel()
        return heard

    def _broker(self, options: MqttOptions) -> Broker:
        address = broker_address(options.broker)
        password = None
        if options.password_env is not None:
            password = self._environment.get(options.password_env)
            if password is None:
                raise Permanent(
                    f"the environment variable {options.password_env} is not set, password_env names it for the "
                    f"password of {address.host}: set it for the daemon and start it again"
                )
        return Broker(
            address.host,
            address.port,
            address.user,
            password,
            address.tls,
            options.ca_file,
            options.cert_file,
            options.key_file,
        )


async def _retained(client: aiomqtt.Client, topic: str) -> _Heard:
    """The first message on a topic."""
    try:
        async for message in client.messages:
            if str(message.topic) == topic:
                return Said(topic, _bytes(message.payload))
    except aiomqtt.MqttError as error:
        return error
    raise AssertionError("messages end by an error only")


async def _asked_and_heard(
    client: aiomqtt.Client, topics: Topics, request: Request, properties: Properties | None
) -> _Heard:
    """Publish, then wait for the answer to this very request, or for the agent's last will."""
    try:
        await client.publish(topics.request, msgspec.json.encode(request), qos=1, properties=properties)
        _pass_cancellation_on()
        async for message in client.messages:
            topic, payload = str(message.topic), _bytes(message.payload)
            if topic == topics.status and payload != ONLINE:
                return Said(topic, payload)
            if topic == request.reply_to and _is_about(payload, request.request):
                return Said(topic, payload)
    except aiomqtt.MqttError as error:
        return error
    raise AssertionError("messages end by an error only")


def _pass_cancellation_on() -> None:
    """Raise the cancellation that `asyncio.wait_for`, inside the library, swallows when its answer comes as well."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class _Numbered(msgspec.Struct):
    request: str


def _is_about(payload: bytes, number: str) -> bool:
    """Whether an answer is that to this request; one that cannot be read may well be, and is unknown."""
    try:
        return msgspec.json.decode(payload, type=_Numbered).request == number
    except UNREADABLE:
        return True


def _properties(request: Request, limit_s: float) -> Properties:
    """What MQTT 5 can say beside the request: where the answer goes, and when nobody waits for it any more."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho annotates nothing here
    properties.ResponseTopic = request.reply_to
    properties.CorrelationData = request.request.encode()
    properties.MessageExpiryInterval = math.ceil(limit_s)
    return properties


def _bytes(payload: object) -> bytes:
    """Payloads arrive as bytes; anything else is nothing that an agent sent."""
    return payload if isinstance(payload, bytes) else b""


def _number(code: object) -> int:
    """A reason code, whichever way the library gives it."""
    value = getattr(code, "value", code)
    return value if isinstance(value, int) else _REFUSED_FROM
