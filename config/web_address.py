"""URLs of HTTP, read strictly: what another reader of URLs might take for another place is refused."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from typing import Final

import msgspec

from config.errors import ReadingError, shown

URL_EXPECTED: Final = "a URL such as https://hooks.example.org/solvent: http or https, a host, a port of at most 65535"
PRIVATE_EXPECTED: Final = "a host on the Internet, or private_allowed = true where the endpoint is meant to be inside"
PORT_MAX: Final = 65_535
_PORTS: Final = {"http": 80, "https": 443}
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][!-~]*)?"
)
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
"""As the last part of a host: some resolvers take `127.1` or `0x7f.1` for an address."""
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""IPv4 inside IPv6 by NAT64: the last four bytes say where it really goes."""
Address = IPv4Address | IPv6Address


class WebAddress(msgspec.Struct, frozen=True):
    """Where a URL leads."""

    scheme: str
    host: str
    """In ASCII; an IPv6 address without its brackets."""
    port: int
    written: str
    """Scheme, host and port as they were written: the path or the query may hold a token."""

    @property
    def literal(self) -> Address | None:
        """The address that the host is; None for a name."""
        return _literal(self.host)


def web_address(url: str) -> WebAddress:
    """Read a URL. Raises `ReadingError`, which shows nothing behind the host."""
    match = _URL.fullmatch(url)
    written = re.split(r"[/?#]", url.partition("://")[2])[0]
    found = shown(f"{url.partition('://')[0]}://{written}" if "://" in url else "no scheme")
    if match is None:
        raise ReadingError(URL_EXPECTED, found)
    host = match["host"].removeprefix("[").removesuffix("]")
    port = int(match["port"]) if match["port"] else _PORTS[match["scheme"]]
    if not 1 <= port <= PORT_MAX or not _is_host(host, bracketed=match["host"].startswith("[")):
        raise ReadingError(URL_EXPECTED, found)
    return WebAddress(match["scheme"], host, port, f"{match['scheme']}://{written}")


def is_public(address: Address) -> bool:
    """Whether it is on the Internet: not private, loopback, link-local, shared, multicast, reserved or unspecified."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def is_inside(address: WebAddress) -> bool:
    """Whether the URL alone says that it leads to no address on the Internet; a name may still lead inside."""
    literal = address.literal
    if literal is not None:
        return not is_public(literal)
    return f".{address.host.lower().removesuffix('.')}".endswith(".localhost")


def _is_host(host: str, *, bracketed: bool) -> bool:
    if bracketed:
        return isinstance(_literal(host), IPv6Address)
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return isinstance(_literal(host), IPv4Address)
    return all(_LABEL.fullmatch(label) and _is_encoded(label) for label in labels)


def _is_encoded(label: str) -> bool:
    """Whether a label that says it is Punycode is the one spelling of a name beyond ASCII."""
    if not label.lower().startswith("xn--"):
        return True
    encoded = label[4:].lower()
    try:
        name = encoded.encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    return name.isprintable() and not name.isascii() and name.encode("punycode").decode() == encoded


def _literal(host: str) -> Address | None:
    for kind in (IPv4Address, IPv6Address):
        try:
            return kind(host)
        except AddressValueError:
            continue
    return None


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
