"""The tables that people query say what the events say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from adapters.journal_rows.scaling_log import log_line
from adapters.journal_rows.thresholds import minimum_micros
from config.triggers import AllOf, AnyOf, Comparison, Condition, Metric
from machines.events import (
    ComponentParked,
    ComponentUnparked,
    Event,
    IntentAbandoned,
    LevelDecided,
    MonthClosed,
    PaymentsRecorded,
    PlanAdopted,
    RepairDropped,
    ResourceGone,
    ResourceUnmanaged,
    RevenueMeasured,
    StepEnded,
    StepIntended,
    StepOutcome,
)
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState
from machines.ports.journal import Proposal
from tests.contracts.journal import START
from tests.fixtures.event_samples import one_of_each
from tests.journal.journal_files import alter, ask, opened

COLD, WARMING, WARM = ComponentState.COLD, ComponentState.WARMING, ComponentState.WARM
HOT = ComponentState.HOT
INTENDED = StepIntended("db", Step.WARM, "t1", 1, COLD, WARMING, 5_000_000, START)
ENDED = StepEnded("db", Step.WARM, "t1", StepOutcome.DONE, WARMING, WARM, 4_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal.sqlite"


async def record(path: Path, *events: Event) -> None:
    """One group for each event, a second apart in effective time."""
    async with opened(path) as journal:
        for index, event in enumerate(events):
            await journal.append([Proposal(event, "test", START + index * 1_000_000)])


def one_line(path: Path, statement: str) -> dict[str, object]:
    """The one row that a query gives, by column."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        (row,) = connection.execute(statement).fetchall()
        return dict(row)


async def test_a_step_shows_in_the_component_while_it_is_open(path: Path) -> None:
    """Between intent and end the row shows the moving state, the token and the reserved cost."""
    await record(path, INTENDED)
    row = one_line(path, "SELECT * FROM component_activation_states")
    assert row == {
        "component": "db",
        "state": "WARMING",
        "since": "2024-01-01T00:00:00Z",
        "committed_micros": 5_000_000,
        "token": "t1",
        "generation": 1,
        "open_step": "warm",
        "managed": 1,
        "parked": None,
        "sequence": 1,
    }


async def test_a_finished_step_closes_and_keeps_the_generation(path: Path) -> None:
    """The end moves the state, takes the confirmed cost and forgets nothing else."""
    await record(path, INTENDED, ENDED)
    row = one_line(
        path, "SELECT state, since, committed_micros, generation, open_step FROM component_activation_states"
    )
    assert list(row.values()) == ["WARM", "2024-01-01T00:00:01Z", 4_000_000, 1, None]


async def test_a_step_that_did_not_end_well_stays_open(path: Path) -> None:
    """Not done: still open, still since the same moment, still reserved."""
    ambiguous = msgspec.structs.replace(
        ENDED, outcome=StepOutcome.AMBIGUOUS, to_state=WARMING, committed_micros=5_000_000
    )
    await record(path, INTENDED, ambiguous)
    row = one_line(path, "SELECT state, since, committed_micros, open_step FROM component_activation_states")
    assert list(row.values()) == ["WARMING", "2024-01-01T00:00:00Z", 5_000_000, "warm"]


async def test_an_abandoned_intent_is_closed(path: Path) -> None:
    """Given up: the row shows where the world was found."""
    await record(path, INTENDED, IntentAbandoned("db", "t1", WARMING, COLD, 0, "never made"))
    row = one_line(path, "SELECT state, committed_micros, open_step FROM component_activation_states")
    assert list(row.values()) == ["COLD", 0, None]


async def test_a_dropped_repair_stands_as_it_was_found(path: Path) -> None:
    """With its state and cost, and the token and generation that were known."""
    await record(path, INTENDED, ENDED, RepairDropped("db", WARM, HOT, 9_000_000))
    row = one_line(path, "SELECT state, since, committed_micros, token, generation FROM component_activation_states")
    assert list(row.values()) == ["HOT", "2024-01-01T00:00:02Z", 9_000_000, "t1", 1]
    moved = "SELECT from_state, to_state, amount_micros FROM economic_scaling_log WHERE event = 'RepairDropped'"
    assert ask(path, moved) == [("WARM", "HOT", 9_000_000)]


async def test_parking_shows_its_reason_until_it_ends(path: Path) -> None:
    """A parked component says why."""
    await record(path, INTENDED, ComponentParked("db", "quota"))
    assert ask(path, "SELECT parked FROM component_activation_states") == [("quota",)]
    unparked = next(each for each in one_of_each() if isinstance(each, ComponentUnparked))
    await record(path, msgspec.structs.replace(unparked, component="db"))
    assert ask(path, "SELECT parked FROM component_activation_states") == [(None,)]


async def test_a_found_resource_is_shown_as_unmanaged_until_it_is_gone(path: Path) -> None:
    """What solvent did not make is listed with its cost."""
    await record(path, ResourceUnmanaged("cache", ResourceState.HOT, ("x",), 7))
    row = one_line(path, "SELECT state, managed, committed_micros FROM component_activation_states")
    assert list(row.values()) == ["HOT", 0, 7]
    await record(path, ResourceGone("cache"))
    assert ask(path, "SELECT * FROM component_activation_states") == []


async def test_readings_and_closes_are_revenue_snapshots(path: Path) -> None:
    """Both kinds of figures stand in one table, told apart by `kind`."""
    measured = RevenueMeasured(START, 10, 8, 24288, 3, "good")
    closed = MonthClosed(24287, "watermark", 100, 90, 110, 80)
    await record(path, measured, closed)
    assert ask(
        path, "SELECT kind, month, revenue_micros, mrr_micros, committed_micros, quality FROM revenue_snapshots"
    ) == [
        ("measured", "2024-01", 3, 10, 8, "good"),
        ("closed", "2023-12", 100, 90, 80, "watermark"),
    ]


async def test_an_adopted_plan_lists_its_levels(path: Path) -> None:
    """Each level with its minimum, its most burn and its whole trigger."""
    adopted = next(each for each in one_of_each() if isinstance(each, PlanAdopted))
    await record(path, adopted)
    level = adopted.plan.levels[0]
    row = one_line(path, "SELECT * FROM revenue_threshold_config")
    assert (row["level"], row["level_id"], row["max_burn_micros"]) == (level.index, level.id, level.max_burn_micros)
    assert msgspec.json.decode(str(row["trigger_json"]), type=Condition) == level.trigger
    assert row["plan_fingerprint"] == adopted.fingerprint


def test_the_minimum_of_a_trigger_is_what_it_cannot_hold_without() -> None:
    """All parts need the largest bound, any part the smallest; without a lower bound there is none."""
    low, high = (Condition(Metric.REVENUE, Comparison.AT_LEAST, bound) for bound in (3, 9))
    ceiling = Condition(Metric.REVENUE, Comparison.AT_MOST, 5)
    assert minimum_micros(AllOf((low, high, ceiling))) == 9
    assert minimum_micros(AnyOf((high, low))) == 3
    assert minimum_micros(AnyOf((high, ceiling))) is None
    assert minimum_micros(AllOf((ceiling,))) is None


async def test_the_audit_log_names_level_steps_and_causes(path: Path) -> None:
    """Who, what, from where, to where, for how much."""
    decided = next(each for each in one_of_each() if isinstance(each, LevelDecided))
    decision = msgspec.structs.replace(decided.decision, level_before=1, level=2, cause="debounce met: 2 of 2 months")
    await record(path, LevelDecided(decision), INTENDED)
    assert ask(
        path, "SELECT event, from_state, to_state, amount_micros FROM economic_scaling_log ORDER BY sequence"
    ) == [
        ("LevelDecided", "1", "2", decision.committed_cost_micros),
        ("StepIntended", "COLD", "WARMING", 5_000_000),
    ]
    assert ask(path, "SELECT reason FROM economic_scaling_log WHERE sequence = 1") == [("debounce met: 2 of 2 months",)]


def test_what_only_feeds_other_tables_stays_out_of_the_audit_log() -> None:
    """Payments, entries, positions, readings, closes, costs and deliveries stand elsewhere; all else is logged."""
    silent = [type(each).__name__ for each in one_of_each() if log_line(each) is None]
    assert silent == [
        "PaymentsRecorded",
        "EntryRejected",
        "WatermarkReached",
        "MonthClosed",
        "RevenueMeasured",
        "CursorMoved",
        "CostsAccrued",
        "BillRead",
        "SourceHeard",
        "NotificationRaised",
        "NotificationCleared",
        "DeliveryEnded",
        "ChannelClosed",
        "DeliveryReplayed",
    ]


async def test_a_refused_group_leaves_no_row(path: Path) -> None:
    """The tables move with the events or not at all."""
    async with opened(path) as journal:
        with pytest.raises(OverflowError):
            await journal.append([Proposal(INTENDED, "test", START), Proposal(ENDED, "test", 1 << 70)])
    for table in ("component_activation_states", "economic_scaling_log"):
        assert ask(path, f"SELECT count(*) FROM {table}") == [(0,)]


async def test_a_mended_end_takes_its_rows_back(path: Path) -> None:
    """After a torn end the tables show what the events that are left say."""
    await record(path, INTENDED, ENDED, RevenueMeasured(START, 1, 1, 24288, 1, "good"), INTENDED)
    alter(path, "UPDATE events SET actor = 'torn' WHERE sequence = 4")
    async with opened(path) as journal:
        assert journal.last_sequence == 3
    assert ask(path, "SELECT state, open_step FROM component_activation_states") == [("WARM", None)]
    assert ask(path, "SELECT sequence FROM economic_scaling_log") == [(1,), (2,)]
    assert ask(path, "SELECT count(*) FROM revenue_snapshots") == [(1,)]


async def test_payments_recorded_touches_no_table_of_people(path: Path) -> None:
    """The busiest event costs no extra rows."""
    await record(path, PaymentsRecorded("payments", "0-1", START))
    for table in (
        "revenue_snapshots",
        "economic_scaling_log",
        "component_activation_states",
        "revenue_threshold_config",
    ):
        assert ask(path, f"SELECT count(*) FROM {table}") == [(0,)]
