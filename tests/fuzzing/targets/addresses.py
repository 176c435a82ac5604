"""The address of the journal: read, or refused in words that hold nothing of it."""

from __future__ import annotations

from typing import Final

from adapters.postgres_journal.address import NO_ADDRESS, read_address, secrets_of
from config.secret import Secret
from machines.ports.journal import JournalRefusedError
from tests.fuzzing.target import Answer, Target, require

_DOCUMENTS: Final = (
    b"postgresql://solvent:p%40s%2Fs@db-1.example.org:5432,db-2:5433/shop?sslmode=require&target_session_attrs=any",
    b"postgres://solvent:Hunter2%25Secret@[::1]:5432/shop",
    b"postgresql://solvent@%2Fvar%2Frun%2Fpostgresql/shop?password=a@b",
    b"host=127.0.0.1 port=5432 user=solvent password='Hun ter2' dbname=shop",
)


def check(data: bytes) -> Answer:
    """What is taken names hosts that may be shown; what is refused is refused in the same words, with no cause."""
    secret = Secret(data.decode("utf-8", errors="surrogateescape"))
    known = secrets_of(secret)
    try:
        given = read_address(secret)
    except JournalRefusedError as refused:
        alone = str(refused) == NO_ADDRESS and refused.__cause__ is None and refused.__context__ is None
        require(alone, "the refusal quotes the address, or is chained to what does")
        return Answer("refused")
    names = [each for each in given.get("host", "").split(",") if not each.startswith(("/", "@"))]
    assert not any("@" in each for each in names), "a host holds what follows a password"
    password = given.get("password")
    assert not password or password in known, "the password is not known as one that must be hidden"
    return Answer("taken")


TARGET: Final = Target("journal_addresses", _DOCUMENTS, check)
