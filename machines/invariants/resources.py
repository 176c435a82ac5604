"""I1 and I2: every live resource has a journaled intent, and there is one of each generation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import msgspec

from machines.invariants.finding import Finding
from machines.tokens import is_token


class LiveResourceSeen(msgspec.Struct, frozen=True):
    """A resource that really stands."""

    component: str
    generation: int
    token: str


def untraced_resources(live: Iterable[LiveResourceSeen], intended: Mapping[str, Collection[str]]) -> list[Finding]:
    """I1: resources with our tag and no journaled intent; `intended` has the tokens of each component's intents."""
    return [
        Finding("I1", f"{each.component} stands under {each.token}, which no intent in the journal names")
        for each in live
        if is_token(each.token) and each.token not in intended.get(each.component, ())
    ]


def doubled_resources(live: Iterable[LiveResourceSeen]) -> list[Finding]:
    """I2: more than one live resource of a component and generation that carries our tag."""
    counted = Counter((each.component, each.generation) for each in live if is_token(each.token))
    return [
        Finding("I2", f"{component} stands {number} times in generation {generation}")
        for (component, generation), number in counted.items()
        if number > 1
    ]
