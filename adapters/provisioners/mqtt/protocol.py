"""What solvent and an agent say to each other; docs/provisioners/mqtt.md, is the agent's side."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from config.money import MoneyError, micros_from_text
from config.provisioner_options.mqtt import MqttOptions
from config.unreadable import UNREADABLE
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.provisioner import FoundResource, StepBegun, StepDone

REPLY_BYTES_MAX: Final = 262_144
TOKENS_ITEMS_MAX: Final = 1_000
TEXT_CHARACTERS_MAX: Final = 2_000
ONLINE: Final = b"online"


class Request(msgspec.Struct, frozen=True):
    """One request to an agent."""

    request: str
    step: str
    """`observe`, `list`, `remove` or a step."""
    plan: str
    component: str
    token: str
    generation: int | None
    deadline: str
    """After this instant the agent does nothing: nobody waits for it any more."""
    reply_to: str
    name: str
    """The name of the resource to remove; the provider's own name of an adopted one; else ""."""
    stateful: bool
    options: dict[str, Any]
    fencing: int = 0
    """The fencing token of the daemon that leads; the agent refuses a lower one than it has seen. 0 of a daemon that
    shares its journal with nobody."""


class Listed(msgspec.Struct, forbid_unknown_fields=True):
    """One live resource in the answer to `list`."""

    name: str
    component: str
    token: str
    generation: int | None = None
    detail: str = ""


class Reply(msgspec.Struct, forbid_unknown_fields=True):
    """One answer of an agent."""

    request: str
    answer: str
    """`done`, `begun`, `refused`, `later`, `state` or `resources`."""
    reason: str = ""
    retry_after_s: float | None = None
    look_after_s: float | None = None
    detail: str = ""
    cost: str | None = None
    state: str = ""
    tokens: list[str] = []
    units: int = 1
    resources: list[Listed] = []


class Topics(msgspec.Struct, frozen=True):
    """The topics of one agent."""

    root: str

    @classmethod
    def of(cls, options: MqttOptions) -> Topics:
        """The topics that the options name."""
        return cls(f"{options.topic_prefix}/agents/{options.agent}")

    @property
    def request(self) -> str:
        """Where the agent listens."""
        return f"{self.root}/request"

    @property
    def status(self) -> str:
        """Retained: `online`, or `offline` by the agent's last will."""
        return f"{self.root}/status"

    def reply(self, client: str) -> str:
        """Where the answer is expected."""
        return f"{self.root}/reply/{client}"


def reply_from(payload: bytes, agent: str) -> Reply:
    """Read strictly; raises `Ambiguous`: what is unreadable is unknown."""
    if len(payload) > REPLY_BYTES_MAX:
        raise Ambiguous(f"the agent {agent} answered {len(payload)} bytes: expected at most {REPLY_BYTES_MAX}")
    try:
        return msgspec.json.decode(payload, type=Reply)
    except UNREADABLE as error:
        raise Ambiguous(f"the agent {agent} gave an answer that cannot be read: {error}") from error


def step_answer(reply: Reply, agent: str) -> StepDone | StepBegun:
    """What the answer to a step means; raises `Transient`, `Permanent` or `Ambiguous`."""
    _refusals(reply, agent)
    if reply.answer == "done":
        return StepDone(reply.request, _cost_micros(reply, agent))
    if reply.answer == "begun":
        return StepBegun(reply.request, _cut(reply.detail), _seconds(reply.look_after_s))
    raise _unexpected(reply, agent, "done, begun, refused or later")


def observation_from(reply: Reply, agent: str) -> Observation:
    """What the answer to `observe` shows; raises `Transient`, `Permanent` or `Ambiguous`."""
    _refusals(reply, agent)
    states = {state.value: state for state in ResourceState}
    if reply.answer != "state" or reply.state not in states:
        raise _unexpected(reply, agent, f"state with one of {', '.join(states)}; refused or later")
    if reply.units < 0 or len(reply.tokens) > TOKENS_ITEMS_MAX:
        raise _unexpected(reply, agent, f"units of at least 0 and at most {TOKENS_ITEMS_MAX} tokens")
    state = states[reply.state]
    if state is ResourceState.ABSENT and reply.tokens:
        raise _unexpected(reply, agent, "no token where nothing is there")
    return Observation(
        state,
        tuple(reply.tokens),
        reply.units,
        _cost_micros(reply, agent),
        _cut(reply.detail),
        look_after_s=_seconds(reply.look_after_s),
    )


def resources_from(reply: Reply, agent: str, kind: str) -> tuple[FoundResource, ...]:
    """What the answer to `list` names; raises `Transient`, `Permanent` or `Ambiguous`."""
    _refusals(reply, agent)
    if reply.answer != "resources":
        raise _unexpected(reply, agent, "resources, refused or later")
    return tuple(
        FoundResource(kind, each.name, each.component, each.token, each.generation, _cut(each.detail))
        for each in reply.resources
    )


def _refusals(reply: Reply, agent: str) -> None:
    reason = _cut(reply.reason) or "it gave no reason"
    if reply.answer == "refused":
        raise Permanent(f"the agent {agent} refuses: {reason}")
    if reply.answer == "later":
        raise Transient(f"the agent {agent} asks to be called again later: {reason}", _seconds(reply.retry_after_s))


def _unexpected(reply: Reply, agent: str, expected: str) -> Ambiguous:
    found = f"{reply.answer} {reply.state}".strip()
    return Ambiguous(f"the agent {agent} answered {_cut(found)!r}: expected {expected}")


def _cost_micros(reply: Reply, agent: str) -> int | None:
    try:
        micros = None if reply.cost is None else micros_from_text(reply.cost)
    except MoneyError as error:
        raise Ambiguous(f"the agent {agent} named a cost that cannot be read: {error}") from error
    if micros is not None and micros < 0:
        raise _unexpected(reply, agent, "a cost of at least 0")
    return micros


def _seconds(value: float | None) -> float | None:
    """A wait that makes sense; what does not is no wait."""
    return value if value is not None and 0 < value < 86_400 else None


def _cut(text: str) -> str:
    return text[:TEXT_CHARACTERS_MAX]
