"""What a node group on spot and its stand-in on demand do next: pure rules over facts, memory and the present instant.

A move of one group is decided only from what stands, so any daemon that looks decides the same. The rules never let go
of one group before the other has all its nodes, and ask the spot market again ever more rarely while it disappoints.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from config.instants import SECOND, Instant

WAIT_MAX_S: Final = 7 * 86_400
"""However often a return failed, the spot market is asked again after a week."""
DOUBLINGS_MAX: Final = 20


class Refusal(enum.Enum):
    """Why a group's machines are not launched."""

    CAPACITY = "capacity"
    QUOTA = "quota"
    AUTHORISATION = "authorisation"
    PASSING = "passing"


class Phase(enum.Enum):
    """What EKS does with a group."""

    STANDS = "stands"
    AT_WORK = "at work"
    DELETING = "deleting"
    FAILED = "failed"


class Group(msgspec.Struct, frozen=True):
    """One node group as it was seen."""

    phase: Phase
    desired: int
    """How many machines its Auto Scaling group is asked for."""
    ready: int
    short_since: Instant | None = None
    """Since when it has fewer than wished after it had all; None where it has all, or never had."""
    refusal: Refusal | None = None
    doomed: int = 0
    """How many of the ready ones AWS has announced to take back."""


class Memory(msgspec.Struct, frozen=True):
    """What has to survive a restart; it is kept in tags."""

    asked_at: Instant | None = None
    """When the group was last asked for its nodes: the deadline counts from here."""
    fell_back_at: Instant | None = None
    """When the component last had to turn to machines on demand."""
    doublings: int = 0
    """How often the waiting time before a return was doubled."""


class Rules(msgspec.Struct, frozen=True):
    """What the options say."""

    nodes: int
    falls_back: bool
    fallback_after_s: int
    return_after_s: int
    on_spot: bool = True
    """Whether spot is wished at all; a stand-in that serves may stand all the same, from options that were edited."""


class Facts(msgspec.Struct, frozen=True):
    """One look. `first` is the component's own group; `stand_in` the second one on demand, where it stands."""

    first: Group
    stand_in: Group | None = None
    memory: Memory = Memory()


class Move(enum.Enum):
    """The one thing to do next."""

    NONE = "none"
    """All that is wished stands."""
    WAIT = "wait"
    ASK = "ask"
    """Ask the first group for its nodes."""
    FALL_BACK = "fall back"
    """Make the stand-in."""
    FILL_STAND_IN = "fill stand-in"
    RETURN = "return"
    """Ask the first group again while the stand-in serves."""
    GIVE_UP = "give up"
    """The first group did not come: the stand-in has all nodes, let the first have none."""
    REMOVE_STAND_IN = "remove stand-in"
    REFUSED = "refused"
    """No waiting helps: quota or authorisation."""
    OUT_OF_CAPACITY = "out of capacity"
    """The deadline passed, and the options name no way out or that one brought too few nodes as well."""


def next_move(rules: Rules, facts: Facts, now: Instant) -> Move:
    """What to do with a component that is to be HOT."""
    if facts.stand_in is None:
        return _alone(rules, facts, now)
    if facts.stand_in.phase is Phase.DELETING:
        return Move.WAIT
    if serves(rules, facts.first, lasting=True):
        return _both_serve(rules, facts, facts.stand_in)
    if serves(rules, facts.stand_in):
        return _on_stand_in(rules, facts, now)
    return _both_short(rules, facts, facts.stand_in, now)


def serves(rules: Rules, group: Group | None, *, lasting: bool = False) -> bool:
    """Whether the group alone has all nodes; `lasting`: also when what AWS takes back is gone."""
    if group is None or group.phase is Phase.DELETING:
        return False
    return group.desired >= rules.nodes and group.ready - (group.doomed if lasting else 0) >= rules.nodes


def deadline(rules: Rules, facts: Facts) -> Instant | None:
    """Until when the first group may have too few nodes; None where it was never asked."""
    since = [at for at in (facts.memory.asked_at, facts.first.short_since) if at is not None]
    return max(since) + rules.fallback_after_s * SECOND if since else None


def wait_s(rules: Rules, doublings: int) -> int:
    """How long the stand-in serves before the first group is asked again."""
    return max(rules.return_after_s, min(WAIT_MAX_S, rules.return_after_s << min(doublings, DOUBLINGS_MAX)))


def return_at(rules: Rules, memory: Memory) -> Instant | None:
    """When a return is due; None where it never fell back."""
    if memory.fell_back_at is None:
        return None
    return memory.fell_back_at + wait_s(rules, memory.doublings) * SECOND


def asked(memory: Memory, now: Instant) -> Memory:
    """After ASK and RETURN."""
    return msgspec.structs.replace(memory, asked_at=now)


def fell_back(rules: Rules, memory: Memory, now: Instant) -> Memory:
    """After FALL_BACK. A stay on spot that was shorter than the wait before it doubles the next wait."""
    if memory.fell_back_at is None:
        return Memory(memory.asked_at, now)
    stayed_since = max(memory.fell_back_at, memory.asked_at or 0)
    short = now - stayed_since < wait_s(rules, memory.doublings) * SECOND
    return Memory(memory.asked_at, now, min(memory.doublings + 1, DOUBLINGS_MAX) if short else 0)


def gave_up(memory: Memory, now: Instant) -> Memory:
    """After GIVE_UP: a return that failed doubles the wait, a fall-back that was already counted does not."""
    if not _returning(memory):
        return memory
    return Memory(memory.asked_at, now, min(memory.doublings + 1, DOUBLINGS_MAX))


def _alone(rules: Rules, facts: Facts, now: Instant) -> Move:
    first, memory = facts.first, facts.memory
    if serves(rules, first):
        return Move.NONE
    if first.desired < rules.nodes or memory.asked_at is None:
        return Move.WAIT if first.phase is Phase.AT_WORK else Move.ASK
    if first.refusal is Refusal.AUTHORISATION or (first.refusal is Refusal.QUOTA and not rules.falls_back):
        return Move.REFUSED
    until = deadline(rules, facts)
    if first.refusal is not Refusal.QUOTA and until is not None and now < until:
        return Move.WAIT
    if not rules.falls_back:
        return Move.OUT_OF_CAPACITY
    if memory.fell_back_at is not None and memory.fell_back_at >= memory.asked_at:
        # A stand-in was made for this very shortage and could not be: not again before the deadline's time.
        return Move.WAIT if now < memory.fell_back_at + rules.fallback_after_s * SECOND else Move.FALL_BACK
    return Move.FALL_BACK


def _both_serve(rules: Rules, facts: Facts, stand_in: Group) -> Move:
    """Spot is kept where it came in time or came back; where it went and came all too often, its wait begins first."""
    restless = rules.falls_back and facts.memory.doublings > 0 and not _returning(facts.memory)
    if restless and serves(rules, stand_in):
        if facts.first.phase is Phase.FAILED:
            return Move.NONE
        return Move.GIVE_UP if facts.first.phase is Phase.STANDS else Move.WAIT
    return Move.REMOVE_STAND_IN


def _on_stand_in(rules: Rules, facts: Facts, now: Instant) -> Move:
    first, memory = facts.first, facts.memory
    if first.phase is Phase.FAILED:
        return Move.NONE
    if first.phase is not Phase.STANDS:
        return Move.WAIT
    if first.desired == 0:
        return Move.RETURN if _return_is_due(rules, memory, now) else Move.NONE
    until = deadline(rules, facts)
    hopeless = first.refusal in (Refusal.QUOTA, Refusal.AUTHORISATION) or not rules.on_spot
    if _returning(memory) and not hopeless and until is not None and now < until:
        return Move.WAIT
    return Move.GIVE_UP


def _return_is_due(rules: Rules, memory: Memory, now: Instant) -> bool:
    """Where machines on demand are not wished any more, the first try comes at once."""
    if not rules.on_spot:
        return False
    due = return_at(rules, memory)
    return due is None or now >= due or (not rules.falls_back and memory.doublings == 0)


def _both_short(rules: Rules, facts: Facts, stand_in: Group, now: Instant) -> Move:
    """Nobody serves in full: both are asked for, and whoever has all nodes first stays."""
    first, memory = facts.first, facts.memory
    if stand_in.phase is Phase.FAILED:
        return Move.REMOVE_STAND_IN
    if first.desired < rules.nodes and first.phase is Phase.STANDS and rules.on_spot:
        lost = stand_in.short_since is not None and _late(rules, now, stand_in.short_since)
        if lost or stand_in.refusal is not None or _return_is_due(rules, memory, now):
            return Move.RETURN
    if stand_in.phase is Phase.AT_WORK:
        return Move.WAIT
    if stand_in.desired < rules.nodes:
        return Move.FILL_STAND_IN
    if not _late(rules, now, memory.asked_at, first.short_since):
        return Move.WAIT
    if memory.asked_at is not None and stand_in.refusal in (Refusal.QUOTA, Refusal.AUTHORISATION):
        return Move.REFUSED
    if first.phase is Phase.AT_WORK or not _late(rules, now, memory.fell_back_at, stand_in.short_since):
        return Move.WAIT
    return Move.OUT_OF_CAPACITY


def _late(rules: Rules, now: Instant, *since: Instant | None) -> bool:
    """Whether a group's deadline is over, counted from the latest of these; where none is known, it is."""
    known = [at for at in since if at is not None]
    return not known or now >= max(known) + rules.fallback_after_s * SECOND


def _returning(memory: Memory) -> bool:
    """Whether the first group was asked again after the last fall-back."""
    if memory.asked_at is None:
        return False
    return memory.fell_back_at is None or memory.asked_at > memory.fell_back_at
