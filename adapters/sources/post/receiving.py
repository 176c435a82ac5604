"""What a post says: `{"payments": [{...the columns of the CSV...}], "through": "2026-12-01T00:00:00Z"}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from adapters.sources.post.signatures import Signatures
from config.instants import Instant, InstantError, instant_from_text
from config.suggestions import did_you_mean
from machines.ports.sources import Entry, PostRefusedError, Received
from machines.revenue.reading_fields import FIELDS

_KEYS: Final = ("payments", "through")
VALUE_CHARACTERS_MAX: Final = 4_096


class PostReceiver:
    """A source that posts."""

    def __init__(self, name: str, signatures: Signatures, payments_max: int) -> None:
        self.name = name
        self._signatures = signatures
        self._payments_max = payments_max

    def receive(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Received:
        """The payments in order, not yet read: which of them count is not decided here. Raises `PostRefusedError`."""
        post_id = self._signatures.check(headers, body, now)
        kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise PostRefusedError(415, "expected the content-type application/json")
        said = _object(body)
        payments = said["payments"]
        if not isinstance(payments, list):
            raise PostRefusedError(400, f"payments: expected a list of objects, found {_kind(payments)}")
        if len(payments) > self._payments_max:
            raise PostRefusedError(
                400, f"payments: expected at most {self._payments_max}, found {len(payments)}; send several posts"
            )
        entries = tuple(Entry(f"{post_id}:{index}", _fields(index, each)) for index, each in enumerate(payments))
        return Received(entries, _through(said.get("through")))


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body, object_pairs_hook=_each_once, parse_constant=_no_number)
    except _DoubleKeyError as double:
        raise PostRefusedError(400, f"expected each key once, found {str(double)[:64]!r} twice in one object") from None
    except (ValueError, RecursionError):
        raise PostRefusedError(400, 'expected a JSON object {"payments": [...]}, found no JSON') from None
    if not isinstance(said, dict):
        raise PostRefusedError(400, f'expected a JSON object {{"payments": [...]}}, found {_kind(said)}')
    for key in said:
        if key not in _KEYS:
            raise PostRefusedError(400, f"{key[:64]!r} is an unknown key{did_you_mean(key, _KEYS)}")
    if "payments" not in said:
        raise PostRefusedError(400, "payments: missing; a sender that has none sends an empty list")
    return said


def _fields(index: int, payment: object) -> dict[str, str]:
    """The fields as text. What is no text has no place in the column, whatever it may mean."""
    if not isinstance(payment, dict):
        raise PostRefusedError(400, f"payments[{index}]: expected an object, found {_kind(payment)}")
    fields: dict[str, str] = {}
    for name, value in payment.items():
        place = f"payments[{index}].{name[:64] if name.isprintable() else repr(name[:64])}"
        if name not in FIELDS:
            raise PostRefusedError(400, f"{place}: an unknown field{did_you_mean(name, FIELDS)}")
        if name == "amount" and isinstance(value, float):
            raise PostRefusedError(
                400, f'{place}: expected text such as "49.90", found a number with a point, which is not exact'
            )
        if value is None and name in {"interval", "stream"}:
            continue
        if name == "amount" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value) if abs(value) < 10**30 else "too large"  # noqa: PLW2901 - shown, not used
        if not isinstance(value, str):
            raise PostRefusedError(400, f"{place}: expected text, found {_kind(value)}")
        if len(value) > VALUE_CHARACTERS_MAX:
            raise PostRefusedError(400, f"{place}: expected at most {VALUE_CHARACTERS_MAX} characters, found more")
        fields[name] = value.encode(errors="replace").decode()  # a lone surrogate cannot be written down
    return fields


def _through(value: object) -> Instant | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise PostRefusedError(400, f"through: expected text such as 2026-12-01T00:00:00Z, found {_kind(value)}")
    try:
        through = instant_from_text(value)
    except (InstantError, OverflowError) as error:
        raise PostRefusedError(400, f"through: {error}") from None
    if through < 0:
        raise PostRefusedError(400, "through: expected a time since 1970, found an earlier one")
    return through


class _DoubleKeyError(ValueError):
    pass


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values of one key: which was meant would be a guess."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DoubleKeyError(key)
        found[key] = value
    return found


def _no_number(text: str) -> float:
    raise ValueError(text)


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "nothing")
