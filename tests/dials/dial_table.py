"""Dials on a table: a daemon's recorder in memory, one dial of a plan, and a board that remembers what it showed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from config.calendar import month_from_text
from config.instants import Instant, instant_from_text
from config.loading import plan_from_text
from config.plan import Plan
from daemon.kernel import ActorPolicy, Kernel, RestartPolicy
from daemon.kernel.pausing import pause
from daemon.recorder import Recorder
from daemon.resume import encode_state, resume
from daemon.roots.dials import Dials
from machines import events
from machines.events import DialTurned, Event, Mode, StepOutcome
from machines.lifecycle_states import ComponentState, Step
from machines.ports.dials import DialSeen, DialSetting
from machines.ports.faults import Transient
from machines.ports.journal import JournalIdentity
from machines.state.dials import DialStand
from tests.machines.told import closed_month
from tests.simulation.virtual_loop import run

START: Final[Instant] = instant_from_text("2026-03-05T00:00:00Z")
TOKEN: Final = "svdial"
EVERY_S: Final = 300
PLAN: Final = """\
plan: shop
currency: EUR
timezone: UTC
components:
  llm_share: {monthly_cost: 0, provisioner: dial, options: {providers: [openai]}}
  model: {monthly_cost: 40, provisioner: simulated}
levels:
  - {id: floor, max_burn: 10, components: [llm_share]}
  - id: paid
    max_burn: 100
    trigger: {metric: revenue, at_least: 50, for_months: 1}
    includes: [floor]
    components: [model]
"""


class TableBoard:
    """A board in memory; `away` makes it unreachable, `on` switches the dial."""

    def __init__(self) -> None:
        """The dial is on and nothing was shown or measured."""
        self.on = True
        self.away = ""
        self.seen = DialSeen(TOKEN)
        self.shown: list[DialSetting] = []
        self.looks = 0
        self.closed = False

    def measure(self, accuracy: str, age_s: int = 0) -> None:
        """The application's own figure."""
        self.seen = msgspec.structs.replace(self.seen, accuracy=Decimal(accuracy), accuracy_age_s=age_s)

    async def look(self, component: str) -> DialSeen:
        """What stands."""
        assert component == "llm_share"
        self.looks += 1
        if self.away:
            raise Transient(self.away)
        return self.seen if self.on else msgspec.structs.replace(self.seen, token="")

    async def show(self, component: str, token: str, setting: DialSetting) -> bool:
        """Remember it."""
        if self.away:
            raise Transient(self.away)
        if not self.on or (component, token) != ("llm_share", self.seen.token):
            return False
        self.shown.append(setting)
        self.seen = msgspec.structs.replace(self.seen, setting=setting)
        return True

    async def close(self) -> None:
        """Said once."""
        self.closed = True


class Table:
    """What a test moves and looks at."""

    def __init__(self, recorder: Recorder, board: TableBoard) -> None:
        self.recorder = recorder
        self.board = board

    async def tell(self, *told: Event) -> None:
        """These happen."""
        await self.recorder.record("test", told)

    async def days(self, number: int = 1) -> None:
        """So many days pass."""
        await pause(number * 86_400)

    async def moment(self) -> None:
        """The dial is looked at once more."""
        await pause(EVERY_S + 1)

    @property
    def stand(self) -> DialStand | None:
        """Where the dial is, by the journal."""
        return self.recorder.state.dials.get("llm_share")

    @property
    def shares(self) -> list[int]:
        """What the application read, one after the other."""
        return [each.share_percent for each in self.board.shown]

    async def turns(self) -> list[DialTurned]:
        """Every turn in the journal."""
        return [each.event async for each in self.recorder.journal.read() if isinstance(each.event, DialTurned)]


def plan() -> Plan:
    """A dial at the floor, a model above it."""
    return plan_from_text(PLAN, "shop.yaml")


def hot(component: str, cost: int = 0) -> Sequence[Event]:
    """A component is activated, at a cost in units."""
    micros = cost * 1_000_000
    warm, activating, at = ComponentState.WARM, ComponentState.ACTIVATING, START
    return (
        events.StepIntended(component, Step.ACTIVATE, TOKEN, 1, warm, activating, micros, at),
        events.StepEnded(component, Step.ACTIVATE, TOKEN, StepOutcome.DONE, activating, ComponentState.HOT, micros),
    )


def month(text: str, units: int) -> Sequence[Event]:
    """A month closes with so much revenue."""
    return closed_month(plan(), month_from_text(text), units * 1_000_000)


def played(
    play: Callable[[Table], Awaitable[Any]],
    *told: Event,
    mode: Mode = Mode.ACT,
    store: MemoryStore | None = None,
    board: TableBoard | None = None,
) -> Table:
    """The table after a play in virtual time, its dial HOT; `store` is the journal of an earlier one."""
    board = board or TableBoard()

    async def main() -> Table:
        clock = LoopClock(START)
        kept = store or MemoryStore(identity=JournalIdentity("j", 1), customer_key=b"k")
        journal = MemoryJournal(kept, clock)
        state = (await resume(journal)).state
        recorder = Recorder(
            journal, state, clock, group_events_max=100, snapshot_every_events=10_000, encode_state=encode_state
        )
        kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
        recorder.attach(kernel)
        if state.plan is None:
            begun = [events.Started("shop", "0", mode), events.PlanAdopted(plan(), "f"), *hot("llm_share")]
            await recorder.record("boot", begun)
        if told:
            await recorder.record("test", told)
        table = Table(recorder, board)
        dials = Dials(recorder=recorder, board=lambda: board, every_s=EVERY_S)
        policy = ActorPolicy(RestartPolicy(1, 60, 1, 1), 10)
        kernel.roots.start("dials", dials.run, owner="dials", policy=policy.restart, essential=False)
        await table.moment()
        await play(table)
        await kernel.stop(ask_s=1, cancel_s=1)
        return table

    return run(main, 1)
