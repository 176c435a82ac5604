"""The port of the lease: which of several daemons leads, and by which fencing token."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from config.errors import printable
from config.instants import SECOND, Instant

WANTED_FIRST_S: Final = 2
"""So long a free lead is left to the standby that an operator wants; then anybody may have it, for it may be dead."""
FORGOTTEN_AFTER_S: Final = 600
"""A standby that was not heard of for so long is not shown any more: an operator has seen that it is silent."""
FAULT_CHARACTERS_MAX: Final = 300
"""Of what a standby says that keeps it from leading: a sentence or two; its `/readyz` has the whole."""


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
    """When it was last heard of, by the store's clock: to be shown, nothing is decided by it."""
    folded_sequence: int = 0
    """How far it has read the journal."""
    fault: str = ""
    """What keeps a standby from leading, in its own words; "" where nothing does, or an older solvent says nothing."""


class LeaseView(msgspec.Struct, frozen=True):
    """Who holds the lease and who stands by. Whether the holder lives is seen in two views only: see `sign`."""

    now: Instant
    """By the store's clock."""
    fencing: int
    leader: Standing | None
    """Who holds the lease, dead or alive; None where it was given back."""
    renewals: int = 0
    """Grows with each acquiring, renewal and giving back."""
    ttl_s: float = 0.0
    """The time that the holder goes by."""
    standbys: tuple[Standing, ...] = ()
    wanted: str = ""
    """The name of the standby to which an operator wants the lead handed over; "" for none."""
    handing_over: bool = False
    """Whether the leader has heard of that: from then on the wish stays as it is."""
    given_back: int = 0
    """The token of the last lease that was given back; the others ran out."""

    @property
    def sign(self) -> tuple[int, int]:
        """Another one after each sign of life: a lease whose sign stays the same for its time has run out."""
        return self.fencing, self.renewals

    def heard_s(self, standing: Standing) -> float:
        """Seconds since its last word, to be shown. A word that is still to come came before that clock was set back.

        Then it is as silent as the clock was moved, until the next word: who lives says one within seconds.
        """
        return abs(self.now - standing.seen_at) / SECOND

    @property
    def live_leader(self) -> Standing | None:
        """The leader where it was heard of within its time by the store's clock, to be shown: nothing goes by it."""
        return self.leader if self.leader is not None and self.heard_s(self.leader) < self.ttl_s else None


class LeaseLostError(Exception):
    """The lease is another's; the daemon that held it must end. The message says who leads."""


class LeaseAwayError(Exception):
    """The store did not answer: whether the lease is held is known only until it runs out."""


def fault_line(fault: str) -> str:
    """A fault as every desk keeps it: one line that a terminal can show, cut where it is long."""
    line = printable(" ".join(fault.split()))
    return line if len(line) <= FAULT_CHARACTERS_MAX else line[: FAULT_CHARACTERS_MAX - 1] + "…"


def lost_to(view: LeaseView, fencing: int) -> str:
    """Why the lease under this token is over, in words."""
    if view.leader is None:
        return f"the lease with the fencing token {fencing} was ended by somebody else, and nobody leads yet"
    return f"{view.leader.candidate.name} leads now with the fencing token {view.fencing}, after {fencing}"


class Leadership(Protocol):
    """What the holder of a lease knows without asking anybody."""

    @property
    def fencing(self) -> int:
        """The fencing token; 0 where no lease is needed."""
        ...

    @property
    def name(self) -> str:
        """The candidate's name; "" where no lease is needed."""
        ...

    def leads(self) -> bool:
        """Whether, by this machine's own clock, nobody else can have taken the lead yet."""
        ...

    def lose(self, reason: str) -> None:
        """Lead no longer, and end: something else than the lease has shown that another daemon leads."""
        ...


class Alone:
    """The leadership of a daemon that shares its journal with nobody: it always leads."""

    fencing = 0
    name = ""

    def leads(self) -> bool:
        """Always: the hold on the state directory ends with the process."""
        return True

    def lose(self, reason: str) -> None:
        """Nobody else can lead."""


class LeaseDesk(Protocol):
    """Where leases are taken. Held to `tests/contracts/lease.py`.

    No clock of the store decides anything, for it may be stepped: it keeps who holds the lease and counts the signs of
    life. A candidate watches them by its own clock that is never stepped (`daemon.leading.watching`), and takes what it
    has seen. Raises `LeaseAwayError` from every method.
    """

    async def acquire(self, candidate: Candidate, ttl_s: float, seen: LeaseView) -> int | None:
        """The fencing token, higher than every one before, where the lease is still as it was `seen`.

        None where it is another by now: renewed, given back, taken, or wanted for somebody else. A fresh lease fences
        all journal writes under the one before.
        """
        ...

    async def renew(self, candidate: Candidate, fencing: int, ttl_s: float) -> LeaseView:
        """Show a sign of life, and hear of a wish. Raises `LeaseLostError` where it is not this candidate's any more.

        `handing_over` in the answer binds: the wish is not taken back any more.
        """
        ...

    async def release(self, candidate: Candidate, fencing: int | None) -> None:
        """Give it back at once, after the last write. Nothing happens where it is not this candidate's any more.

        Without `fencing` under whichever token: a candidate that waits no longer may hold what it was not told of.
        """
        ...

    async def stand_by(self, candidate: Candidate, folded_sequence: int, fault: str = "") -> LeaseView:
        """Say that this candidate stands by, how far it has folded, what is amiss with it, and see who leads.

        Whoever looks is shown the fault in one line that a terminal can show, cut to `FAULT_CHARACTERS_MAX`.
        """
        ...

    async def leave(self, candidate: Candidate) -> None:
        """It stands by no longer."""
        ...

    async def want(self, name: str, *, instead_of: str | None = None) -> LeaseView:
        """Ask the leader to hand over to the standby of this name; "" takes the wish back.

        Nothing changes where the leader hands over already (see `handing_over` of the answer), nor, with `instead_of`,
        where another is wanted than that one.
        """
        ...

    async def look(self) -> LeaseView:
        """Who leads and who stands by."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
