"""The streams: what is read from Redis and written to it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from config.settings.values import Name, Seconds


class PaymentsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reading payments."""

    read_entries_max: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    """Stream entries taken at once, which become one journal group."""
    block_ms: Annotated[int, Meta(ge=1, le=2_000)] = 2_000
    """How long one read waits for entries; redis-py needs it well below its socket timeout of 5 s."""
    trim_every_s: Seconds = 60
    """How often entries before the cursor are trimmed from the input streams."""
    reconnect_initial_s: Seconds = 1
    """The first pause while Redis is away."""
    reconnect_max_s: Seconds = 30
    """The pause between attempts doubles from the first to this while Redis is away."""


class CommandsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Operators' commands."""

    command_age_max_s: Annotated[int, Meta(ge=1, le=604_800)] = 3_600
    """An older entry is refused: an hour later nobody remembers having asked."""
    principals: Annotated[tuple[Name, ...], Meta(max_length=32)] = ()
    """Names with a stream of their own, `solvent:commands:<name>`; with none, `solvent:commands` is the operator.
    Where there are names, what is sent to `solvent:commands` is refused."""
    ttl_max_s: Annotated[int, Meta(ge=60, le=31_622_400)] = 2_592_000
    """The longest `ttl` of a holding command: 30 days, since a forgotten pin costs money."""
    attestation_ttl_max_s: Annotated[int, Meta(ge=60, le=158_112_000)] = 31_622_400
    """The longest `ttl` of an attestation: a year and a day, since audits and certificates are renewed yearly."""


class PublicationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the daemon writes to Redis."""

    stream_entries_max: Annotated[int, Meta(ge=100, le=100_000_000)] = 100_000
    """About this many entries stay in each published stream; the journal keeps all."""
    batch_entries_max: Annotated[int, Meta(ge=1, le=10_000)] = 500
    """Entries in one pipeline."""
    retry_every_s: Seconds = 1
    """The pause after a write that Redis did not take."""
