"""A customer's identity that cannot print itself."""

from __future__ import annotations

from typing import Final

HIDDEN: Final = "customer …"


class CustomerId(str):
    """Text that compares, hashes and encodes as it is, and shows nothing of itself in a message, a log or a traceback.

    `reveal` is the one way to its characters as plain text.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)


def reveal(customer: str) -> str:
    """The characters, for a payment that is written where payments belong."""
    return str.__str__(customer)
