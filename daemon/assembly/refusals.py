"""What keeps a daemon from starting."""

from __future__ import annotations

from adapters.provisioners.registry import (
    ProvisionerUnavailableError,
)
from adapters.redis_server import EmbeddedRedisError
from adapters.sources.construction import SourceUnusableError
from adapters.state_directory import HeldError
from daemon.leading.taking import LeadTakenError
from machines.ports.channels import ChannelUnusableError
from machines.ports.journal import JournalDamagedError, JournalRefusedError
from machines.ports.lease import LeaseAwayError
from machines.ports.retained import BrokerUnusableError

CannotStart = (
    HeldError,
    EmbeddedRedisError,
    JournalDamagedError,
    JournalRefusedError,
    ProvisionerUnavailableError,
    BrokerUnusableError,
    ChannelUnusableError,
    SourceUnusableError,
    LeadTakenError,
    LeaseAwayError,
)
"""What keeps a daemon from starting; each message says what to do."""
