"""Where a plan's components stand: the regions that the law of its data allows, and what stands by for what."""

from __future__ import annotations

from config.errors import shown
from config.reading import Collector
from config.reading_components import ComponentDraft
from config.suggestions import one_of_text

Components = dict[str, ComponentDraft]


def check_residency(components: Components, residency: tuple[str, ...], collector: Collector) -> None:
    """No component names a region outside of the plan's `residency`."""
    if not residency:
        return
    expected = f"a region that begins with {one_of_text(residency)}, as the plan's residency asks"
    for draft in components.values():
        region = draft.component.options.get("region")
        if isinstance(region, str) and region and not region.startswith(residency):
            collector.report(draft.region_place, expected, shown(region))


def check_standbys(components: Components, enabled: list[Components], collector: Collector) -> None:
    """A stand-by names a primary that exists, stands by for nobody itself, and is enabled wherever it is."""
    for draft in components.values():
        primary_id = draft.component.standby_for
        if not primary_id:
            continue
        primary = components.get(primary_id)
        if primary is None:
            found = shown(primary_id) + collector.near(primary_id, components)
            collector.report(draft.standby_place, "the id of a component of this plan", found)
        elif primary is draft or primary.component.standby_for or primary.component.host:
            expected = "a primary that is neither a host nor a stand-by itself"
            collector.report(draft.standby_place, expected, shown(primary_id))
        elif draft.component.failure_domain == primary.component.failure_domain:
            expected = f"another failure domain than that of {primary_id}: name one with provider"
            collector.report(draft.standby_place, expected, shown(draft.component.failure_domain))
        elif any(draft.component.id in level and primary_id not in level for level in enabled):
            expected = f"every level that enables {draft.component.id} to enable its primary too"
            collector.report(draft.standby_place, expected, f"one that lacks {primary_id}")
