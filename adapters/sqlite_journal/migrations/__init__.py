"""Bringing an older journal's tables up to this version: a copy first, then one transaction."""

from adapters.sqlite_journal.migrations.migrating import migrate
from adapters.sqlite_journal.migrations.steps import STEPS, Step

__all__ = ["STEPS", "Step", "migrate"]
