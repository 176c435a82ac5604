"""Parsers of single values: each takes the text as it was written and raises `ReadingError` for any other."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeVar

from config.errors import ReadingError, shown
from config.money import MICROS_MAX, MoneyError, amount_text, micros_from_text
from config.suggestions import did_you_mean, one_of_text

E = TypeVar("E", bound=enum.Enum)

TEXT_CHARACTERS_MAX: Final = 200
NOTE_CHARACTERS_MAX: Final = 2_000
_DECIMAL: Final = re.compile(r"[+-]?\d{1,20}(\.\d{1,12})?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_TRUE: Final = frozenset({"true", "yes", "on"})
_FALSE: Final = frozenset({"false", "no", "off"})


def amount(text: str) -> int:
    """Micros of an amount of at least zero, exact."""
    if not _DECIMAL.fullmatch(text):
        raise ReadingError("a decimal amount such as 19.99", shown(text))
    try:
        micros = micros_from_text(text)
    except MoneyError:
        limit = amount_text(MICROS_MAX)
        raise ReadingError(f"an amount of at most {limit} with at most six decimals", shown(text)) from None
    if micros < 0:
        raise ReadingError("an amount of at least 0", shown(text))
    return micros


def positive_amount(text: str) -> int:
    """Micros of an amount above zero."""
    micros = amount(text)
    if micros == 0:
        raise ReadingError("an amount above 0", shown(text))
    return micros


def amount_or_unknown(text: str) -> int:
    """Micros of an amount; -1 for the word `unknown`, a price that nobody knows yet."""
    if text == "unknown":
        return -1
    if not _DECIMAL.fullmatch(text):
        raise ReadingError("a decimal amount such as 19.99, or unknown", shown(text))
    return amount(text)


def fraction(
    *, above: str | None = None, at_least: str | None = None, below: str | None = None, at_most: str | None = None
) -> Callable[[str], Decimal]:
    """A parser of exact decimals within the bounds given."""
    bounds = [f"above {above}"] * (above is not None) + [f"at least {at_least}"] * (at_least is not None)
    bounds += [f"below {below}"] * (below is not None) + [f"at most {at_most}"] * (at_most is not None)
    expected = "a decimal number" + (f" {' and '.join(bounds)}" if bounds else "")

    def parse(text: str) -> Decimal:
        if not _DECIMAL.fullmatch(text):
            raise ReadingError(expected, shown(text))
        value = Decimal(text)
        if (
            (above is not None and value <= Decimal(above))
            or (at_least is not None and value < Decimal(at_least))
            or (below is not None and value >= Decimal(below))
            or (at_most is not None and value > Decimal(at_most))
        ):
            raise ReadingError(expected, shown(text))
        return value

    return parse


def integer(lowest: int, highest: int, unit: str = "") -> Callable[[str], int]:
    """A parser of whole numbers from `lowest` to `highest`, both included."""
    expected = f"a whole number{f' of {unit}' if unit else ''} from {lowest} to {highest}"

    def parse(text: str) -> int:
        if not _INTEGER.fullmatch(text) or not lowest <= int(text) <= highest:
            raise ReadingError(expected, shown(text))
        return int(text)

    return parse


def boolean(text: str) -> bool:
    """`true`, `yes` and `on`, or `false`, `no` and `off`, in any case."""
    word = text.lower()
    if word not in _TRUE | _FALSE:
        raise ReadingError("true or false", shown(text))
    return word in _TRUE


def is_off(text: str) -> bool:
    """Whether the text is one of the words that YAML takes for `off`."""
    return text.lower() in _FALSE


def member(kind: type[E]) -> Callable[[str], E]:
    """A parser of an enumeration's values."""
    known = [each.value for each in kind]

    def parse(text: str) -> E:
        if text not in known:
            raise ReadingError(one_of_text(known), shown(text) + did_you_mean(text, known))
        return kind(text)

    return parse


def matching(pattern: str, expected: str) -> Callable[[str], str]:
    """A parser of texts that match the whole pattern."""
    compiled = re.compile(pattern, re.ASCII)

    def parse(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ReadingError(expected, shown(text))
        return text

    return parse


def line_text(text: str) -> str:
    """One line of printable text, not empty."""
    if not text.strip() or not text.isprintable() or len(text) > TEXT_CHARACTERS_MAX:
        raise ReadingError(f"one line of text, at most {TEXT_CHARACTERS_MAX} characters", shown(text))
    return text


def note_text(text: str) -> str:
    """Printable text of several lines, perhaps empty; the surrounding white space is dropped."""
    if not text.replace("\n", "").isprintable() or len(text) > NOTE_CHARACTERS_MAX:
        raise ReadingError(f"text of at most {NOTE_CHARACTERS_MAX} characters", shown(text))
    return text.strip()
