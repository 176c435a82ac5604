"""The address of the journal: what is none is refused in words that hold nothing of it."""

from __future__ import annotations

import psycopg
import pytest

from adapters.postgres_journal import PostgresPlace
from adapters.postgres_journal.address import NO_ADDRESS, read_address, secrets_of
from adapters.postgres_journal.place import NAME_BYTES_MAX, application_name, said
from config.secret import Secret
from machines.ports.journal import JournalRefusedError

_HELD = "127.0.0.1:5432/shop"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://solvent:Hunter2%Secret@" + _HELD,
        "postgresql://solvent:Hunter2@Secret@" + _HELD,
        "postgresql://solvent:Hunter2/Secret@" + _HELD,
        "postgresql://solvent:Hunter2@Sec/ret@" + _HELD,
        "postgresql://solvent:Hunter2Secret",
        "postgresql://solvent:Hunter2%FF@" + _HELD,
        "postgresql://solvent:Hunter2%00@" + _HELD,
        "mysql://solvent:Hunter2Secret@" + _HELD,
        "postgres:/solvent:Hunter2Secret@" + _HELD,
        "host=127.0.0.1 user=solvent password=Hunter2 Secret",
        "Hunter2\x00Secret",
        "postgresql://solvent:x@Hunter2..Secret/shop",
        "postgresql://solvent:x@127.0.0.1:99999/shop",
    ],
)
def test_what_is_no_address_is_refused_without_a_word_of_it(address: str) -> None:
    """The message is the same for all of them, and nothing that is chained to it quotes the address."""
    with pytest.raises(JournalRefusedError) as refused:
        PostgresPlace(Secret(address))
    assert (NO_ADDRESS, None, None) == (str(refused.value), refused.value.__cause__, refused.value.__context__)


@pytest.mark.parametrize(
    ("address", "host", "password"),
    [
        (
            "postgresql://solvent:p%40s%2Fs%3A%25@db-1.example.org:5432,db_2:5433/shop",
            "db-1.example.org,db_2",
            "p@s/s:%",
        ),
        ("postgresql://solvent:a?b@[::1]/shop?sslmode=require", "::1", "a?b"),
        ("postgresql://solvent@%2Fvar%2Frun%2Fpostgresql/shop", "/var/run/postgresql", None),
        ("postgresql://db/shop?password=a@b", "db", "a@b"),
        ("host=@solvent password='a@b/c d'", "@solvent", "a@b/c d"),
        ("postgresql:///shop", None, None),
    ],
)
def test_an_address_is_read_as_the_library_reads_it(address: str, host: str | None, password: str | None) -> None:
    """Several hosts, IPv6, sockets and escaped passwords are addresses."""
    given = read_address(Secret(address))
    assert (host, password) == (given.get("host"), given.get("password"))


def test_a_password_is_hidden_as_it_is_written_and_as_it_is_meant() -> None:
    """The library may quote either."""
    known = secrets_of(Secret("postgresql://solvent:Hunter%402@db/shop"))
    assert {"Hunter%402", "Hunter@2"} < {*known}


def test_reasons_are_sentences_without_the_statement() -> None:
    """Lines are joined with a full stop; the piece of our statement, and the mark below it, are left out."""
    place = PostgresPlace(Secret("postgresql://solvent:Hunter2@db/shop"))
    refused = (
        'relation "lease" does not exist\nLINE 1: BEGIN; INSERT INTO lease\n                           ^\nHINT:  x'
    )
    assert said(place, psycopg.Error(refused)) == 'relation "lease" does not exist. HINT: x'
    away = "connection failed: Connection refused\n\tIs the server running on that host?\n"
    assert (
        said(place, psycopg.Error(away)) == "connection failed: Connection refused. Is the server running on that host?"
    )


def test_two_long_schemas_have_two_names_at_the_server() -> None:
    """A daemon ends the sessions that bear its own name: another schema's must not be among them."""
    names = {
        application_name(PostgresPlace(Secret("host=db"), "a" * 47 + ending), "journal")
        for ending in ("_shop", "_till")
    }
    assert (2, NAME_BYTES_MAX) == (len(names), max(map(len, names)))
