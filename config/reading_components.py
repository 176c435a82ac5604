"""Reading a plan's components, one by one; what they have to do with each other is checked in `plan_checks`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from config import values
from config.errors import ReadingError, shown
from config.identifiers import component_id, provider_name
from config.money import amount_text
from config.plan import Component
from config.provisioner_options.kinds import PROVISIONERS, OptionsRead, options_read
from config.provisioner_options.options_kind import Context
from config.reading import Collector, Fields, mapping_of
from config.reading_costs import price_date
from config.suggestions import did_you_mean
from config.yaml_tree import Mapping, Node, Place

COMPONENTS_MAX: Final = 10_000
HOST_PROVISIONER: Final = "simulated"
"""Named in a host's struct, and never called: a host is accounted, not actuated."""
_UNKNOWN: Final = -1
_NO_OPTIONS: Final = OptionsRead({}, "")


class ComponentDraft(msgspec.Struct, frozen=True):
    """A component as read, with the places that later checks name."""

    component: Component
    place: Place
    requires: tuple[tuple[str, Place], ...]
    standby_place: Place
    region_place: Place
    cost_read: bool
    """Whether the cost can be trusted; a sum over a wrong cost would only repeat the problem."""


def components_read(mapping: Mapping | None, folder: Path | None, collector: Collector) -> dict[str, ComponentDraft]:
    """Every component whose id can be used, in file order; problems are reported.

    `folder` is the plan file's, for options that name files.
    """
    if mapping is None:
        return {}
    if len(mapping.entries) > COMPONENTS_MAX:
        collector.report(mapping.place, f"at most {COMPONENTS_MAX} components", str(len(mapping.entries)))
    drafts: dict[str, ComponentDraft] = {}
    for key, node in mapping.entries.items():
        try:
            component_id(key)
        except ReadingError as error:
            collector.report(node.place, error.expected, error.found)
            continue
        drafts[key] = _component(Context(key, folder), node, collector)
    return drafts


def _component(context: Context, node: Node, collector: Collector) -> ComponentDraft:
    identifier = context.component_id
    mapping = mapping_of(node, collector)
    if mapping is None:
        empty = Component(identifier, None, HOST_PROVISIONER)
        return ComponentDraft(empty, node.place, (), node.place, node.place, cost_read=False)
    fields = Fields(mapping, collector)
    monthly_cost = fields.required("monthly_cost", values.amount_or_unknown)
    warm_cost = fields.optional("warm_cost", values.amount, 0)
    if monthly_cost not in (None, _UNKNOWN) and warm_cost > (monthly_cost or 0):
        expected = f"at most the monthly cost of {amount_text(monthly_cost or 0)}"
        collector.report(fields.place_of("warm_cost"), expected, amount_text(warm_cost))
    requires = fields.texts("requires", component_id)
    host = fields.optional("host", values.boolean, default=False)
    if host and monthly_cost == _UNKNOWN:
        expected = "the price of a host, which is paid from the first minute and counts in the cap"
        collector.report(fields.place_of("monthly_cost"), expected, "unknown")
    provisioner, own = _provisioner_read(fields, context, host=host)
    if own.cost_micros is not None and monthly_cost not in (None, _UNKNOWN) and own.cost_micros > (monthly_cost or 0):
        expected = f"at least the {amount_text(own.cost_micros)} a month that its options allow to be spent"
        collector.report(fields.place_of("monthly_cost"), expected, amount_text(monthly_cost or 0))
    component = Component(
        id=identifier,
        monthly_cost_micros=None if monthly_cost == _UNKNOWN else monthly_cost,
        provisioner=provisioner,
        warm_cost_micros=warm_cost,
        requires=tuple(each for each, _ in requires),
        stateful=fields.optional("stateful", values.boolean, default=False),
        host=host,
        options=own.options,
        provider=fields.optional("provider", provider_name, own.provider),
        standby_for=fields.optional("standby_for", component_id, ""),
        note=fields.optional("note", values.note_text, ""),
        price_source=fields.optional("price_source", values.line_text, ""),
        price_as_of=fields.optional("price_as_of", price_date, None),
    )
    fields.refuse("supersedes", "elastic")
    if fields.node("dial") is not None:
        expected = "a dial as a component of its own, by provisioner: dial"
        collector.report(fields.place_of("dial"), expected, "the key dial")
    fields.finish()
    return ComponentDraft(
        component,
        node.place,
        requires,
        standby_place=fields.place_of("standby_for"),
        region_place=fields.place_of("options").under("region"),
        cost_read=monthly_cost is not None and not (host and monthly_cost == _UNKNOWN),
    )


def _provisioner_read(fields: Fields, context: Context, *, host: bool) -> tuple[str, OptionsRead]:
    """The kind and its options. A host has neither: nothing may switch off the machine that solvent runs on."""
    if not host:
        kind = fields.required("provisioner", _provisioner)
        options = fields.mapping("options")
        if kind is None:
            return HOST_PROVISIONER, _NO_OPTIONS
        written = options if options is not None else Mapping(fields.place_of("options"), {})
        if options is None and fields.has("options"):
            return kind, _NO_OPTIONS
        return kind, options_read(kind, written, context, fields.collector)
    kind = fields.optional("provisioner", _provisioner, HOST_PROVISIONER)
    if kind != HOST_PROVISIONER:
        expected = f"no provisioner but {HOST_PROVISIONER} for a host, which is accounted and never actuated"
        fields.collector.report(fields.place_of("provisioner"), expected, shown(kind))
    options = fields.mapping("options")
    if options is not None and options.entries:
        fields.collector.report(options.place, "no options for a host", ", ".join(map(shown, options.entries)))
    return HOST_PROVISIONER, _NO_OPTIONS


def _provisioner(text: str) -> str:
    if text in PROVISIONERS:
        return text
    near = did_you_mean(text, PROVISIONERS)
    raise ReadingError(" or ".join(PROVISIONERS), f"provisioner: {shown(text)}" + near)
