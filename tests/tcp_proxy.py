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
        self._requests, self._replies = threading.Event(), threading.Event()
        """Set while this direction flows."""
        self.release()
        self._lock = threading.Lock()
        self._open: set[_Passing] = set()
        self._refusing = False
        self._reply_marker: bytes | None = None
        self._request_marker: bytes | None = None
        self._reply_bytes_left: int | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="tcp-proxy", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything."""
        self._refusing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
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

    def mend(self) -> None:
        """The way is back for new connections."""
        self._refusing = False

    def reset(self) -> None:
        """Reset all open connections; new ones are welcome."""
        with self._lock:
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
        """Once: the first request with these bytes does not reach the server, its connection is reset."""
        self._request_marker = marker

    def lose_reply(self, marker: bytes) -> None:
        """Once: the server gets the request and answers; the answer with these bytes is lost, as its connection."""
        self._reply_marker = marker

    def drop_replies_after(self, reply_bytes: int) -> None:
        """Once: so many more bytes of replies pass, over all connections; then the one that replies is reset."""
        self._reply_bytes_left = reply_bytes

    # The threads' side

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._refusing:
                _reset(client)
                continue
            threading.Thread(target=self._begin, args=(client,), name="tcp-proxy-begin", daemon=True).start()

    def _begin(self, client: socket.socket) -> None:
        self._requests.wait()
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
                    self._lose(passing)
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
        flowing.wait()
        return b"" if passing.ended else data

    def _lose(self, passing: _Passing) -> None:
        self.lost += 1
        with self._lock:
            self._open.discard(passing)
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
        """End both as usual."""
        self.ended = True
        for each in (self.client, self.server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


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
