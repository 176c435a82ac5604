"""Where benchmarks run: a folder on the disk of the project, a real Redis server, the real daemon on both."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from adapters.clocks import SystemClock
from adapters.provisioners.simulated import Faults, SimulatedProvisioner, SimulatedWorld
from adapters.redis_server import EmbeddedRedis
from adapters.redis_streams import RedisStreams
from adapters.sqlite_journal import SqliteJournal
from config.loading import plan_from_text
from config.plan import Plan
from config.settings import Settings
from daemon.ports import Ports
from daemon.running import Daemon
from machines.events import Mode
from machines.state.whole import FOLD_VERSION

BUILD = Path("build")
"""Not the system's temporary folder: on many machines that is memory, where a synchronisation costs nothing."""

SHOP = """\
plan: shop
currency: EUR
policies:
  safety: {ratio_max: 0.90, hard_ratio: off, brake: off, ratio_months: current}
  rollback: {after: immediate, hysteresis: 0}
components:
  machine: {monthly_cost: 5, host: true}
  worker:
    monthly_cost: 10
    provisioner: simulated
    options: {warm_s: 0, activate_s: 0, deactivate_s: 0, decommission_s: 0}
levels:
  - {id: floor, max_burn: 10, components: [machine]}
  - id: paid
    trigger: {metric: revenue, at_least: 100, for_months: 1}
    max_burn: 50
    includes: [floor]
    components: [worker]
"""
"""One component that rises with a month of 100 or more, and falls with the next that has less."""


def shop_plan() -> Plan:
    """The plan `SHOP`."""
    return plan_from_text(SHOP, "shop.yaml")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as folder:
        yield Path(folder).absolute()


@asynccontextmanager
async def redis_server(folder: Path) -> AsyncIterator[str]:
    """The URL of a server of our own; fakeredis's only where there is no real one."""
    server = EmbeddedRedis(folder)
    url = await server.start()
    try:
        yield url
    finally:
        await server.stop()


@asynccontextmanager
async def resumed_daemon(folder: Path, url: str, plan: Plan) -> AsyncIterator[Daemon]:
    """The real daemon in `folder`, resumed but not begun: journal in SQLite, streams in Redis, a simulated provider."""
    clock = SystemClock()
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - before anything is timed
    journal = await SqliteJournal.open(folder / "journal.sqlite", clock=clock, fold_version=FOLD_VERSION)
    streams = RedisStreams(url, "solvent")
    simulated = SimulatedProvisioner(SimulatedWorld(), clock, Faults(lambda below: below - 1))
    ports = Ports(
        clock=clock,
        journal=journal,
        streams=streams,
        observers={"simulated": simulated},
        provisioners={"simulated": simulated},
        customer_key=journal.customer_key,
        jitter=lambda: 1.0,
    )
    daemon = Daemon(
        ports,
        Settings(plan="shop"),
        plan=plan,
        read_plan=lambda: plan,
        mode=Mode.ACT,
        holder="the benchmark",
        version="0",
    )
    try:
        await daemon.resume()
        yield daemon
    finally:
        if not daemon.kernel.is_stopping:  # a benchmark of the stop has done so
            await daemon.stop()
        await streams.close()
        await journal.close()


async def until_published(daemon: Daemon, time_limit_s: float) -> None:
    """Wait until every durable event is in the stream of events."""
    async with asyncio.timeout(time_limit_s):
        await daemon.publication.wait_published(daemon.recorder.journal.last_sequence)
