"""A TCP proxy of threads before any server: a test cuts, holds, delays and resets what passes, at the byte it names.

```python
with TcpProxy(server.port) as proxy:
    connect("127.0.0.1", proxy.port)
    proxy.lose_reply(b"COMMIT")  # the server answers, nobody hears it
```
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

CHUNK_BYTES: Final = 65_536
TOLD_WITHIN_S: Final = 1.0
"""How long a reset waits at most for the threads of its connections to let go of them."""
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST."""


class TcpProxy:
    """All methods may be called from any thread, at any time; they hold for every connection."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        """Stand before the server at `host` and `port`; where this one listens is in `port`."""
        self.upstream = (host, port)
        """May be set to another server: connections that are made from then on go there."""
        self.delay_s = 0.0
        """How long each chunk waits, in both directions."""
        self.connections = 0
        """How many were made so far."""
        self.lost = 0
        """How many requests and replies were lost as asked."""
        self.held = 0
        """How many pieces and new connections had to wait so far, for nothing flowed in their direction."""
        self._requests, self._replies = threading.Event(), threading.Event()
        """Set while this direction flows."""
        self.release()
        self._lock = threading.Lock()
        self._open: set[_Passing] = set()
        self._resets = 0
        self._refusing = False
        self._reply_marker: bytes | None = None
        self._request_marker: bytes | None = None
        self._reply_bytes_left: int | None = None
        self._ending_in_order = False
        self._hanging_up = False
        self._place = _bound(0)
        """Keeps the port while nobody listens."""
        self.port: int = self._place.getsockname()[1]
        self._listener: socket.socket | None = None
        self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything."""
        self._refusing = True
        self._deafen()
        self._place.close()
        self.release()
        self.reset()

    # What a test does to the network

    def cut(self) -> None:
        """The way is gone: open connections are reset, new ones are reset at once, until `mend`."""
        self.shut()
        self.reset()

    def shut(self) -> None:
        """New connections are reset at once, until `mend`; open ones go on."""
        self._refusing = True

    def refuse(self) -> None:
        """Nobody listens any more: open connections are reset, new ones are refused by the kernel, until `mend`."""
        self._deafen()
        self.reset()

    def hang_up(self) -> None:
        """New connections are taken and ended in order, as by a balancer with nobody behind it, until `mend`."""
        self._hanging_up = True

    def mend(self) -> None:
        """The way is back for new connections."""
        self._refusing = self._hanging_up = False
        if self._listener is None:
            self._listen()

    def reset(self) -> None:
        """Reset all open connections; new ones are welcome."""
        with self._lock:
            self._resets += 1
            ended, self._open = self._open, set()
        for each in ended:
            each.reset()
        if self._requests.is_set() and self._replies.is_set():
            for each in ended:
                each.wait_told()

    def hold(self) -> None:
        """Nothing passes any more in any direction, and nobody is told; new connections hang as well."""
        self.hold_requests()
        self.hold_replies()

    def hold_requests(self) -> None:
        """The server hears nothing any more; what it says by itself still passes."""
        self._requests.clear()

    def hold_replies(self) -> None:
        """The server hears everything, and nobody hears what it says."""
        self._replies.clear()

    def release(self) -> None:
        """What was held passes, in its order."""
        self._requests.set()
        self._replies.set()

    def lose_request(self, marker: bytes) -> None:
        """Once: the first request with these bytes does not reach the server, its connection is reset.

        b"" is in everything: the next bytes for the server are lost.
        """
        self._request_marker = marker

    def lose_reply(self, marker: bytes) -> None:
        """Once: the server gets the request and answers; the answer with these bytes is lost, as its connection.

        b"" is in everything: the next bytes of the server are lost.
        """
        self._reply_marker = marker

    def drop_replies_after(self, reply_bytes: int, *, in_order: bool = False) -> None:
        """Once: so many more bytes of replies pass, over all connections; then the one that replies is reset.

        `in_order`: it is ended as if that had been all, which is what a balancer does that gives up.
        """
        self._reply_bytes_left, self._ending_in_order = reply_bytes, in_order

    # The threads' side

    def _listen(self) -> None:
        self._listener = _bound(self.port)
        self._listener.listen(socket.SOMAXCONN)
        threading.Thread(target=self._accept, args=(self._listener,), name="tcp-proxy", daemon=True).start()

    def _deafen(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._refusing:
                _reset(client)
                continue
            if self._hanging_up:
                threading.Thread(target=_hung_up, args=(client,), name="tcp-proxy-hang-up", daemon=True).start()
                continue
            threading.Thread(target=self._begin, args=(client,), name="tcp-proxy-begin", daemon=True).start()

    def _begin(self, client: socket.socket) -> None:
        resets = self._resets
        self._wait(self._requests)
        if resets != self._resets:
            _reset(client)
            return
        try:
            server = socket.create_connection(self.upstream, timeout=10)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        passing = _Passing(client, server)
        for run in (self._pass_requests, self._pass_replies):
            passing.threads.append(threading.Thread(target=run, args=(passing,), name="tcp-proxy-pass", daemon=True))
        with self._lock:
            self._open.add(passing)
        for each in passing.threads:
            each.start()

    def _pass_requests(self, passing: _Passing) -> None:
        before = b""
        while data := self._chunk(passing, passing.client, self._requests):
            marker = self._request_marker
            if marker is not None and marker in before[1 - len(marker) :] + data:
                self._request_marker = None
                self._lose(passing)
                return
            before = data[-CHUNK_BYTES // 64 :]
            if not _sent(passing.server, data):
                break
        self._end(passing)

    def _pass_replies(self, passing: _Passing) -> None:
        before = b""
        while data := self._chunk(passing, passing.server, self._replies):
            marker, left = self._reply_marker, self._reply_bytes_left
            if marker is not None and marker in before[1 - len(marker) :] + data:
                self._reply_marker = None
                self._lose(passing)
                return
            if left is not None:
                if len(data) > left:
                    self._reply_bytes_left = None
                    _sent(passing.client, data[:left])
                    self._lose(passing, in_order=self._ending_in_order)
                    return
                self._reply_bytes_left = left - len(data)
            before = data[-CHUNK_BYTES // 64 :]
            if not _sent(passing.client, data):
                break
        self._end(passing)

    def _chunk(self, passing: _Passing, end: socket.socket, flowing: threading.Event) -> bytes:
        """The next bytes, when they may pass; empty at the end."""
        try:
            data = end.recv(CHUNK_BYTES)
        except OSError:
            return b""
        if self.delay_s and data:
            time.sleep(self.delay_s)
        self._wait(flowing)
        return b"" if passing.ended else data

    def _wait(self, flowing: threading.Event) -> None:
        self.held += not flowing.is_set()
        flowing.wait()

    def _lose(self, passing: _Passing, *, in_order: bool = False) -> None:
        self.lost += 1
        with self._lock:
            self._open.discard(passing)
        if in_order:
            passing.close()
        else:
            passing.reset()

    def _end(self, passing: _Passing) -> None:
        """One side closed: so does the other."""
        with self._lock:
            self._open.discard(passing)
        passing.close()


class _Passing:
    """One connection: its two sockets."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.ended = False
        self.threads: list[threading.Thread] = []
        """One for each direction."""

    def wait_told(self) -> None:
        """Wait until both sides have their error: while a thread is in `recv`, the kernel keeps the socket open."""
        for each in self.threads:
            if each.ident is not None and each is not threading.current_thread():
                each.join(TOLD_WITHIN_S)

    def reset(self) -> None:
        """End both at once, so that the other side gets an error and not an end."""
        self.ended = True
        _reset(self.client)
        _reset(self.server)

    def close(self) -> None:
        """End both as usual, where they were not ended: an end must not overtake a reset."""
        if self.ended:
            return
        self.ended = True
        for each in (self.client, self.server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _bound(port: int) -> socket.socket:
    """A socket with the port, beside others of ours that have it: only the one that listens is connected to."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _hung_up(client: socket.socket) -> None:
    """End it so that the other side sees an end and no reset: what it says is read first."""
    with suppress(OSError):
        client.shutdown(socket.SHUT_WR)
        while client.recv(CHUNK_BYTES):
            pass
    client.close()


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        # A thread that waits in `recv` keeps the socket open: shutting down wakes it.
        end.shutdown(socket.SHUT_RD)
    end.close()


def _sent(end: socket.socket, data: bytes) -> bool:
    try:
        end.sendall(data)
    except OSError:
        return False
    return True
