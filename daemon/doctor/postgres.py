"""PostgreSQL, where the journal is there: whether it is reached and keeps its promises, and who leads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Final

from config.settings import Settings
from daemon.assembly.doctor import PostgresFacts, journal_server_facts
from daemon.doctor.findings import Finding, problem, unknown, warning, well
from daemon.doctor.lead import lead
from machines.ports.clock import Clock
from machines.ports.journal import JournalDamagedError, JournalRefusedError

ABOUT: Final = "store"
_REACHED: Final = "see journal.url, the server and pg_hba.conf: docs/journal.md"


async def postgres(settings: Settings, clock: Clock) -> list[Finding]:
    """What is found at the server; nothing where the journal is a file."""
    try:
        facts = await asyncio.to_thread(journal_server_facts, settings, os.environ)
    except (JournalDamagedError, JournalRefusedError) as refused:
        return [problem(ABOUT, str(refused), _REACHED)]
    if facts is None:
        return []
    found = list(judged(facts, settings))
    if facts.is_primary and facts.schema_version == facts.schema_version_known:
        found += await lead(settings, facts.last_sequence, clock)
    return found


def judged(facts: PostgresFacts, settings: Settings) -> Iterator[Finding]:
    """What these facts mean."""
    schema = settings.journal.schema
    if not facts.is_primary:
        text = "the server is a replica in recovery: it takes no writes"
        yield problem(ABOUT, text, "name the primary in journal.url, or all hosts of the cluster")
    for name in facts.off:
        text = f"PostgreSQL runs with {name} off: a power cut takes back what was acknowledged"
        yield problem(ABOUT, text, f"set {name} = on in postgresql.conf, then reload it")
    for right in facts.missing_rights:
        yield problem(ABOUT, f"the role of journal.url may not {right}", "docs/journal.md: in PostgreSQL")
    if facts.replicas and not facts.synchronous_standbys:
        text = "the server has replicas and waits for none: a fail-over may lose the newest events"
        yield warning(ABOUT, text, "set synchronous_standby_names, so that a commit is on two machines")
    if facts.schema_version is None:
        yield unknown(
            ABOUT, f"the schema {schema} holds no journal yet", "solvent run makes it, or solvent move-journal"
        )
        return
    if facts.schema_version < facts.schema_version_known:
        text = f"the tables have version {facts.schema_version}, this solvent has {facts.schema_version_known}"
        yield warning(ABOUT, text, "the daemon that leads migrates them at its start: docs/upgrading.md")
    yield well(ABOUT, f"PostgreSQL {facts.version} answers, schema {schema}")
