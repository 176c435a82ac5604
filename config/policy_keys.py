"""Every policy key with the parser of its values: one table for plan files and for `--set`."""

from __future__ import annotations

import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec

from config import values
from config.errors import ReadingError, shown
from config.policies import ActivationPolicy, Policies, RevenuePolicy, RollbackPolicy, SafetyPolicy

Parse = Callable[[str], Any]

RATIO_HIGHEST: Final = "1000"
"""Above 1 a ratio spends more than is earned, which `cost_basis: max_burn` needs to activate at all."""

GROUPS: Final[dict[str, type[msgspec.Struct]]] = {
    "revenue": RevenuePolicy,
    "safety": SafetyPolicy,
    "activation": ActivationPolicy,
    "rollback": RollbackPolicy,
}


class Off(enum.Enum):
    """The word `off`, for a policy that can be switched off; its struct holds None."""

    OFF = "off"


def _or_off(parse: Parse) -> Parse:
    def parse_or_off(text: str) -> Any:
        if values.is_off(text):
            return Off.OFF
        try:
            return parse(text)
        except ReadingError as error:
            raise ReadingError(f"{error.expected}, or off", shown(text)) from None

    return parse_or_off


_NUMBERS: Final[dict[str, Parse]] = {
    "revenue.take_rate": values.fraction(above="0", at_most="1"),
    "revenue.close_delay_hours": values.integer(0, 744, "hours"),
    "revenue.fall_max": values.fraction(above="0", at_most="1"),
    "revenue.silence_max_hours": values.integer(1, 8784, "hours"),
    "safety.ratio_max": values.fraction(above="0", at_most=RATIO_HIGHEST),
    "safety.ratio_warn": values.fraction(above="0", at_most=RATIO_HIGHEST),
    "safety.hard_ratio": _or_off(values.fraction(above="0", at_most=RATIO_HIGHEST)),
    "activation.prewarm_confidence": _or_off(values.fraction(above="0", at_most="1")),
    "rollback.hysteresis": values.fraction(at_least="0", below="1"),
}


def _parsers() -> dict[str, Parse]:
    """The parser of each key; a policy whose type is neither word nor switch must stand in `_NUMBERS`."""
    parsers: dict[str, Parse] = {}
    for group, kind in GROUPS.items():
        for field in msgspec.structs.fields(kind):
            key = f"{group}.{field.name}"
            if isinstance(field.type, type) and issubclass(field.type, enum.Enum):
                parsers[key] = values.member(field.type)
            elif field.type is bool:
                parsers[key] = values.boolean
            else:
                parsers[key] = _NUMBERS[key]
    return parsers


POLICY_PARSERS: Final[dict[str, Parse]] = _parsers()
"""`safety.ratio_max` and its fellows, in the order of `Policies`."""


def policies_from(chosen: dict[str, Any]) -> Policies:
    """The policies with the values chosen by key, every other at its default."""
    groups: dict[str, Any] = {}
    for group, kind in GROUPS.items():
        names = [field.name for field in msgspec.structs.fields(kind)]
        given = {name: chosen[f"{group}.{name}"] for name in names if f"{group}.{name}" in chosen}
        groups[group] = kind(**{name: None if value is Off.OFF else value for name, value in given.items()})
    return Policies(**groups)


def policy_text(value: Decimal | enum.Enum | bool | int | None) -> str:
    """A policy's value as a plan writes it."""
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.value) if isinstance(value, enum.Enum) else str(value)
