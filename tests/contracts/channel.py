"""What every channel must do. Its own tests subclass `ChannelContract` and give it a `harness` fixture."""

from __future__ import annotations

import asyncio
import enum
from abc import ABC, abstractmethod

import msgspec
import pytest

from config.instants import Instant, instant_from_text
from machines.ports.channels import Channel, Message
from machines.ports.faults import Ambiguous, CallError, Transient

AT: Instant = instant_from_text("2026-11-21T03:00:00Z")
MESSAGE = Message(
    id="5f0c2a91b3d4-1-42",
    severity="critical",
    key="cost_above_cap",
    raised=True,
    title="Cost is above the cap: 1 283.00 €",
    text="What is committed costs 1283.00 EUR a month.\nType `solvent costs` for what costs how much. Grüße, 日本",
    at=AT,
    instance="shop",
)


class Trouble(enum.Enum):
    """What a harness arranges for the next deliveries."""

    AWAY = "away"
    """Nobody listens there."""
    BUSY = "busy"
    """The receiver says to try again later."""
    SILENT = "silent"
    """It takes the connection, and answers nothing."""


class ChannelHarness(ABC):
    """How the contract reaches one kind of receiver."""

    troubles = frozenset(Trouble)
    """Those that this kind of receiver can be in."""
    patience_s = 10.0

    @abstractmethod
    def channel(self) -> Channel:
        """A channel to this receiver, as a new process has it."""

    @abstractmethod
    async def received(self, count: int) -> list[Message]:
        """The first so many messages that arrived, read back from what the receiver has; waits for them."""

    @abstractmethod
    def trouble(self, trouble: Trouble) -> None:
        """From now on the receiver is in this trouble."""


class ChannelContract:
    """Held to by all channels, now and later."""

    async def test_a_message_arrives_whole(self, harness: ChannelHarness) -> None:
        """Every word and every letter of it."""
        channel = harness.channel()

        await channel.deliver(MESSAGE)
        await channel.close()

        assert [MESSAGE] == await harness.received(1)

    async def test_the_end_of_an_alarm_says_that_it_is_one(self, harness: ChannelHarness) -> None:
        """Under its alarm's key."""
        over = msgspec.structs.replace(MESSAGE, id="5f0c2a91b3d4-1-43", raised=False, title="Over: it was too much")
        channel = harness.channel()

        await channel.deliver(MESSAGE)
        await channel.deliver(over)
        await channel.close()

        assert [MESSAGE, over] == await harness.received(2)

    async def test_another_process_sends_the_same_under_the_same_id(self, harness: ChannelHarness) -> None:
        """Whoever receives it twice knows."""
        for _ in range(2):
            channel = harness.channel()
            await channel.deliver(MESSAGE)
            await channel.close()

        assert [MESSAGE, MESSAGE] == await harness.received(2)

    async def test_a_receiver_that_is_away_is_worth_trying_again(self, harness: ChannelHarness) -> None:
        """Nothing arrived, and it is known that nothing did."""
        await self._fails(harness, Trouble.AWAY, Transient)

    async def test_a_receiver_that_is_busy_is_worth_trying_again(self, harness: ChannelHarness) -> None:
        """It said so itself."""
        await self._fails(harness, Trouble.BUSY, Transient)

    async def test_what_a_silent_receiver_did_is_unknown(self, harness: ChannelHarness) -> None:
        """The channel has a time limit of its own, or is cancelled by its caller's."""
        await self._fails(harness, Trouble.SILENT, Ambiguous | Transient | TimeoutError)

    async def test_closing_twice_is_harmless(self, harness: ChannelHarness) -> None:
        """Before the first delivery too."""
        channel = harness.channel()

        await channel.close()
        await channel.close()

        assert MESSAGE.id not in channel.name

    async def _fails(self, harness: ChannelHarness, trouble: Trouble, kinds: object) -> None:
        if trouble not in harness.troubles:
            pytest.skip(f"this kind of receiver is never {trouble.value}")
        harness.trouble(trouble)
        channel = harness.channel()

        with pytest.raises((CallError, TimeoutError)) as failed:
            async with asyncio.timeout(harness.patience_s):
                await channel.deliver(MESSAGE)
        await channel.close()

        assert isinstance(failed.value, kinds)  # type: ignore[arg-type]
        assert "\n" not in str(failed.value)
