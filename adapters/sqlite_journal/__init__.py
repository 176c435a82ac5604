"""The journal on one SQLite file in WAL mode: one writing thread, group commit, a hash chain, tables for people."""

from adapters.journal_rows.limits import JournalLimits, OpeningReport
from adapters.sqlite_journal.journal import JOURNAL_NAME, SqliteJournal
from adapters.sqlite_journal.read_only import ReadOnlyJournal
from adapters.sqlite_journal.verification import verify

__all__ = ["JOURNAL_NAME", "JournalLimits", "OpeningReport", "ReadOnlyJournal", "SqliteJournal", "verify"]
