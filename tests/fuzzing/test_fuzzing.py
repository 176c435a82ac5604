"""Bad input of every kind, made from good input: one clear answer each, soon, and nothing falls over."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzzing.edits import Recipe, made, recipes
from tests.fuzzing.every_target import TARGETS
from tests.fuzzing.target import Target, bounded, seeds

_T, _R = "taken", "refused"
_RR, _DD = "refused and then refused", "read and then read"
ANSWERS: Final = {
    "archives": (_T, _R),
    "backups_json": (_T,),
    "commands": (_T, _R, *(5 * (_T,)), *(3 * (_R,)), _T, *(7 * (_R,))),
    "encrypted_archives": (_R, _R, _R),
    "journal_addresses": (_T, _T, _T, _T),
    "journal_json": (_T,),
    "journals": (_RR, _DD, _RR, _RR, _RR, _DD, _DD, _DD),
    "lock_holders": ("read",),
    "manifests": (_T,),
    "mqtt_replies": (_T, _T, _T, _R, _T),
    "payments": (_T, _T, _T, _T, "rejected"),
    "plans": (_T, _T, _R, _R),
    "post_headers": (_T,),
    "posts": (_T, _T, _T),
    "program_output": (_T, _T),
    "redis_server_json": (_T,),
    "requests": ("200", "200", "404", "200", "405", "404"),
    "rows": ("read", "read", "read", "read"),
    "run_json": (_T,),
    "settings": (_T, _T, _R, _R),
    "streams": ("answered", "answered", "answered"),
    "stripe_posts": (_T,),
}
"""What becomes of each document as it is: a reader that refused all of them would refuse every edit as well."""

every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


@every_target
def test_what_is_good_and_what_was_found_is_answered(target: Target) -> None:
    """The documents get the answer that is theirs, the kept corpus any that can be shown."""
    answers = []
    for data in seeds(target):
        with bounded():
            answers.append(target.check(data).word)

    assert ANSWERS[target.name] == tuple(answers[: len(target.documents)])


def test_every_target_has_something_good() -> None:
    """But for what is made by laying something over a good one: from refusals alone only refusals are made."""
    refusing = {name for name, words in ANSWERS.items() if not {*words} - {_R, "rejected", _RR}}

    assert {"encrypted_archives"} == refusing


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
