"""Commands of operators: judged or refused with the field at fault, and what is judged can be recorded and folded."""

from __future__ import annotations

import copy
from typing import Final

import msgspec

from daemon.verbs.table import VERBS, judge
from daemon.verbs.verb import ALWAYS, Bench
from machines.commands import Command, CommandError
from machines.event_codec import decode_event, encode_event
from tests.fuzzing.target import Answer, Target, require_told
from tests.fuzzing.targets import fields
from tests.machines.histories import SHOP, WARM, Step, acting, intended, then
from tests.verbs.benches import AGE_MAX_S, SENT, bench

STATE: Final = acting(intended("web", Step.ACTIVATE, WARM), level=1)
BENCH: Final[Bench] = bench(STATE)
for _component in SHOP.components:
    STATE.components.of(_component)  # a record is made when it is first looked at
BYTES: Final = msgspec.msgpack.encode(STATE)
_SAMPLES: Final = {
    "component": "web",
    "state": "hot",
    "ttl": "2h",
    "level": "1",
    "scope": "up",
    "id": "a-1",
    "approval": "a-1",
    "token": "token-web",
    "name": "web-1",
    "amount": "250.00",
    "at_least": "250.00",
    "item": "backup",
    "value": "true",
    "provider": "simulated",
    "breaker": "provider:simulated",
    "actor": "component:web",
    "entry": "1-1",
    "reason": "the quarterly sale",
    "by": "ann",
}


def _documents() -> tuple[bytes, ...]:
    """One of each verb, with every field that it takes."""
    return tuple(
        fields.written(
            {"verb": verb.name, **{name: _SAMPLES.get(name, "1") for name in sorted(verb.fields | ALWAYS - {"verb"})}}
        )
        for verb in VERBS.values()
    )


def check(data: bytes) -> Answer:
    """One command."""
    entry = fields.read(data)
    try:
        judged = judge(Command(entry.get("verb", ""), "ann", SENT, entry), BENCH, age_max_s=AGE_MAX_S)
    except CommandError as refused:
        text = str(refused)
        require_told(text)
        assert ": " in text, f"the refusal names no field: {text!r}"
        return Answer("refused")
    require_told(judged.reason)
    after = copy.deepcopy(STATE)
    for event in judged.events:
        encoded = encode_event(event)
        assert event == decode_event(encoded.name, encoded.version, encoded.data)
        then(after, event)
    msgspec.msgpack.encode(after)
    assert BYTES == msgspec.msgpack.encode(STATE), "judging changed the state"
    return Answer("taken")


TARGET: Final = Target("commands", _documents(), check, share=30, examples=60)
