"""Which addresses a webhook may reach: what is inside is not reached by a wrong URL, nor by a name that lies."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

from config.web_address import is_public
from machines.ports.faults import Permanent, Transient


async def addresses_of(host: str, port: int, *, private_allowed: bool) -> list[str]:
    """The addresses that may be connected to, in the resolver's order.

    Raises `Transient` where the name cannot be resolved now, and `Permanent` where it leads inside only.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Transient(f"the name {host} cannot be resolved: {error}") from error
    addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
    allowed = [each for each in addresses if private_allowed or is_public(ip_address(each))]
    if not allowed:
        raise Permanent(
            f"{host} is at {', '.join(addresses)}: that is no address on the Internet; where the endpoint is meant to"
            " be inside, set private_allowed = true for the channel"
        )
    return allowed
