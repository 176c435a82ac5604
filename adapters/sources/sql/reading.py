"""One page of a table, held against what the table gave before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, text

from adapters.blocking_calls import BlockingCalls
from adapters.sources.sql.databases import Database, UnusableDatabaseError
from adapters.sources.sql.rows import check_columns, entry_of, fields_of, row_of
from adapters.sources.sql.spellings import days_before, other_spelling, require_one_spelling, spelling_of, stray_query
from adapters.sources.sql.walking import Place, Walk, begun, continued, ended, place_of, text_of, walk_from
from config.instants import SECOND, InstantError, instant_from_text
from config.settings import SqlSource
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.sources import Entry, SourceRead

ID: Final = "id"
_FROM_THE_BEGINNING: Final = "0"
_FIRST_TIME: Final = "1970-01-01T00:00:00Z"
"""Its year alone stands before every payment's, however times are written."""
_WHOLE_NUMBER: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_MARGIN_S: Final = 5
"""The database ends a query by itself; after so much more nobody waits for it."""


class _Page(msgspec.Struct, frozen=True):
    places: tuple[Place, ...]
    entries: tuple[Entry, ...]


class SqlPayments:
    """The payments of one table."""

    def __init__(self, name: str, settings: SqlSource, database: Database, clock: Clock) -> None:
        """Raises `UnusableDatabaseError` for a `cursor_start` that is none."""
        self.name = name
        self._settings = settings
        self._database = database
        self._clock = clock
        self._query = text(settings.query)
        if set(self._query.compile().params) != {"cursor", "limit"}:
            raise UnusableDatabaseError("query: a colon before a word, also in a text, must be escaped as \\:")
        self._start = self._first_cursor()
        limit_s = settings.call_timeout_s + _MARGIN_S
        # Two: one may hang in a driver that knows no time limit.
        self._calls = BlockingCalls("the database", clock, threads_max=2, call_limit_s=limit_s, place_wait_s=1)

    async def read(self, position: str) -> SourceRead:
        """The page that follows."""
        walk = begun(walk_from(position), self._clock.wall(), self._settings.settle_s)
        start, limit = walk.start, self._settings.rows_max
        page = await self._calls.call("a page", lambda: self._page(start, limit))
        is_last = len(page.places) < limit
        if not is_last and page.places[0].cursor == (cursor := page.places[-1].cursor):
            raise Permanent(
                f"{limit} rows and more have the cursor {cursor}: raise rows_max, or order by another column"
            )
        if start is not None:
            _require(start, page)
        if walk.settling and walk.candidate is not None and _covers(page, start, walk.candidate, is_last=is_last):
            _require(walk.candidate, page)
        if is_last:
            return self._last_page(walk, page)
        return SourceRead(page.entries, text_of(continued(walk, page.places[-1])), more=True)

    async def close(self) -> None:
        """Let go of connections."""
        self._calls.close()
        self._database.close()

    def _last_page(self, walk: Walk, page: _Page) -> SourceRead:
        """What the end of a pass says; a table that never gave anything vouches for nothing."""
        last = page.places[-1] if page.places else None
        through = walk.began_at - self._settings.settle_s * SECOND if walk.settling and last is not None else None
        return SourceRead(page.entries, text_of(ended(walk, last)), through)

    def _page(self, start: Place | None, limit: int) -> _Page:
        """In a thread."""
        bound = {"cursor": self._start if start is None else _bound(start), "limit": limit}
        with self._database.reading() as connection:
            result = connection.execute(self._query, bound)
            columns = tuple(result.keys())
            check_columns(columns, self._settings.cursor_column)
            rows = result.fetchmany(limit + 1)
            if start is not None and start.kind == "t":
                self._require_no_stray(connection, start.cursor)
        if len(rows) > limit:
            raise Permanent(f"the query gives more rows than :limit, which was {limit}: expected … LIMIT :limit")
        self._require_one_spelling([row[columns.index(self._settings.cursor_column)] for row in rows], start)
        return self._checked(columns, rows, bound["cursor"])

    def _require_one_spelling(self, cursors: Sequence[Any], start: Place | None) -> None:
        """Times that are text are compared as text."""
        if self._settings.cursor_type == ID or not any(isinstance(each, str) for each in cursors):
            return
        column, given = self._settings.cursor_column, self._settings.cursor_start
        if start is not None:
            require_one_spelling(column, cursors, start.cursor)
        elif given == _FROM_THE_BEGINNING:
            require_one_spelling(column, cursors, None)
        elif self._database.is_sqlite:
            require_one_spelling(column, cursors, given)
        else:
            raise Permanent(f"{column} is text: leave cursor_start out, or use a column that is a time")

    def _require_no_stray(self, connection: Connection, cursor: str) -> None:
        """A row that is written in another way may order below the cursor, and then no page ever holds it."""
        column, spelling = self._settings.cursor_column, spelling_of(cursor)
        if not self._database.is_sqlite or spelling is None:
            return
        exact, fraction = spelling.patterns
        bound = {"cursor": days_before(cursor), "limit": -1, "exact": exact, "fraction": fraction}
        stray = connection.execute(text(stray_query(self._settings.query, column)), bound).first()
        if stray is not None:
            raise other_spelling(column, stray[0], cursor)

    def _checked(self, columns: tuple[str, ...], rows: Sequence[Any], cursor: Any) -> _Page:
        places, entries, at = list[Place](), list[Entry](), columns.index(self._settings.cursor_column)
        before = cursor
        for values in rows:
            value = values[at]
            if self._settings.cursor_type == ID and (not isinstance(value, int) or isinstance(value, bool)):
                raise Permanent(
                    f"{self._settings.cursor_column} holds {type(value).__name__}: expected a whole number in each "
                    "row, or cursor_type time"
                )
            fields = fields_of(columns, values)
            place = place_of(value, row_of(fields))
            if not _follows(before, value):
                raise Permanent(
                    f"the query is not ordered by {self._settings.cursor_column} from :cursor on: {place.cursor} comes "
                    "too late"
                )
            before = value
            places.append(place)
            entries.append(entry_of(place.cursor, place.row, fields))
        return _Page(tuple(places), tuple(entries))

    def _first_cursor(self) -> Any:
        start = self._settings.cursor_start
        if self._settings.cursor_type == ID:
            if not _WHOLE_NUMBER.fullmatch(start):
                raise UnusableDatabaseError(f"cursor_start: expected a whole number, found {start[:64]!r}")
            return int(start)
        moment = _FIRST_TIME if start == _FROM_THE_BEGINNING else start
        if self._database.is_sqlite and ":" in start and spelling_of(start) is not None:
            return start  # as the column writes it, perhaps without a zone
        try:
            instant_from_text(moment)
        except InstantError as error:
            raise UnusableDatabaseError(f"cursor_start: {error}") from None
        return moment if self._database.is_sqlite else datetime.fromisoformat(moment)


def _covers(page: _Page, start: Place | None, place: Place, *, is_last: bool) -> bool:
    """Whether every row with the place's cursor stands on this page, which begins at `start`."""
    if start is not None and not _follows(_bound(start), _bound(place)):
        return False
    return is_last or not _follows(_bound(page.places[-1]), _bound(place))


def _require(place: Place, page: _Page) -> None:
    """A row that was read must be there again: an answer without it is not the table that was read before."""
    if any(each.cursor == place.cursor and each.row == place.row for each in page.places):
        return
    raise Ambiguous(
        f"the answer lacks the row at {place.cursor}, which it gave before: a replica that is behind, or a table that "
        "was emptied. If the row was deleted on purpose, give the source another name: it is read anew, and nothing "
        "counts twice"
    )


def _bound(place: Place) -> Any:
    if place.kind == "i":
        return int(place.cursor)
    return datetime.fromisoformat(place.cursor) if place.kind == "d" else place.cursor


def _follows(before: Any, value: Any) -> bool:
    """Whether a cursor is not below the one before; a zone that one of them lacks is the database's own."""
    if (
        isinstance(before, datetime)
        and isinstance(value, datetime)
        and (before.tzinfo is None) != (value.tzinfo is None)
    ):
        before, value = (each if each.tzinfo else each.replace(tzinfo=UTC) for each in (before, value))
    try:
        return bool(before <= value)
    except TypeError:
        return True  # the first cursor is a text of the settings; from the second row on both are the driver's
