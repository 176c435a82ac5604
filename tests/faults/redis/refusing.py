"""A server that answers every command with the same error line: a Redis that loads, cannot save, or is lost."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

CHUNK_BYTES = 65_536


class RefusingServer:
    """Listens from its making to its end; one line answers each command, and as many as were sent."""

    def __init__(self, error: str) -> None:
        """`error` is the line as Redis writes it, without the minus sign."""
        self._line = f"-{error}\r\n".encode()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.place: tuple[str, int] = ("127.0.0.1", self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, name="refusing", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for each in self._open:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._answer, args=(client,), name="refusing-one", daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        try:
            while data := client.recv(CHUNK_BYTES):
                # Each command begins with `*<number of words>`; a value of ours has no line that does.
                client.sendall(self._line * sum(line.startswith(b"*") for line in data.split(b"\r\n")))
        except OSError:
            return
