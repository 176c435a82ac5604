"""The lead as Redis bears it out: two copies of one journal have a lease each, and one Redis between them."""

from __future__ import annotations

from machines.ports.lease import Leadership


class WatchedLead:
    """The `Leadership` port over another: the lease decides, unless Redis shows another leader."""

    def __init__(self, lease: Leadership) -> None:
        self.kept_out = ""
        """Why this daemon does nothing although it holds a lease; "" where it may."""
        self._lease = lease

    @property
    def fencing(self) -> int:
        """The fencing token."""
        return self._lease.fencing

    @property
    def name(self) -> str:
        """Who leads."""
        return self._lease.name

    def leads(self) -> bool:
        """Whether this daemon may act: nobody else can have taken the lease, and Redis shows nobody else."""
        return not self.kept_out and self._lease.leads()

    def lose(self, reason: str) -> None:
        """End: another daemon leads."""
        self._lease.lose(reason)
