"""The commands actor: reads what operators ask, carries it out once, and answers once, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby

import msgspec

from daemon.actors.answered import answered_of
from daemon.actors.planner import NAME as PLANNER
from daemon.actors.recording import RecordingActor
from daemon.actors.revenue import NAME as REVENUE
from daemon.actors.supervisor import NAME as SUPERVISOR
from daemon.actors.unread import unread
from daemon.kernel import Kernel, UnknownActor
from daemon.messages import EntriesArrived, Look, MonthsClosed, Reconsider, StreamReplaced, TrustClock
from daemon.recorder import OvertakenError, Recorder
from daemon.verbs.table import judge
from daemon.verbs.verb import Bench
from machines.commands import Command, CommandError, Judged
from machines.entry_ids import entry_order
from machines.events import CommandAnswered, CursorMoved, Event
from machines.ports.streams import START, Entry

NAME = "commands"
COMMANDS_STREAM = "commands"
"""The stream of the single operator; `commands:<name>` is that of a named one, and then nobody speaks here."""
SINGLE_OPERATOR = "operator"
_ANSWER_CHARACTERS_MAX = 2000


def principal_of(stream: str) -> str:
    """Who speaks on a stream: the stream's name says it, never the entry."""
    return stream.partition(":")[2] or SINGLE_OPERATOR


class Commands(RecordingActor):
    """The only writer of pins, pauses, approvals and answers."""

    __slots__ = ("_age_max_s", "_answered", "_bench", "_kernel", "_principals", "_recorder")

    def __init__(
        self,
        *,
        recorder: Recorder,
        kernel: Kernel,
        bench: Callable[[], Bench],
        age_max_s: int,
        principals: tuple[str, ...] = (),
    ) -> None:
        """`principals` are the operators that have a name; where there are any, nobody speaks without one."""
        super().__init__(NAME)
        self._principals = principals
        self._recorder = recorder
        self._kernel = kernel
        self._bench = bench
        self._age_max_s = age_max_s
        self._answered: dict[str, frozenset[str]] = {}
        """By stream that is read again from its start: what was answered before."""

    async def handle(self, message: msgspec.Struct) -> object | None:
        """Carry out what arrived, in order."""
        match message:
            case EntriesArrived():
                cursor = self._recorder.state.cursors.get(message.stream, START)
                await self._take(message.stream, unread(message.entries, cursor))
            case StreamReplaced():
                self._answered.pop(message.stream, None)
                why = "the stream was replaced: read from its start, commands already answered are left alone"
                await self._recorder.record(NAME, [CursorMoved(message.stream, START, why)])
            case _:
                raise TypeError(f"the commands actor understands no {type(message).__name__}")
        return None

    async def _take(self, stream: str, entries: list[Entry]) -> None:
        """In order: those that were answered before the stream was read again are passed over, the others done."""
        answered = await self._answered_among(stream, entries)
        for was_answered, some in groupby(entries, key=lambda entry: entry.id in answered):
            if not was_answered:
                for entry in some:
                    await self._carry_out(stream, entry)
                continue
            passed = list(some)
            why = f"{len(passed)} commands were answered before the stream was replaced"
            await self._recorder.record(NAME, [CursorMoved(stream, passed[-1].id, why)])

    async def _answered_among(self, stream: str, entries: list[Entry]) -> frozenset[str]:
        """Which were answered already: asked of the journal up to the highest id that was read before.

        That id is a part of the state, for a batch is not the whole stream: between two of them the process may die,
        the actor may be started anew, or another daemon may take over.
        """
        before = entry_order(self._recorder.state.read_before.get(stream, START))
        if not entries or entry_order(entries[0].id) > before:
            self._answered.pop(stream, None)
            return frozenset()
        if stream not in self._answered:
            self._answered[stream] = await answered_of(self._recorder.journal, stream, entries)
        return self._answered[stream]

    async def _carry_out(self, stream: str, entry: Entry) -> None:
        command = Command(entry.fields.get("verb", ""), principal_of(stream), entry.id, entry.fields)
        while True:
            bench = self._bench()
            judged = self._judge(stream, command, bench)
            still = partial(self._still, stream, command, bench, judged)
            try:
                await self._recorder.record(command.principal, self._events(stream, command, judged), still=still)
            except OvertakenError:
                continue  # what came first changed what the command is judged by
            self._follow(judged)
            return

    def _judge(self, stream: str, command: Command, bench: Bench) -> Judged:
        try:
            self._require_name(stream)
            return judge(command, bench, age_max_s=self._age_max_s)
        except CommandError as refused:
            return Judged("refused", str(refused))

    def _require_name(self, stream: str) -> None:
        """A second person must be one: whoever has a name could ask with it, and approve without."""
        if self._principals and stream == COMMANDS_STREAM:
            raise CommandError(
                "stream: commands.principals names the operators, so nobody speaks on the stream without a"
                f" name; send it to that of one of {', '.join(self._principals)} (XADD …:commands:NAME, or solvent"
                " with --as NAME)"
            )

    def _still(self, stream: str, command: Command, bench: Bench, judged: Judged) -> bool:
        return self._judge(stream, command, bench) == judged

    def _events(self, stream: str, command: Command, judged: Judged) -> list[Event]:
        answered = CommandAnswered(
            stream=stream,
            entry_id=command.entry_id,
            verb=command.verb[:40],
            outcome=judged.outcome,
            reason=judged.reason[:_ANSWER_CHARACTERS_MAX],
            by=command.principal,
        )
        return [*judged.events, answered]

    def _follow(self, judged: Judged) -> None:
        """What must know of it. None of this is lost by a crash: at boot everybody looks anew."""
        if judged.resume_actor:
            self._resume(judged.resume_actor)
        if judged.trust_clock:
            self._kernel.tell(REVENUE, TrustClock())
        if judged.events:
            self._kernel.tell(SUPERVISOR, Reconsider())
            self._kernel.tell(PLANNER, MonthsClosed())

    def _resume(self, name: str) -> None:
        try:
            if not self._kernel.resume(name):
                self._kernel.tell(name, Look())
        except UnknownActor:
            self._kernel.roots.resume(name)
