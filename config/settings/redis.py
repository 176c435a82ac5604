"""How the daemon makes itself known to its Redis."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from config.settings.values import FilePath, SecretReference


class RedisAccessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """User, password and certificates, beside the address in `redis`: an address stands in process lists and logs."""

    user: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,128}\Z", description="a user of Redis, such as solvent")] = ""
    """The ACL user; empty for Redis's `default`, or the one that the address names."""
    password: SecretReference = ""
    """Where the user's password is."""
    ca_file: FilePath = ""
    """The authorities that may have signed the server's certificate; empty for those of the system."""
    cert_file: FilePath = ""
    """The daemon's own certificate, where the server asks for one."""
    key_file: FilePath = ""
    """The key of `cert_file`."""
    sentinel_user: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,128}\Z", description="a user of the sentinels")] = ""
    """The ACL user of the sentinels, where `redis` names sentinels and they have users; empty for `default`."""
    sentinel_password: SecretReference = ""
    """Where the sentinels' password is; they have one of their own, and ask for none where this is empty."""
