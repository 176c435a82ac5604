"""A broker of amqtt in a process of its own: its warnings are not ours. Argument: the port."""

from __future__ import annotations

import asyncio
import sys

from amqtt.broker import Broker


async def main(port: int) -> None:
    """Serve until killed."""
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    sys.stderr.write("running\n")
    sys.stderr.flush()
    await asyncio.Event().wait()


asyncio.run(main(int(sys.argv[1])))
