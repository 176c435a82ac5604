"""A component in several regions: one component for each, made of the one that the plan writes.

The first region keeps the id; in every further one it is `<id>_<region>`, with `_` for `-`. All stand where the written
one stands: in the same levels, at the same price each, with the same requirements. A requirement that also stands in
the further region is met there, and an option's `component/ID` means the one there.
"""

from __future__ import annotations

from typing import Final

import msgspec

from config import values
from config.errors import ReadingError, shown
from config.identifiers import IDENTIFIER_CHARACTERS_MAX, component_id
from config.provisioner_options.aws import COMPONENT, region
from config.reading import Collector, Fields
from config.yaml_tree import Mapping, Node, Place, Scalar, Sequence

REGIONS_MAX: Final = 16
ACTIVE: Final = "active"
STANDBY: Final = "standby"
_KEYS: Final = frozenset({"regions", "further_regions"})
_role: Final = values.matching(f"{ACTIVE}|{STANDBY}", f"{ACTIVE} (all serve) or {STANDBY} (for disaster recovery)")


class Spread(msgspec.Struct, frozen=True):
    """Where one written component stands."""

    regions: tuple[tuple[str, Place], ...]
    role: str
    """What the further regions are for."""

    def id_in(self, region_name: str, identifier: str) -> str:
        """The id of the component in one of its regions; its own id where it does not stand there."""
        further = [name for name, _ in self.regions[1:]]
        return further_id(identifier, region_name) if region_name in further else identifier


def further_id(identifier: str, region_name: str) -> str:
    """What a component is called in a region that is not its first."""
    return f"{identifier}_{region_name.replace('-', '_')}"


def spread_over_regions(root: Mapping, collector: Collector) -> Mapping:
    """The plan's tree with a component for every region that a component names; problems are reported."""
    components = root.entries.get("components")
    if not isinstance(components, Mapping):
        return root
    spreads = {
        key: found
        for key, node in components.entries.items()
        if isinstance(node, Mapping) and (found := _spread(key, node, components, collector)) is not None
    }
    entries: dict[str, Node] = {}
    for key, node in components.entries.items():
        if key in spreads and isinstance(node, Mapping):
            entries.update(_in_each_region(key, node, spreads))
        else:
            entries[key] = _without_keys(node)
    levels = root.entries.get("levels")
    changed = {"components": Mapping(components.place, entries)}
    if isinstance(levels, Sequence):
        items = tuple(_level(item, spreads) for item in levels.items)
        return Mapping(root.place, {**root.entries, **changed, "levels": Sequence(levels.place, items)})
    return Mapping(root.place, {**root.entries, **changed})


def _spread(key: str, node: Mapping, components: Mapping, collector: Collector) -> Spread | None:
    fields = Fields(node, collector)
    if not fields.has("regions"):
        if fields.has("further_regions"):
            collector.report(fields.place_of("further_regions"), "regions beside it, a list of two or more", "none")
        return None
    regions = fields.texts("regions", region)
    role = fields.optional("further_regions", _role, ACTIVE)
    options = node.entries.get("options")
    if isinstance(options, Mapping) and "region" in options.entries:
        place = options.entries["region"].place
        collector.report(place, "either regions of the component or region in its options", "both")
    if not 0 < len(regions) <= REGIONS_MAX:
        collector.report(fields.place_of("regions"), f"1 to {REGIONS_MAX} regions", str(len(regions)))
        return None
    if role == STANDBY and fields.has("standby_for"):
        collector.report(fields.place_of("standby_for"), f"no stand-by of its own beside {STANDBY}", "one")
    for name, place in regions[1:]:
        _check_id(further_id(key, name), place, components, collector)
    return Spread(regions, role)


def _check_id(identifier: str, place: Place, components: Mapping, collector: Collector) -> None:
    try:
        component_id(identifier)
    except ReadingError:
        expected = f"an id that leaves room for the region, {IDENTIFIER_CHARACTERS_MAX} characters together"
        collector.report(place, expected, shown(identifier))
    if identifier in components.entries:
        collector.report(place, "no component that is called as this one is in that region", shown(identifier))


def _in_each_region(key: str, node: Mapping, spreads: dict[str, Spread]) -> dict[str, Node]:
    spread = spreads[key]
    made: dict[str, Node] = {}
    for name, place in spread.regions:
        entries = {each: value for each, value in node.entries.items() if each not in _KEYS}
        options = entries.get("options")
        written = options if isinstance(options, Mapping) else Mapping(node.place.under("options"), {})
        kept = {each: _referred_in(name, value, spreads) for each, value in written.entries.items()}
        entries["options"] = Mapping(written.place, {**kept, "region": Scalar(place, name)})
        requires = entries.get("requires")
        if isinstance(requires, Sequence):
            entries["requires"] = Sequence(
                requires.place, tuple(_required_in(name, item, spreads) for item in requires.items)
            )
        identifier = spread.id_in(name, key)
        if identifier != key and spread.role == STANDBY:
            entries["standby_for"] = Scalar(place, key)
        made[identifier] = Mapping(node.place, entries)
    return made


def _required_in(region_name: str, item: Node, spreads: dict[str, Spread]) -> Node:
    """A requirement as it is called in that region; the first region's where it does not stand there."""
    if isinstance(item, Scalar) and item.text in spreads:
        return Scalar(item.place, spreads[item.text].id_in(region_name, item.text), item.null)
    return item


def _referred_in(region_name: str, node: Node, spreads: dict[str, Spread]) -> Node:
    """An option whose `component/ID` means the component of that region, where it stands there."""
    if isinstance(node, Sequence):
        return Sequence(node.place, tuple(_referred_in(region_name, item, spreads) for item in node.items))
    if not isinstance(node, Scalar) or not node.text.startswith(COMPONENT):
        return node
    identifier = node.text.removeprefix(COMPONENT)
    if identifier not in spreads:
        return node
    return Scalar(node.place, COMPONENT + spreads[identifier].id_in(region_name, identifier), node.null)


def _level(node: Node, spreads: dict[str, Spread]) -> Node:
    """The level with every further region's component behind the written one."""
    listed = node.entries.get("components") if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or not isinstance(listed, Sequence):
        return node
    items: list[Node] = []
    for item in listed.items:
        items.append(item)
        if isinstance(item, Scalar) and item.text in spreads:
            further = spreads[item.text].regions[1:]
            items += [Scalar(item.place, further_id(item.text, name)) for name, _ in further]
    return Mapping(node.place, {**node.entries, "components": Sequence(listed.place, tuple(items))})


def _without_keys(node: Node) -> Node:
    """The component without the keys that were read here, so that nobody reports them as unknown."""
    if not isinstance(node, Mapping) or not _KEYS & node.entries.keys():
        return node
    return Mapping(node.place, {key: value for key, value in node.entries.items() if key not in _KEYS})
