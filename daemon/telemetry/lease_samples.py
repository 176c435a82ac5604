"""The samples of the lease: who leads, for how long, and how far behind a standby is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from config.instants import SECOND
from daemon.leading.following import Following
from daemon.leading.held import HeldLease
from daemon.telemetry.catalogue import CATALOGUE
from daemon.telemetry.samples import Family, Sample
from machines.ports.lease import LeaseView


def leader_samples(lease: HeldLease, ttl_s: int) -> Iterator[Sample]:
    """Of the daemon that holds the lease."""
    yield Sample("solvent_leader", int(lease.leads()))
    yield Sample("solvent_lease_fencing", lease.fencing)
    yield Sample("solvent_lease_expires_seconds", max(0.0, lease.left_s))
    view = lease.view
    if view is not None:
        heard_from = view.now - ttl_s * SECOND
        yield Sample("solvent_lease_standbys_items", sum(each.seen_at >= heard_from for each in view.standbys))


def standby_samples(view: LeaseView | None, left_s: float, following: Following) -> Iterator[Sample]:
    """Of a daemon that stands by; `left_s` is left of the leader's lease, by its own clock."""
    yield Sample("solvent_leader", 0)
    if view is not None:
        yield Sample("solvent_lease_fencing", view.fencing)
        yield Sample("solvent_lease_expires_seconds", left_s)
    if following.state is not None:
        yield Sample("solvent_standby_lag_events", following.lag_events)


def families_with(samples: Iterable[Sample]) -> Iterator[Family]:
    """The families of the catalogue of which there are samples, in its order."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.name, []).append(sample)
    for description in CATALOGUE:
        if description.name in found:
            yield Family(description, tuple(found[description.name]))
