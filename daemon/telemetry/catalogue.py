"""Every metric, by name: the source documents' exactly as they are written there, ours with `solvent_` and a unit."""

from __future__ import annotations

from typing import Final

from daemon.telemetry.catalogue_of_operation import OF_BACKUPS, OF_NOTIFICATIONS, OF_OPERATION, OF_THE_LEASE
from daemon.telemetry.samples import Description, Kind

_GAUGE, _COUNTER, _HISTOGRAM = Kind.GAUGE, Kind.COUNTER, Kind.HISTOGRAM

OF_THE_DOCUMENTS: Final = (
    Description(
        "revenue_mrr_gauge",
        _GAUGE,
        "Trailing 30-day revenue at the last good reading, in the plan's currency.",
        ("level",),
    ),
    Description("revenue_growth_rate", _GAUGE, "Last closed month's measure / the one before - 1."),
    Description("revenue_projected_3m", _GAUGE, "MRR x (1 + growth)^3, in the plan's currency."),
    Description(
        "revenue_cost_ratio",
        _GAUGE,
        "Committed monthly cost / last closed measure; +Inf where cost meets a measure <= 0.",
    ),
    Description("revenue_cost_ratio_percentage", _GAUGE, "revenue_cost_ratio x 100."),
    Description("scaling_cost_ratio", _GAUGE, "The same number as revenue_cost_ratio."),
    Description("scaling_level_current", _GAUGE, "The decided level."),
    Description(
        "scaling_activation_timestamp",
        _GAUGE,
        "When the newest decision that raised to the level was recorded, Unix seconds.",
        ("level",),
    ),
    Description(
        "component_state",
        _GAUGE,
        "1 for the last settled state (cold, warm, hot) of a component.",
        ("component", "state"),
    ),
    Description(
        "component_activation_state",
        _GAUGE,
        "The last settled state of a component: 0 cold, 1 warm, 2 hot.",
        ("component",),
    ),
    Description(
        "provisioning_duration_seconds", _HISTOGRAM, "From a step's first intent to its confirmation.", ("step",)
    ),
    Description(
        "scaling_safety_check_passed_total",
        _COUNTER,
        "Levels eligible at a close, and raising steps granted under the cap.",
    ),
    Description(
        "scaling_safety_check_blocked_total",
        _COUNTER,
        "Levels blocked at a close, and steps refused for passing the cap.",
    ),
)

OF_REVENUE: Final = (
    Description("solvent_revenue_reading_good", _GAUGE, "1 while the newest reading can be trusted, else 0."),
    Description("solvent_revenue_reading_timestamp_seconds", _GAUGE, "When revenue_mrr_gauge was read, Unix seconds."),
    Description(
        "solvent_month_to_date_currency", _GAUGE, "The running month's revenue so far; provisional.", ("currency",)
    ),
    Description(
        "solvent_last_month_revenue_currency",
        _GAUGE,
        "The last closed month; `figure` is measure (it decides), all or committed.",
        ("currency", "figure"),
    ),
    Description(
        "solvent_average_3m_revenue_currency", _GAUGE, "The mean of the last three closed measures.", ("currency",)
    ),
    Description("solvent_next_level_progress_ratio", _GAUGE, "MRR / the next level's minimum."),
    Description("solvent_payments_counted_total", _COUNTER, "Payments and refunds counted since the journal began."),
    Description(
        "solvent_payments_duplicate_total",
        _COUNTER,
        "Deliveries of a payment already counted, since the journal began.",
    ),
    Description(
        "solvent_payments_not_completed_total", _COUNTER, "Payments that were not completed, since the journal began."
    ),
    Description(
        "solvent_payments_converted_total",
        _COUNTER,
        "Payments counted at a dated exchange rate, since the journal began.",
    ),
    Description(
        "solvent_payments_corrections_total",
        _COUNTER,
        "Payments that arrived after their month had closed, since the journal began.",
    ),
    Description(
        "solvent_entries_rejected_total", _COUNTER, "Entries and rows that could not be taken, since the journal began."
    ),
    Description("solvent_payments_held_future_items", _GAUGE, "Payments dated in the future, held until their time."),
    Description(
        "solvent_source_last_heard_age_seconds", _GAUGE, "Time since anything was received from the payments source."
    ),
    Description(
        "solvent_source_watermark_timestamp_seconds", _GAUGE, "All payments before this have been sent, Unix seconds."
    ),
    Description(
        "solvent_source_last_read_age_seconds", _GAUGE, "Time since a source last answered whole.", ("source",)
    ),
    Description(
        "solvent_source_quality",
        _GAUGE,
        "1 for what is known of a source at present: good, failing, stale or unknown.",
        ("source", "quality"),
    ),
    Description("solvent_source_reads_total", _COUNTER, "Reads of a source, by how they ended.", ("source", "outcome")),
    Description("solvent_source_payments_total", _COUNTER, "Payments that a source brought.", ("source",)),
)

OF_SCALING: Final = (
    Description(
        "solvent_level_released",
        _GAUGE,
        "The level that components are moved towards: the held one, else the decided one once approved.",
    ),
    Description("solvent_level_reached", _GAUGE, "The highest level whose components are all hot."),
    Description(
        "solvent_committed_cost_currency_per_month",
        _GAUGE,
        "What runs, is being started, or is not confirmed gone.",
        ("currency",),
    ),
    Description(
        "solvent_cap_currency_per_month",
        _GAUGE,
        "What no raising step may pass; absent before the first decision.",
        ("currency",),
    ),
    Description("solvent_components_items", _GAUGE, "Components by their present state.", ("state",)),
    Description("solvent_components_parked_items", _GAUGE, "Components that wait for an operator."),
    Description("solvent_components_contested_items", _GAUGE, "Components that a foreign writer keeps changing."),
    Description(
        "solvent_components_unmanaged_items",
        _GAUGE,
        "Components of which a resource was found that solvent did not make.",
    ),
    Description(
        "solvent_components_unlabelled_items", _GAUGE, "Components left out of component_state, for there are too many."
    ),
    Description(
        "solvent_orphans_items",
        _GAUGE,
        "Resources with the plan's tag that belong to nothing, as two reads found them.",
    ),
    Description("solvent_intents_items", _GAUGE, "Steps under way or unresolved.", ("step",)),
    Description("solvent_intents_overdue_items", _GAUGE, "Those past their deadline."),
    Description(
        "solvent_breakers_items", _GAUGE, "Circuit breakers that ever changed, by kind and status.", ("kind", "status")
    ),
    Description(
        "solvent_activation_from_decision_seconds",
        _HISTOGRAM,
        "From the decision to a component's confirmed warm-to-hot step.",
    ),
    Description("solvent_steps_ended_total", _COUNTER, "Answers of providers.", ("step", "outcome")),
    Description("solvent_decisions_total", _COUNTER, "Decisions, by the direction of the level.", ("direction",)),
    Description("solvent_drifts_total", _COUNTER, "Times that reality differed from the record."),
)

OF_COSTS: Final = (
    Description(
        "solvent_month_accrued_cost_currency",
        _GAUGE,
        "What the running month cost so far by our own run rate, all components.",
        ("currency",),
    ),
    Description(
        "solvent_component_accrued_cost_currency",
        _GAUGE,
        "The same of one component; the first 1,000 are shown.",
        ("component", "currency"),
    ),
    Description(
        "solvent_component_billed_cost_currency",
        _GAUGE,
        "What the newest bill says of the running month; days late.",
        ("component", "reader", "currency"),
    ),
    Description(
        "solvent_bill_deviation_ratio",
        _GAUGE,
        "Billed / accrued over the same days - 1; absent where nothing was accrued.",
        ("component", "reader"),
    ),
    Description(
        "solvent_billed_cost_currency_per_month",
        _GAUGE,
        "The newest bills of the running month, all of them, at their pace for the whole month.",
        ("currency",),
    ),
    Description(
        "solvent_unexplained_cost_currency_per_month",
        _GAUGE,
        "What of it no accrual explains: beyond a component's own, or billed for none.",
        ("currency",),
    ),
    Description("solvent_bill_read_timestamp_seconds", _GAUGE, "When a bill was last read, Unix seconds.", ("reader",)),
    Description("solvent_cost_alarms_items", _GAUGE, "Bills that are in alarm: deviates or outlier.", ("status",)),
    Description("solvent_prices_old_items", _GAUGE, "Components whose price is older than the plan allows."),
)

CATALOGUE: Final = (
    *OF_THE_DOCUMENTS,
    *OF_REVENUE,
    *OF_SCALING,
    *OF_COSTS,
    *OF_OPERATION,
    *OF_NOTIFICATIONS,
    *OF_BACKUPS,
    *OF_THE_LEASE,
)
