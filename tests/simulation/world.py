"""One simulated installation: what survives the processes, and the processes that live on it, one after the other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from adapters.memory_journal import MemoryJournal, MemoryStore
from adapters.memory_streams import MemoryServer, MemoryStreams
from adapters.provisioners.simulated import Faults, Hooks, SimulatedProvisioner, SimulatedWorld
from config.instants import SECOND, Instant, instant_from_text
from config.plan import Plan
from config.settings import CommandsSettings, Settings
from daemon.kernel import EventKind
from daemon.publication.entries import EVENTS
from daemon.roots.publication import Publication, PublicationLimits
from daemon.running import Daemon, Ports
from machines.breaker import BreakerLimits
from machines.events import BreakerStatus, Mode, Recorded
from machines.granting import GrantLimits, breaker_names
from machines.invariants import (
    Auditor,
    CallStarted,
    Finding,
    LiveResourceSeen,
    calls_after_stop,
    doubled_resources,
    unsettled,
    untraced_resources,
)
from machines.lifecycle_states import RAISING
from machines.observations import ResourceState
from machines.ports.journal import JournalIdentity, Proposal
from machines.ports.provisioner import Resource
from machines.revenue.growth import fraction_text  # noqa: F401
from tests.simulation.virtual_loop import Livelock, SimulatedCrash, run
