"""What a journal's schema may hold: the tables as solvent makes them, and nothing that changes what is written.

A trigger that somebody left there would change the daemon's own writes, with no event to show for it. A further index
or table changes nothing: the first is left alone, the second is told of.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import msgspec
from psycopg import Connection

from adapters.postgres_journal.literals import bound
from adapters.postgres_journal.place import PostgresPlace
from adapters.postgres_journal.schema import SCHEMA_VERSION, table_statements
from machines.ports.examination import Fault
from machines.ports.journal import JournalDamagedError

_TABLE: Final = re.compile(r"CREATE TABLE (\w+) \((.*)\)\Z", re.DOTALL)
_COLUMN: Final = re.compile(r'"?(\w+)"? (\w+)(.*)\Z')
_KEY: Final = re.compile(r"PRIMARY KEY \(([^)]+)\)\Z")
_DEFAULT: Final = re.compile(r"DEFAULT ('[^']*'|\w+)")
_CHECK: Final = re.compile(r"CHECK (\(.*\))")
_TYPES: Final = {"TIMESTAMPTZ": "timestamp with time zone"}

_OWN: Final = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ?"
_COLUMNS_THERE: Final = f"""
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attidentity::text || a.attgenerated::text
    {_OWN} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')"""
_CONSTRAINTS_THERE: Final = f"""
    SELECT c.relname, pg_get_constraintdef(t.oid) {_OWN} JOIN pg_constraint t ON t.conrelid = c.oid
    WHERE t.contype <> 'n'"""
"""PostgreSQL 18 lists NOT NULL among them; the columns say that."""
_FOREIGN: Final = f"""
    SELECT 'trigger', t.tgname, c.relname {_OWN} JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'rule', r.rulename, c.relname {_OWN} JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'
    UNION ALL
    SELECT 'row security', '', c.relname {_OWN} WHERE c.relrowsecurity
    UNION ALL
    SELECT 'unique index', x.relname, c.relname {_OWN} JOIN pg_index i ON i.indrelid = c.oid AND i.indisunique
        JOIN pg_class x ON x.oid = i.indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint t WHERE t.conindid = i.indexrelid)
    UNION ALL
    SELECT 'child', h.inhrelid::regclass::text, c.relname {_OWN} JOIN pg_inherits h ON h.inhparent = c.oid
    ORDER BY 1, 2, 3"""  # noqa: S608 - constants
_KINDS: Final = (
    f"SELECT c.relname, c.relkind::text, c.relpersistence::text {_OWN} WHERE c.relkind IN ('r','p','v','m','f')"
)
_ORDINARY: Final = ("r", "p")
"""An ordinary table, which is written to the log: an unlogged one is empty after a crash."""
_WHAT_IT_DOES: Final = {
    "trigger": "it would change what is written",
    "rule": "it would change what is written",
    "row security": "it would hide what is written",
    "unique index": "it may refuse what is written",
    "child": "its rows are read as the table's",
}


class _Table(msgspec.Struct, frozen=True):
    columns: Mapping[str, tuple[object, ...]]
    """By name: type, whether it must not be null, default, how it is generated."""
    constraints: tuple[str, ...]


def table_faults(connection: Connection[Any], schema: str) -> list[Fault]:
    """Everything in the schema that no journal of this version has, and what is missing of it."""
    faults = []
    for kind, name, table in _rows(connection, _FOREIGN, (schema,) * 5):
        if table in _expected():
            faults.append(Fault("schema", f"{kind} {name} on the table {table}".replace("  ", " "), _text(kind)))
    kinds = {name: (kind, kept) for name, kind, kept in _rows(connection, _KINDS, (schema,))}
    there = _there(connection, schema)
    for name, expected in _expected().items():
        if name not in there:
            faults.append(Fault(name, "", "the table is missing"))
            continue
        faults += [Fault("schema", f"table {name}", text) for text in _unlike(there[name], expected)]
        if kinds[name] != _ORDINARY:
            faults.append(Fault("schema", f"table {name}", "it is no ordinary table that outlives a crash"))
    return faults


def require_expected_tables(connection: Connection[Any], place: PostgresPlace, version: int) -> list[str]:
    """Raise `JournalDamagedError`, naming the first such thing; what else is there is told of, in sentences.

    Tables of another version are not judged: they are migrated.
    """
    if version != SCHEMA_VERSION:
        return []
    faults = table_faults(connection, place.schema)
    if faults:
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise JournalDamagedError(
            f"the journal {place} is not as solvent made it: {faults[0]}{more}. Nothing was changed. Drop what you "
            "know to be yours and run `solvent verify`; for anything else restore a backup of before"
        )
    found = [str(name) for name, *_ in _rows(connection, _KINDS, (place.schema,))]
    strange = sorted(name for name in found if name not in _expected())
    if not strange:
        return []
    named = ", ".join(strange[:5])
    return [f"the schema {place.schema} holds what is not the journal's ({named}): keep it in a schema of its own"]


def _rows(connection: Connection[Any], statement: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return connection.execute(bound(statement, values)).fetchall()


def _text(kind: str) -> str:
    return f"a journal has none, {_WHAT_IT_DOES[kind]}"


def _unlike(there: _Table, expected: _Table) -> Iterator[str]:
    for name, column in expected.columns.items():
        if name not in there.columns:
            yield f"its column {name} is missing"
        elif there.columns[name] != column:
            yield f"its column {name} was changed: it is {_said(there.columns[name])}, not {_said(column)}"
    for name in there.columns:
        if name not in expected.columns:
            yield f"a journal has no column {name} there"
    for constraint in sorted({*expected.constraints} - {*there.constraints}):
        yield f"it has no {constraint}"
    for constraint in sorted({*there.constraints} - {*expected.constraints}):
        yield f"a journal has no {constraint} there, it may refuse what is written"


def _said(column: tuple[object, ...]) -> str:
    kind, not_null, default, generated = column
    parts = (
        kind,
        "not null" if not_null else "",
        f"default {default}" if default else "",
        "generated" * bool(generated),
    )
    return " ".join(str(part) for part in parts if part)


def _there(connection: Connection[Any], schema: str) -> dict[str, _Table]:
    columns: dict[str, dict[str, tuple[object, ...]]] = defaultdict(dict)
    for table, name, *rest in _rows(connection, _COLUMNS_THERE, (schema,)):
        columns[table][name] = tuple(rest)
    constraints: dict[str, list[str]] = defaultdict(list)
    for table, text in _rows(connection, _CONSTRAINTS_THERE, (schema,)):
        constraints[table].append(text)
    return {name: _Table(found, tuple(sorted(constraints[name]))) for name, found in columns.items()}


@cache
def _expected() -> Mapping[str, _Table]:
    """Read from the statements that make them, which have one column a line."""
    tables = {}
    for statement in table_statements():
        made = _TABLE.match(statement.strip())
        if made is not None:
            tables[made.group(1)] = _declared([line.strip().rstrip(",") for line in made.group(2).strip().splitlines()])
    return tables


def _declared(lines: list[str]) -> _Table:
    columns: dict[str, tuple[object, ...]] = {}
    constraints: list[str] = []
    for line in lines:
        whole = _KEY.match(line)
        if whole is not None:
            constraints.append(line)
            continue
        column = _COLUMN.match(line)
        assert column is not None, line
        name, kind, rest = column.groups()
        default, check, key = _DEFAULT.search(rest), _CHECK.search(rest), "PRIMARY KEY" in rest
        columns[name] = (
            _TYPES.get(kind, kind.lower()),
            key or "NOT NULL" in rest,
            _default(default.group(1)) if default is not None else "",
            "",
        )
        quoted = line.split(" ", 1)[0]
        constraints += [f"PRIMARY KEY ({quoted})"] * key + ([f"CHECK {check.group(1)}"] if check is not None else [])
    return _Table(columns, tuple(sorted(constraints)))


def _default(text: str) -> str:
    return f"{text}::text" if text.startswith("'") else text
