"""One mutation: a guard, how it is taken away, and the tests that must notice."""

from __future__ import annotations

import msgspec


class Mutation(msgspec.Struct, frozen=True):
    """A guard that is taken away."""

    name: str
    file: str
    """The file that holds the guard, from the top of the tree."""
    before: str
    """The guard as it stands there, exactly once."""
    after: str
    """What is left without it."""
    tests: tuple[str, ...]
    """`file::test`: each must fail, by an assertion, without the guard."""
