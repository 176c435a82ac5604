"""Reading a whole plan from its tree."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from config import values
from config.calendar import calendar_of, zone_names
from config.currencies import CURRENCIES
from config.errors import ReadingError, shown
from config.identifiers import plan_id, region_prefix
from config.instants import Instant, InstantError, instant_from_text
from config.overrides import SET_ORIGIN
from config.plan import Level, Plan, Rate, UnitEconomics
from config.plan_checks import check_level, check_level_ids, check_minima, check_requires, completed_levels
from config.plan_places import check_residency, check_standbys
from config.plan_regions import spread_over_regions
from config.policies import Policies
from config.policy_keys import GROUPS, POLICY_PARSERS, policies_from
from config.reading import Collector, Fields, mapping_of
from config.reading_checklist import check_checklist, checklist_read
from config.reading_components import components_read
from config.reading_costs import cost_rules_read
from config.reading_levels import levels_read
from config.suggestions import did_you_mean
from config.yaml_tree import Mapping

RATES_MAX: Final = 10_000
_DATE: Final = re.compile(r"(19[7-9]\d|2\d\d\d)-\d\d-\d\d", re.ASCII)
_rate: Final = values.fraction(above="0", at_most="1000000000")
_margin: Final = values.fraction(above="0", at_most="1")


def plan_read(root: Mapping, folder: Path | None, collector: Collector) -> Plan:
    """The plan; where problems were reported its values are stand-ins and it must not be used."""
    fields = Fields(spread_over_regions(root, collector), collector)
    identifier = fields.required("plan", plan_id) or ""
    currency = fields.required("currency", currency_code) or ""
    timezone = fields.optional("timezone", zone_name, "UTC")
    components = components_read(fields.mapping("components", required=True), folder, collector)
    checklist = checklist_read(fields.mapping("checklist"), collector)
    levels = levels_read(fields.items("levels", required=True), fields.place_of("levels"), collector, checklist)
    check_checklist(checklist, fields.place_of("checklist"), levels, collector)
    check_requires(components, collector)
    check_level_ids(levels, components, collector)
    enabled = completed_levels(levels, components, collector)
    for level, parts in zip(levels, enabled, strict=True):
        check_level(level, {each.id for each in levels[: level.index]}, parts, components, collector)
    check_minima(levels, collector)
    check_standbys(components, enabled, collector)
    residency = tuple(prefix for prefix, _ in fields.texts("residency", region_prefix))
    check_residency(components, residency, collector)
    plan = Plan(
        id=identifier,
        name=fields.optional("name", values.line_text, identifier),
        currency=currency,
        timezone=timezone,
        components={key: draft.component for key, draft in components.items()},
        levels=tuple(
            Level(each.index, each.id, each.name, tuple(parts), each.max_burn_micros, each.trigger, each.hold)
            for each, parts in zip(levels, enabled, strict=True)
        ),
        policies=_policies(fields.mapping("policies"), collector),
        rates=_rates(fields, currency, timezone),
        unit_economics=_unit_economics(fields.mapping("unit_economics"), collector),
        residency=residency,
        costs=cost_rules_read(fields.mapping("costs"), collector),
        checklist=checklist,
    )
    fields.finish()
    return plan


def currency_code(text: str) -> str:
    """An ISO 4217 code in capitals; raises `ReadingError`."""
    if text not in CURRENCIES:
        # Any three letters are near some code, so only the capitals are worth a suggestion.
        near = f" (did you mean {text.upper()!r}?)" if text.upper() in CURRENCIES else ""
        raise ReadingError("an ISO 4217 code such as EUR", shown(text) + near)
    return text


def zone_name(text: str) -> str:
    """An IANA time zone's name; raises `ReadingError`."""
    known = zone_names()
    if text not in known:
        raise ReadingError("an IANA time zone such as Europe/Rome", shown(text) + did_you_mean(text, known))
    return text


def _policies(mapping: Mapping | None, collector: Collector) -> Policies:
    if mapping is None:
        return Policies()
    chosen: dict[str, Any] = {}
    groups = Fields(mapping, collector)
    for group in GROUPS:
        group_mapping = groups.mapping(group)
        if group_mapping is None:
            continue
        fields = Fields(group_mapping, collector)
        for key, parse in POLICY_PARSERS.items():
            if key.startswith(f"{group}."):
                value = fields.optional(key.removeprefix(f"{group}."), parse, None)
                if value is not None:
                    chosen[key] = value
        fields.finish()
    groups.finish()
    return policies_from(chosen)


def _rates(fields: Fields, currency: str, timezone: str) -> tuple[Rate, ...]:
    """The dated rates in file order; a plan's rates lead into its own currency, so that one cannot be overridden."""
    collector = fields.collector
    items = fields.items("rates")
    if len(items) > RATES_MAX:
        collector.report(fields.place_of("rates"), f"at most {RATES_MAX} rates", str(len(items)))
    place = fields.place_of("currency")
    if items and place.file == SET_ORIGIN:
        collector.report(place, "the plan's own currency, since its rates lead into that one", shown(currency))
    rates: dict[tuple[str, Instant], Rate] = {}
    for item in items[:RATES_MAX]:
        mapping = mapping_of(item, collector)
        rate = None if mapping is None else _rate_read(Fields(mapping, collector), timezone)
        if rate is None:
            continue
        if rate.currency == currency:
            collector.report(item.place.under("currency"), "another currency than the plan's own", shown(currency))
        if (rate.currency, rate.since) in rates:
            collector.report(item.place, "one rate for a currency and a date", "a second one")
        rates[rate.currency, rate.since] = rate
    return tuple(rates.values())


def _rate_read(fields: Fields, timezone: str) -> Rate | None:
    def since(text: str) -> Instant:
        try:
            if _DATE.fullmatch(text):
                return calendar_of(timezone).day_end(date.fromisoformat(text) - timedelta(days=1))
            instant = instant_from_text(text)
        except (InstantError, ValueError, OverflowError):
            instant = -1
        if instant < 0:
            raise ReadingError("a date such as 2024-01-31, or a time with its zone, from 1970 on", shown(text))
        return instant

    currency = fields.required("currency", currency_code)
    starts = fields.required("since", since)
    rate: Decimal | None = fields.required("rate", _rate)
    fields.finish()
    return None if currency is None or starts is None or rate is None else Rate(currency, starts, rate)


def _unit_economics(mapping: Mapping | None, collector: Collector) -> UnitEconomics | None:
    if mapping is None:
        return None
    fields = Fields(mapping, collector)
    unit = fields.required("unit", values.line_text)
    value = fields.required("value", values.positive_amount)
    margin = fields.required("margin", _margin)
    fields.finish()
    return None if unit is None or value is None or margin is None else UnitEconomics(unit, value, margin)
