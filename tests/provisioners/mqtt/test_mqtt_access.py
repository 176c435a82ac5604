"""TLS with a certificate of our own making, users and passwords, restarts, and what is said where nobody answers."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.clocks import SystemClock
from adapters.mqtt.connecting import Broker, Connector
from adapters.provisioners.mqtt import observer, preflight
from machines.observations import ResourceState
from machines.ports.faults import Permanent, Transient
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.mqtt import brokers
from tests.provisioners.mqtt.agent_world import AgentWorld

ATTEMPTS_MAX = 3


async def test_a_restart_of_the_broker_is_lived_through(tmp_path: Path) -> None:
    """After the broker died and came back, agent and adapter find each other again."""
    broker = brokers.mosquitto(tmp_path)
    world = AgentWorld(tmp_path, broker.port)
    world.agent.client.connect("127.0.0.1", broker.port)
    world.agent.client.loop_start()
    try:
        await world.walk(world.resource(), "warm")
        broker.stop()
        with pytest.raises(Transient, match=r"cannot be reached.*nothing was sent"):
            await world.provisioner().observe(world.resource())
        broker.start()

        await world.walk(world.resource(), "activate")

        assert (await world.provisioner().observe(world.resource())).state is ResourceState.HOT
    finally:
        world.agent.client.disconnect()
        world.agent.client.loop_stop()
        broker.stop()


async def test_a_broker_of_the_older_protocol_is_spoken_to(tmp_path: Path) -> None:
    """Amqtt refuses MQTT 5; a component is moved through it all the same, by MQTT 3.1.1."""
    broker = brokers.amqtt()
    world = AgentWorld(tmp_path, broker.port)
    world.agent.client.connect("127.0.0.1", broker.port)
    world.agent.client.loop_start()
    try:
        for _ in range(ATTEMPTS_MAX):
            # amqtt loses a subscription now and then; before anything was sent that is transient, for just this reason.
            with suppress(Transient):
                await world.walk(world.resource(), "warm")
                break

        assert [TOKEN] == world.tokens(world.resource())
    finally:
        world.agent.client.disconnect()
        world.agent.client.loop_stop()
        broker.stop()


async def test_an_agent_that_went_is_not_asked(harness: AgentWorld) -> None:
    """Once the agent's last word is `offline`, nothing is sent, and the sentence says where that stands."""
    await harness.provisioner().observe(harness.resource())
    harness.agent.client.publish(f"{harness.agent.root}/status", "offline", qos=1, retain=True).wait_for_publish(5)

    with pytest.raises(Transient, match=f"agent {harness.name} is offline, says {harness.agent.root}/status"):
        await harness.provisioner().observe(harness.resource())


async def test_preflight_names_a_password_that_is_not_there(harness: AgentWorld) -> None:
    """A variable that the daemon does not have is said before any step, by its name."""
    address = f"mqtt://solvent@127.0.0.1:{harness.port}"
    resource = Resource("shop", "web", harness.options(broker=address, password_env="NO_SUCH"))

    found = await preflight([resource, resource, harness.resource()], harness.surroundings())

    assert len(found) == 1
    assert "NO_SUCH is not set" in found[0]


async def test_tls_and_a_password_are_asked_for(tmp_path: Path) -> None:
    """Over TLS the right password is let in and a wrong one is refused for good."""
    _certificate(tmp_path, "own")
    _password_file(tmp_path / "users")
    lines = (f"certfile {tmp_path}/own.pem", f"keyfile {tmp_path}/own.key", f"password_file {tmp_path}/users")
    broker = brokers.mosquitto(tmp_path, "allow_anonymous false", *lines)
    world = AgentWorld(tmp_path, broker.port)
    world.agent.client.username_pw_set("solvent", "right")
    world.agent.client.tls_set(str(tmp_path / "own.pem"))
    world.agent.client.connect("localhost", broker.port)
    world.agent.client.loop_start()
    address = f"mqtts://solvent@localhost:{broker.port}"
    options = world.options(broker=address, password_env="SECRET", ca_file=str(tmp_path / "own.pem"))
    resource = Resource("shop", "web", options)
    try:
        seen = await observer(world.surroundings(SECRET="right")).observe(resource)
        with pytest.raises(Permanent, match="refuses solvent"):
            await observer(world.surroundings(SECRET="wrong")).observe(resource)
    finally:
        world.agent.client.disconnect()
        world.agent.client.loop_stop()
        broker.stop()

    assert seen.state is ResourceState.ABSENT


def _password_file(path: Path) -> None:
    """One user, `solvent`, whose password is `right`."""
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("needs mosquitto_passwd: apt-get install mosquitto")
    path.write_text("solvent:right\n")
    subprocess.run([program, "-U", str(path)], check=True)


def _certificate(directory: Path, name: str) -> None:
    """A certificate that signs itself, for localhost, valid for two days."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", f"{directory}/{name}.key", "-out", f"{directory}/{name}.pem"]
    subprocess.run(command, check=True, capture_output=True)


async def test_a_name_that_no_host_can_have_is_said_as_any_other_that_is_not_found() -> None:
    """An empty label, which Python refuses in words of its own before anybody is asked."""
    nowhere = Broker("broker..example", 1883)

    with pytest.raises(Transient, match=r"broker broker\.\.example:1883 cannot be reached: it is no name of a host"):
        async with Connector(SystemClock()).connection(nowhere, "test", attempts_max=1):
            pass
