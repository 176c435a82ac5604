"""A business told to the real daemon: `serve` on a real Redis and a SQLite file, under the accelerated clock."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

from rich.console import Console

from config.calendar import calendar_of
from config.plan import Plan
from config.settings import Mode, Settings
from config.settings_redis import RedisReached
from daemon.assembly import accelerated_clock, payments_sender
from daemon.demo.ledger import Ledger
from daemon.demo.playing import Player
from daemon.demo.screen import Screen
from daemon.service import Serving, serve
from machines.backtest import backtest
from tests.differential.account import Account, by_journal
from tests.differential.businesses import Business
from tests.processes.journal_file import JournalFile


async def lived_for_real(plan: Plan, business: Business, state_dir: Path, redis_url: str, instance: str) -> Account:
    """Stride by stride, as the demonstration plays a ledger; each payment is sent when the business tells of it."""
    calendar = calendar_of(plan.timezone)
    clock = accelerated_clock(calendar.start_of(business.months[0]), 1.0)
    settings = Settings(
        plan=plan.id, state_dir=str(state_dir), redis=redis_url, instance=instance, http="127.0.0.1:0", mode=Mode.ACT
    )
    ledger = Ledger(
        name="a business",
        payments=tuple((each.at, each.payment) for each in business.told),
        months=tuple(business.months),
        plays_until=calendar.end_of(business.months[-1]),
        report=backtest(plan, ()),
        rejections=(),
        largest={},
    )
    stop = asyncio.Event()
    serving: asyncio.Future[Serving] = asyncio.get_running_loop().create_future()
    served = asyncio.ensure_future(
        serve(settings, clock, stop=stop, ready=serving.set_result, read_plan=lambda: plan, logged=False)
    )
    try:
        await asyncio.wait((served, serving), return_when=asyncio.FIRST_COMPLETED)
        if served.done():
            served.result()
        daemon = (await serving).daemon
        sender = payments_sender(RedisReached(redis_url), instance)
        screen = Screen(Console(file=io.StringIO()))
        player = Player(
            ledger=ledger, plan=plan, daemon=daemon, clock=clock, sender=sender, screen=screen, stop=stop, quick=True
        )
        await player.play()
        await sender.close()
    finally:
        stop.set()
        await served
    return by_journal(JournalFile(state_dir).recorded())
