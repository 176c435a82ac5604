"""What fuzzing found, each mended and kept as a test of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.backups.errors import BackupError
from adapters.backups.manifest import manifest_from
from adapters.backups.outcomes import STATUS_NAME, BackupsStatus, read_status
from adapters.backups.packing import unpack
from adapters.costs.amounts import micros_of
from adapters.journal_place import PLACE_NAME, noted_place
from adapters.provisioners.mqtt.protocol import reply_from
from adapters.sqlite_journal import JOURNAL_NAME, ReadOnlyJournal
from adapters.state_directory import RUN_FACTS_NAME, StateDirectory, read_run_facts
from config.errors import SettingsError
from config.money import MoneyError, micros_from_text
from config.redis_address import without_secret
from config.secret import Secret
from config.settings_loading import load_settings
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.journal import JournalDamagedError, JournalRefusedError
from machines.revenue.payments import FieldError
from machines.revenue.reading_fields import PaymentReader
from tests.backups.places import NOW, alter, write_history
from tests.fuzzing.target import bounded
from tests.fuzzing.targets import journals
from tests.fuzzing.targets.payments import GOOD
from tests.machines.histories import acting
from tests.sources.post.test_post import refusal as post_refusal
from tests.verbs.benches import bench, refused

NESTED = b'{"strange": ' + b"[" * 100_000


@pytest.mark.parametrize("amount", ["1e-400000000", "-1E-99999999", "1e400000000", "-1e999999999"])
def test_an_amount_with_an_endless_exponent_is_refused_at_once(amount: str) -> None:
    """Its fraction would take hours to compute, or overflow; one such payment stood still, and took the daemon down."""
    with bounded(), pytest.raises(MoneyError, match="expected"):
        micros_from_text(amount)


@pytest.mark.parametrize("amount", ["0e-400000000", "0e999999999"])
def test_nothing_with_an_endless_exponent_is_nothing(amount: str) -> None:
    """Zero is zero, however it is written."""
    assert 0 == micros_from_text(amount)


def test_a_bill_with_an_endless_exponent_is_refused() -> None:
    """The providers' bills are read by another function, which keeps the same bound."""
    with pytest.raises(Permanent, match="expected an amount of at most"):
        micros_of("1e400000000", "the bill")


def test_facts_that_are_nested_without_end_are_none(tmp_path: Path) -> None:
    """A reader of JSON that others wrote does not fall into its own stack."""
    (tmp_path / STATUS_NAME).write_bytes(NESTED)
    with StateDirectory.hold(tmp_path / "state", instance="solvent", since=NOW) as held:
        (held.path / RUN_FACTS_NAME).write_bytes(NESTED)
        found = read_run_facts(held.path), read_status(tmp_path), manifest_from("a.json", NESTED)

    assert (None, BackupsStatus(), None) == found


def test_run_facts_that_are_no_text_are_none(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 do not end a command that looks for the daemon."""
    with StateDirectory.hold(tmp_path, instance="solvent", since=NOW) as held:
        (held.path / RUN_FACTS_NAME).write_bytes(b'{"pid": 1, "instance": "\xff"}')

        assert read_run_facts(held.path) is None


def test_a_nested_answer_of_an_agent_is_unknown() -> None:
    """It is an answer that cannot be read, not the end of the component's actor."""
    with pytest.raises(Ambiguous, match="cannot be read"):
        reply_from(NESTED, "agent")


def test_a_field_that_would_write_into_a_terminal_is_shown_escaped() -> None:
    """A reply names the strange field without its control characters."""
    refused("unpin", bench(acting()), r"'\x1b[31m': unpin takes by, component, reason", **{"\x1b[31m": "x"})


def test_a_nameless_field_of_a_payment_is_named() -> None:
    """A rejection names its field, also where that has an empty name."""
    with pytest.raises(FieldError) as caught:
        PaymentReader().read_fields({**GOOD, "": "x"})

    assert "''" == caught.value.field


def test_a_post_with_a_strange_field_is_refused_in_one_line() -> None:
    """The refusal can be printed."""
    _, said = post_refusal(b'{"payments": [{"amount\\u2028": "1"}]}')

    assert said.isprintable()


def test_a_variable_that_is_no_text_is_a_problem_of_its_own() -> None:
    """Bytes in the environment that are no UTF-8 end in a sentence, as every other mistake."""
    with pytest.raises(SettingsError, match="SOLVENT_STANDBY: expected text in UTF-8"):
        load_settings(None, {"SOLVENT_STANDBY": "t\udcf2ue"}, {"plan": "starter"})


def test_an_address_under_the_wrong_key_does_not_show_its_password() -> None:
    """Whatever a value was meant for, its password stays out of the message."""
    with pytest.raises(SettingsError) as caught:
        load_settings(None, {"SOLVENT_STANDBY": "rediss://u:geheim@host:6380"}, {"plan": "starter"})

    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "variables",
    [
        {"SOLVENT_REDIS": "u:geheim host"},
        {"SOLVENT_REDIS": "rediss:/u:geheim host:6380"},
        {"SOLVENT_REDIS": "redis://u:geheim host:6379"},
        {"SOLVENT_REDIS": "u:geheim://host"},
        {"SOLVENT_REDIS": "redis://h:1@u:geheim h"},
        {"SOLVENT_HTTP": "u:geheim@host:8417"},
        {"SOLVENT_KERNEL__ASK_TIMEOUT_S": "u:geheim@host"},
        {"SOLVENT_REDIS rediss://u:geheim@host": "6379"},
    ],
    ids=str,
)
def test_a_mistyped_address_does_not_show_its_password(variables: dict[str, str]) -> None:
    """Wherever it was put, whatever is missing of it, and also where it stands in the name of a variable."""
    with pytest.raises(SettingsError) as caught:
        load_settings(None, variables, {"plan": "starter"})

    assert "geheim" not in str(caught.value)


def test_what_holds_no_password_is_shown_as_it_is() -> None:
    """Who mistypes an address or a time sees what was mistyped."""
    kept = ("redis//host:6379", "http://127.0.0.1:6379/0", "h1:26379,h2:26379/main", "[::1]:6379", "22:00", "embeded")

    assert list(kept) == [without_secret(each) for each in kept]


def test_an_endless_key_is_cut_where_it_is_named(tmp_path: Path) -> None:
    """A problem stays one line that a person can read, without control characters."""
    file = tmp_path / "solvent.toml"
    file.write_text(f'"\\u001b{"a" * 5_000}" = 1\n', encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(str(file), {}, {"plan": "starter"})
    text = caught.value.problems[0].text

    assert (True, True) == (text.isprintable(), len(text) < 1_000)


def test_what_an_archive_is_not_is_said_in_one_line(tmp_path: Path) -> None:
    """The library that decrypts writes paragraphs."""
    (tmp_path / "packed").write_bytes(b"no age at all")
    key = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
    with pytest.raises(BackupError) as caught:
        unpack(tmp_path / "packed", tmp_path / "back", 10, Secret(key))

    assert str(caught.value).isprintable()


def test_a_journal_place_is_not_quoted_without_end(tmp_path: Path) -> None:
    """A word of 5,000 letters where `postgresql` is expected is not repeated whole."""
    (tmp_path / PLACE_NAME).write_bytes(b'{"kind": "' + b"a" * 5_000 + b'"}')
    with pytest.raises(JournalRefusedError) as caught:
        noted_place(tmp_path)

    assert len(str(caught.value)) < 1_000


async def test_a_small_fact_of_another_kind_is_damage(tmp_path: Path) -> None:
    """An epoch that is no number any more is said, with what to do."""
    journal = write_history(tmp_path)
    alter(journal, "UPDATE meta SET value = x'00' WHERE key = 'epoch'")
    with pytest.raises(JournalDamagedError, match="its table meta lacks what every journal has; restore a backup"):
        ReadOnlyJournal.open(tmp_path / JOURNAL_NAME, fold_version=1)


def test_a_damaged_schema_is_quoted_so_that_it_can_be_printed() -> None:
    """SQLite quotes the bytes that it cannot parse: a control sign among them would reach the operator's terminal."""
    assert "refused and then refused" == journals.check(b"0/\xc3P\x0b").word
