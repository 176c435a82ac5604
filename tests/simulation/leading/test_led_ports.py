"""The dials and the broker of a daemon that led before: what stands there is the next leader's to change."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from adapters.memory_journal import MemoryJournal
from adapters.memory_streams import MemoryStreams
from daemon.leading.led import led
from daemon.leading.streams import NOT_LEADING
from daemon.ports import Ports
from machines.ports.dials import DialBoard, DialSetting
from machines.ports.faults import Transient
from machines.ports.retained import RetainedSession
from tests.dials.dial_table import TOKEN, TableBoard
from tests.mqtt.memory_broker import MemoryBroker
from tests.simulation.ladder import ladder
from tests.simulation.leading.led_world import LedWorld
from tests.simulation.leading.test_guards import Led
from tests.simulation.virtual_loop import run

SETTING: Final = DialSetting(share_percent=40, wished_percent=40, reasons="", turned_at=0)
STATUS: Final = "solvent/shop/status"


class Desk:
    """One board and one broker behind ports whose lead a test switches off."""

    def __init__(self) -> None:
        """It leads, the dial is on, and nothing is retained."""
        world = LedWorld(ladder(), 1)
        self.leadership = Led(1, leading=True)
        self.table, self.broker = TableBoard(), MemoryBroker()
        self.ports = led(
            Ports(
                clock=world.clock,
                journal=MemoryJournal(world.store, world.clock),
                streams=MemoryStreams(world.server),
                observers={},
                provisioners={},
                customer_key=b"",
                jitter=lambda: 1.0,
                dial_board=lambda: self.table,
                retained=lambda: self.broker,
                leadership=self.leadership,
            )
        )

    @property
    def board(self) -> DialBoard:
        """The dials, as the daemon has them."""
        assert self.ports.dial_board is not None
        return self.ports.dial_board()

    @asynccontextmanager
    async def session(self) -> Any:
        """A connection to the broker, as the daemon has it."""
        assert self.ports.retained is not None
        async with self.ports.retained().session("solvent/shop/availability", "offline", ["solvent/#"]) as session:
            yield session


def test_a_daemon_that_leads_no_longer_turns_no_dial() -> None:
    """What the application reads stays as the leader set it; a look is allowed, for it changes nothing."""

    async def body() -> tuple[list[DialSetting], str, bool]:
        desk = Desk()
        board = desk.board
        assert await board.show("llm_share", TOKEN, SETTING)
        desk.leadership.leading = False
        with pytest.raises(Transient, match=NOT_LEADING):
            await board.show("llm_share", TOKEN, DialSetting(90, 90, "", 1))
        seen = await board.look("llm_share")
        await board.close()
        return desk.table.shown, seen.token, desk.table.closed

    assert ([SETTING], TOKEN, True) == run(body, 1)


def test_a_daemon_that_leads_no_longer_retains_no_topic() -> None:
    """Also over a connection from when it led; what the broker holds may still be heard."""

    async def body() -> tuple[list[dict[str, str]], str]:
        desk = Desk()
        desk.broker.held["solvent/shop/old"] = "here before"
        session: RetainedSession
        async with desk.session() as session:
            await session.retain({STATUS: "the leader's"})
            desk.leadership.leading = False
            with pytest.raises(Transient, match=NOT_LEADING):
                await session.retain({STATUS: "of the past"})
            async with asyncio.timeout(1):
                found = await session.found()
        return desk.broker.sent, found

    assert ([{STATUS: "the leader's"}], "solvent/shop/old") == run(body, 1)
