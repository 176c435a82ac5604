"""Every command on a state directory whose journal is in PostgreSQL says what it says of the same journal in a file."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.journal_place import PLACE_NAME
from daemon.cli.main import main
from tests.backups.places import events_of, verified
from tests.journal_place.installations import with_history
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("journal_commands")


class Shop:
    """A journal in PostgreSQL, the same in a file elsewhere, and a shell."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.installed = with_history(server, folder / "state")
        self.installed.there()
        self.twin = folder / "twin"
        self.twin.mkdir(mode=0o700)
        self.installed.exported(self.twin / "journal.sqlite")
        self.settings = folder / "solvent.toml"
        self.settings.write_text(
            f'[backup]\nto = "{folder}/backups"\n[journal]\nurl = "env:TEST_JOURNAL_URL"\n'
            f'schema = "{self.installed.schema}"\n'
        )
        self.without = folder / "without.toml"
        self.without.write_text(f'[backup]\nto = "{folder}/backups"\n')

    @property
    def state_dir(self) -> Path:
        """The one with `journal.json`."""
        return self.installed.state_dir

    def type(self, *words: str, state_dir: Path | None = None, settings: Path | None = None, url: str = "") -> Result:
        """What a command answers."""
        environ = {"TEST_JOURNAL_URL": url or self.installed.url, "COLUMNS": "160", "SOLVENT_SETTINGS": ""}
        place = ["--state-dir", str(state_dir or self.state_dir)]
        if settings is not None:
            place += ["--settings", str(settings)]
        return CliRunner(env=environ).invoke(main, [*words, *place])


@pytest.fixture(scope="module")
def shop(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A journal that is only read."""
    return Shop(server, tmp_path_factory.mktemp("shop"))


@pytest.fixture
def own(server: PostgresServer, tmp_path: Path) -> Shop:
    """A journal of the test's own."""
    return Shop(server, tmp_path)


def _timeless(output: str, state_dir: Path) -> str:
    """Without the directory's name and without sums that grow with each second."""
    return re.sub(r"\d+\.\d{4,}", "…", output.replace(str(state_dir), "DIR"))


@pytest.mark.parametrize(
    "words",
    [
        ("explain",),
        ("history",),
        ("history", "--format", "json", "--limit", "500"),
        ("drift",),
        ("orphans",),
        ("adopt",),
        ("costs",),
        ("budget", "show"),
        ("notify", "list"),
        ("logs",),
        ("verify",),
        ("verify", "--format", "json"),
    ],
    ids=" ".join,
)
def test_a_command_says_the_same(shop: Shop, words: tuple[str, ...]) -> None:
    """Output, errors and exit code are those of the same journal in a file."""
    there, here = shop.type(*words), shop.type(*words, state_dir=shop.twin)

    assert here.exit_code == there.exit_code
    assert _timeless(here.output, shop.twin) == _timeless(there.output, shop.state_dir)


def test_status_also_tells_who_leads(shop: Shop) -> None:
    """The rest is that of the same journal in a file."""
    there = json.loads(shop.type("status", "--format", "json").stdout)
    here = json.loads(shop.type("status", "--format", "json", state_dir=shop.twin).stdout)

    assert here == {key: value for key, value in there.items() if key != "daemons"}
    assert (1, None) == (there["daemons"]["fencing"], there["daemons"]["leader"])


def test_an_address_that_is_missing_is_one_sentence(shop: Shop) -> None:
    """Another user's shell has no such variable: it is named, with what to do."""
    result = CliRunner(env={"SOLVENT_SETTINGS": ""}).invoke(main, ["status", "--state-dir", str(shop.state_dir)])

    assert 1 == result.exit_code
    assert 1 == len(result.output.strip().splitlines())
    assert "TEST_JOURNAL_URL is not set" in result.output
    assert "as the daemon's user" in result.output


@pytest.mark.parametrize("words", [("status",), ("verify",), ("history",)], ids=" ".join)
def test_a_server_that_is_away_is_one_sentence(shop: Shop, words: tuple[str, ...]) -> None:
    """No traceback, no password."""
    result = shop.type(*words, url="postgresql://solvent:hidden-word@127.0.0.1:9/none")

    assert 1 == result.exit_code
    assert 1 == len(result.output.strip().splitlines())
    assert "PostgreSQL" in result.output
    assert "hidden-word" not in result.output


def test_another_journal_under_the_address_is_not_read(own: Shop) -> None:
    """Nobody is shown the state of another installation as this one's."""
    note = json.loads((own.state_dir / PLACE_NAME).read_text())
    (own.state_dir / PLACE_NAME).write_text(json.dumps(note | {"journal_id": "another"}))
    result = own.type("status")

    assert 1 == result.exit_code
    assert "knows the journal another" in result.output


def test_backups_of_it_are_made_tried_and_verified(shop: Shop) -> None:
    """The backup is a file as ever, and a drill restores it into a file."""
    made, listed = shop.type("backup", settings=shop.settings), shop.type("backup", "list", settings=shop.settings)
    tried = shop.type("backup", "drill", settings=shop.settings)
    held = shop.type("verify", settings=shop.settings)

    assert (0, 0, 0, 0) == (made.exit_code, listed.exit_code, tried.exit_code, held.exit_code)
    assert "kept solvent-" in made.output
    assert "the drill passed" in tried.output
    assert "backups: 1 agree with this chain" in held.output
    assert not (shop.state_dir / "journal.sqlite").exists()


def test_a_backup_of_before_the_move_agrees_with_the_chain(own: Shop) -> None:
    """The move ended the epoch of that backup at its own event: both are one chain."""
    own.type("backup", settings=own.settings)
    own.type("move-journal", "--to", "sqlite", settings=own.settings)
    own.type("backup", settings=own.without)
    own.type("move-journal", settings=own.settings)
    held = own.type("verify", settings=own.settings)

    assert "backups: 2 agree with this chain" in held.output
    assert "nothing is broken" in held.output


def test_a_restore_goes_into_postgresql(own: Shop, tmp_path: Path) -> None:
    """What stood there keeps a name, the epoch is raised, and the daemon will start paused."""
    own.type("backup", settings=own.settings)
    refused = own.type("restore", settings=own.settings)
    restored = own.type("restore", "--replace", settings=own.settings)
    journal = own.installed.exported(tmp_path / "restored.sqlite")

    assert 1 == refused.exit_code
    assert "exists: nothing was changed" in refused.output
    assert 0 == restored.exit_code, restored.output
    assert f"kept as {own.installed.schema}_replaced_" in restored.output
    assert (3, ()) == (verified(journal).epoch, verified(journal).findings)
    assert ["JournalRestored", "PauseSet"] == [type(each.event).__name__ for each in events_of(journal)[-2:]]
    assert not (own.state_dir / "journal.sqlite").exists()


def test_a_restore_on_a_new_machine_finds_the_schema_in_the_settings(own: Shop, tmp_path: Path) -> None:
    """An empty state directory and an empty schema become the installation that was lost."""
    own.type("backup", settings=own.settings)
    settings = own.settings.read_text().replace(own.installed.schema, f"{own.installed.schema}_new")
    own.settings.write_text(settings)
    new = tmp_path / "new"
    restored = own.type("restore", settings=own.settings, state_dir=new)
    said = own.type("status", state_dir=new)

    assert 0 == restored.exit_code, restored.output
    assert 0 == said.exit_code, said.output
    assert "paused" in said.output


def test_the_journal_is_moved_by_a_command(own: Shop) -> None:
    """There and back, as it is typed."""
    back = own.type("move-journal", "--to", "sqlite", settings=own.settings)
    verdict = own.type("verify", settings=own.without)
    there = own.type("move-journal", settings=own.settings)

    assert (0, 0, 0) == (back.exit_code, verdict.exit_code, there.exit_code), back.output + there.output
    assert "moved the journal: from the schema" in back.output
    assert "without journal.url" in back.output
    assert "moved the journal: from journal.sqlite" in there.output
    assert (own.state_dir / PLACE_NAME).exists()


def test_a_move_that_lacks_the_url_says_what_to_write(own: Shop) -> None:
    """The setting is named with an example."""
    own.type("move-journal", "--to", "sqlite", settings=own.settings)
    refused = own.type("move-journal", settings=own.without)

    assert 1 == refused.exit_code
    assert 'url = "file:/etc/solvent/journal-url"' in refused.output


def test_a_daemon_without_the_url_ends_with_a_sentence(own: Shop) -> None:
    """`solvent run` on a directory whose journal is in PostgreSQL begins no journal beside it."""
    refused = own.type("run", "--plan", "starter", "--redis", "redis://127.0.0.1:9", "--http", "127.0.0.1:0")

    assert 2 == refused.exit_code
    assert "the settings have no journal.url" in refused.output
    assert not (own.state_dir / "journal.sqlite").exists()


def test_a_bundle_has_the_state_of_it(own: Shop, tmp_path: Path) -> None:
    """State, log and plan are read from PostgreSQL; the address is not in it."""
    out = tmp_path / "bundle.tar.gz"
    made = own.type("support-bundle", "--out", str(out), "--plan", "starter", settings=own.settings)
    with tarfile.open(out) as bundle:
        texts = {each.name.rpartition("/")[2]: bundle.extractfile(each).read().decode() for each in bundle}  # type: ignore[union-attr]

    assert 0 == made.exit_code, made.output
    assert "could not be made" not in texts["state.json"]
    assert "journal_moved" in texts["log.jsonl"]
    assert own.installed.url not in "".join(texts.values())
