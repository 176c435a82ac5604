"""Secrets and customers are planted in a running daemon, and looked for in every place where they must not be."""

from __future__ import annotations

import os
import socket
import tarfile
import urllib.request
from pathlib import Path

import pytest
import redis

from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import SCRIPTS
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until
from tests.security.planted import (
    BAD_CUSTOMER,
    CUSTOMER,
    EVERYTHING,
    PLAN,
    POST_SECRET,
    REDIS_PASSWORD,
    SETTINGS,
    URL_TOKEN,
    WEBHOOK_SECRET,
    Hook,
    a_payment,
    command_lines,
    files_below,
    guard,
    keys_of,
    post,
    solvent,
)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


def planted(texts: dict[str, str], wanted: tuple[str, ...]) -> list[tuple[str, str]]:
    """Where which of them was found."""
    return [(place, each) for place, text in texts.items() for each in wanted if each in text]


def send(server: RedisServer, fields: dict[str, str]) -> None:
    """One entry into the stream of payments."""
    client = redis.Redis(port=server.port)
    client.xadd("solvent:payments", fields)  # type: ignore[arg-type]
    client.close()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with the plan, and secrets in files of their own."""
    folder = tmp_path / "shop"
    (folder / "world").mkdir(parents=True)
    (folder / "redis-password").write_text(REDIS_PASSWORD + "\n")
    (folder / "webhook-secret").write_text(WEBHOOK_SECRET + "\n")
    (folder / "shop.yaml").write_text(
        PLAN.format(seen=folder / "environments", scripts=SCRIPTS, world=folder / "world")
    )
    return folder


def test_nothing_that_was_planted_is_found(shop: Path, redis_server: RedisServer, tmp_path: Path) -> None:
    """Not in arguments, environments of children, logs, state, Redis, metrics, notifications, commands or bundle."""
    guard(redis_server)
    port, state_dir = free_port(), tmp_path / "state"
    with Hook() as receiver:
        settings = shop / "solvent.toml"
        settings.write_text(SETTINGS.format(folder=shop, port=port, receiver=receiver.url, token=URL_TOKEN))
        environment = {"PLANTED_POST_SECRET": POST_SECRET}
        daemon = DaemonProcess(
            state_dir, shop / "shop.yaml", redis_server.url, "--act", "--settings", str(settings), settings=environment
        )
        texts: dict[str, str] = {}
        with daemon:
            assert 1 == post(port, [a_payment("p1", CUSTOMER)])["counted"]
            assert 1 == len(post(port, [a_payment("p2", BAD_CUSTOMER, amount="many")])["rejected"])
            send(redis_server, a_payment("p3", BAD_CUSTOMER, customer_id=f"{BAD_CUSTOMER}\n"))
            send(redis_server, {"watermark": "2024-02-01T00:00:00Z"})
            until(lambda: (shop / "environments").exists() and daemon.journal.decided() == 1, "level 1 to be decided")
            until(lambda: receiver.bodies, "a notification")
            texts["arguments"] = command_lines()
            facts = daemon.wait_ready()
            with urllib.request.urlopen(f"{facts.http}/metrics", timeout=20) as page:
                texts["metrics"] = page.read().decode()
        texts["environments of children"] = (shop / "environments").read_text()
        texts["log"] = daemon.log
        texts["notifications"] = "".join(body.decode() for body in receiver.bodies)
        texts |= {path: data.decode("latin-1") for path, data in files_below(state_dir)}
        texts |= dict(keys_of(redis_server))
        ours = {**os.environ, **environment}
        place = ("--state-dir", str(state_dir))
        for command in (("status",), ("history", "--limit", "0"), ("logs", "--limit", "10000"), ("notify", "list")):
            texts[command[0]] = solvent(*command, *place, environment=ours)
        whole = (*place, "--settings", str(settings), "--plan", str(shop / "shop.yaml"), "--redis", redis_server.url)
        texts["doctor"] = solvent("doctor", "--all", *whole, environment=ours)
        bundle = tmp_path / "bundle.tar.gz"
        texts["support-bundle"] = solvent("support-bundle", *whole, "--out", str(bundle), environment=ours)
        texts["bundle"] = _unpacked(bundle)

    found = planted(texts, EVERYTHING)
    assert [] == found, found
    assert "POST /" not in texts["log"]


def _unpacked(path: Path) -> str:
    with tarfile.open(path) as packed:
        return "".join(packed.extractfile(each).read().decode() for each in packed)  # type: ignore[union-attr]
