"""`python -m tests.benchmarks [NAME …] [--quick]`: every figure beside its limit, in one table."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import (
    bench_backtest,
    bench_backup,
    bench_burst,
    bench_cloud,
    bench_components,
    bench_decision,
    bench_idle,
    bench_ingest,
    bench_journal,
    bench_kernel,
    bench_postgres,
    bench_resume,
)
from tests.benchmarks.figures import Figure, at_least, table
from tests.benchmarks.places import scratch


def _ingest(folder: Path, quick: bool) -> list[Figure]:
    return asyncio.run(bench_ingest.measure(folder, 10_000 if quick else 100_000))


def _decision(folder: Path, quick: bool) -> list[Figure]:
    return asyncio.run(bench_decision.measure(folder, 40 if quick else 240))


def _ask(_folder: Path, _quick: bool) -> list[Figure]:
    asks = bench_kernel.ask_round_trips()
    one = Figure("ask round trips, one asker", asks.kernel_one, "asks/s", asks.queue_one, "bare asyncio.Queue")
    many = Figure(
        "ask round trips, 100 askers", asks.kernel_hundred, "asks/s", asks.queue_hundred, "bare asyncio.Queue"
    )
    return [at_least(figure, 0.5, ">= half") for figure in (one, many)]


def _components(_folder: Path, quick: bool) -> list[Figure]:
    return asyncio.run(bench_components.measure(10_000 if quick else 100_000))


def _resume(folder: Path, quick: bool) -> list[Figure]:
    return asyncio.run(bench_resume.measure(folder, *((10_000, 1_000) if quick else (100_000, 10_000))))


def _backtest(folder: Path, quick: bool) -> list[Figure]:
    return bench_backtest.measure(folder, 20_000 if quick else 200_000)


def _idle(folder: Path, quick: bool) -> list[Figure]:
    return asyncio.run(bench_idle.measure(folder, *((3, 5) if quick else (10, 20))))


def _backup(folder: Path, quick: bool) -> list[Figure]:
    return bench_backup.measure(folder, 2_000 if quick else 100_000)


def _cloud(folder: Path, quick: bool) -> list[Figure]:
    return bench_cloud.measure(folder, 1 if quick else len(bench_cloud.RISE))


def _burst(folder: Path, quick: bool) -> list[Figure]:
    return asyncio.run(bench_burst.measure(folder, 10_000 if quick else 200_000))


def _journal(folder: Path, _quick: bool) -> list[Figure]:
    return [
        Figure(each.name, each.value, each.unit, each.limit, each.limit_name)
        for each in asyncio.run(bench_journal.measure(folder))
    ]


def _postgres(_folder: Path, quick: bool) -> list[Figure]:
    return [
        Figure(each.name, each.value, each.unit, each.limit, each.limit_name)
        for each in asyncio.run(bench_postgres.measure(*((10_000, 100) if quick else (100_000, 500))))
    ]


BENCHMARKS: dict[str, Callable[[Path, bool], list[Figure]]] = {
    "ingest": _ingest,
    "decision": _decision,
    "ask": _ask,
    "components": _components,
    "resume": _resume,
    "backtest": _backtest,
    "idle": _idle,
    "journal": _journal,
    "postgres": _postgres,
    "cloud": _cloud,
    "backup": _backup,
    "burst": _burst,
}


def main() -> None:
    """Run what was asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, for a first look")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}: expected {', '.join(BENCHMARKS)}")
    figures: list[Figure] = []
    for name in given.names or BENCHMARKS:
        sys.stderr.write(f"measuring {name} …\n")
        with scratch() as folder:
            figures += BENCHMARKS[name](folder, given.quick)
    sys.stdout.writelines(f"{line}\n" for line in table(figures))


if __name__ == "__main__":
    main()
