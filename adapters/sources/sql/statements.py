"""Whether a query is one that only reads: one SELECT, no word in it that writes or locks."""

from __future__ import annotations

import re
from typing import Final

_HIDDEN: Final = re.compile(
    r"""'(?:[^']|'')*'            # text
      | "(?:[^"]|"")*"            # a quoted name
      | `[^`]*`                   # a quoted name of MySQL's
      | \$(\w*)\$.*?\$\1\$        # text of PostgreSQL's
      | --[^\n]*                  # the rest of a line
      | /\*.*?\*/                 # a comment
    """,
    re.VERBOSE | re.DOTALL,
)
_WRITES: Final = re.compile(
    r"\b(insert|update|delete|merge|into|create|drop|alter|truncate|grant|revoke|call|copy|lock|attach|pragma|vacuum)\b",
    re.IGNORECASE,
)
_PARAMETERS: Final = ("cursor", "limit")


class StatementError(Exception):
    """A query that is not taken; the message says what was expected."""


def check_statement(query: str) -> None:
    """Raise `StatementError` unless the query is one SELECT with `:cursor` and `:limit`.

    The transaction is read-only besides, where the database has such a thing; this is for the others, and for whoever
    wrote the wrong query into the settings.
    """
    bare = _HIDDEN.sub(" '' ", query).strip().removesuffix(";").strip()
    if ";" in bare:
        raise StatementError("query: expected one statement, found several")
    first = re.match(r"\(*\s*(\w+)", bare)
    if first is None or first[1].lower() not in {"select", "with"}:
        raise StatementError("query: expected a SELECT, or a WITH that ends in one")
    if writes := _WRITES.search(bare):
        raise StatementError(
            f"query: found the word {writes[0]}: expected a query that writes and locks nothing; a column of that name "
            'stands in quotes: "' + writes[0].lower() + '"'
        )
    for name in _PARAMETERS:
        if not re.search(rf"(?<!:):{name}\b", bare):
            raise StatementError(f"query: :{name} is missing: expected … WHERE id >= :cursor ORDER BY id LIMIT :limit")
    if unknown := set(re.findall(r"(?<![:\w]):([A-Za-z_]\w*)", bare)) - set(_PARAMETERS):
        raise StatementError(f"query: :{min(unknown)} is unknown: there are :cursor and :limit")
