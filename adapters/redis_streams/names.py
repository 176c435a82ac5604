"""The keys and client names of an instance (ARCHITECTURE 12: public names)."""

from __future__ import annotations

from typing import Final

from config.redis_address import without_password as url_without_password
from config.settings import DEFAULT_INSTANCE, key_prefix

__all__ = ["DEFAULT_INSTANCE", "OWNER", "client_name", "key_prefix", "url_without_password"]

OWNER: Final = "owner"
"""The hash that says which journal owns the instance's keys."""


def client_name(instance: str, role: str) -> str:
    """The name in Redis's `CLIENT LIST`, such as `solvent-shop-reader`; Redis allows no spaces in it."""
    return f"solvent-{instance}-{role}".replace(" ", "_")
