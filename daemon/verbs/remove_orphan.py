"""`remove-orphan resource X`: say what would be removed and give its code; with that code, order the removal."""

from __future__ import annotations

import hashlib

from config.instants import SECOND
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import Mode, OrphanRemovalAsked
from machines.state.orphans import KnownOrphan
from machines.sweeping import held_back

CODE_CHARACTERS = 8
NAMES_SHOWN_MAX = 5
_WHICH = (
    "give the provider's own name as `solvent orphans` prints it; the daemon looks for orphans at its start and every"
    " provisioning.sweep_every_s, and knows one only after its own two reads agree"
)


def confirmation_code(orphan: KnownOrphan) -> str:
    """Bound to kind, name and token: a code that was given for one resource removes no other."""
    text = f"remove-orphan\x00{orphan.kind}\x00{orphan.name}\x00{orphan.token}"
    return hashlib.sha256(text.encode()).hexdigest()[:CODE_CHARACTERS]


def _judge(command: Command, bench: Bench) -> Judged:
    orphan = _known(command, bench)
    what = (
        f"{orphan.kind} {orphan.name}, tagged for {orphan.component or 'no component'} with the token"
        f" {orphan.token or '(none)'}: {orphan.why}"
    )
    code = confirmation_code(orphan)
    if "confirm" not in command.fields:
        return Judged("pending", f"nothing is removed yet; this would be: {what}; to remove it add confirm={code}")
    if command.fields["confirm"] != code:
        raise CommandError(
            f"confirm: expected the code that remove-orphan answers without confirm, found"
            f" {command.fields['confirm'][:40]!r}; nothing is removed; look at what it would remove first"
        )
    command.required("reason", "why it is to be removed")
    _refuse_what_is_held(orphan, bench)
    asked = OrphanRemovalAsked(
        kind=orphan.kind,
        name=orphan.name,
        component=orphan.component,
        token=orphan.token,
        deadline_at=bench.now + bench.step_deadline_s * SECOND,
        reason=command.reason,
        by=command.principal,
    )
    return done(f"removing {what}; its end is in solvent history, as OrphanRemoved", asked)


def _known(command: Command, bench: Bench) -> KnownOrphan:
    """The orphan that the command names: only what the daemon found itself can be removed."""
    name = command.required("resource", "the provider's own name of an orphan, as `solvent orphans` shows it")
    kind = command.fields.get("kind")
    found = [each for each in bench.state.orphans.values() if each.name == name and kind in (None, each.kind)]
    kinds = sorted({each.kind for each in found})
    if len(kinds) > 1:
        raise CommandError(f"kind: missing; {name} is an orphan of several kinds: {', '.join(kinds)}")
    if not found:
        names = [each.name for each in bench.state.orphans.values()]
        more = f" and {len(names) - NAMES_SHOWN_MAX} more" if len(names) > NAMES_SHOWN_MAX else ""
        known = ", ".join(names[:NAMES_SHOWN_MAX]) + more if names else "none"
        of_kind = f" of kind {kind[:40]!r}" if kind is not None else ""
        raise CommandError(
            f"resource: the daemon knows no orphan {name[:200]!r}{of_kind}; those it found: {known}; {_WHICH}"
        )
    return max(found, key=lambda each: each.found_at)


def _refuse_what_is_held(orphan: KnownOrphan, bench: Bench) -> None:
    if bench.state.mode is not Mode.ACT:
        raise CommandError("mode: this daemon only observes and changes nothing; start it with --act to remove")
    if orphan.removal is not None:
        answered = "" if orphan.removal.outcome is None else f", {orphan.removal.outcome.value} so far"
        raise CommandError(f"resource: {orphan.removal.by} ordered its removal already{answered}")
    held = held_back(bench.state)
    if held is not None:
        raise CommandError(f"resource: nothing is removed now: {held}")


VERB = Verb(
    "remove-orphan",
    frozenset({"resource", "kind", "confirm"}),
    "remove a resource that belongs to nothing; without its confirmation code, say what would be removed",
    _judge,
)
