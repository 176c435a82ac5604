"""How the publication is let in, and what is said where it is not: TLS, certificates, passwords, a broker away."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.clocks import SystemClock
from adapters.mqtt.retained import retained_broker
from config.errors import SettingsError
from config.settings import MqttSettings
from config.settings_loading import load_settings
from machines.ports.retained import BrokerUnusableError
from tests.dials.dial_table import hot
from tests.mqtt.authority import Authority
from tests.mqtt.mqtt_desk import listening, publishing
from tests.provisioners.mqtt import brokers


@asynccontextmanager
async def refused(
    url: str, environment: Mapping[str, str] = {}, attempts: int = 3, **settings: Any
) -> AsyncIterator[str]:
    """The sentence with which a publication stays away, said once."""
    with capture_logs() as lines:
        async with publishing(url, environment=environment, **settings) as desk:
            await desk.until(lambda: desk.publication.failures >= attempts, "the attempts")
            yield desk.publication.away
    said = [line for line in lines if line["event"] == "mqtt_away"]
    assert 1 == len(said), said


def users(directory: Path) -> str:
    """A password file of one user, `solvent`, whose password is `right`."""
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("needs mosquitto_passwd: apt-get install mosquitto")
    path = directory / "users"
    path.write_text("solvent:right\n")
    subprocess.run([program, "-U", str(path)], check=True)
    return str(path)


async def test_tls_a_certificate_and_a_password_open_the_broker(tmp_path: Path) -> None:
    """A broker that asks for all three is published to, and a name beside the certificate is checked."""
    authority = Authority(tmp_path, "authority")
    server, client = authority.issue("server"), authority.issue("client")
    lines = ("allow_anonymous false", f"password_file {users(tmp_path)}", f"cafile {authority.pem}")
    lines += (f"certfile {server[0]}", f"keyfile {server[1]}", "require_certificate true")
    broker = brokers.mosquitto(tmp_path, *lines)
    files = {"ca_file": authority.pem, "cert_file": client[0], "key_file": client[1]}
    url = f"mqtts://solvent@localhost:{broker.port}"
    try:
        async with publishing(url, environment={"SECRET": "right"}, password_env="SECRET", **files) as desk:
            await desk.until(lambda: desk.publication.connected, "the connection")
        async with refused(url, {"SECRET": "right"}, 1, password_env="SECRET", ca_file=authority.pem) as said:
            assert "does it ask for a certificate of ours? name cert_file and key_file" in said
    finally:
        broker.stop()


async def test_a_broker_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """One sentence: who is not trusted, what was expected, and which setting to mend."""
    authority, other = Authority(tmp_path, "authority"), Authority(tmp_path, "other")
    server = authority.issue("server")
    broker = brokers.mosquitto(tmp_path, "allow_anonymous true", f"certfile {server[0]}", f"keyfile {server[1]}")
    url = f"mqtts://localhost:{broker.port}"
    try:
        async with refused(url, ca_file=other.pem) as said:
            assert f"the MQTT broker localhost:{broker.port} is not trusted" in said
            assert (
                f"expected a certificate for localhost that {other.pem} signed; name its authority in ca_file" in said
            )
        async with refused(url) as said:
            assert "that the system's authorities signed" in said
        async with refused(url.replace("localhost", "127.0.0.1"), ca_file=authority.pem) as said:
            assert "expected a certificate for 127.0.0.1" in said
    finally:
        broker.stop()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file /nowhere/ca.pem cannot be used"),
        ({"cert_file": "/nowhere/c.pem", "key_file": "/nowhere/c.key"}, "cert_file /nowhere/c.pem with key_file"),
    ],
)
async def test_files_that_cannot_be_read_are_named(files: dict[str, str], said: str) -> None:
    """With what they should hold; nothing is asked of the broker."""
    async with refused(f"mqtts://localhost:{brokers.free_port()}", **files) as sentence:
        assert said in sentence
        assert "in PEM" in sentence


async def test_a_wrong_password_is_said(tmp_path: Path) -> None:
    """And never shown."""
    broker = brokers.mosquitto(tmp_path, "allow_anonymous false", f"password_file {users(tmp_path)}")
    url = f"mqtt://solvent@127.0.0.1:{broker.port}"
    try:
        async with refused(url, {"SECRET": "wr0ng"}, password_env="SECRET") as said:
            assert f"the MQTT broker 127.0.0.1:{broker.port} refuses solvent" in said
            assert "expected a user and a password that it knows" in said
            assert "wr0ng" not in said
    finally:
        broker.stop()


async def test_a_password_that_is_not_there_keeps_a_daemon_from_starting() -> None:
    """The variable is named."""
    settings = MqttSettings(url="mqtts://solvent@broker.example", password_env="NO_SUCH")

    with pytest.raises(BrokerUnusableError, match=r"mqtt\.password_env: the environment variable NO_SUCH is not set"):
        retained_broker(settings, "shop", SystemClock(), lambda _: 0, {})


async def test_a_broker_that_is_away_holds_up_nobody(tmp_path: Path) -> None:
    """The daemon records on; when the broker comes, the last word of it all is there."""
    broker = brokers.mosquitto(tmp_path)
    broker.stop()
    async with publishing(f"mqtt://127.0.0.1:{broker.port}") as desk:
        await desk.until(lambda: desk.publication.away, "an attempt")
        await desk.tell(*hot("model", 40))
        assert "cannot be reached" in desk.publication.away
        broker.start()

        async with listening(broker.port) as listener:
            await listener.until(lambda held: '"HOT"' in held.get("solvent/shop/component/model/state", ""), "the news")
    broker.stop()


async def test_a_user_who_may_not_read_is_told(tmp_path: Path) -> None:
    """Topics that are out of date could not be found: the rights to grant are named."""
    rights = tmp_path / "rights"
    rights.write_text("user solvent\ntopic write solvent/#\ntopic write homeassistant/#\n")
    broker = brokers.mosquitto(
        tmp_path, "allow_anonymous false", f"password_file {users(tmp_path)}", f"acl_file {rights}"
    )
    try:
        url = f"mqtt://solvent@127.0.0.1:{broker.port}"
        async with publishing(url, environment={"SECRET": "right"}, password_env="SECRET") as desk:
            await desk.until(lambda: desk.publication.connected or desk.publication.away, "an attempt")
            # Mosquitto grants every subscription and then delivers nothing: publishing must not suffer from that.
            assert desk.publication.connected or "does not let solvent read" in desk.publication.away
    finally:
        broker.stop()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mqtt.url": "http://x"}, "mqtt.url: expected a broker such as mqtts://solvent@broker.example:8883"),
        ({"mqtt.url": "mqtt://u:secret@h"}, "found 'mqtt://u@h'"),
        ({"mqtt.topic_prefix": "a/#"}, "expected levels of a topic such as solvent or site/a, found 'a/#'"),
        ({"mqtt.url": "mqtt://h", "mqtt.ca_file": "/x"}, "mqtt.ca_file: expected an mqtt.url that begins with mqtts"),
        ({"mqtt.url": "mqtts://h", "mqtt.cert_file": "/x"}, "expected cert_file and key_file together"),
        ({"mqtt.url": "mqtts://h", "mqtt.password_env": "X"}, "mqtt.password_env: expected a user in mqtt.url"),
        ({"mqtt.password_env": "a b"}, "mqtt.password_env: expected the name of a variable, found 'a b'"),
        ({"mqtt.keepalive_s": 1}, "mqtt.keepalive_s: expected a whole number >= 5"),
        ({"mqtt.reconnect_initial_s": 90}, "mqtt.reconnect_initial_s at most mqtt.reconnect_max_s"),
    ],
)
def test_bad_settings_are_one_sentence(given: dict[str, object], said: str) -> None:
    """What was expected, and what was found, without its password."""
    with pytest.raises(SettingsError) as error:
        load_settings(None, {}, {"plan": "starter", **given})

    assert said in str(error.value)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)
