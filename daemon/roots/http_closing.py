"""How a listening root ends: nobody is left hanging, whatever moment they came in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uvicorn import Server

_ROUNDS_OF_ARRIVAL: Final = 3
"""From the accepted socket to `connection_made`: a task is begun, makes the transport, and that calls it."""


def closing_protocol(is_closing: Callable[[], bool]) -> type[asyncio.Protocol]:
    """The protocol of uvicorn, which also hangs up on whom the kernel took before the stop and who arrives after it."""
    from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: PLC0415 - only where it serves

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            if is_closing():
                transport.abort()

    return Protocol


async def take_no_more(listener: socket.socket) -> None:
    """Hear of no new connection, and let those that were heard of arrive: asyncio would lose them with its server."""
    asyncio.get_running_loop().remove_reader(listener)
    for _ in range(_ROUNDS_OF_ARRIVAL):
        await asyncio.sleep(0)


def hang_up(server: Server) -> None:
    """Stop listening and hang up, at once: a scrape can be asked again."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
        if not connection.transport.is_closing():
            connection.transport.abort()  # its answer is not whole, and who reads slowly must not hold up the end
    for task in server.server_state.tasks:
        task.cancel("the HTTP endpoints are closing")
