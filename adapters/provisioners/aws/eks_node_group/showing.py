"""A look at a component's node groups in the words of the port: pure."""

from __future__ import annotations

from typing import Final

import msgspec

from adapters.provisioners.aws.eks_node_group.groups import Seen
from adapters.provisioners.aws.eks_node_group.market import (
    Facts,
    Group,
    Memory,
    Move,
    Phase,
    Rules,
    deadline,
    next_move,
    return_at,
    serves,
)
from adapters.provisioners.aws.tags import TOKEN
from config.instants import SECOND, Instant, instant_text
from machines.observations import Observation, ResourceState

LOOK_AFTER_S: Final = 30.0
_GOING: Final = "EKS removes it"


class Pair(msgspec.Struct, frozen=True):
    """The component's own group, its stand-in where one stands, and what their tags remember."""

    first: Seen | None
    stand_in: Seen | None = None
    memory: Memory = Memory()

    @property
    def facts(self) -> Facts:
        """For the rules of `market`; there must be a first."""
        assert self.first is not None
        return Facts(self.first.group, self.stand_in.group if self.stand_in else None, self.memory)

    @property
    def token(self) -> str:
        """The two count as one resource: the first one's token is written last, so it is the pair's."""
        stands = self.first or self.stand_in
        return stands.on_it.get(TOKEN, "") if stands else ""


def observation(rules: Rules, pair: Pair, differences: tuple[str, ...], note: str, now: Instant) -> Observation:
    """What the pair is. `differences` are those of the options, `note` what no step puts right."""
    if pair.first is None and pair.stand_in is None:
        return Observation(ResourceState.ABSENT)
    if pair.first is None:
        going = pair.stand_in is not None and pair.stand_in.group.phase is Phase.DELETING
        state = ResourceState.CHANGING if going else ResourceState.BROKEN
        return _shown(state, pair, "the component's own node group is gone, its stand-in is left")
    facts = pair.facts
    move = next_move(rules, facts, now)
    state = _state(rules, facts, move)
    wrong = (*_due(rules, facts, move), *differences) if state is ResourceState.HOT else ()
    doomed = sum(group.doomed for group in (facts.first, facts.stand_in) if group is not None)
    notice = f"{doomed} of its spot nodes are marked for termination" if doomed else ""
    told = _told(rules, pair, move)
    waits = move is Move.WAIT and _at_rest(facts)
    return _shown(state, pair, told, notice, note, differences=wrong, soon=bool(doomed), interruptible=waits)


def _shown(
    state: ResourceState,
    pair: Pair,
    *details: str,
    differences: tuple[str, ...] = (),
    soon: bool = False,
    interruptible: bool = False,
) -> Observation:
    return Observation(
        state,
        (pair.token,),
        detail="; ".join(filter(None, details)),
        differences=differences,
        look_after_s=LOOK_AFTER_S if soon or state is ResourceState.CHANGING else None,
        interruptible=state is ResourceState.CHANGING and interruptible,
    )


def _state(rules: Rules, facts: Facts, move: Move) -> ResourceState:
    first, stand_in = facts.first, facts.stand_in
    if first.phase is Phase.DELETING or (stand_in is not None and stand_in.phase is Phase.DELETING):
        return ResourceState.CHANGING
    if first.phase is Phase.FAILED and not serves(rules, stand_in):
        return ResourceState.BROKEN
    if first.desired == 0 and stand_in is None:
        at_work = first.phase is Phase.AT_WORK or first.ready > 0
        return ResourceState.CHANGING if at_work else ResourceState.WARM
    if move is Move.NONE:
        return ResourceState.CHANGING if first.phase is Phase.AT_WORK else ResourceState.HOT
    serving = first.ready + (stand_in.ready if stand_in is not None else 0)
    if move is Move.WAIT:
        lost_some = stand_in is None and first.short_since is not None and _was_full(facts)
        return ResourceState.HOT if lost_some and serving else ResourceState.CHANGING
    return ResourceState.HOT if serving else ResourceState.BROKEN


def _at_rest(facts: Facts) -> bool:
    """Whether EKS itself is done with both groups: only machines are waited for, and they can be let go at any time."""
    return all(group is None or group.phase is Phase.STANDS for group in (facts.first, facts.stand_in))


def _was_full(facts: Facts) -> bool:
    """Whether it had all its nodes since it was last asked for them."""
    since, asked_at = facts.first.short_since, facts.memory.asked_at
    return since is not None and asked_at is not None and since > asked_at


def _due(rules: Rules, facts: Facts, move: Move) -> tuple[str, ...]:
    """What activating it again would do, as a sentence on what stands."""
    nodes, first, memory = rules.nodes, facts.first, facts.memory
    fell = f" since {instant_text(memory.fell_back_at)}" if memory.fell_back_at is not None else ""
    sentences = {
        Move.ASK: f"{first.desired} nodes are asked for, the options wish {nodes}",
        Move.FALL_BACK: f"{first.ready} of {nodes} nodes are ready and spot brings no more: on demand is due",
        Move.RETURN: f"runs on on-demand{fell}; a return to spot is due",
        Move.GIVE_UP: f"runs on on-demand{fell}; spot is still asked for nodes",
        Move.REMOVE_STAND_IN: "all nodes are there, the stand-in on demand is not needed any more",
        Move.FILL_STAND_IN: f"the stand-in on demand is asked for fewer than {nodes} nodes",
    }
    return (sentences[move],) if move in sentences else ()


def _told(rules: Rules, pair: Pair, move: Move) -> str:
    """Where the nodes are, what is waited for, and what went wrong in AWS's words."""
    facts = pair.facts
    parts = [_line("", facts.first, rules.nodes), pair.first.trouble if pair.first else ""]
    if facts.stand_in is not None and pair.stand_in is not None:
        parts += [_line("stand-in on demand: ", facts.stand_in, rules.nodes), pair.stand_in.trouble]
        due = return_at(rules, facts.memory)
        if move is Move.NONE and due is not None and rules.on_spot:
            parts.append(f"spot is tried again after {instant_text(due // SECOND * SECOND)}")
    elif move is Move.WAIT and facts.first.desired and rules.falls_back:
        until = deadline(rules, facts)
        if until is not None:
            parts.append(f"on demand follows after {instant_text(until // SECOND * SECOND)}")
    if move is Move.OUT_OF_CAPACITY:
        parts.append("the others did not come in time")
    return "; ".join(filter(None, parts))


def _line(prefix: str, group: Group, wished: int) -> str:
    if group.phase is Phase.DELETING:
        return f"{prefix}{_GOING}"
    if not group.desired:
        return f"{prefix}no nodes are asked for" + (f", {group.ready} are still there" if group.ready else "")
    return f"{prefix}{group.ready} of {wished} nodes are ready"
