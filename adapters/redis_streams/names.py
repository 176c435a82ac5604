"""The keys and client names of an instance (ARCHITECTURE 12: public names)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from config.settings import DEFAULT_INSTANCE, key_prefix

__all__ = ["DEFAULT_INSTANCE", "OWNER", "client_name", "key_prefix", "url_without_password"]

OWNER: Final = "owner"
"""The hash that says which journal owns the instance's keys."""


def client_name(instance: str, role: str) -> str:
    """The name in Redis's `CLIENT LIST`, such as `solvent-shop-reader`; Redis allows no spaces in it."""
    return f"solvent-{instance}-{role}".replace(" ", "_")


def url_without_password(url: str) -> str:
    """The URL as messages and logs may show it: without password and query."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")
    user = place[0].partition(":")[0]
    return urlunsplit((parts.scheme, f"{user}@{place[2]}" if user else place[2], parts.path, "", ""))
