"""`did you mean …?`: the known word nearest to one that is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

WORD_CHARACTERS_MAX: Final = 64
"""Comparing takes the product of the lengths; a longer word is no typing error of a known one."""
WORDS_LISTED_MAX: Final = 40


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'monthly_cost'?)`, or an empty text where nothing is near."""
    if len(word) > WORD_CHARACTERS_MAX:
        return ""
    nearest = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


def one_of_text(known: Iterable[str]) -> str:
    """`one of a, b, c`, cut where the list is long."""
    words = list(known)
    if len(words) == 1:
        return words[0]
    more = f" and {len(words) - WORDS_LISTED_MAX} more" if len(words) > WORDS_LISTED_MAX else ""
    return f"one of {', '.join(words[:WORDS_LISTED_MAX])}{more}"
