"""Reading a plan's components, one by one; what they have to do with each other is checked in `plan_checks`."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from config import values
from config.errors import ReadingError, shown
from config.identifiers import component_id
from config.money import amount_text
from config.plan import Component
from config.provisioner_options import PROVISIONERS
from config.reading import NOT_YET, Collector, Fields, mapping_of
from config.reading_options import options_read
from config.suggestions import did_you_mean
from config.yaml_tree import Mapping, Node, Place

COMPONENTS_MAX: Final = 10_000
HOST_PROVISIONER: Final = "simulated"
"""Named in a host's struct, and never called: a host is accounted, not actuated."""
_UNKNOWN: Final = -1


class ComponentDraft(msgspec.Struct, frozen=True):
    """A component as read, with the places that later checks name."""

    component: Component
    place: Place
    requires: tuple[tuple[str, Place], ...]
    cost_read: bool
    """Whether the cost can be trusted; a sum over a wrong cost would only repeat the problem."""


def components_read(mapping: Mapping | None, collector: Collector) -> dict[str, ComponentDraft]:
    """Every component whose id can be used, in file order; problems are reported."""
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
        drafts[key] = _component(key, node, collector)
    return drafts


def _component(identifier: str, node: Node, collector: Collector) -> ComponentDraft:
    mapping = mapping_of(node, collector)
    if mapping is None:
        empty = Component(identifier, None, HOST_PROVISIONER)
        return ComponentDraft(empty, node.place, (), cost_read=False)
    fields = Fields(mapping, collector)
    monthly_cost = fields.required("monthly_cost", values.amount_or_unknown)
    warm_cost = fields.optional("warm_cost", values.amount, 0)
    if monthly_cost not in (None, _UNKNOWN) and warm_cost > (monthly_cost or 0):
        expected = f"at most the monthly cost of {amount_text(monthly_cost or 0)}"
        collector.report(fields.place_of("warm_cost"), expected, amount_text(warm_cost))
    requires = fields.texts("requires", component_id)
    host = fields.optional("host", values.boolean, default=False)
    provisioner, options = _provisioner_read(fields, identifier, host=host)
    component = Component(
        id=identifier,
        monthly_cost_micros=None if monthly_cost == _UNKNOWN else monthly_cost,
        provisioner=provisioner,
        warm_cost_micros=warm_cost,
        requires=tuple(each for each, _ in requires),
        stateful=fields.optional("stateful", values.boolean, default=False),
        host=host,
        options=options,
        note=fields.optional("note", values.note_text, ""),
    )
    fields.refuse("supersedes", "elastic", "dial")
    fields.finish()
    return ComponentDraft(component, node.place, requires, cost_read=monthly_cost is not None)


def _provisioner_read(fields: Fields, identifier: str, *, host: bool) -> tuple[str, dict[str, Any]]:
    """The kind and its options. A host has neither: nothing may switch off the machine that solvent runs on."""
    if not host:
        kind = fields.required("provisioner", _provisioner)
        options = fields.mapping("options")
        if kind is None:
            return HOST_PROVISIONER, {}
        written = options if options is not None else Mapping(fields.place_of("options"), {})
        if options is None and fields.has("options"):
            return kind, {}
        return kind, options_read(kind, written, identifier, fields.collector)
    kind = fields.optional("provisioner", _provisioner, HOST_PROVISIONER)
    if kind != HOST_PROVISIONER:
        expected = f"no provisioner but {HOST_PROVISIONER} for a host, which is accounted and never actuated"
        fields.collector.report(fields.place_of("provisioner"), expected, shown(kind))
    options = fields.mapping("options")
    if options is not None and options.entries:
        fields.collector.report(options.place, "no options for a host", ", ".join(map(shown, options.entries)))
    return HOST_PROVISIONER, {}


def _provisioner(text: str) -> str:
    if text in PROVISIONERS:
        return text
    near = did_you_mean(text, PROVISIONERS)
    raise ReadingError(" or ".join(PROVISIONERS), f"provisioner: {shown(text)}" + (near or f": {NOT_YET}"))
