"""Each benchmark runs, on a little work. What it measures is judged by whoever reads `make bench`, never here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.benchmarks import (
    bench_backtest,
    bench_backup,
    bench_burst,
    bench_cloud,
    bench_components,
    bench_decision,
    bench_idle,
    bench_ingest,
    bench_postgres,
    bench_resume,
)
from tests.benchmarks.figures import Figure, at_least, at_most, table


async def test_ingest_counts_every_payment(tmp_path: Path) -> None:
    """The daemon takes 300 payments from a stream and publishes what they led to; both limits are measured."""
    figures = await bench_ingest.measure(tmp_path, 300)

    assert {"plain XREAD loop", "plain batched inserts"} == {figure.limit_name for figure in figures}
    assert all(figure.measured > 0 for figure in figures)


async def test_latencies_in_a_burst_are_measured_beside_the_idle_ones(tmp_path: Path) -> None:
    """Commands, refusals and a stop, each above nothing; every figure that has an aim was judged."""
    figures = await bench_burst.measure(tmp_path, 300)

    assert all(figure.measured > 0 for figure in figures)
    assert [None, True, True, True] == [figure.met for figure in figures]


async def test_every_close_leads_to_an_intent(tmp_path: Path) -> None:
    """Four closes move the component up, down, up and down; each is measured, with appends between them."""
    times, syncs = await bench_decision.close_times_ms(tmp_path, 4)

    assert 4 == len(times)
    assert 4 * bench_decision.SYNCS_PER_CLOSE == len(syncs)


async def test_components_are_weighed_with_all_their_parts() -> None:
    """Plan, record, actor and timer of a component are counted, each more than nothing."""
    whole, start = await bench_components.measure(100)

    assert all(part in whole.what for part in ("plan", "record", "actor", "timer"))
    assert min(whole.measured, start.measured) > 0


async def test_resume_folds_what_followed_the_snapshot(tmp_path: Path) -> None:
    """The journal with 50 components is opened, its snapshot taken and the 40 events after it folded."""
    path = tmp_path / "journal.sqlite"
    await bench_resume.build(path, 50, 40)

    assert await bench_resume.resume_s(path, 40) > 0
    assert await bench_resume.plain_decoding_s(path) > 0


def test_a_backtest_reads_every_row(tmp_path: Path) -> None:
    """The generated file holds no row that is rejected, at the closes and day by day."""
    figures = bench_backtest.measure(tmp_path, 500)

    assert ["backtest, 500 rows", "backtest, rollback.after=daily"] == [figure.what for figure in figures]


def test_what_a_provider_takes_is_no_time_of_ours(tmp_path: Path) -> None:
    """The five components of the first level become HOT, each after some time of solvent's own."""
    middle, _ = bench_cloud.measure(tmp_path, 1)

    assert "5 components" in middle.what
    assert middle.measured > 0


@pytest.mark.skipif(sys.platform != "linux", reason="memory and processor time are read from /proc")
async def test_an_idle_daemon_is_found_in_proc(tmp_path: Path) -> None:
    """A real `solvent run` starts, is measured, and stops."""
    memory, share, _ = await bench_idle.measure(tmp_path, settle_s=0, watch_s=0.1)

    assert memory.measured >= share.measured > 0


def test_the_table_says_which_aim_was_missed() -> None:
    """A figure below its share of the limit is MISSED, one above it met, one without an aim is only shown."""
    half = Figure("asks", 40, "asks/s", 100, "bare queue")
    lines = table([at_least(half, 0.5, ">= half"), at_least(half, 0.3, ">= 0.3"), half, at_most(half, 40, "<= 40")])

    assert [True, False, False, False] == [line.endswith("MISSED") for line in lines[2:]]
    assert [False, True, False, True] == [line.endswith("met") for line in lines[2:]]


def test_a_backup_is_taken_back_and_verified(tmp_path: Path) -> None:
    """A journal of 500 events is backed up, restored and verified; each beside what it cannot do without."""
    figures = bench_backup.measure(tmp_path, 500)

    assert 3 == len(figures)
    assert all(figure.measured > 0 for figure in figures)


async def test_appends_into_postgres_stand_beside_copy() -> None:
    """A thousand payments by the journal and by `COPY`, and a few groups one by one and by many callers."""
    figures = await bench_postgres.measure(1_000, 12)
    if not figures:
        pytest.skip("no PostgreSQL can be run here")

    assert ["plain COPY", "plain COPY"] == [figure.limit_name for figure in figures[:2]]
    assert all(figure.value > 0 for figure in figures)
