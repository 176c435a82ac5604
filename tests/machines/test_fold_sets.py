"""Which events concern a part of the state is written twice, for speed: as a set, and where each is folded."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import get_args

import pytest

from machines import events
from machines.invariants import breaking, cap, ordering
from machines.notifying import news
from machines.state import costs, dials, notifications, revenue, sources, whole


def events_named_in(*folding: Callable[..., object]) -> set[str]:
    """Every `events.Name` that these functions look for."""
    trees = [ast.parse(inspect.getsource(each).strip()).body[0] for each in folding]
    bodies = [
        node for tree in trees if isinstance(tree, ast.FunctionDef) for part in tree.body for node in ast.walk(part)
    ]
    named = [node for node in bodies if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    return {node.attr for node in named if isinstance(node.value, ast.Name) and node.value.id == "events"}


@pytest.mark.parametrize(
    ("known", "folding"),
    [
        (revenue.OF_REVENUE, (revenue.fold_revenue_event,)),
        (costs.OF_COSTS, (costs.fold_costs_event,)),
        (dials.OF_DIALS, (dials.fold_dial_event,)),
        (sources.OF_SOURCES, (sources.fold_source_event,)),
        (notifications._OF_NOTIFICATIONS, (notifications._fold_own,)),
        (whole._OF_CURSORS, (whole._fold_cursor,)),
        (ordering.MOVES, (ordering._illegal,)),
        (news._TOLD, (news._level_news, news._expiry_news, news._journal_news)),
    ],
    ids=["revenue", "costs", "dials", "sources", "notifications", "cursors", "moves", "news"],
)
def test_the_set_names_what_is_folded(known: frozenset[type], folding: tuple[Callable[..., object], ...]) -> None:
    """An event that a set leaves out would silently fold into nothing."""
    assert {each.__name__ for each in known} == events_named_in(*folding)


@pytest.mark.parametrize("rule", [cap.steps_over_cap, breaking.steps_past_breakers])
def test_what_bounds_steps_is_asked_about_all_that_it_judges(rule: Callable[..., object]) -> None:
    """The auditor asks these rules about moves alone: a rule that judged anything else would never hear of it."""
    source = ast.parse(inspect.getsource(rule))
    asked = [
        node.args[1]
        for node in ast.walk(source)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
    ]
    judged = {node.id for each in asked for node in ast.walk(each) if isinstance(node, ast.Name)}

    assert {"StepIntended"} == judged
    assert judged <= {each.__name__ for each in ordering.MOVES}


def test_no_event_is_a_kind_of_another() -> None:
    """The sets hold classes, and what derives from one of them would be found in none."""
    assert [] == [each.__name__ for each in get_args(events.Event) if each.__subclasses__()]
