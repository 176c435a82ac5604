"""Which addresses a webhook may reach: what is inside is not reached by a wrong URL, nor by a name that lies."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from machines.ports.faults import Permanent, Transient

_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""IPv4 inside IPv6 by NAT64: the last four bytes say where it really goes."""
Address = IPv4Address | IPv6Address


def is_public(address: Address) -> bool:
    """Whether it is on the Internet: not private, loopback, link-local, shared, multicast, reserved or unspecified."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inner(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to, where it is only its wrapping."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _TRANSLATED else None


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
