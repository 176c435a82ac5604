"""A daemon in a process of its own: published while it runs, `offline` by the broker's hand when it is killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.mqtt.mqtt_desk import listening
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.provisioners.mqtt import brokers

AVAILABILITY = "solvent/solvent/availability"
STATUS = "solvent/solvent/status"
FILES = "solvent/solvent/component/files/state"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[brokers.BrokerProcess]:
    """Mosquitto, in this file alone."""
    process = brokers.mosquitto(tmp_path)
    yield process
    process.stop()


@pytest.fixture
def daemon(broker: brokers.BrokerProcess, tmp_path: Path) -> DaemonProcess:
    """A daemon of the shop in a dry run; not started."""
    settings = {"SOLVENT_MQTT__URL": f"mqtt://127.0.0.1:{broker.port}", "SOLVENT_MQTT__KEEPALIVE_S": "5"}
    shop = FileShop(tmp_path / "shop")
    return DaemonProcess(tmp_path / "state", shop.plan_path, "embedded", settings=settings)


def metrics(daemon: DaemonProcess) -> str:
    """The page of a running daemon's metrics."""
    with urlopen(f"{daemon.wait_ready().http}/metrics", timeout=10) as page:
        return str(page.read().decode())


async def test_a_killed_daemon_is_offline(broker: brokers.BrokerProcess, daemon: DaemonProcess) -> None:
    """The last will is published when the process is gone; the next one is online again."""
    with daemon:
        async with listening(broker.port) as listener:
            await listener.until(lambda held: held.get(AVAILABILITY) == "online" and STATUS in held, "the daemon")
            assert FILES in listener.held
            assert "solvent_mqtt_connected 1.0" in metrics(daemon)
            assert "observe_only" == listener.read(STATUS)["mode"]

            daemon.kill()
            await listener.until(lambda held: held[AVAILABILITY] == "offline", "the last will")

            daemon.start()
            await listener.until(lambda held: held[AVAILABILITY] == "online", "the next daemon")
            assert 0 == daemon.stop()
            await listener.until(lambda held: held[AVAILABILITY] == "offline", "the good-bye")


async def test_a_broker_that_is_away_keeps_no_daemon_from_running(
    broker: brokers.BrokerProcess, daemon: DaemonProcess
) -> None:
    """It starts, says so once, publishes when the broker comes, and stops in time when it went again."""
    broker.stop()
    with daemon:
        broker.start()
        async with listening(broker.port) as listener:
            await listener.until(lambda held: held.get(AVAILABILITY) == "online" and FILES in held, "the daemon")
        broker.stop()

        assert 0 == daemon.stop()
    assert 1 <= daemon.log.count('"mqtt_away"') <= 3


def test_a_variable_that_is_missing_is_said_before_the_start(broker: brokers.BrokerProcess, tmp_path: Path) -> None:
    """Exit code 2 and one sentence."""
    settings = {
        "SOLVENT_MQTT__URL": f"mqtt://solvent@127.0.0.1:{broker.port}",
        "SOLVENT_MQTT__PASSWORD_ENV": "NO_SUCH",
    }
    shop = FileShop(tmp_path / "shop")

    code, said = DaemonProcess(tmp_path / "state", shop.plan_path, "embedded", settings=settings).refusal()

    assert 2 == code
    assert "mqtt.password_env: the environment variable NO_SUCH is not set; expected the password of solvent" in said
    assert "Traceback" not in said
