"""Whatever an operator's file holds, loading it ends in a plan or in a `PlanError`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import PlanError
from config.loading import plan_from_bytes
from config.plan import Plan
from config.plan_cycles import cycles_of
from tests.config.plan_text import PLAN, problems_of

SHIPPED = (files("config") / "plans" / "autobroker.yaml").read_text(encoding="utf-8")


def keys_of(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Every key of a document, outer ones first."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield from keys_of(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from keys_of(item)


def values_of(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Every scalar value of a document."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from values_of(item)
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from values_of(value)


def replaced(text: str, node: yaml.ScalarNode, new: str) -> str:
    """The text with one node's characters replaced."""
    return text[: node.start_mark.index] + new + text[node.end_mark.index :]


def test_every_mistyped_key_of_the_shipped_plan_is_found_on_its_line() -> None:
    """Each single key, with one letter too many, is reported where it stands."""
    keys = list(keys_of(yaml.compose(SHIPPED)))
    assert len(keys) > 150
    for key in keys:
        damaged = replaced(SHIPPED, key, f"{key.value}-x")
        lines = {problem.line for problem in problems_of(damaged)}
        assert key.start_mark.line + 1 in lines, key.value


def test_every_value_of_the_shipped_plan_is_checked_on_its_line() -> None:
    """A list in the place of any single value is reported where it stands; a note alone may be any text."""
    values = list(values_of(yaml.compose(SHIPPED)))
    assert len(values) > 130
    for value in values:
        damaged = replaced(SHIPPED, value, "[[]]\n" if value.style == ">" else "[[]]")
        lines = {problem.line for problem in problems_of(damaged)}
        assert value.start_mark.line + 1 in lines, value.value


def loads_or_is_refused(data: bytes) -> None:
    """The property of this file: a plan, or a `PlanError` that says something."""
    refusal: PlanError | None = None
    plan: Plan | None = None
    try:
        plan = plan_from_bytes(data, "any.yaml")
    except PlanError as error:
        refusal = error
    assert plan is not None or (refusal is not None and str(refusal).startswith("any.yaml"))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_plan_or_refused(data: bytes) -> None:
    """Binary noise."""
    loads_or_is_refused(data)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_plan_with_any_piece_overwritten_is_a_plan_or_refused(data: st.DataObject) -> None:
    """Noise in the middle of something that is nearly right reaches deeper than noise alone."""
    start = data.draw(st.integers(0, len(PLAN)))
    length = data.draw(st.integers(0, 40))
    noise = data.draw(st.text(alphabet="abz019.-: {}[]&*!|>'\"#%@?,\n\t~é\u2028", max_size=12))
    loads_or_is_refused((PLAN[:start] + noise + PLAN[start + length :]).encode())


_SCALARS = st.sampled_from(["", "~", "revenue", "1", "-3", "0.5", "off", "unknown", "simulated", "database", "9" * 40])
_TREES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "any", "metric", "id", "at_least", "0"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(list(values_of(yaml.compose(PLAN)))), _TREES)
def test_a_plan_with_any_value_of_another_shape_is_a_plan_or_refused(node: yaml.ScalarNode, tree: object) -> None:
    """Lists, mappings and other words in the place of any value."""
    new = yaml.safe_dump(tree, default_flow_style=True, width=10_000).removesuffix("\n").removesuffix("\n...")
    loads_or_is_refused(replaced(PLAN, node, new).encode())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from("abcdef"), unique=True, min_size=1).flatmap(
        lambda nodes: st.fixed_dictionaries({node: st.lists(st.sampled_from(nodes), max_size=3) for node in nodes})
    )
)
def test_cycles_are_found_exactly_where_there_are_some(graph: dict[str, list[str]]) -> None:
    """No cycle is reported where the nodes can be put in order, and each reported one can be walked."""
    cycles = cycles_of(graph)
    rest = dict(graph)
    while free := [node for node, needed in rest.items() if not any(each in rest for each in needed)]:
        rest = {node: needed for node, needed in rest.items() if node not in free}

    assert bool(cycles) == bool(rest)
    for cycle in cycles:
        assert all(after in graph[node] for node, after in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


def test_a_chain_of_any_length_is_no_problem() -> None:
    """Ten thousand components in a row are followed without recursion."""
    chain = {str(number): [str(number + 1)] for number in range(10_000)} | {"10000": []}

    assert cycles_of(chain) == []
    assert [len(cycle) for cycle in cycles_of(chain | {"10000": ["0"]})] == [10_001]


@pytest.mark.parametrize("text", [PLAN, SHIPPED])
def test_line_ends_of_other_systems_change_nothing(text: str) -> None:
    """A file written on Windows, with its byte order mark, is the same plan."""
    windows = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()

    assert plan_from_bytes(windows, "shop.yaml") == plan_from_bytes(text.encode(), "shop.yaml")
