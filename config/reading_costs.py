"""Reading what a plan says of its prices: where they come from, how old they may be, how far bills may stand off."""

from __future__ import annotations

from datetime import date
from typing import Final

from config import values
from config.errors import ReadingError, shown
from config.plan import DEFAULT_COST_RULES, CostRules
from config.reading import Collector, Fields
from config.yaml_tree import Mapping

_TOLERANCE: Final = values.fraction(above="0", at_most="1000")
_FACTOR: Final = values.integer(2, 1_000)
_AGE: Final = values.integer(1, 3_660, "days")
_ISO_DATE: Final = values.matching(r"(19[7-9]\d|2\d\d\d)-\d\d-\d\d", "a date such as 2024-01-31")


def price_date(text: str) -> date:
    """The day on which a price was looked up; raises `ReadingError`."""
    try:
        return date.fromisoformat(_ISO_DATE(text))
    except ValueError:
        raise ReadingError("a date such as 2024-01-31", shown(text)) from None


def cost_rules_read(mapping: Mapping | None, collector: Collector) -> CostRules:
    """The plan's rules for prices and bills, every missing one at its default."""
    if mapping is None:
        return DEFAULT_COST_RULES
    fields = Fields(mapping, collector)
    rules = CostRules(
        tolerance_percent=fields.optional("tolerance_percent", _TOLERANCE, DEFAULT_COST_RULES.tolerance_percent),
        difference_min_micros=fields.optional(
            "difference_min", values.amount, DEFAULT_COST_RULES.difference_min_micros
        ),
        outlier_factor=fields.optional("outlier_factor", _FACTOR, DEFAULT_COST_RULES.outlier_factor),
        price_age_max_days=fields.optional("price_age_max_days", _AGE, DEFAULT_COST_RULES.price_age_max_days),
    )
    fields.finish()
    return DEFAULT_COST_RULES if rules == DEFAULT_COST_RULES else rules
