"""The ports of a daemon that may lose the lead: from then on it writes nothing to whoever knows no fencing token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec

from daemon.leading.streams import NOT_LEADING, LedStreams
from daemon.ports import Ports
from machines.ports.dials import DialBoard, DialSeen, DialSetting
from machines.ports.faults import Transient
from machines.ports.lease import Leadership
from machines.ports.retained import RetainedBroker, RetainedSession


def led(ports: Ports) -> Ports:
    """The same ports; each write asks first whether this daemon leads."""
    leadership = ports.leadership
    return msgspec.structs.replace(
        ports,
        streams=LedStreams(ports.streams, leadership),
        dial_board=None if ports.dial_board is None else _board_of(ports.dial_board, leadership),
        retained=None if ports.retained is None else _broker_of(ports.retained, leadership),
    )


def _board_of(board: Callable[[], DialBoard], leadership: Leadership) -> Callable[[], DialBoard]:
    return lambda: LedDialBoard(board(), leadership)


def _broker_of(broker: Callable[[], RetainedBroker], leadership: Leadership) -> Callable[[], RetainedBroker]:
    return lambda: LedBroker(broker(), leadership)


class LedDialBoard:
    """The `DialBoard` port over another."""

    def __init__(self, board: DialBoard, leadership: Leadership) -> None:
        self._board = board
        self._leadership = leadership

    async def look(self, component: str) -> DialSeen:
        """The dial as it stands."""
        return await self._board.look(component)

    async def show(self, component: str, token: str, setting: DialSetting) -> bool:
        """Set what the application reads, as a leader only."""
        if not self._leadership.leads():
            raise Transient(NOT_LEADING)
        return await self._board.show(component, token, setting)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._board.close()


class LedBroker:
    """The `RetainedBroker` port over another."""

    def __init__(self, broker: RetainedBroker, leadership: Leadership) -> None:
        self._broker = broker
        self._leadership = leadership

    def session(
        self, will_topic: str, will: str, watched: Sequence[str]
    ) -> AbstractAsyncContextManager[RetainedSession]:
        """A connection for the length of the block."""
        return self._led_session(will_topic, will, watched)

    @asynccontextmanager
    async def _led_session(self, will_topic: str, will: str, watched: Sequence[str]) -> AsyncIterator[RetainedSession]:
        async with self._broker.session(will_topic, will, watched) as session:
            yield LedSession(session, self._leadership)


class LedSession:
    """The `RetainedSession` port over another."""

    def __init__(self, session: RetainedSession, leadership: Leadership) -> None:
        self._session = session
        self._leadership = leadership

    async def retain(self, payloads: Mapping[str, str]) -> None:
        """Make each payload its topic's last word, as a leader only."""
        if not self._leadership.leads():
            raise Transient(NOT_LEADING)
        await self._session.retain(payloads)

    async def found(self) -> str:
        """The next topic that the broker holds under those watched."""
        return await self._session.found()
