"""What agents and programs answer: an answer in the words of the protocol, or unknown."""

from __future__ import annotations

from typing import Final

import msgspec

from adapters.provisioners.command import observing
from adapters.provisioners.mqtt import protocol
from machines.ports.faults import Ambiguous, Permanent, Transient
from tests.fuzzing.target import Answer, Target, require

_REPLIES: Final = tuple(
    msgspec.json.encode(each)
    for each in (
        protocol.Reply("r-1", "done", cost="12.50"),
        protocol.Reply("r-1", "state", state="hot", tokens=["t-1"], units=2, detail="fine", cost="0"),
        protocol.Reply("r-1", "resources", resources=[protocol.Listed("n", "web", "t-1", 3)]),
        protocol.Reply("r-1", "later", reason="busy", retry_after_s=3.5),
        protocol.Reply("r-1", "begun", look_after_s=2),
    )
)
_PRINTED: Final = (
    b'{"state": "warm", "tokens": ["t-1"], "units": 1, "cost": "12.50", "detail": "d", "differences": ["x"]}',
    b'{"state": "absent"}',
)


def replied(data: bytes) -> Answer:
    """One reply of an agent, taken for the answer to a step, to a look and to a list."""
    words = []
    for meaning in (
        lambda reply: protocol.step_answer(reply, "agent"),
        lambda reply: protocol.observation_from(reply, "agent"),
        lambda reply: protocol.resources_from(reply, "agent", "mqtt"),
    ):
        try:
            meaning(protocol.reply_from(data, "agent"))
            words.append("taken")
        except (Ambiguous, Permanent, Transient) as error:
            require(bool(str(error).strip()), "the refusal says nothing")
            words.append("refused")
    return Answer("taken" if "taken" in words else "refused")


def printed(data: bytes) -> Answer:
    """What a program printed when it was asked what there is."""
    try:
        observing.observation_from(observing.Answer(1, 1, data, ""), "program")
    except (Ambiguous, Permanent, Transient) as error:
        require(bool(str(error).strip()), "the refusal says nothing")
        return Answer("refused")
    return Answer("taken")


MQTT: Final = Target("mqtt_replies", _REPLIES, replied, share=15)
PROGRAMS: Final = Target("program_output", _PRINTED, printed, share=8)
