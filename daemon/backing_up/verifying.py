"""Verifying a journal: the chain, the tables beside it, and each invariant as far as a journal alone can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from config.instants import Instant, instant_text
from daemon.backing_up.witnesses import Kept, Witness
from machines.events import CountedPayment, Recorded
from machines.invariants import Auditor, Finding
from machines.ports.examination import Damage, Examination, Hear, StoredFold
from machines.ports.journal import PaymentSeen
from machines.revenue.classify import unlike
from machines.state.whole import FOLD_VERSION, State

HOLDS: Final = "holds"
BROKEN: Final = "broken"
UNTOLD: Final = "cannot be told"
FINDINGS_MAX: Final = 100
"""One finding leads to the next; the first hundred say enough."""
_NEEDS: Final = {
    "I1": "what stands at the providers: `solvent orphans`",
    "I2": "what stands at the providers: `solvent drift`",
    "I10": "a daemon that stops: it says in its log what it left behind",
    "I11": "a daemon in which an actor fails: the metric solvent_actor_restarts_total",
    "I12": "the present of components and providers: `solvent status`",
}
"""What no journal can tell, and where it is told."""
_AUDITED: Final = ("I4", "I5", "I6", "I7", "I8")
_WORDS: Final = {
    "I1": "every resource that stands was recorded before it was made",
    "I2": "no component has two resources",
    "I3": "no event is missing, changed or out of place",
    "I4": "nothing was turned on above the spending cap",
    "I5": "every payment counts once",
    "I6": "nothing was turned on while its breaker was open",
    "I7": "every command was applied once and answered once",
    "I8": "no level rose before its waiting time, or fell on an unknown reading",
    "I9": "the kept state is what the events add up to",
    "I10": "nothing new was begun after a stop",
    "I11": "the failure of one part changed no other",
    "I12": "everything reaches its target or is parked",
}
"""In the words of an operator; docs/architecture.md says them exactly."""
Unlike = Callable[[PaymentSeen, CountedPayment, bool, bytes], str]
Examine = Callable[[Hear, Unlike], Examination]


class Verdict(msgspec.Struct, frozen=True):
    """What can be said of one invariant."""

    invariant: str
    verdict: str
    """`holds`, `broken` or `cannot be told`."""
    means: str
    text: str = ""


class Verification(msgspec.Struct, frozen=True):
    """Everything that was found. In JSON this is the output of `solvent verify --format json`."""

    whole: bool
    """Whether nothing is broken."""
    journal_id: str
    epoch: int
    schema: int
    first_sequence: int
    last_sequence: int
    last_recorded_at: str | None
    damage: Damage | None
    findings: tuple[str, ...]
    invariants: tuple[Verdict, ...]
    backups: str = ""
    """How many backups agree with the chain; empty where it was held against none."""


def verify_journal(examine: Examine, witnesses: Sequence[Witness] = ()) -> Verification:
    """Examine a journal and hold it against everything that must always be; raises what `examine` raises.

    `witnesses` are what its backups say of its chain: who rewrites all of a journal cannot rewrite those.
    """
    audit, kept = _Audit(), Kept(witnesses)

    def hear(recorded: Recorded, fold: StoredFold | None) -> None:
        kept.hear(recorded)
        audit.hear(recorded, fold)

    examined = examine(hear, unlike)
    held = kept.held(examined)
    findings = [*_damage_findings(examined), *held.findings, *_beside(examined), *audit.found][:FINDINGS_MAX]
    return Verification(
        whole=not findings,
        journal_id=examined.journal_id,
        epoch=examined.epoch,
        schema=examined.schema,
        first_sequence=min(examined.dropped_before + 1, examined.last_sequence),
        last_sequence=examined.last_sequence,
        last_recorded_at=_text(examined.last_recorded_at),
        damage=examined.damage,
        findings=tuple(str(finding) for finding in findings),
        invariants=tuple(_verdict(name, findings, examined, audit) for name in _WORDS),
        backups=held.said,
    )


class _Audit:
    """Folds what it hears, and holds snapshots against the fold."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.began_at: int | None = None
        self.folds_compared = 0
        self._auditor: Auditor | None = None

    def hear(self, recorded: Recorded, fold: StoredFold | None) -> None:
        """The next event, and the snapshot after it."""
        if self.began_at is None:
            self.began_at = recorded.sequence
            self._auditor = Auditor() if recorded.sequence == 1 else None
        if self._auditor is None or len(self.found) >= FINDINGS_MAX:
            return
        try:
            self.found += self._auditor.feed(recorded)
        except (ArithmeticError, LookupError, ValueError, TypeError, AssertionError) as strange:
            text = f"it cannot be folded: {type(strange).__name__}: {strange}"
            self.found.append(Finding("I3", text, recorded.sequence))
            self._auditor = None
            return
        if fold is not None and fold.fold_version == FOLD_VERSION:
            self.folds_compared += 1
            self.found += self._compared(self._auditor, fold)

    def _compared(self, auditor: Auditor, fold: StoredFold) -> list[Finding]:
        try:
            kept = msgspec.msgpack.decode(fold.state, type=State)
        except msgspec.MsgspecError as strange:
            return [Finding("I9", f"the snapshot cannot be read: {strange}", fold.sequence)]
        return auditor.compare(kept)


def _damage_findings(examined: Examination) -> list[Finding]:
    """I3, as far as the chain shows it."""
    damage = examined.damage
    found = []
    if damage is not None:
        good = f"{damage.last_good} of {_text(damage.last_good_at)}" if damage.last_good else "none"
        found.append(Finding("I3", f"{damage.text}; the last good event is {good}", damage.sequence))
    restored = examined.epoch - 1
    if damage is None and (examined.restores > restored or (restored and not examined.restores)):
        text = f"it says epoch {examined.epoch}, its events tell of {examined.restores} restores and moves"
        if not examined.dropped_before:
            found.append(Finding("I3", f"meta: {text}"))
    return found


def _beside(examined: Examination) -> list[Finding]:
    """What the tables beside the chain say otherwise than the events."""
    rooms = {"file": "I3", "schema": "I3", "payments": "I5"}
    return [Finding(rooms.get(each.table, "I9"), str(each), each.sequence) for each in examined.faults]


def _verdict(name: str, findings: list[Finding], examined: Examination, audit: _Audit) -> Verdict:
    means = _WORDS[name]
    broken = [finding for finding in findings if finding.invariant == name]
    if broken:
        more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
        place = "" if broken[0].sequence is None else f"at event {broken[0].sequence}: "
        return Verdict(name, BROKEN, means, f"{place}{broken[0].text}{more}")
    if name in _NEEDS:
        return Verdict(name, UNTOLD, means, f"needs {_NEEDS[name]}")
    if examined.dropped_before and name in _AUDITED:
        return Verdict(name, UNTOLD, means, f"needs the {examined.dropped_before} events that retention dropped")
    if name == "I9":
        return Verdict(name, HOLDS, means, _folds_said(audit))
    until = "" if examined.damage is None else f"up to event {examined.last_sequence}, where the journal can be read"
    return Verdict(name, HOLDS, means, until)


def _folds_said(audit: _Audit) -> str:
    compared = {0: "no snapshot was compared", 1: "one snapshot"}.get(audit.folds_compared)
    return f"{compared or f'{audit.folds_compared} snapshots'}; what was published needs Redis"


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else instant_text(instant)
