"""What backups bear witness of: who rewrites all of a journal cannot rewrite what they saw of its chain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from machines.events import JournalMoved, JournalRestored, Recorded
from machines.invariants import Finding
from machines.ports.examination import Examination

_EPOCH: Final = re.compile(r"-e(\d{1,9})-\d{12}\.sqlite")
"""In a backup's name."""


class Witness(msgspec.Struct, frozen=True):
    """What a backup says of the chain at its end."""

    name: str
    journal_id: str
    epoch: int
    sequence: int
    hash: str


class Held(msgspec.Struct, frozen=True):
    """How the chain stands against its witnesses."""

    findings: list[Finding]
    said: str
    """How many agree, and of how many nothing can be told; empty where there are none."""


class Kept:
    """What is kept of a chain while it is read: its hash where a backup ended, and how far each epoch reaches in it."""

    def __init__(self, witnesses: Sequence[Witness]) -> None:
        self._witnesses = witnesses
        self._wanted = frozenset(each.sequence for each in witnesses)
        self._hashes: dict[int, str] = {}
        self._restores: list[tuple[int, str, int]] = []
        self._moves: dict[int, int] = {}
        """The epoch that each move ended, and the last event before it."""

    def hear(self, recorded: Recorded) -> None:
        """The next event."""
        if recorded.sequence in self._wanted:
            self._hashes[recorded.sequence] = recorded.hash.hex()
        if isinstance(recorded.event, JournalRestored):
            self._restores.append((recorded.sequence, recorded.event.backup, recorded.event.dropped_events))
        if isinstance(recorded.event, JournalMoved):
            self._moves[recorded.event.epoch - 1] = recorded.sequence - 1

    def held(self, examined: Examination) -> Held:
        """Hold the chain against what the backups saw."""
        if not self._witnesses:
            return Held([], "")
        ours = [each for each in self._witnesses if each.journal_id == examined.journal_id]
        if not ours:
            return Held([_of_another(self._witnesses)], "")
        ends = self._ends(examined)
        within = [each for each in ours if each.epoch == examined.epoch or each.sequence <= ends.get(each.epoch, 0)]
        denied = [found for each in within if (found := self._denied(each, examined)) is not None]
        agree = sum(self._hashes.get(each.sequence) == each.hash for each in within)
        findings = [*denied[:1], *_later(ours, examined), *self._misnamed(ours)]
        untold = len(ours) - agree - len(denied)
        return Held(findings, _said(agree, len(denied), untold, len(self._witnesses) - len(ours)))

    def _ends(self, examined: Examination) -> Mapping[int, int]:
        """Up to which event the life of each earlier epoch is this chain too.

        What stands before a restore is that of the backup's epoch, before a move that of the epoch before, and before
        the first of either that of epoch 1. Which epoch the oldest events are of is not known any more where retention
        dropped some.
        """
        ends = {
            int(found[1]): sequence - 1 for sequence, backup, _ in self._restores if (found := _EPOCH.search(backup))
        }
        ends.update(self._moves)
        begun = [*(sequence - 1 for sequence, _, _ in self._restores), *self._moves.values()]
        if begun and not examined.dropped_before:
            ends[1] = min(begun)
        return ends

    def _denied(self, witness: Witness, examined: Examination) -> Finding | None:
        seen = self._hashes.get(witness.sequence, witness.hash)
        if witness.sequence <= examined.last_sequence and seen != witness.hash:
            text = f"it is not the event that the backup {witness.name} ends with: the chain was written anew"
            return Finding("I3", text, witness.sequence)
        if witness.sequence > examined.last_sequence and examined.damage is None:
            text = f"the journal ends before event {witness.sequence}, with which the backup {witness.name} ends"
            return Finding("I3", text, examined.last_sequence)
        return None

    def _misnamed(self, ours: Sequence[Witness]) -> list[Finding]:
        """A restore that took another backup than the one it names, where that one is still there."""
        ends = {each.name: each.sequence for each in ours}
        return [
            Finding("I3", f"it says that {backup} was restored, and that backup ends at event {ends[backup]}", sequence)
            for sequence, backup, dropped in self._restores
            if backup in ends and ends[backup] != sequence - 1 + dropped
        ][:1]


def _of_another(witnesses: Sequence[Witness]) -> Finding:
    journals = sorted({each.journal_id for each in witnesses})
    many = f"{len(witnesses)} backups are" if len(witnesses) > 1 else "one backup is"
    text = (
        f"{many} of journal {', '.join(journals)}, none of this one: it is not the journal that was backed up. If it "
        "was begun anew on purpose, make its first backup (`solvent backup`)"
    )
    return Finding("I3", text)


def _later(ours: Sequence[Witness], examined: Examination) -> list[Finding]:
    newest = max(ours, key=lambda each: each.epoch)
    if newest.epoch <= examined.epoch:
        return []
    text = (
        f"the backup {newest.name} is of epoch {newest.epoch}, this journal says epoch {examined.epoch}: a restore "
        "left it behind, or its epoch was changed"
    )
    return [Finding("I3", text)]


def _said(agree: int, denied: int, untold: int, others: int) -> str:
    parts = [f"{agree} agree with this chain" if agree else "none agrees with this chain"]
    if denied:
        parts.append(f"{denied} deny it")
    if untold:
        parts.append(f"{untold} cannot tell: they end in what a restore left away or retention dropped, or are empty")
    if others:
        parts.append(f"{others} of other journals")
    return f"backups: {'; '.join(parts)}"
