"""A spot market and a daemon in miniature: time goes on, machines come and go, and every move is taken at once."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from adapters.provisioners.aws.eks_node_group import market
from adapters.provisioners.aws.eks_node_group.market import Facts, Group, Memory, Move, Phase, Rules
from config.instants import SECOND, Instant

TICK_S = 60
START = 1_704_067_200 * SECOND


class Taken(msgspec.Struct, frozen=True):
    """A move, when it was taken, and on what it was decided."""

    at: Instant
    move: Move
    facts: Facts


class MarketWorld:
    """One component that is to be HOT for as long as the world runs."""

    def __init__(self, rules: Rules, on_demand: int = 1_000) -> None:
        """`on_demand` is how many machines there are at the full price."""
        self.rules = rules
        self.now = START
        self.taken: list[Taken] = []
        self.spot_desired = 0
        self.stand_in_desired: int | None = None
        self.memory = Memory()
        self._on_demand = on_demand
        self._spot_supply = 0
        self._full_until: Instant | None = None

    def run(self, seconds: int, spot: int) -> None:
        """Let time pass with so many machines on spot."""
        self._spot_supply = spot
        for _ in range(max(1, seconds // TICK_S)):
            self._look()
            self.now += TICK_S * SECOND

    def play(self, supplies: Iterable[tuple[int, int]]) -> None:
        """The same for a list of seconds and machines."""
        for seconds, spot in supplies:
            self.run(seconds, spot)

    def moves(self, *kinds: Move) -> list[Instant]:
        """When these moves were taken."""
        return [taken.at for taken in self.taken if taken.move in kinds]

    @property
    def serving(self) -> int:
        """How many machines are ready."""
        stand_in = min(self.stand_in_desired, self._on_demand) if self.stand_in_desired is not None else 0
        return min(self.spot_desired, self._spot_supply) + stand_in

    def facts(self) -> Facts:
        """What a look shows."""
        ready = min(self.spot_desired, self._spot_supply)
        if ready >= self.rules.nodes:
            self._full_until = self.now
        short = ready < min(self.rules.nodes, self.spot_desired)
        first = Group(Phase.STANDS, self.spot_desired, ready, self._full_until if short else None)
        desired = self.stand_in_desired
        stand_in = None if desired is None else Group(Phase.STANDS, desired, min(desired, self._on_demand))
        return Facts(first, stand_in, self.memory)

    def _look(self) -> None:
        facts = self.facts()
        move = market.next_move(self.rules, facts, self.now)
        if move not in (Move.NONE, Move.WAIT):
            self.taken.append(Taken(self.now, move, facts))
        if move in (Move.ASK, Move.RETURN):
            self.memory = market.asked(self.memory, self.now)
            self.spot_desired = self.rules.nodes
            self._full_until = None
        elif move is Move.FALL_BACK:
            self.memory = market.fell_back(self.rules, self.memory, self.now)
            self.stand_in_desired = self.rules.nodes
        elif move is Move.FILL_STAND_IN:
            self.stand_in_desired = self.rules.nodes
        elif move is Move.GIVE_UP:
            self.memory = market.gave_up(self.memory, self.now)
            self.spot_desired = 0
        elif move is Move.REMOVE_STAND_IN:
            self.stand_in_desired = None
