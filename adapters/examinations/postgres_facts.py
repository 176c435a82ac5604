"""What `postgres_facts` finds, apart from the packages that it needs."""

from __future__ import annotations

import msgspec


class PostgresFacts(msgspec.Struct, frozen=True):
    """A server, as the role of the journal sees it."""

    version: str
    is_primary: bool
    off: tuple[str, ...]
    """The settings without which acknowledged events can be lost: `fsync`, `full_page_writes`, `synchronous_commit`."""
    synchronous_standbys: str
    """`synchronous_standby_names`; "" where no replica is waited for."""
    replicas: int
    missing_rights: tuple[str, ...]
    """What the role may not do in the schema."""
    schema_version: int | None = None
    """None where the schema holds no journal yet."""
    schema_version_known: int = 0
    """The newest that this solvent knows."""
    last_sequence: int = 0
    """The journal's newest event."""
