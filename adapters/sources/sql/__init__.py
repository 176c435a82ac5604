"""Payments from a table of the business's own database, read by one query that can write nothing."""

from __future__ import annotations

from adapters.secret_references import read_secret
from adapters.sources.construction import Constructed, SourceSurroundings, SourceUnusableError
from adapters.sources.sql.databases import Database, UnusableDatabaseError
from adapters.sources.sql.reading import SqlPayments
from adapters.sources.sql.statements import StatementError, check_statement
from config.settings import SqlSource

__all__ = ["SqlPayments", "construct"]


def construct(name: str, settings: SqlSource, surroundings: SourceSurroundings) -> Constructed:
    """The source `[sources.NAME]` of the kind sql. Raises `SourceUnusableError` and `SecretMissingError`."""
    if not settings.url:
        raise SourceUnusableError(f"sources.{name}.url is empty: name where the database's address is, as env:NAME")
    try:
        check_statement(settings.query)
        address, clock = read_secret(settings.url, surroundings.environ), surroundings.clock
        database = Database(address, settings.call_timeout_s, clock.monotonic_s)
        source = SqlPayments(name, settings, database, clock)
    except (StatementError, UnusableDatabaseError) as unusable:
        raise SourceUnusableError(f"the source {name}: {unusable}") from None
    return Constructed(asked=source)
