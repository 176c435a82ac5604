"""The samples of the lease: who leads, for how long, and how far behind a standby is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

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


def standby_samples(view: LeaseView | None, following: Following) -> Iterator[Sample]:
    """Of a daemon that stands by."""
    yield Sample("solvent_leader", 0)
    if view is not None:
        yield Sample("solvent_lease_fencing", view.fencing)
        left = 0 if view.expires_at is None else max(0, view.expires_at - view.now)
        yield Sample("solvent_lease_expires_seconds", Fraction(left, SECOND))
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
