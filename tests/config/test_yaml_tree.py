"""YAML trees keep lines and texts, and every kind of damage is a problem with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.yaml_tree import ALIASES_MAX, DEPTH_MAX, PLAN_BYTES_MAX, Mapping, Scalar, Sequence, tree_from_bytes


def test_scalars_keep_the_text_as_written() -> None:
    """No scalar is converted: `10.10` keeps its zero, `on` stays a word, a date stays text."""
    tree, problems = tree_from_bytes(b"cost: 10.10\nswitch: on\nday: 2024-01-31\n", "a.yaml")

    assert [] == problems
    assert isinstance(tree, Mapping)
    assert ["10.10", "on", "2024-01-31"] == [node.text for node in tree.entries.values() if isinstance(node, Scalar)]


def test_nodes_know_their_line_and_path() -> None:
    """A node stands on its key's line, and an item with an `id` is called by it."""
    tree, _ = tree_from_bytes(b"levels:\n  - id: free\n    burn: 3\n", "a.yaml")

    assert isinstance(tree, Mapping)
    levels = tree.entries["levels"]
    assert isinstance(levels, Sequence)
    level = levels.items[0]
    assert isinstance(level, Mapping)
    assert ("a.yaml", 3, "levels.free.burn") == (
        level.entries["burn"].place.file,
        level.entries["burn"].place.line,
        level.entries["burn"].place.path,
    )


@pytest.mark.parametrize(
    ("data", "line", "expected"),
    [
        (b"", 1, "a plan"),
        (b"# nothing\n", 1, "a plan"),
        (b"a: 1\nb: 2\na: 3\n", 3, "each key once"),
        (b"a: 1\n\xff\xfe\n", 2, "text in UTF-8"),
        (b"a: 1\nb: \x01\n", 2, "printable text"),
        (b"a:\n\tb: 1\n", 2, "YAML, indented with spaces (never with tabs)"),
        (b"a: 1\n---\nb: 2\n", 2, "one YAML document"),
        (b"a: [1, 2\nb: 3\n", 2, "YAML"),
        (b"a: 1\nb: !!python/object:os.system x\n", 2, "a value without a tag"),
        (b"a: 1\n? [x]\n: y\n", 2, "a word as key"),
        (b'a: 1\nb: "\\ud800"\n', 2, "text of whole characters"),
        (b"a: *nobody\n", 1, "YAML"),
    ],
)
def test_damage_is_a_problem_with_its_line(data: bytes, line: int, expected: str) -> None:
    """Each kind of damage is reported where it stands."""
    _, problems = tree_from_bytes(data, "a.yaml")

    assert [(line, expected)] == [(problem.line, problem.expected) for problem in problems]
    assert "found found" not in problems[0].text


@pytest.mark.parametrize("data", [b'a: "\\UFFFFFFFF"', b"%YAML " + b"9" * 5000 + b".1\n---\na: 1"])
def test_errors_inside_the_parser_are_problems_too(data: bytes) -> None:
    """What PyYAML lets escape as other exceptions is still only a problem."""
    tree, problems = tree_from_bytes(data, "a.yaml")

    assert tree is None
    assert ["YAML"] == [problem.expected for problem in problems]


def test_a_larger_file_is_refused_unread() -> None:
    """One byte above the limit is too much."""
    _, problems = tree_from_bytes(b"#" * (PLAN_BYTES_MAX + 1), "a.yaml")

    assert [f"at most {PLAN_BYTES_MAX} bytes"] == [problem.expected for problem in problems]


def test_deep_nesting_is_refused_without_exhausting_the_stack() -> None:
    """A hundred thousand brackets end at the depth limit."""
    _, problems = tree_from_bytes(b"[" * 100_000, "a.yaml")
    allowed, none = tree_from_bytes(b"[" * (DEPTH_MAX - 1) + b"]" * (DEPTH_MAX - 1), "a.yaml")

    assert ["values nested too deep"] == [problem.found for problem in problems]
    assert allowed is not None
    assert [] == none


def test_aliases_are_followed_and_keep_the_path_of_their_use() -> None:
    """A few aliases are a convenience."""
    tree, problems = tree_from_bytes(b"a: &x 5\nb: *x\n", "a.yaml")

    assert [] == problems
    assert isinstance(tree, Mapping)
    assert isinstance(tree.entries["b"], Scalar)
    assert ("5", "b") == (tree.entries["b"].text, tree.entries["b"].place.path)


def test_many_aliases_are_refused() -> None:
    """One alias above the limit is too many."""
    data = b"a: &x 1\nb: [" + b"*x, " * (ALIASES_MAX + 1) + b"]\n"
    _, problems = tree_from_bytes(data, "a.yaml")

    assert [(2, "more aliases than a plan needs")] == [(problem.line, problem.found) for problem in problems]


@pytest.mark.parametrize(
    "data",
    [
        b"a: &x [*x]\n",
        b"a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + b"".join(
            b"%c: &%c [%s]\n" % (name + 1, name + 1, b",".join([b"*%c" % name] * 10)) for name in range(97, 103)
        ),
    ],
    ids=["a list that holds itself", "a billion laughs"],
)
def test_aliases_that_grow_without_end_are_refused_once(data: bytes) -> None:
    """The limit counts what the aliases stand for, and says so one time."""
    tree, problems = tree_from_bytes(data, "a.yaml")

    assert tree is None
    assert ["more, counted with every alias followed"] == [problem.found for problem in problems]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(alphabet="ab:-[]{}&*!|>'\"#%@?,\n \t\\ux0", max_size=120)))
def test_no_input_raises(source: bytes | str) -> None:
    """Whatever the bytes: a tree, or problems, or both; never an exception, never neither."""
    data = source if isinstance(source, bytes) else source.encode()
    tree, problems = tree_from_bytes(data, "a.yaml")

    assert tree is not None or problems
