"""All verbs by name, and the judgement of a raw entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from config.instants import SECOND
from config.suggestions import did_you_mean
from daemon.verbs import (
    activate,
    adopt,
    approve,
    attest,
    deactivate,
    deny,
    pause,
    pin,
    reconcile_budget,
    reload,
    remove_orphan,
    replay,
    reset_breaker,
    resume,
    resume_actor,
    set_level,
    set_threshold,
    unpin,
)
from daemon.verbs.verb import ALWAYS, Bench, Verb
from machines.commands import TEXT_CHARACTERS_MAX, Command, CommandError, Judged

VERBS: Final[Mapping[str, Verb]] = {
    module.VERB.name: module.VERB
    for module in (
        pin,
        unpin,
        activate,
        deactivate,
        set_level,
        pause,
        resume,
        approve,
        deny,
        attest,
        set_threshold,
        adopt,
        remove_orphan,
        reconcile_budget,
        reset_breaker,
        resume_actor,
        reload,
        replay,
    )
}


def judge(command: Command, bench: Bench, *, age_max_s: int) -> Judged:
    """What the command comes to; raises `CommandError` with the field at fault and what was expected."""
    verb = VERBS.get(command.verb)
    if verb is None:
        found = f"found {command.verb[:40]!r}" if command.verb else "it is missing"
        raise CommandError(f"verb: expected one of {', '.join(VERBS)}; {found}{did_you_mean(command.verb, VERBS)}")
    for name, text in command.fields.items():
        if name not in verb.fields and name not in ALWAYS:
            takes = ", ".join(sorted(verb.fields | {"reason", "by"}))
            raise CommandError(f"{_named(name)}: {verb.name} takes {takes}")
        if len(text) > TEXT_CHARACTERS_MAX:
            raise CommandError(f"{name}: expected at most {TEXT_CHARACTERS_MAX} characters, found {len(text)}")
    sent_at = int(command.entry_id.partition("-")[0]) * 1000
    if bench.stamped_now - sent_at > age_max_s * SECOND:
        age_s = (bench.stamped_now - sent_at) // SECOND
        raise CommandError(f"age: sent {age_s} s ago; a command older than {age_max_s} s is refused, send it again")
    return verb.judge(command, bench)


def _named(field: str) -> str:
    """A field's name as a reply shows it: whoever sends one must not write into an operator's terminal."""
    return field[:40] if field.isprintable() and field else repr(field[:40])
