"""The MQTT broker killed, held still and started anew under the real daemon: what counts goes on without it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from machines.events import MonthClosed
from tests.faults.seeing import lines, metric
from tests.mqtt.mqtt_desk import listening
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import at_level, earn
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until
from tests.provisioners.mqtt import brokers

LEVEL = "solvent/solvent/component/database/state"
AVAILABILITY = "solvent/solvent/availability"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[brokers.BrokerProcess]:
    """One that keeps nothing over its death."""
    process = brokers.mosquitto(tmp_path)
    yield process
    process.stop()


async def test_a_broker_that_dies_hangs_and_comes_back_empty_holds_nothing_up(
    broker: brokers.BrokerProcess, redis_server: RedisServer, shop: FileShop, keys: Keys, tmp_path: Path
) -> None:
    """Level 1 rises without it, said once; the new one gets all of it; one that hangs delays neither work nor stop."""
    settings = {
        "SOLVENT_MQTT__URL": f"mqtt://127.0.0.1:{broker.port}",
        "SOLVENT_MQTT__KEEPALIVE_S": "5",
        "SOLVENT_MQTT__RECONNECT_MAX_S": "1",
        "SOLVENT_STOPPING__ASK_S": "2",
        "SOLVENT_STOPPING__CANCEL_S": "2",
    }
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act", settings=settings) as daemon:
        until(lambda: metric(daemon, "solvent_mqtt_connected") == 1, "the broker")
        broker.stop()
        earn(keys, 1, "250.00")
        until(lambda: at_level(daemon, 1), "level 1 to stand")
        assert 1 <= len(lines(daemon, "mqtt_away")) <= 2  # lost, then refused: once a reason

        broker.start()
        async with listening(broker.port) as listener:
            await listener.until(lambda held: held.get(AVAILABILITY) == "online" and LEVEL in held, "all of it")
        assert 1 == len(lines(daemon, "mqtt_resumed"))

        process = broker._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        earn(keys, 2, "240.00")
        until(lambda: len(daemon.journal.events(MonthClosed)) == 2, "the second month to be decided")
        assert 0 == daemon.stop(within_s=15)
        os.kill(process.pid, signal.SIGCONT)
