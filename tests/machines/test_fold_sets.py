"""Which events concern a part of the state is written twice, for speed: as a set, and where each is folded."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable

import pytest

from machines.notifying import news
from machines.state import costs, dials, revenue, sources


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
        (news._TOLD, (news._level_news, news._expiry_news, news._journal_news)),
    ],
    ids=["revenue", "costs", "dials", "sources", "news"],
)
def test_the_set_names_what_is_folded(known: frozenset[type], folding: tuple[Callable[..., object], ...]) -> None:
    """An event that a set leaves out would silently fold into nothing."""
    assert {each.__name__ for each in known} == events_named_in(*folding)
