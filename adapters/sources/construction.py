"""What an adapter of a source is made from, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from machines.ports.clock import Clock
from machines.ports.sources import PaymentReceiver, PaymentSource


class SourceUnusableError(Exception):
    """A source that cannot work as it is set up: a package, a secret or an address. The message says what to do."""


class SourceSurroundings(msgspec.Struct, frozen=True):
    """What adapters of sources find around them."""

    clock: Clock
    environ: Mapping[str, str]


class Constructed(msgspec.Struct, frozen=True):
    """The two halves of a source: what is asked, and what is posted to it. At least one of them is there."""

    asked: PaymentSource | None = None
    posted: PaymentReceiver | None = None
