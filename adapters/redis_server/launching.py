"""Starting a real server in its folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from typing import Final

from adapters.redis_server.asking import HOST, ask_identity
from adapters.redis_server.faults import EmbeddedRedisError, ended_at_start, is_port_taken
from adapters.redis_server.programs import RedisProgram
from adapters.redis_server.server_directory import Address, ServerDirectory

POLL_S: Final = 0.01
PORT_ATTEMPTS_MAX: Final = 5


async def launch(
    program: RedisProgram, directory: ServerDirectory, lock: int, port: int, deadline_s: float
) -> subprocess.Popen[bytes]:
    """Start the program and wait until it serves; `directory.address()` says where.

    `lock` goes to the server. `port` 0 means the one of the last time if it is still free, so that an operator's
    `redis-cli -p` keeps working, else any. `deadline_s` is of the running loop. Raises `EmbeddedRedisError`.
    """
    last = directory.address()
    wished = port or (last.port if last else 0)
    for _ in range(PORT_ATTEMPTS_MAX):
        address = Address(kind=program.kind, port=_free_port(wished) if port == 0 else port)
        directory.forget_pid()
        directory.turn_log()
        directory.write_address(address)
        process = _start(program, directory, lock, address.port)
        try:
            await _wait_until_serving(process, address.port, deadline_s, directory)
        except BaseException:
            await end_child(process, 0.0)
            raise
        if process.poll() is None:
            return process
        if port:
            break
        wished = 0
    raise EmbeddedRedisError(
        f"The embedded Redis in {directory.path} got no port to listen on; the last one tried, {address.port}, is in "
        "use by another program. Free it, or choose another."
    )


async def end(pid: int, has_ended: Callable[[], bool], timeout_s: float) -> None:
    """Ask the process to end, which writes its file to the disk; kill it after `timeout_s`; wait until it ended."""
    loop = asyncio.get_running_loop()
    kill_at = loop.time() + timeout_s
    _signal(pid, signal.SIGTERM)
    while not has_ended():
        if loop.time() >= kill_at:
            _signal(pid, signal.SIGKILL)
        await asyncio.sleep(POLL_S)


async def end_child(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    """End a server that this process started."""
    await end(process.pid, lambda: process.poll() is not None, timeout_s)


def _start(program: RedisProgram, directory: ServerDirectory, lock: int, port: int) -> subprocess.Popen[bytes]:
    options = {
        "bind": HOST,
        "protected-mode": "yes",
        "port": str(port),
        "dir": str(directory.path),
        "pidfile": str(directory.pid_path),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "loglevel": "warning",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    with directory.log_path.open("wb") as log:
        return subprocess.Popen(  # noqa: S603  # a path that we found ourselves, and no shell
            [program.path, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock,),
            # A Ctrl-C in the terminal is for the daemon, which then stops its server last.
            start_new_session=True,
            # The daemon's environment holds secrets that a server has no use for.
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )


async def _wait_until_serving(
    process: subprocess.Popen[bytes], port: int, deadline_s: float, directory: ServerDirectory
) -> None:
    """Return when the process serves on the port, or ended because the port is taken."""
    loop = asyncio.get_running_loop()
    while process.poll() is None:
        identity = await ask_identity(port)
        # Another process id is another program's Redis on the port that we wanted; ours is about to end.
        if identity is not None and identity.pid == process.pid and not identity.loading:
            return
        if loop.time() >= deadline_s:
            doing = "is still loading its file" if identity is not None and identity.loading else "does not answer"
            raise EmbeddedRedisError(
                f"The embedded Redis in {directory.path} {doing} at the end of its time to start. "
                "Look at redis.log there; a large file needs a larger start timeout."
            )
        await asyncio.sleep(POLL_S)
    log = directory.log_tail()
    if not is_port_taken(log):
        raise ended_at_start(directory.path, log)


def _free_port(wished: int) -> int:
    """The wished port if it is free, else any free one."""
    for port in (wished, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            # As Redis itself does: a port whose last connections are still fading is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return int(probe.getsockname()[1])
    raise EmbeddedRedisError(f"The embedded Redis found no free port on {HOST}.")


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
