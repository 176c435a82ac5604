"""A bill held against what was accrued over the same days: agrees, deviates, or cannot be right."""

from __future__ import annotations

import enum

import msgspec

from config.money import amount_text, quotient_text
from config.plan import CostRules


class Verdict(enum.Enum):
    """How a billed figure stands to the accrued one."""

    AGREES = "agrees"
    DEVIATES = "deviates"
    OUTLIER = "outlier"
    """Larger or smaller by the outlier factor: rather a mistake of unit or tag than a price, so it is not used."""


class Compared(msgspec.Struct, frozen=True):
    """A verdict, and why in a sentence."""

    verdict: Verdict
    reason: str


def is_outlier(known_micros: int, other_micros: int, factor: int) -> bool:
    """Whether a figure is more than `factor` times the known one, or less than its `factor`-th part.

    A known figure of 0 says nothing of the size of the next one.
    """
    return known_micros > 0 and (other_micros > known_micros * factor or other_micros * factor < known_micros)


def compare(accrued_micros: int, billed_micros: int, rules: CostRules, *, raised: bool) -> Compared:
    """The verdict on one component's bill. An alarm that is `raised` ends only within half the tolerance."""
    difference = billed_micros - accrued_micros
    figures = f"billed {amount_text(billed_micros)}, accrued {amount_text(accrued_micros)}"
    if abs(difference) < rules.difference_min_micros:
        return Compared(Verdict.AGREES, figures)
    if is_outlier(accrued_micros, billed_micros, rules.outlier_factor):
        said = f"{figures}: they differ by more than a factor of {rules.outlier_factor}, so the bill is not used"
        return Compared(Verdict.OUTLIER, f"{said}; look for a wrong tag, unit or price")
    tolerance = rules.tolerance_percent / 2 if raised else rules.tolerance_percent
    numerator, denominator = tolerance.as_integer_ratio()
    if abs(difference) * 100 * denominator <= numerator * accrued_micros:
        return Compared(Verdict.AGREES, figures)
    percent = percent_text(accrued_micros, billed_micros)
    by = f"{percent} %" if percent is not None else "nothing was accrued"
    said = f"{figures} ({by}), beyond the tolerance of {rules.tolerance_percent} %"
    return Compared(Verdict.DEVIATES, f"{said}; mend the plan's monthly_cost or find what runs besides")


def percent_text(accrued_micros: int, billed_micros: int) -> str | None:
    """The bill's difference from what was accrued in percent with two decimals, `+12.50`; None where nothing was."""
    if accrued_micros <= 0:
        return None
    text = quotient_text((billed_micros - accrued_micros) * 100, accrued_micros)
    whole, _, decimals = text.partition(".")
    return f"{'' if text.startswith('-') else '+'}{whole}.{decimals[:2]}"
