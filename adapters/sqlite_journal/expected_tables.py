"""What a journal's file may hold: the tables of its schema, as solvent made or migrated them, and nothing else.

A trigger that somebody left in the file would change the daemon's own writes, with no event to show for it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from adapters.sqlite_journal.schema import SCHEMA_VERSION, create_tables
from machines.ports.examination import Fault
from machines.ports.journal import JournalDamagedError

UNDONE: Final[Mapping[int, tuple[str, ...]]] = {
    2: tuple(f"ALTER TABLE revenue_threshold_config DROP COLUMN {column}" for column in ("set_by", "until", "reason")),
}
"""What leads from schema N back to N - 1: the counterparts of `migrations.STEPS`."""
_MORE_THAN_COLUMNS: Final = re.compile(r"\b(CHECK|COLLATE|CONFLICT|REFERENCES|UNIQUE)\b", re.IGNORECASE)
"""What a table's text can do to a write and its columns do not show."""
_STATISTICS: Final = re.compile(r"sqlite_stat\d")
"""SQLite's own, made by ANALYZE: they say how to search, never what is found."""


class _Table(msgspec.Struct, frozen=True):
    text: str
    """Its SQL, each run of white space as one space."""
    columns: tuple[tuple[object, ...], ...]
    kind: tuple[object, ...]
    """Whether it is an ordinary one, WITHOUT ROWID, STRICT."""


def table_faults(connection: sqlite3.Connection) -> list[Fault]:
    """Everything in the file's schema that no journal of its version has, and what is missing of it."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if not 1 <= version <= SCHEMA_VERSION:
        text = f"its user_version says {version}, and there are the schemas 1 to {SCHEMA_VERSION}"
        return [Fault("schema", "", text)]
    faults = list(_foreign(connection, version))
    there = _tables(connection)
    for name, expected in _expected(version).items():
        if name not in there:
            faults.append(Fault(name, "", "the table is missing"))
        elif not _alike(there[name], expected):
            faults.append(Fault("schema", f"table {name}", _unlike(name, there[name], version)))
    return faults


def require_expected_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `JournalDamagedError`, naming the first such thing."""
    faults = table_faults(connection)
    if faults:
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise JournalDamagedError(
            f"the journal {path} is not as solvent made it: {faults[0]}{more}. Nothing was changed. Drop "
            "what you know to be yours and run `solvent verify`; for anything else restore a backup of before"
        )


def _foreign(connection: sqlite3.Connection, version: int) -> Iterator[Fault]:
    expected = _expected(version)
    for kind, name, table in connection.execute("SELECT type, name, tbl_name FROM sqlite_master ORDER BY rowid"):
        if kind == "table" and (name in expected or _STATISTICS.fullmatch(name)):
            continue
        on = f" on the table {table}" if name != table else ""
        changes = ", it would change what is written" if kind == "trigger" else ""
        yield Fault("schema", f"{kind} {name}{on}", f"a journal has no such {kind}{changes}")


def _alike(there: _Table, expected: _Table) -> bool:
    """By text; a table that was migrated has the same columns in another wording."""
    if there.text == expected.text:
        return True
    same = (there.columns, there.kind) == (expected.columns, expected.kind)
    return same and _MORE_THAN_COLUMNS.search(there.text) is None


def _unlike(name: str, there: _Table, version: int) -> str:
    others = (other for other in range(1, SCHEMA_VERSION + 1) if other != version)
    for other in others:
        expected = _expected(other).get(name)
        if expected is not None and _alike(there, expected):
            return f"it is that of schema {other}, and the file's user_version says {version}: that was changed"
    return f"it is not the one of schema {version}: its columns or their conditions were changed"


@cache
def _expected(version: int) -> Mapping[str, _Table]:
    """The tables of a schema as a new file has them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create_tables(connection, "", b"")
        for newer in range(SCHEMA_VERSION, version, -1):
            for statement in UNDONE[newer]:
                connection.execute(statement)
        return _tables(connection)


def _tables(connection: sqlite3.Connection) -> dict[str, _Table]:
    kinds = {row[1]: tuple(row[2:]) for row in connection.execute("PRAGMA main.table_list")}
    texts = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        name: _Table(
            " ".join(str(text).split()),
            tuple(connection.execute("SELECT * FROM pragma_table_xinfo(?)", (name,))),
            kinds.get(name, ()),
        )
        for name, text in texts
    }
