#!/usr/bin/env python3
"""An agent to start from: it moves components that are directories, on request over MQTT.

    agent.py --broker localhost --agent greenhouse --directory /srv/greenhouse

The password of --user is read from the environment variable AGENT_PASSWORD. Needs `paho-mqtt` 2. The protocol is in
docs/provisioners/mqtt.md. Each `<directory>/<plan>/<component>/live/<token>` is one resource; one
without the file `state` is half-made. Replace the four steps of `World` by what your machine really does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

NAME = re.compile(r"[A-Za-z0-9_-]*")
"""What plans, components and tokens are made of: no name leads out of the directory."""
STATE_AFTER = {"warm": "warm", "activate": "hot", "deactivate": "warm"}


class Refused(Exception):
    """A request that no repetition can make right; the message goes to the operator."""


class World:
    """The directories. Every method may be cut short at any line and is then completed by the same call."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def seen(self, plan: str, component: str) -> dict[str, Any]:
        """What stands of a component."""
        live = self._live(plan, component)
        if not live:
            return {"state": "absent", "tokens": []}
        state = live[0] / "state"
        return {"state": state.read_text() if state.exists() else "broken", "tokens": [path.name for path in live]}

    def resources(self, plan: str) -> list[dict[str, str]]:
        """All live resources of a plan."""
        components = sorted(path.name for path in (self.directory / plan).glob("*"))
        return [
            {"name": f"{component}/{path.name}", "component": component, "token": path.name}
            for component in components
            for path in self._live(plan, component)
        ]

    def step(self, step: str, plan: str, component: str, token: str) -> None:
        """Take a step. The same token again finds it done: two requests leave one resource."""
        if not token:
            raise Refused(f"{step} came without a token")
        live = self._live(plan, component)
        if step == "decommission":
            self._remove(live, component)
        elif step == "warm":
            self._warm(live, plan, component, token)
        elif not live:
            raise Refused(f"{component} is not there: warm it first")
        else:
            self._set_state(self._under(live[0], token), STATE_AFTER[step], plan, component)

    def refuse_fenced(self, plan: str, component: str, fencing: int) -> None:
        """Refuse a daemon of the past: of two that share a journal, the one that leads has the higher number."""
        if fencing <= 0:
            return
        place = self.directory / plan / component
        seen = place / "fencing"
        highest = int(seen.read_text()) if seen.exists() else 0
        if fencing < highest:
            raise Refused(f"{component}: a daemon with the fencing token {highest} leads, {fencing} is of the past")
        if fencing > highest:
            place.mkdir(parents=True, exist_ok=True)
            making = place / "fencing.making"
            making.write_text(str(fencing))
            making.rename(seen)

    def remove(self, plan: str, component: str, token: str) -> None:
        """Remove what carries this token, hot or not: an operator ordered it."""
        path = self.directory / plan / component / "live" / token
        if not token or not path.is_dir():
            raise Refused(f"{component} has nothing under the token {token}")
        shutil.rmtree(path)

    def _warm(self, live: list[Path], plan: str, component: str, token: str) -> None:
        if any(path.name != token for path in live):
            raise Refused(f"{component} is there already under the token {live[0].name}")
        path = self.directory / plan / component / "live" / token
        if (path / "state").exists():
            return
        # One call both makes the resource and names it: nothing can be made that the token does not find again.
        path.mkdir(parents=True, exist_ok=True)
        self._set_state(path, "warm", plan, component)

    def _remove(self, live: list[Path], component: str) -> None:
        for path in live:
            if (path / "state").exists() and (path / "state").read_text() == "hot":
                raise Refused(f"{component} is hot: deactivate it first")
            shutil.rmtree(path)

    def _under(self, path: Path, token: str) -> Path:
        """What carries another token was adopted: from now on it carries this one."""
        return path if path.name == token else path.rename(path.with_name(token))

    def _set_state(self, path: Path, state: str, plan: str, component: str) -> None:
        # Written aside and moved: a reader finds the old state or the new one, never half of it.
        making = self.directory / plan / component / "state.making"
        making.write_text(state)
        making.rename(path / "state")

    def _live(self, plan: str, component: str) -> list[Path]:
        return sorted((self.directory / plan / component / "live").glob("*"))


class Agent:
    """Answers requests one after the other, and keeps its status and each component's state retained."""

    def __init__(self, world: World, root: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`root` is `<topic prefix>/agents/<agent>`."""
        self.world = world
        self.root = root
        self.now = now
        # MQTT 3.1.1 is enough: all that the protocol needs is in the messages themselves.
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"agent-{root.replace('/', '-')}")
        self.client.will_set(f"{root}/status", "offline", qos=1, retain=True)
        self.client.reconnect_delay_set(min_delay=1, max_delay=30)
        self.client.on_connect = self._connected
        self.client.on_subscribe = self._subscribed
        self.client.on_message = self._asked

    def _connected(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(f"{self.root}/request", qos=1)

    def _subscribed(self, client: mqtt.Client, *_: Any) -> None:
        # Only now: whoever sees `online` may ask at once.
        client.publish(f"{self.root}/status", "online", qos=1, retain=True)

    def _asked(self, client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        try:
            request = json.loads(message.payload)
            reply_to, number = request["reply_to"], request["request"]
        except (ValueError, KeyError, TypeError):
            # Nobody to answer to.
            return
        reply = self.answered(request)
        if reply is not None:
            client.publish(reply_to, json.dumps({"request": number, **reply}), qos=1)

    def answered(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to one request; None would be no answer at all."""
        if datetime.fromisoformat(request["deadline"]) < self.now():
            return {"answer": "later", "reason": "the request came after its deadline; nothing was done"}
        step, plan, component = request["step"], request["plan"], request["component"]
        if not all(NAME.fullmatch(name) for name in (plan, component, request["token"])):
            return {"answer": "refused", "reason": "a plan, component or token is no name"}
        if request.get("name") and step not in ("list", "remove"):
            return {"answer": "refused", "reason": "this agent knows components by their ids: it adopts none by name"}
        try:
            if step == "observe":
                return {"answer": "state", **self.world.seen(plan, component)}
            if step == "list":
                return {"answer": "resources", "resources": self.world.resources(plan)}
            if step == "remove":
                self.world.refuse_fenced(plan, component, request.get("fencing", 0))
                self.world.remove(plan, component, request["token"])
            elif step in (*STATE_AFTER, "decommission"):
                self.world.refuse_fenced(plan, component, request.get("fencing", 0))
                self.world.step(step, plan, component, request["token"])
            else:
                return {"answer": "refused", "reason": f"this agent knows no step {step!r}"}
        except Refused as refused:
            return {"answer": "refused", "reason": str(refused)}
        except OSError as error:
            # Cut short: silence is unknown, and solvent will look.
            sys.stderr.write(f"{step} of {plan}/{component}: {error}\n")
            return None
        self._publish_state(plan, component)
        return {"answer": "done"}

    def _publish_state(self, plan: str, component: str) -> None:
        """For dashboards; solvent itself asks."""
        seen = json.dumps(self.world.seen(plan, component))
        self.client.publish(f"{self.root}/components/{plan}/{component}", seen, qos=1, retain=True)


def main() -> None:
    """Run until killed."""
    arguments = argparse.ArgumentParser(description="A solvent agent over MQTT that keeps directories.")
    arguments.add_argument("--broker", default="localhost")
    arguments.add_argument("--port", type=int, default=1883)
    arguments.add_argument("--user")
    arguments.add_argument("--ca-file", help="speak TLS, and trust these authorities")
    arguments.add_argument("--topic-prefix", default="solvent")
    arguments.add_argument("--agent", required=True)
    arguments.add_argument("--directory", type=Path, required=True)
    given = arguments.parse_args()
    agent = Agent(World(given.directory), f"{given.topic_prefix}/agents/{given.agent}")
    if given.user:
        agent.client.username_pw_set(given.user, os.environ.get("AGENT_PASSWORD"))
    if given.ca_file:
        agent.client.tls_set(given.ca_file)
    agent.client.connect(given.broker, given.port)
    agent.client.loop_forever(retry_first_connection=True)


if __name__ == "__main__":
    main()
