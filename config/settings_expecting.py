"""What the type of a setting expects, and what stands there instead, in words for people."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from typing import Any, Final, get_args

from config.settings.values import REFERENCE_EXPECTED
from config.suggestions import one_of_text

_WORDS: Final = {"`int`": "a whole number", "`str`": "text", "`array`": "a list", "`bool`": "true or false"}
_NAME_EXPECTED: Final = "a name such as shop-1: a-z, 0-9, _ and -, a letter first, at most 32 characters"
_REFERENCE: Final = re.compile(r"(env|file|credential):")


def expected_by(kind: Any, error: str = "") -> str:
    """What msgspec expected, given its error; with none, what stands for a value that is missing."""
    for choice in (kind, *get_args(kind)):
        if isinstance(choice, type) and issubclass(choice, enum.Enum):
            return one_of_text([each.value for each in choice])
    if "matching regex" in error or not error:
        return next(_descriptions(kind), _NAME_EXPECTED if error else "a value")
    wanted = error.removeprefix("Expected ").split(", got")[0].split(" - at")[0]
    for word, plain in _WORDS.items():
        wanted = wanted.replace(word, plain)
    return wanted


def shape_of(value: object, expected: str) -> str:
    """What stands there, told without showing text: it may be a secret put wrongly."""
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if not isinstance(value, str):
        return f"a list of {len(value)}" if isinstance(value, list) else "a value of another type"
    if expected != REFERENCE_EXPECTED:
        return f"other text, of {len(value)} characters"
    kind = _REFERENCE.match(value)
    if kind is None:
        return "text that begins with neither env:, file: nor credential:"
    return f"{kind[0]} and behind it what is no {'absolute path' if kind[1] == 'file' else 'name'}"


def _descriptions(kind: Any) -> Iterator[str]:
    """Its own, and those of what a list holds."""
    for meta in getattr(kind, "__metadata__", ()):
        if meta.description:
            yield str(meta.description)
    for inner in get_args(kind):
        yield from _descriptions(inner)
