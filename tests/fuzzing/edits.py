"""How an input is made: a good document, and edits to it; the same for hypothesis, for chance and for coverage.

A document is cut into words, numbers, blanks and single signs. An edit replaces, drops, doubles, swaps or cuts such a
part, or flips a byte. That breaks every text format that is read here, one level above single bytes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Final

import msgspec
from hypothesis import strategies

PARTS: Final = re.compile(rb"[A-Za-z_]+|[0-9]+|[ \t]+|[^A-Za-z0-9_ \t]", re.DOTALL)
EDITS_MAX: Final = 6
PLACES: Final = 1 << 16

NASTY: Final[tuple[bytes, ...]] = (
    b"",
    b" ",
    b"\x00",
    b"\n",
    b"\r\n",
    b"\x1b[31m",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\xef\xbb\xbf",
    "\u202e".encode(),
    "\u2028".encode(),
    "\u200b".encode(),
    "\u0661\u0662".encode(),
    "e\u0301e\u0301".encode(),
    "\U0001f4b8".encode(),
    "\uff11".encode(),
    b"-1",
    b"-0",
    b"+5",
    b"0",
    b"00",
    b"1e400",
    b"1e-400",
    b"1E5",
    b"1_000",
    b"1,5",
    b".5",
    b"5.",
    b"0x10",
    b"NaN",
    b"-Infinity",
    b"9" * 19,
    b"9" * 30,
    b"9" * 5_000,
    b"0." + b"0" * 400 + b"1",
    b"A" * 200,
    b"A" * 5_000,
    b"A" * 70_000,
    b"[" * 2_000,
    b'{"a":' * 2_000,
    b"{" * 100,
    b"- " * 200,
    b"]",
    b"}",
    b"'",
    b'"',
    b"\\",
    b"\\ud800",
    b"\\u0000",
    b"\\x00",
    b",",
    b":",
    b"=",
    b"#",
    b"&a [*a, *a]",
    b"*a",
    b"<<: *a",
    b"!!python/object/apply:os.getpid []",
    b"!!binary AAAA",
    b"%YAML 99.99\n---\n",
    b"---\n",
    b"|\n",
    b"? ",
    b"%s%n",
    b"{0}",
    b"null",
    b"true",
    b"~",
    b"unknown",
    b"0000-01-01T00:00:00Z",
    b"0001-01-01T00:00:00+23:59",
    b"9999-12-31T23:59:59.999999-23:59",
    b"9999999-01-01T00:00:00Z",
    b"2026-02-30T00:00:00Z",
    b"2026-02-28T24:00:00Z",
    b"2026-02-28T23:59:60Z",
    b"2026-W01-1T00:00:00Z",
    b"2026-01-01",
    b"20260101T000000Z",
    b"../../x",
    b"/",
    b"/dev/null",
    b"env:NONE",
    b"s3://",
    b"redis://u:geheim@[::1",
    b"eur",
    b"XXX",
    b"refund",
    b"level:1",
    b"999999999d",
    b"\x1e",
    b"\x1f",
    b"\x1d",
)
"""What breaks readers: nothing, signs that no text has, numbers and times beyond any, bombs, other formats' words."""

KINDS: Final = ("replace", "insert", "drop", "double", "swap", "cut", "flip", "from_corpus")


class Edit(msgspec.Struct, frozen=True):
    """One edit. Places are shares of the whole, in `PLACES` parts, so that an edit fits every document."""

    kind: str
    at: int
    other: int
    """Another place, or which of the nasty parts."""


class Recipe(msgspec.Struct, frozen=True):
    """Which document, and what is done to it."""

    document: int
    edits: tuple[Edit, ...]


def made(recipe: Recipe, documents: Sequence[bytes]) -> bytes:
    """The input."""
    data = documents[recipe.document % len(documents)]
    for edit in recipe.edits:
        data = _edited(data, edit, documents)
    return data


def by_chance(chance: random.Random) -> Recipe:
    """A recipe of a seeded chance: few edits more often than many."""
    edits = tuple(
        Edit(chance.choice(KINDS), chance.randrange(PLACES), chance.randrange(PLACES))
        for _ in range(1 + min(chance.randrange(EDITS_MAX), chance.randrange(EDITS_MAX)))
    )
    return Recipe(chance.randrange(PLACES), edits)


def recipes() -> strategies.SearchStrategy[Recipe]:
    """All recipes; hypothesis makes them smaller: fewer edits, earlier parts."""
    place = strategies.integers(0, PLACES - 1)
    edit = strategies.builds(Edit, strategies.sampled_from(KINDS), place, place)
    return strategies.builds(Recipe, place, strategies.lists(edit, min_size=1, max_size=EDITS_MAX).map(tuple))


def _edited(data: bytes, edit: Edit, documents: Sequence[bytes]) -> bytes:
    if edit.kind == "cut":
        return data[: len(data) * edit.at // PLACES]
    if edit.kind == "flip":
        return _flipped(data, edit)
    parts: list[bytes] = PARTS.findall(data) or [b""]
    at, other = len(parts) * edit.at // PLACES, len(parts) * edit.other // PLACES
    match edit.kind:
        case "replace":
            parts[at] = NASTY[edit.other % len(NASTY)]
        case "insert":
            parts.insert(at, NASTY[edit.other % len(NASTY)])
        case "drop":
            del parts[at : at + 1 + edit.other % 3]
        case "double":
            first, last = sorted((at, other))
            last = min(last, first + 60)
            parts[last:last] = parts[first:last]
        case "swap":
            parts[at], parts[other] = parts[other], parts[at]
        case _:
            strange = PARTS.findall(documents[edit.other % len(documents)]) or [b""]
            parts[at] = strange[edit.other // 7 % len(strange)]
    return b"".join(parts)


def _flipped(data: bytes, edit: Edit) -> bytes:
    if not data:
        return bytes([edit.other % 256])
    at = len(data) * edit.at // PLACES
    return data[:at] + bytes([data[at] ^ (1 << edit.other % 8)]) + data[at + 1 :]
