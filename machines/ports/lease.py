"""The port of the lease: which of several daemons leads, and by which fencing token."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from config.instants import Instant

WANTED_FIRST_S: Final = 2
"""So long a free lead is kept for the standby that an operator wants; then anybody may have it, for it may be dead."""
FORGOTTEN_AFTER_S: Final = 600
"""A standby that was not heard of for so long is not shown any more: an operator has seen that it is silent."""


class Candidate(msgspec.Struct, frozen=True):
    """A daemon that leads or would lead."""

    name: str
    """Unique among the daemons of one journal, and another one after each start: `machine/pid/random`."""
    http: str = ""
    """The URL of its endpoints."""
    version: str = ""


class Standing(msgspec.Struct, frozen=True):
    """One daemon as the store knows it."""

    candidate: Candidate
    since: Instant
    seen_at: Instant
    """When it was last heard of, by the store's clock."""
    folded_sequence: int = 0
    """How far it has read the journal."""


class LeaseView(msgspec.Struct, frozen=True):
    """Who leads and who stands by, at `now` of the store's clock."""

    now: Instant
    fencing: int
    leader: Standing | None
    """None while nobody leads: the last lease ran out or was given back."""
    expires_at: Instant | None
    standbys: tuple[Standing, ...] = ()
    wanted: str = ""
    """The name of the standby to which an operator wants the lead handed over; "" for none."""


class LeaseLostError(Exception):
    """The lease is another's, or ran out unseen; the daemon that held it must end. The message says who leads."""


class LeaseAwayError(Exception):
    """The store did not answer: whether the lease is held is known only until it runs out."""


def lost_to(view: LeaseView, fencing: int) -> str:
    """Why the lease under this token is over, in words."""
    if view.leader is None:
        return f"the lease with the fencing token {fencing} ran out, and nobody leads yet"
    return f"{view.leader.candidate.name} leads now with the fencing token {view.fencing}, after {fencing}"


class Leadership(Protocol):
    """What the holder of a lease knows without asking anybody."""

    @property
    def fencing(self) -> int:
        """The fencing token; 0 where no lease is needed."""
        ...

    def leads(self) -> bool:
        """Whether, by this machine's own clock, nobody else can have taken the lead yet."""
        ...


class Alone:
    """The leadership of a daemon that shares its journal with nobody: it always leads."""

    fencing = 0

    def leads(self) -> bool:
        """Always: the hold on the state directory ends with the process."""
        return True


class LeaseDesk(Protocol):
    """Where leases are taken. Held to `tests/contracts/lease.py`.

    Time is the store's alone: no clock of a candidate decides anything. Raises `LeaseAwayError` from every method.
    """

    async def acquire(self, candidate: Candidate, ttl_s: float) -> int | None:
        """The fencing token, higher than every one before, where the lead was free or wanted for this candidate.

        None while somebody else leads. A fresh lease fences all journal writes under the one before.
        """
        ...

    async def renew(self, candidate: Candidate, fencing: int, ttl_s: float) -> LeaseView:
        """Keep it for another `ttl_s`. Raises `LeaseLostError` where it is not this candidate's any more."""
        ...

    async def release(self, candidate: Candidate, fencing: int) -> None:
        """Give it back at once, after the last write. Nothing happens where it is not this candidate's any more."""
        ...

    async def stand_by(self, candidate: Candidate, folded_sequence: int) -> LeaseView:
        """Say that this candidate stands by, how far it has folded, and see who leads."""
        ...

    async def leave(self, candidate: Candidate) -> None:
        """It stands by no longer."""
        ...

    async def want(self, name: str) -> LeaseView:
        """Ask the leader to hand over to the standby of this name; "" takes the wish back."""
        ...

    async def look(self) -> LeaseView:
        """Who leads and who stands by."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
