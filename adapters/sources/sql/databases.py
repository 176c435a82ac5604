"""A connection that can only read, for one page at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from config.secret import Secret
from machines.ports.faults import CallError, Permanent, Transient

REASON_CHARACTERS_MAX: Final = 300
_STEPS_BETWEEN_LOOKS: Final = 10_000
"""SQLite asks after so many of its steps whether the time is over: some milliseconds."""
_UNREADABLE_SIGNS: Final = ("readonly database", "unable to open database file")
_WRITE_AHEAD: Final = (
    "Is it there, and may this user read it? In WAL mode (PRAGMA journal_mode) who reads must also write the -shm file "
    "beside it: give the user write access to its folder, point at a copy (sqlite3 FILE 'VACUUM INTO …'), or leave WAL"
)


class UnusableDatabaseError(Exception):
    """An address that can never work; the message says why, without the address: it holds a password."""


class Database:
    """Where the rows are. Nothing is connected until the first page, and nothing stays connected after it."""

    def __init__(self, address: Secret, timeout_s: int, monotonic_s: Callable[[], float]) -> None:
        """Raises `UnusableDatabaseError`."""
        self._timeout_s = timeout_s
        self._monotonic_s = monotonic_s
        try:
            self._url = make_url(address.reveal())
            self._engine = self._made()
        except NoSuchModuleError:
            raise UnusableDatabaseError(
                "the url names a kind of database that is not known: expected postgresql+psycopg://…, "
                "mysql+pymysql://… or sqlite:///…"
            ) from None
        except ModuleNotFoundError as missing:
            raise UnusableDatabaseError(
                f"the url needs the package {missing.name}: pip install it beside solvent"
            ) from None
        except (ArgumentError, ValueError, TypeError):
            raise UnusableDatabaseError(
                "the url is none: expected such as postgresql+psycopg://user:password@host/database"
            ) from None

    @property
    def is_sqlite(self) -> bool:
        """SQLite has no times: a cursor of that kind is text."""
        return self._url.get_backend_name() == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that is rolled back whatever happens in it; its faults as `CallError`."""
        try:
            with self._engine.connect() as connection:
                self._restrict(connection)
                try:
                    yield connection
                finally:
                    connection.rollback()
        except SQLAlchemyError as error:
            raise self._fault(error) from None

    def close(self) -> None:
        """Let go of everything."""
        self._engine.dispose()

    def _made(self) -> Engine:
        if not self.is_sqlite:
            arguments = {"connect_timeout": self._timeout_s} if _takes_timeout(self._url) else {}
            return create_engine(self._url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
        path = self._url.database
        if not path or path == ":memory:" or path.startswith("file:"):
            raise UnusableDatabaseError("the url of SQLite names no file: expected sqlite:////var/lib/shop/shop.db")
        engine = create_engine("sqlite://", poolclass=NullPool, hide_parameters=True, creator=self._open_sqlite(path))
        event.listen(engine, "connect", self._limit_sqlite)
        return engine

    def _open_sqlite(self, path: str) -> Callable[[], sqlite3.Connection]:
        def opened() -> sqlite3.Connection:
            address = f"file:{quote(str(Path(path).absolute()))}?mode=ro"
            return sqlite3.connect(address, uri=True, timeout=self._timeout_s / 2, check_same_thread=False)

        return opened

    def _limit_sqlite(self, connection: Any, _record: Any) -> None:
        until_s = self._monotonic_s() + self._timeout_s
        connection.text_factory = lambda data: data.decode(errors="replace")  # one bad row must not hide the others
        connection.set_progress_handler(lambda: int(self._monotonic_s() > until_s), _STEPS_BETWEEN_LOOKS)
        connection.execute("PRAGMA query_only = ON")

    def _restrict(self, connection: Connection) -> None:
        """Where a database can refuse to write, it shall."""
        match self._url.get_backend_name():
            case "postgresql":
                connection.execute(text("SET TRANSACTION READ ONLY"))
                connection.execute(text(f"SET LOCAL statement_timeout = {self._timeout_s * 1_000}"))
                connection.execute(text(f"SET LOCAL lock_timeout = {self._timeout_s * 1_000}"))
            case "mysql" | "mariadb":
                connection.execute(text("SET SESSION TRANSACTION READ ONLY"))
                connection.rollback()  # it holds from the next transaction on

    def _fault(self, error: SQLAlchemyError) -> CallError:
        """What a database said, in one line and without a password; a missing column may come back, as tables do."""
        said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        line = " ".join(said.split())[:REASON_CHARACTERS_MAX] or type(error).__name__
        if self._url.password:
            line = line.replace(str(self._url.password), "…")
        if self.is_sqlite and any(sign in line for sign in _UNREADABLE_SIGNS):
            return Transient(f"SQLite cannot open the file for reading: {line}. {_WRITE_AHEAD}")
        if isinstance(error, OperationalError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
            return Transient(f"the database did not answer the query: {line}")
        return Permanent(f"the database refuses the query: {line}")


def _takes_timeout(url: URL) -> bool:
    return url.get_driver_name() in {"psycopg", "psycopg2", "pymysql", "mysqldb", "mariadbconnector"}
