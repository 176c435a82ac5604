"""The hash `owner` as fields of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from machines.ports.streams import Owner

MARK: Final = "mark"
"""The field that tells which claim made the hash."""


def owner_fields(owner: Owner) -> dict[str, str]:
    """What is written of an owner."""
    return {
        "journal_id": owner.journal_id,
        "holder": owner.holder,
        "epoch": str(owner.epoch),
        "fencing": str(owner.fencing),
        "name": owner.name,
    }


def owner_in(fields: Mapping[str, str]) -> Owner | None:
    """Who is written there; None for nobody. Fields that an older daemon did not write are those of no lease."""
    if "journal_id" not in fields:
        return None
    return Owner(
        journal_id=fields["journal_id"],
        holder=fields.get("holder", ""),
        epoch=_number(fields.get("epoch", "")),
        fencing=_number(fields.get("fencing", "")),
        name=fields.get("name", ""),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0
