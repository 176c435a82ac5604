"""Everything outside that a daemon touches, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from config.instants import Instant
from machines.ports.clock import Clock
from machines.ports.dials import DialBoard
from machines.ports.journal import Journal
from machines.ports.lease import Alone, Leadership
from machines.ports.provisioner import Observer, Provisioner
from machines.ports.retained import RetainedBroker
from machines.ports.sources import PaymentReceiver, PaymentSource
from machines.ports.streams import Streams


class Ports(msgspec.Struct, frozen=True):
    """Everything outside that a daemon touches."""

    clock: Clock
    journal: Journal
    streams: Streams
    observers: Mapping[str, Observer]
    provisioners: Mapping[str, Provisioner]
    """Not touched unless the daemon may act: a dry run constructs nothing that could change the world."""
    customer_key: bytes
    jitter: Callable[[], float]
    stamped_now: Callable[[], Instant] | None = None
    """The clock that stamps the entries of incoming streams, where it is another than `clock`."""
    dial_board: Callable[[], DialBoard] | None = None
    """Not called unless the daemon may act; None where there are no dials."""
    retained: Callable[[], RetainedBroker] | None = None
    """The MQTT broker that the settings name; None where they name none."""
    sources: Sequence[PaymentSource] = ()
    """The configured sources that are asked."""
    receivers: Sequence[PaymentReceiver] = ()
    """The configured sources that post."""
    leadership: Leadership = Alone()
    """Whether this daemon leads, and by which fencing token."""
