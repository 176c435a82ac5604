"""When the alerts on sources, decisions and components fire."""

from __future__ import annotations

from typing import Final

from tests.monitoring.alert_case import Case, Series


def _levels(*, released: int, reached: int, mode: str = "act") -> Series:
    return {
        "solvent_level_released": released,
        "solvent_level_reached": reached,
        'solvent_mode{mode="act"}': int(mode == "act"),
        'solvent_mode{mode="observe_only"}': int(mode != "act"),
    }


def _activations(*, within_240_s: int, within_300_s: int, within_450_s: int) -> Series:
    """So many more a minute in each of the histogram's buckets, for half an hour."""
    name = "solvent_activation_from_decision_seconds"
    counts = {"240.0": within_240_s, "300.0": within_300_s, "450.0": within_450_s, "+Inf": within_450_s}
    buckets = {f'{name}_bucket{{le="{bound}"}}': f"0+{each}x30" for bound, each in counts.items()}
    return {**buckets, f"{name}_count": f"0+{within_450_s}x30"}


SOURCE_CASES: Final = (
    Case(
        "SolventSourceSilent",
        {
            'solvent_source_quality{source="stripe", quality="stale"}': 1,
            'solvent_source_quality{source="shop", quality="good"}': 1,
        },
        "What stripe earned is stale: decisions freeze until it answers (vps:9327).",
        {
            'solvent_source_quality{source="stripe", quality="failing"}': 1,
            'solvent_source_quality{source="stripe", quality="stale"}': 0,
        },
        {"source": "stripe", "quality": "stale"},
    ),
    Case(
        "SolventSourceFailing",
        {'solvent_source_quality{source="stripe", quality="failing"}': 1},
        "Reads of stripe fail, and what it gave last still counts (vps:9327).",
        {
            'solvent_source_quality{source="stripe", quality="good"}': 1,
            'solvent_source_quality{source="stripe", quality="failing"}': 0,
        },
        {"source": "stripe", "quality": "failing"},
    ),
    Case(
        "SolventPaymentsSilent",
        {"solvent_source_last_heard_age_seconds": 300_000},
        "Nothing was received for 3d 11h 20m 0s, no watermark either (vps:9327).",
        {"solvent_source_last_heard_age_seconds": 3 * 86_400},
    ),
    Case(
        "SolventRevenueReadingBad",
        {"solvent_revenue_reading_good": 0},
        "solvent_revenue_reading_good is 0: the level does not fall on it, and does not rise (vps:9327).",
        {"solvent_revenue_reading_good": 1},
    ),
    Case(
        "SolventEntriesRejected",
        {"solvent_entries_rejected_total": "0 0 3+0x9"},
        "3 entries could not be taken within an hour (vps:9327).",
        {"solvent_entries_rejected_total": 3},
        lead_s=420,
    ),
)

SCALING_CASES: Final = (
    Case(
        "SolventFrozen",
        {'solvent_frozen{key="source_silent"}': 1},
        "1 reason freezes decisions: source_silent. Nothing is raised or lowered (vps:9327).",
        {'solvent_frozen{key="source_silent"}': 0},
        {"key": "source_silent"},
    ),
    Case(
        "SolventPaused",
        {'solvent_paused{scope="all"}': 1},
        "The pause all has been there for a day (solvent_paused is 1, vps:9327).",
        {'solvent_paused{scope="all"}': "1+0x20 stale", 'solvent_paused{scope="up"}': 0},
        {"scope": "all"},
    ),
    Case(
        "SolventApprovalWaiting",
        {"solvent_approvals_waiting_items": 1},
        "1 moves wait for an operator's approval (vps:9327).",
        {"solvent_approvals_waiting_items": 0},
    ),
    Case(
        "SolventLevelNotReached",
        _levels(released=3, reached=1),
        "What stands is 2 levels below what was released two hours ago (vps:9327).",
        _levels(released=3, reached=1, mode="observe_only"),
    ),
    Case(
        "SolventStepOverdue",
        {"solvent_intents_overdue_items": 1},
        "1 components are in flight past their deadline; what they cost is reserved (vps:9327).",
        {"solvent_intents_overdue_items": 0},
    ),
    Case(
        "SolventBreakerOpen",
        {'solvent_breakers_items{kind="provider", status="open"}': 1},
        "1 breakers of the kind provider are open: they raise nothing (vps:9327).",
        {
            'solvent_breakers_items{kind="provider", status="half_open"}': 1,
            'solvent_breakers_items{kind="provider", status="open"}': 0,
        },
        {"kind": "provider", "status": "open"},
    ),
    Case(
        "SolventComponentParked",
        {"solvent_components_parked_items": 2},
        "2 components are parked; their cost stays reserved (vps:9327).",
        {"solvent_components_parked_items": 0},
    ),
    Case(
        "SolventComponentContested",
        {"solvent_components_contested_items": 1},
        "1 components are changed back again and again (vps:9327).",
        {"solvent_components_contested_items": 0},
    ),
    Case(
        "SolventComponentUnmanaged",
        {"solvent_components_unmanaged_items": 1},
        "1 components stand already, and are left alone until they are adopted (vps:9327).",
        {"solvent_components_unmanaged_items": 0},
    ),
    Case(
        "SolventOrphans",
        {"solvent_orphans_items": 4},
        "4 resources with the plan's tag belong to no component and cost money (vps:9327).",
        {"solvent_orphans_items": 0},
    ),
    Case(
        "SolventActivationSlow",
        _activations(within_240_s=90, within_300_s=90, within_450_s=100),
        "One in a hundred activations of the last 30 days took longer than 7m 15s (vps:9327).",
        _activations(within_240_s=90, within_300_s=100, within_450_s=100),
        lead_s=600,
    ),
)
