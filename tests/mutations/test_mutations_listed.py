"""The list of mutations does not rot: each guard is where it says, and each test that must notice exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutations.mutation import Mutation
from tests.mutations.mutations import MUTATIONS
from tests.mutations.running import TREE, mutated


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_a_guard_stands_where_the_list_says(mutation: Mutation) -> None:
    """Exactly once, and what is left without it is Python."""
    text = mutated((TREE / mutation.file).read_text(encoding="utf-8"), mutation)

    assert ast.parse(text)
    assert mutation.before != mutation.after


def test_every_named_test_exists() -> None:
    """In its file, or in the contract that its class is held to."""
    named = sorted({test for each in MUTATIONS for test in each.tests})
    missing = [test for test in named if not _exists(test)]

    assert [] == missing


def test_every_mutation_has_a_name_of_its_own_and_a_test() -> None:
    """`--only NAME` finds one, and none is without somebody who notices."""
    names = [each.name for each in MUTATIONS]

    assert sorted(set(names)) == sorted(names)
    assert [] == [each.name for each in MUTATIONS if not each.tests]


def _exists(test: str) -> bool:
    path, *within = test.split("::")
    file = TREE / path
    function = within[-1].partition("[")[0]
    return file.exists() and any(function in _functions(each) for each in (file, *_contracts()))


def _contracts() -> list[Path]:
    return sorted((TREE / "tests/contracts").glob("*.py"))


def _functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
