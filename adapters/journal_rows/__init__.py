"""What a journal's rows are, whatever database holds them: the chain, the groups, the tables for people, the writer."""

from adapters.journal_rows.limits import JournalLimits, Migrated, OpeningReport

__all__ = ["JournalLimits", "Migrated", "OpeningReport"]
