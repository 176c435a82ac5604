"""The world that survives processes: what stands, what was snapshotted, and everything that ever happened to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Self

import msgspec

from config.instants import Instant
from config.unreadable import UNREADABLE
from machines.observations import Observation, ResourceState
from machines.ports.provisioner import Resource

HAPPENINGS_ITEMS_MAX: Final = 1_000
"""Per component; the oldest are forgotten, the counts are not."""
SNAPSHOTS_ITEMS_MAX: Final = 100
_WORST_FIRST: Final = (ResourceState.CHANGING, ResourceState.BROKEN, ResourceState.HOT, ResourceState.WARM)


class WorldDamagedError(Exception):
    """The file of a simulated world cannot be read; the message says what to do."""


class LiveResource(msgspec.Struct):
    """One resource, as the provider knows it. `token` is "" where nobody tagged it."""

    token: str
    generation: int
    state: ResourceState
    price_micros: int | None = None
    warm_price_micros: int | None = None
    data: str = ""
    """What the application keeps on it; empty until something writes."""
    becomes: ResourceState | None = None
    """While CHANGING: what it is from `settles_at` on."""
    settles_at: Instant = 0
    differs: bool = False
    """Somebody changed it while it served; activating it again puts it right."""


class Happening(msgspec.Struct, frozen=True):
    """One thing that happened.

    `what`: created, warm, hot, broken, changing, removed, snapshot, vanished, foreign, differs.
    """

    at: Instant
    what: str
    token: str
    generation: int


class DataSnapshot(msgspec.Struct, frozen=True):
    """What deactivation kept."""

    at: Instant
    generation: int
    data: str


class Standing(msgspec.Struct):
    """All that the world knows of one component of one plan."""

    live: list[LiveResource] = []
    snapshots: list[DataSnapshot] = []
    happenings: list[Happening] = []
    created: int = 0
    """How many resources were ever made."""
    removed: int = 0
    fencing: int = 0
    """The highest fencing token under which it was moved: an order with a lower one comes from a daemon of the past."""
    calls: dict[str, int] = {}
    """How often each call came; the script of faults counts by it."""
    shown: Observation | None = None
    """What looks still show of the past."""
    shown_until: Instant = 0
    shown_reads: int = 0
    contested_by: ResourceState | None = None
    """A foreign writer turns every settled resource into this before each look."""


class SimulatedWorld(msgspec.Struct):
    """Every component's standing by `<plan>/<component>`.

    `epoch` fences: the calls of a process that began under an earlier one change nothing.
    """

    epoch: int = 0
    components: dict[str, Standing] = {}
    quota_resources_max: int | None = None
    """How many resources may live at once; None is no quota."""
    guards_tokens: bool = True
    """False imitates a careless provider, which makes a second resource for a second token."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """The world that `path` holds; an empty one where there is no such file. Raises `WorldDamagedError`."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            return cls()
        except (OSError, *UNREADABLE) as error:
            raise WorldDamagedError(
                f"the simulated world {path} cannot be read ({error}): remove the file to start with an empty world"
            ) from error

    def save(self, path: Path) -> None:
        """Replace the file in one move; a reader finds the old world or the new one."""
        making = path.with_name(f"{path.name}.{os.getpid()}.making")
        with open(making, "wb", opener=_private) as file:
            file.write(msgspec.json.encode(self))
            file.flush()
            os.fsync(file.fileno())
        making.replace(path)

    def begin_epoch(self) -> int:
        """Fence off every process before this one; called where a simulated process dies."""
        self.epoch += 1
        return self.epoch

    @property
    def live_resources(self) -> int:
        """How many resources live now, over all components."""
        return sum(len(standing.live) for standing in self.components.values())

    def standing(self, resource: Resource) -> Standing:
        """The component's standing, made on demand."""
        return self.components.setdefault(f"{resource.plan}/{resource.component}", Standing())

    def vanish(self, resource: Resource, now: Instant) -> None:
        """Somebody deletes all of it behind our back."""
        standing = self.standing(resource)
        for live in standing.live:
            note(standing, now, "vanished", live)
        standing.removed += len(standing.live)
        standing.live.clear()

    def foreign_resource(self, resource: Resource, state: ResourceState, now: Instant, token: str = "") -> None:
        """Somebody else makes a resource for the component, untagged unless `token` is given."""
        make(self.standing(resource), LiveResource(token, 0, state), now, "foreign")

    def foreign_write(self, resource: Resource, state: ResourceState, now: Instant) -> None:
        """Somebody else sets the state of what stands."""
        standing = self.standing(resource)
        for live in standing.live:
            live.state, live.becomes = state, None
            note(standing, now, "foreign", live)


def _private(path: str, flags: int) -> int:
    """Whatever is in a state directory is the daemon's own."""
    return os.open(path, flags, 0o600)


def differ(standing: Standing, now: Instant) -> None:
    """Somebody else changes what serves."""
    settle(standing, now)
    for live in standing.live:
        if live.state is ResourceState.HOT and not live.differs:
            live.differs = True
            note(standing, now, "differs", live)


def make(standing: Standing, live: LiveResource, now: Instant, what: str = "created") -> None:
    """A resource comes into being."""
    standing.live.append(live)
    standing.created += 1
    note(standing, now, what, live)


def take_away(standing: Standing, live: LiveResource, now: Instant) -> None:
    """A resource ends."""
    standing.live.remove(live)
    standing.removed += 1
    note(standing, now, "removed", live)


def note(standing: Standing, now: Instant, what: str, live: LiveResource) -> None:
    """Remember what happened to a resource."""
    standing.happenings.append(Happening(now, what, live.token, live.generation))
    del standing.happenings[:-HAPPENINGS_ITEMS_MAX]


def settle(standing: Standing, now: Instant) -> None:
    """Let everything that was changing and whose time has come be what it becomes."""
    for live in list(standing.live):
        if live.state is not ResourceState.CHANGING or live.becomes is None or live.settles_at > now:
            continue
        if live.becomes is ResourceState.ABSENT:
            take_away(standing, live, now)
        else:
            live.state, live.becomes = live.becomes, None
            note(standing, now, live.state.value, live)


def truth(standing: Standing) -> Observation:
    """What really stands; with more than one resource the state that needs most care."""
    if not standing.live:
        return Observation(ResourceState.ABSENT)
    states = {live.state for live in standing.live}
    state = next(state for state in _WORST_FIRST if state in states)
    serving = [live for live in standing.live if live.state is ResourceState.HOT]
    return Observation(
        state,
        tuple(live.token for live in standing.live),
        cost_micros=_cost_micros(standing),
        differences=("somebody changed it while it served",) if any(live.differs for live in serving) else (),
    )


def _cost_micros(standing: Standing) -> int | None:
    total = 0
    for live in standing.live:
        price = live.warm_price_micros if live.state is ResourceState.WARM else live.price_micros
        if price is None:
            return None
        total += price
    return total
