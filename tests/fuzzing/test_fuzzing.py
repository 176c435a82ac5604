"""Bad input of every kind, made from good input: one clear answer each, soon, and nothing falls over."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzzing.edits import Recipe, made, recipes
from tests.fuzzing.every_target import TARGETS
from tests.fuzzing.target import Target, bounded, seeds

every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


@every_target
def test_what_is_good_and_what_was_found_is_answered(target: Target) -> None:
    """The good documents and the kept corpus get their answer, every time."""
    answers = []
    for data in seeds(target):
        with bounded():
            answers.append(target.check(data))

    assert len(seeds(target)) == len(answers)


@every_target
def test_what_is_bad_is_answered(target: Target) -> None:
    """Every edit of a good document is taken or refused in a sentence that can be shown."""
    documents = seeds(target)

    @settings(
        max_examples=target.examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(recipes())
    def tried(recipe: Recipe) -> None:
        with bounded():
            target.check(made(recipe, documents))

    tried()
