"""Entries of a stream as bytes: `name US value RS name US value`, read as the Redis client reads them."""

from __future__ import annotations

from collections.abc import Mapping

NEXT_FIELD = b"\x1e"
NAME_ENDS = b"\x1f"


def written(fields: Mapping[str, str]) -> bytes:
    """The entry as one document."""
    return NEXT_FIELD.join(name.encode() + NAME_ENDS + text.encode() for name, text in fields.items())


def read(data: bytes) -> dict[str, str]:
    """The fields; of two with one name the last one counts, as in a Redis client's dictionary."""
    fields: dict[str, str] = {}
    for part in data.split(NEXT_FIELD):
        name, _, value = part.partition(NAME_ENDS)
        fields[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    return fields
