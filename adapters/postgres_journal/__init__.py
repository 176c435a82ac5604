"""The journal in one schema of PostgreSQL: the rows of the SQLite file, a lease, and fencing in every transaction."""

from adapters.journal_rows.limits import JournalLimits, OpeningReport
from adapters.postgres_journal.followed import FollowedPostgresJournal
from adapters.postgres_journal.journal import PostgresJournal
from adapters.postgres_journal.place import PostgresPlace, connect
from adapters.postgres_journal.read_only import ReadOnlyPostgresJournal
from adapters.postgres_journal.schema import ensure_schema

__all__ = [
    "FollowedPostgresJournal",
    "JournalLimits",
    "OpeningReport",
    "PostgresJournal",
    "PostgresPlace",
    "ReadOnlyPostgresJournal",
    "connect",
    "ensure_schema",
]
