"""The rules of spot and on demand: nodes go only when others serve, and a bad market is asked ever more rarely."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.provisioners.aws.eks_node_group import market
from adapters.provisioners.aws.eks_node_group.market import Facts, Group, Memory, Move, Phase, Refusal, Rules
from config.instants import SECOND
from tests.provisioners.aws.market_world import START, TICK_S, MarketWorld

HOUR_S = 3_600
RULES = Rules(nodes=3, falls_back=True, fallback_after_s=600, return_after_s=6 * HOUR_S)
NEVER_BACK = Rules(nodes=3, falls_back=False, fallback_after_s=600, return_after_s=6 * HOUR_S)
ONLY_ON_DEMAND = Rules(nodes=3, falls_back=False, fallback_after_s=600, return_after_s=6 * HOUR_S, on_spot=False)
SUPPLIES = st.lists(st.tuples(st.integers(TICK_S, 12 * HOUR_S), st.integers(0, 4)), min_size=1, max_size=12)
ASKED = Memory(asked_at=START)


def _group(desired: int = 3, ready: int = 3, phase: Phase = Phase.STANDS, refusal: Refusal | None = None) -> Group:
    return Group(phase, desired, ready, refusal=refusal)


def _move(facts: Facts, after_s: int = 0, rules: Rules = RULES) -> Move:
    return market.next_move(rules, facts, START + after_s * SECOND)


@pytest.mark.parametrize(
    ("facts", "after_s", "move"),
    [
        (Facts(_group(0, 0)), 0, Move.ASK),
        (Facts(_group(0, 0, Phase.AT_WORK)), 0, Move.WAIT),
        (Facts(_group(3, 3)), 0, Move.NONE),
        (Facts(_group(3, 1)), 0, Move.ASK),
        (Facts(_group(3, 1), memory=ASKED), 599, Move.WAIT),
        (Facts(_group(3, 1), memory=ASKED), 600, Move.FALL_BACK),
        (Facts(_group(3, 1, Phase.AT_WORK), memory=ASKED), 600, Move.FALL_BACK),
        (Facts(_group(3, 0, refusal=Refusal.CAPACITY), memory=ASKED), 599, Move.WAIT),
        (Facts(_group(3, 0, refusal=Refusal.QUOTA), memory=ASKED), 0, Move.FALL_BACK),
        (Facts(_group(3, 0, refusal=Refusal.AUTHORISATION), memory=ASKED), 0, Move.REFUSED),
        (Facts(_group(3, 0), _group(3, 0, Phase.AT_WORK), ASKED), 700, Move.WAIT),
        (Facts(_group(3, 0), _group(3, 3), Memory(START, START + 1)), 700, Move.GIVE_UP),
        (Facts(_group(3, 3), _group(3, 0, Phase.AT_WORK), Memory(START, START + 1)), 700, Move.REMOVE_STAND_IN),
        (Facts(_group(3, 3), _group(3, 3), Memory(START, START + 1)), 700, Move.REMOVE_STAND_IN),
        (Facts(_group(3, 3), _group(3, 3), Memory(START, START + 1, 1)), 700, Move.GIVE_UP),
        (Facts(_group(3, 3), _group(3, 0), Memory(START, START + 1, 1)), 700, Move.REMOVE_STAND_IN),
        (Facts(_group(3, 3), _group(3, 3), Memory(START + 2, START + 1, 1)), 700, Move.REMOVE_STAND_IN),
        (Facts(_group(3, 0, Phase.AT_WORK), _group(3, 3), Memory(START, START + 1)), 700, Move.WAIT),
        (Facts(_group(0, 0, Phase.FAILED), _group(3, 3), Memory(START, START + 1)), 6 * HOUR_S, Move.NONE),
        (Facts(_group(0, 0), _group(3, 3), Memory(START, START)), 6 * HOUR_S - 1, Move.NONE),
        (Facts(_group(0, 0), _group(3, 3), Memory(START, START)), 6 * HOUR_S, Move.RETURN),
        (Facts(_group(0, 0), _group(3, 3), Memory(START, START, 1)), 6 * HOUR_S, Move.NONE),
        (Facts(_group(0, 0), _group(1, 1), Memory(START, START)), 0, Move.FILL_STAND_IN),
        (Facts(_group(3, 0), _group(3, 0, Phase.FAILED), Memory(START, START + 1)), 700, Move.REMOVE_STAND_IN),
        (Facts(_group(3, 3), _group(3, 3, Phase.DELETING), Memory(START, START + 1)), 700, Move.WAIT),
    ],
)
def test_the_move_for_what_stands(facts: Facts, after_s: int, move: Move) -> None:
    """One fact after the other, so many seconds after the nodes were asked for."""
    assert move is _move(facts, after_s)


@pytest.mark.parametrize(
    ("refusal", "after_s", "move"),
    [
        (None, 599, Move.WAIT),
        (Refusal.CAPACITY, 600, Move.OUT_OF_CAPACITY),
        (Refusal.QUOTA, 0, Move.REFUSED),
        (Refusal.AUTHORISATION, 0, Move.REFUSED),
    ],
)
def test_without_a_way_back_the_shortage_is_said(refusal: Refusal | None, after_s: int, move: Move) -> None:
    """Where the options allow no machines on demand, quota refuses for good and capacity for now."""
    facts = Facts(_group(3, 1, refusal=refusal), memory=ASKED)

    assert move is _move(facts, after_s, NEVER_BACK)


@pytest.mark.parametrize(
    ("first", "stand_in", "after_s", "move"),
    [
        (_group(3, 1), _group(3, 2), 1_299, Move.WAIT),
        (_group(3, 1), _group(3, 2), 1_300, Move.OUT_OF_CAPACITY),
        (_group(3, 1), _group(3, 2, refusal=Refusal.CAPACITY), 240 * HOUR_S, Move.OUT_OF_CAPACITY),
        (_group(3, 1), _group(3, 2, refusal=Refusal.QUOTA), 1_300, Move.REFUSED),
        (_group(3, 1), _group(3, 2, Phase.AT_WORK), 1_300, Move.WAIT),
        (_group(3, 1, Phase.AT_WORK), _group(3, 2), 1_300, Move.WAIT),
        (_group(0, 0), _group(3, 2), 1_300, Move.OUT_OF_CAPACITY),
        (_group(0, 0), _group(3, 2), 6 * HOUR_S + 700, Move.RETURN),
    ],
)
def test_two_short_groups_are_not_waited_for_for_ever(first: Group, stand_in: Group, after_s: int, move: Move) -> None:
    """Once both had the time that the options give, what there is has to do."""
    facts = Facts(first, stand_in, Memory(START, START + 700 * SECOND))

    assert move is _move(facts, after_s)


@pytest.mark.parametrize(
    ("rules", "first", "memory", "after_s", "move"),
    [
        (ONLY_ON_DEMAND, _group(0, 0), Memory(START, START), 240 * HOUR_S, Move.NONE),
        (ONLY_ON_DEMAND, _group(3, 1), Memory(START + SECOND, START), 1, Move.GIVE_UP),
        (NEVER_BACK, _group(0, 0), Memory(START, START), 0, Move.RETURN),
        (NEVER_BACK, _group(3, 1), Memory(START + SECOND, START), 600, Move.WAIT),
        (NEVER_BACK, _group(3, 1), Memory(START + SECOND, START), 601, Move.GIVE_UP),
        (NEVER_BACK, _group(0, 0), Memory(START, START, 1), 12 * HOUR_S - 1, Move.NONE),
        (NEVER_BACK, _group(0, 0), Memory(START, START, 1), 12 * HOUR_S, Move.RETURN),
    ],
)
def test_a_stand_in_that_the_options_no_longer_wish(
    rules: Rules, first: Group, memory: Memory, after_s: int, move: Move
) -> None:
    """With on demand alone it stays; with spot alone a return is tried at once, and later ever more rarely."""
    assert move is _move(Facts(first, _group(), memory), after_s, rules)


def test_a_group_that_failed_is_never_let_go() -> None:
    """EKS changes none that failed: where both serve it is left, and nothing is waited for."""
    facts = Facts(_group(3, 3, Phase.FAILED), _group(), Memory(START, START + 1, 1))

    assert Move.NONE is _move(facts, 700)


def test_a_loss_starts_the_deadline_anew() -> None:
    """Nodes that AWS took back may be replaced for as long as the first ones might take to come."""
    lost_at = START + HOUR_S * SECOND
    facts = Facts(Group(Phase.STANDS, 3, 2, short_since=lost_at), memory=ASKED)

    assert Move.WAIT is _move(facts, HOUR_S + 599)
    assert Move.FALL_BACK is _move(facts, HOUR_S + 600)


def test_doomed_machines_keep_the_stand_in() -> None:
    """A return is complete only with nodes that stay."""
    doomed = Group(Phase.STANDS, 3, 3, doomed=1)
    facts = Facts(doomed, _group(3, 3), Memory(START + 2, START + 1))

    assert Move.WAIT is _move(facts, 10)


def test_a_stand_in_that_failed_is_not_made_again_at_once() -> None:
    """After its removal the next one waits as long as the market was waited for."""
    facts = Facts(_group(3, 0), memory=Memory(START, START + 600 * SECOND))

    assert Move.WAIT is _move(facts, 1_199)
    assert Move.FALL_BACK is _move(facts, 1_200)


def test_a_dead_market_is_asked_ever_more_rarely() -> None:
    """Over two weeks without spot the gaps between the tries double, up to a week."""
    world = MarketWorld(RULES)
    world.run(14 * 24 * HOUR_S, spot=0)

    gaps = [(later - earlier) // SECOND for earlier, later in pairwise(world.moves(Move.RETURN))]

    assert len(gaps) == 4
    assert all(2 * earlier - 1_200 <= later <= 2 * earlier for earlier, later in pairwise(gaps))


def test_the_longest_wait_is_a_week() -> None:
    """No number of failures makes it longer, nor shorter than what the options say."""
    assert market.wait_s(RULES, 1_000) == 7 * 24 * HOUR_S
    assert market.wait_s(Rules(1, True, 600, 8 * 24 * HOUR_S), 3) == 8 * 24 * HOUR_S


def test_a_restless_market_loses_its_turn() -> None:
    """Spot that comes and goes every quarter of an hour causes two fall-backs in a wait, not one each time."""
    world = MarketWorld(RULES)
    world.play([(900, 3), (900, 0)] * 12)

    assert len(world.moves(Move.FALL_BACK)) <= 2


@given(SUPPLIES, st.sampled_from([0, 2, 1_000]))
@settings(deadline=None, max_examples=150)
def test_nothing_is_let_go_before_another_serves(supplies: list[tuple[int, int]], on_demand: int) -> None:
    """Whatever the market does: spot is given up only for a full stand-in, and a stand-in only for full spot."""
    world = MarketWorld(RULES, on_demand)
    world.play(supplies)

    for taken in world.taken:
        assert taken.move is not Move.GIVE_UP or market.serves(RULES, taken.facts.stand_in)
        assert taken.move is not Move.REMOVE_STAND_IN or market.serves(RULES, taken.facts.first)


@given(SUPPLIES, st.sampled_from([0, 2, 1_000]))
@settings(deadline=None, max_examples=150)
def test_all_nodes_are_always_asked_for_somewhere(supplies: list[tuple[int, int]], on_demand: int) -> None:
    """From the first look on, one of the groups is asked for all nodes: what can run, runs."""
    world = MarketWorld(RULES, on_demand)
    for seconds, spot in supplies:
        world.run(seconds, spot)
        assert max(world.spot_desired, world.stand_in_desired or 0) >= RULES.nodes
        # Nodes on demand that there are serve, once the deadline and two looks are over.
        if seconds > RULES.fallback_after_s + 2 * TICK_S:
            assert world.serving >= min(RULES.nodes, max(spot, on_demand))


@given(SUPPLIES)
@settings(deadline=None, max_examples=150)
def test_the_budget_of_returns_is_kept(supplies: list[tuple[int, int]]) -> None:
    """Two returns lie at least the waiting time apart, and so do a fall-back and the one after the next."""
    world = MarketWorld(RULES)
    world.play(supplies)

    returns, fall_backs = world.moves(Move.RETURN), world.moves(Move.FALL_BACK)
    wait = RULES.return_after_s * SECOND
    assert all(later - earlier >= wait for earlier, later in pairwise(returns))
    assert all(later - earlier >= wait for earlier, later in zip(fall_backs, fall_backs[2:], strict=False))


@given(SUPPLIES)
@settings(deadline=None, max_examples=50)
def test_a_market_that_stays_good_is_used_in_the_end(supplies: list[tuple[int, int]]) -> None:
    """However it began: with plenty of spot from then on, the component runs on spot alone."""
    world = MarketWorld(RULES)
    world.play(supplies)
    world.run(8 * 24 * HOUR_S, spot=3)

    assert (3, None) == (world.spot_desired, world.stand_in_desired)
    assert Move.NONE is market.next_move(RULES, world.facts(), world.now)
