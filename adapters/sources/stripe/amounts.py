"""Stripe's integers as exact amounts: how many decimals stand behind each currency in Stripe's API."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

WITHOUT_DECIMALS: Final = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
"""Stripe's zero-decimal currencies. ISK and UGX have none either, but Stripe states them with two, always `00`."""
WITH_THREE_DECIMALS: Final = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def amount_text(minor: int, currency: str) -> str:
    """The amount in the currency's unit, as the field `amount` has it: 1999 eur is `19.99`, 500 jpy is `500`."""
    if currency in WITHOUT_DECIMALS:
        return str(minor)
    return str(Decimal(minor).scaleb(-3 if currency in WITH_THREE_DECIMALS else -2))
