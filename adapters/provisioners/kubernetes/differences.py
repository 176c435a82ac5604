"""What of a live object stands otherwise than it was applied."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

DIFFERENCES_MAX: Final = 10
_SUFFIXES: Final = {
    "m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
}  # fmt: skip
_KEYS: Final = ("name", "containerPort", "port", "mountPath", "key", "ip")


def differences(wished: dict[str, Any], live: dict[str, Any]) -> list[str]:
    """A sentence for each field that was applied and stands otherwise; fields that were not applied do not count."""
    what = f"{wished['kind']} {wished['metadata']['name']}"
    found = []
    for path, is_now, was in _walk(wished, live, ""):
        # The claim of a volume grows and binds by itself.
        if wished["kind"] == "PersistentVolumeClaim" and path.startswith("spec"):
            continue
        found.append(f"{what}: {path} was changed ({_short(is_now)} instead of {_short(was)})")
    return found[:DIFFERENCES_MAX]


def _walk(wished: Any, live: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(wished, dict):
        if not wished:
            return
        if not isinstance(live, dict):
            yield path, live, wished
            return
        for key, value in wished.items():
            yield from _walk(value, live.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(wished, list):
        yield from _walk_list(wished, live, path)
    elif not _same(wished, live):
        yield path, live, wished


def _walk_list(wished: list[Any], live: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    others = live if isinstance(live, list) else []
    if not all(isinstance(item, dict) for item in wished) and len(others) != len(wished):
        yield path, live, wished
        return
    for index, item in enumerate(wished):
        key = next((key for key in _KEYS if isinstance(item, dict) and key in item), None)
        if key is None:
            match = others[index] if index < len(others) else None
        else:
            match = next((each for each in others if isinstance(each, dict) and each.get(key) == item[key]), None)
        yield from _walk(item, match, f"{path}[{item[key] if key else index}]")


def _same(wished: Any, live: Any) -> bool:
    if wished is None or wished == live:
        return True
    # The server leaves out what is empty or false.
    if live is None:
        return wished in ("", 0, False)
    if isinstance(wished, bool) or isinstance(live, bool):
        return False
    first, second = _quantity(str(wished)), _quantity(str(live))
    return str(wished) == str(live) or (first is not None and first == second)


def _quantity(text: str) -> Decimal | None:
    """`500m`, `0.5` and `1Gi` as numbers: the server writes quantities in its own way."""
    suffix = next((each for each in ("Ki", "Mi", "Gi", "Ti", "m", "k", "M", "G", "T") if text.endswith(each)), "")
    try:
        return Decimal(text.removesuffix(suffix)) * _SUFFIXES.get(suffix, Decimal(1))
    except InvalidOperation:
        return None


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
