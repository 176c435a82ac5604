"""The world of one case: what survives the processes there is more here, and the daemon is the whole one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from adapters.provisioners.simulated import Fault, Faults, Hooks
from config.instants import DAY, HOUR, Instant, instant_from_text
from config.plan import Plan
from config.settings import NotificationSettings, Severity, SourceSettings, StreamSource, key_prefix
from daemon.kernel import EventKind
from daemon.ports import Ports
from daemon.roots.audit import Audit
from daemon.roots.costs import CostsRoot, CostTimes
from daemon.roots.notifications import NOTIFICATIONS, Notifications, OpenChannel, Times
from daemon.running import Daemon
from machines.events import Mode
from machines.observations import ResourceState
from machines.ports.budgets import Reconciled
from machines.ports.dials import DialSetting
from machines.ports.journal import Proposal
from machines.ports.provisioner import Resource
from machines.ports.streams import Entry, StreamsAwayError
from tests.simulation.selling import SHOP
from tests.simulation.swarm.case import Case
from tests.simulation.swarm.defects import Planted, was_planted
from tests.simulation.swarm.ghosts import Ghost
from tests.simulation.swarm.outside_parties import FakeBills, FakeBroker, FakeChannel, SlowStreams
from tests.simulation.swarm.paces import DAY_S, PACES, Pace, settings_for, slow_down, source_at, usual_settings
from tests.simulation.swarm.plans import PlanDraft
from tests.simulation.swarm.providers import FakeDialBoard, kind_of_stranger, providers
from tests.simulation.swarm.publishing import Publishing
from tests.simulation.swarm.watching import MISLEADING, Watching
from tests.simulation.world import SlowJournal, SurvivingClock, World

FINDINGS_MAX: Final = 20
WRITES: Final = ("publish", "write_hashes", "claim")
"""What makes a server grow, and is refused by one that is out of memory."""
MENDED_WITHIN: Final = {"disk_full": 6 * HOUR, "broker_away": DAY}
"""Somebody is on call, and ends these so long after the first refusal: who is refused for weeks tries every hour."""


class SwarmWorld(World):
    """What survives in one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.draft = PlanDraft(case)
        self.pace: Pace | None = PACES[case.pace]
        super().__init__(self.draft.plan(), case.seed, settings=settings_for(PACES[case.pace], "swarm", {}))
        chance = random.Random(f"origin {case.seed}")
        self.origin = instant_from_text(f"{chance.randrange(2019, 2033)}-{chance.randrange(1, 13):02d}-01T00:00:00Z")
        self.origin += chance.randrange(0, 25) * DAY
        self.clock = SurvivingClock(self.origin)
        self.server._clock = self.clock
        self.told = f"seed {case.seed}"
        self.crash_at = 0
        self.watching = Watching(self)
        self.faults = CountedFaults(self.chance.randrange, self.note, self.watching.mislead)
        self.faults.per_mille = {fault: case.faults[fault.value] for fault in Fault if fault.value in case.faults}
        self.on: set[str] = set()
        """The mishaps that last at this moment."""
        self.met_at: dict[str, Instant] = {}
        """When somebody first met a mishap that lasts, since it last began."""
        self.quotas: dict[str, bool] = {}
        """The kinds of which nothing can be made now; whether that is said to be for good."""
        self.prices: dict[str, int] = {}
        """What the provider's price is by now, in percent of the plan's."""
        self.tags_lost: set[str] = set()
        self.struck: Counter[str] = Counter()
        """How often each kind of fault really struck."""
        self.reconciled: dict[str, Reconciled] = {}
        self.dial_settings: dict[str, DialSetting] = {}
        self.accuracies: dict[str, Decimal] = {}
        self.told_messages: dict[str, int] = {}
        self.retained: dict[str, str] = {}
        self.truth: dict[str, tuple[Instant, int]] = {}
        """What the business told that counts: when, and micros, by the payment's id."""
        self.commands: set[tuple[str, str]] = set()
        """Every entry that was sent, by its stream and id."""
        self.publishing = Publishing(self)
        self.defects: dict[str, Planted] = {}
        """Who of the running process has a defect."""
        self.defective: set[str] = set()
        """Who of it ever had one."""
        self.when_parked: Callable[[], None] = lambda: None
        """Somebody is told that an actor was parked."""
        self.lost: set[tuple[str, str]] = set()
        """Entries that the server lost before anybody read them."""
        self.to_send_again: set[str] = set()
        """The payments among them whose sender has not sent them again yet."""
        self.ghost: Ghost | None = None
        """What the process before this one left behind; it may wake."""
        self._next_ghost: Ghost | None = None
        self.refused_streams = False
        """Whether Redis refuses every write."""
        self.crashes = 0
        self.kinds: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        """How many events of each type became durable."""
        self._remember_kinds(self.plan)

    # --- what the fakes ask ---

    @property
    def throttled(self) -> bool:
        """Whether providers refuse a share of all calls for now."""
        return "throttled" in self.on

    @property
    def is_streams_away(self) -> bool:
        """Whether Redis answers nobody."""
        return self.server._away is not None

    def settle_settings(self, *, asked: bool, pace: Pace | None) -> None:
        """From the next life on: this pace, or None for the settings of one who sets nothing; with a source or not."""
        self.pace = pace
        sources: dict[str, SourceSettings] = {}
        if asked:
            sources = {SHOP: source_at(pace), "redis": StreamSource(stale_after_s=40 * DAY_S)}
        self.settings = settings_for(pace, "swarm", sources) if pace else usual_settings("swarm", sources)

    def note(self, what: str) -> None:
        """A fault struck."""
        self.struck[what] += 1

    def meets(self, name: str) -> bool:
        """Somebody comes while a mishap lasts: it counts once, however many come. False from when it is mended on."""
        now = self.clock.wall()
        if name not in self.met_at:
            self.met_at[name] = now
            self.note(name)
        return name not in MENDED_WITHIN or now < self.met_at[name] + MENDED_WITHIN[name]

    def kind_of(self, component: str) -> str:
        """The kind of a component of any plan there was, or of a stranger's."""
        return self.kinds.get(component) or kind_of_stranger(component)

    def price_of(self, component: str) -> str | None:
        """What the provider says that it costs; None where it says nothing."""
        percent = self.prices.get(component)
        known = self.plan.components.get(component)
        if percent is None or known is None or known.monthly_cost_micros is None:
            return None
        return str(known.monthly_cost_micros * percent // 100 // 1_000_000)

    def standing_costs(self) -> dict[str, int]:
        """What a month of all that really stands costs, by component."""
        found: dict[str, int] = {}
        for each in self.plan.components.values():
            standing = self.infrastructure.components.get(f"{self.plan.id}/{each.id}")
            live = standing.live if standing is not None else []
            hot = each.host or any(one.state is not ResourceState.WARM for one in live)
            price = (each.monthly_cost_micros or 0) if hot else each.warm_cost_micros if live else 0
            found[each.id] = price * self.prices.get(each.id, 100) // 100
        return found

    def adopt_plan(self, plan: Plan) -> None:
        """The file says something else from now on."""
        self.plan = plan
        self._remember_kinds(plan)

    def _remember_kinds(self, plan: Plan) -> None:
        self.kinds.update((each.id, each.provisioner) for each in plan.components.values())

    def empty_stream(self, stream: str, *, keeps_ids: bool) -> None:
        """Somebody trims a stream to nothing, or deletes it with the ids it gave."""
        held = self.server.streams.get(key_prefix("default") + stream)
        if held is not None and keeps_ids:
            held.entries.clear()
        else:
            self.server.delete(stream)

    # --- watching ---

    def compare(self, daemon: Daemon) -> None:
        """As before, unless the life ends between an append and its fold: years end at any await."""
        if self.auditor.state.sequence == daemon.recorder.state.sequence:
            super().compare(daemon)

    def _server_hooks(self) -> None:
        super()._server_hooks()
        before = self.server.before_call

        def before_call(call: str) -> None:
            before(call)
            if self.refused_streams and call in WRITES:
                self.meets("redis_refuses")
                raise StreamsAwayError("OOM command not allowed when used memory > 'maxmemory'")

        self.server.before_call = before_call

    def send(self, stream: str, fields: dict[str, str]) -> None:
        """As before, and remember to whom a reply may go."""
        super().send(stream, fields)
        self.commands.add((stream, self.sent[-1][1].id))

    def catch_up(self) -> None:
        """As before, count, and hold each event against what was told and what stands."""
        for stored in self.store.events[self.auditor.state.sequence :]:
            recorded = stored.recorded()
            self.counts[stored.encoded.name] += 1
            self.findings.extend(self.auditor.feed(recorded))
            self.findings.extend(self.watching.after(recorded.event))
        del self.findings[FINDINGS_MAX:]

    def _before_append(self, group: Sequence[Proposal]) -> None:
        if self.daemon is not None and not self._dead and self.watching.is_month_over():
            self.findings.extend(self.watching.monthly())
            self.compare(self.daemon)
        super()._before_append(group)

    def _before_call(self, call: str, resource: Resource) -> None:
        if call != "observe":
            self.counts["call"] += 1
        super()._before_call(call, resource)

    def _after_call(self, call: str, resource: Resource) -> None:
        if call != "observe" and not self._dead:
            self.findings.extend(self.watching.uncounted(resource.component))
        super()._after_call(call, resource)

    def _note(self, kind: EventKind, name: str, detail: str) -> None:
        if not was_planted(self, kind, name, detail):
            super()._note(kind, name, detail)
        elif kind is EventKind.PARKED and not self._dead:
            self.note("defect_parks")
            self.when_parked()

    # --- lives ---

    def boot(self) -> Daemon:
        """The whole daemon on what survived, without a defect."""
        self.defects.clear()
        self.defective.clear()
        journal = SlowJournal(self.store, self.clock, self._before_append, self._after_append)
        journal.delay_s = lambda: self.append_s()  # noqa: PLW0108 - it is switched while the process lives
        self.ghost, self._next_ghost = self._next_ghost, Ghost(self, journal)
        kinds = providers(self, Hooks(self._before_call, self._after_call))
        ports = Ports(
            clock=self.clock,
            journal=journal,
            streams=SlowStreams(self),
            observers=kinds,
            provisioners=kinds,
            customer_key=journal.customer_key,
            jitter=lambda: 1.0,
            dial_board=lambda: FakeDialBoard(self),
            retained=lambda: FakeBroker(self),
            sources=self.sources(),
        )
        daemon = WholeDaemon(
            ports,
            self.settings,
            plan=self.plan,
            read_plan=lambda: self.plan,
            mode=Mode.ACT,
            holder=f"life {self.lives}",
            version="0",
        )
        daemon.world = self
        daemon.kernel_listeners.append(self._note)
        daemon.over_cap_listeners.append(lambda _component: self.counts.update(("over_cap",)))
        return daemon


class CountedFaults(Faults):
    """As before; each fault that strikes is noted."""

    def __init__(
        self, chance: Callable[[int], int], note: Callable[[str], None], mislead: Callable[[str], None]
    ) -> None:
        super().__init__(chance)
        self._note = note
        self._mislead = mislead

    def draw(self, call: str, resource: Resource, per_mille: Mapping[Fault, int] | None = None) -> Fault:
        """The fault of this call."""
        fault = super().draw(call, resource, per_mille)
        if fault is not Fault.NONE:
            self._note(fault.value)
        if fault in MISLEADING:
            self._mislead(resource.component)
        return fault


class WholeDaemon(Daemon):
    """With the roots that the service starts beside it: audit, costs and notifications."""

    world: SwarmWorld

    def begin(self) -> None:
        """Begin as the service does; what is HTTP, signals or threads stays out."""
        super().begin()
        world, settings = self.world, self.settings
        audit = Audit(recorder=self.recorder, every_s=settings.health.audit_every_s)
        self.start_root("audit", audit.run)
        costs = CostsRoot(
            recorder=self.recorder,
            actuator=self.actuator,
            times=CostTimes(settings.health.check_every_s, settings.costs.read_every_s, settings.costs.retry_every_s),
            readers=lambda: (FakeBills(world),),
        )
        self.start_root("costs", costs.run)
        notifications = Notifications(
            recorder=self.recorder,
            channels=lambda: (OpenChannel(FakeChannel(world), Severity.INFO, "1"),),
            settings=NotificationSettings(),
            instance=settings.instance,
            jitter=self.ports.jitter,
            times=Times() if world.pace is None else Times(world.pace.tick_s, world.pace.gather_s, world.pace.gather_s),
        )
        self.start_root(NOTIFICATIONS, notifications.run)
        if world.pace is not None:
            slow_down(self, world.pace)


def entries_unread(world: SwarmWorld, stream: str) -> list[Entry]:
    """Entries of a stream above the durable position: what an empty server would lose."""
    return entries_above(world, stream, world.auditor.state.cursors.get(stream))


def entries_above(world: SwarmWorld, stream: str, cursor: str | None) -> list[Entry]:
    """Entries of a stream above a position; ids rise, so that the newest are looked at and no others."""
    entries, read = world.server.entries(stream), _order(cursor)
    first = len(entries)
    while first and _order(entries[first - 1].id) > read:
        first -= 1
    return entries[first:]


def _order(entry_id: str | None) -> tuple[int, int]:
    milliseconds, _, number = (entry_id or "0-0").partition("-")
    return int(milliseconds), int(number or 0)
