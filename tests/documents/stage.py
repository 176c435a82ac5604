"""A folder in which the pages' commands find what they speak of: a daemon that has lived, files, plans, a Redis."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from machines.events import LevelDecided, OrphanFound
from tests.console.test_console_page import plan_of_the_page
from tests.documents.properties import ORPHANS, dead_letter, last_moment, leave_orphans, receiving, write_files
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.operating import at_level
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

BLOCK_LIMIT_S: Final = 120
STAND_INS: Final = Path(__file__).with_name("stand_ins.bash").read_text(encoding="utf-8")
"""Systemd's programs do nothing: `make test-system` has a real one. Logs are those of the stage's daemon."""
EARNED: Final = ("500.00", "600.00", "1500.00", "1600.00", "1700.00")
"""Of the months from 2024-01 on: level 2 of `autobroker` stands at the end."""
STOPS: Final = "systemctl stop solvent\n"
SETTINGS: Final = {"SOLVENT_PROVISIONING__SWEEP_AGAIN_S": "1", "SOLVENT_COMMANDS__PRINCIPALS": ""}
_EXIT: Final = re.compile(r"^(?P<command>.*?)\s+# exit (?P<code>\d+)$", re.MULTILINE)
_SHOWS: Final = re.compile(r"^(?P<command>.*?)\s+# shows (?P<word>.+)$", re.MULTILINE)

Place = str | Callable[[], str]


class Stage:
    """`run` executes a block as a person would, in the folder, with our command first on PATH."""

    def __init__(self, folder: Path, places: Mapping[str, Place], environment: Mapping[str, str]) -> None:
        """`places` are words of the pages by what they are here."""
        self.folder = folder
        self._places = places
        self._environment = environment
        self._copies = 0

    def run(self, text: str) -> subprocess.CompletedProcess[str]:
        """The block's end: each line must end with 0, or with the code that it names behind `# exit`."""
        for here, there in self._places.items():
            if re.search(here, text):
                text = re.sub(here, there if isinstance(there, str) else there(), text)
        text = _EXIT.sub(r"{ \g<command>; } && code=0 || code=$?; test $code -eq \g<code>", text)
        text = _SHOWS.sub(r"shows '\g<word>' " + r'"$(\g<command>)"', text)
        folder, environment = self.folder, dict(self._environment)
        if STOPS in text:  # the daemon of the others goes on
            folder = self._copy()
            text = text.replace(str(self.folder / "state"), str(folder / "state"))
            environment["SOLVENT_STATE_DIR"] = str(folder / "state")
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", STAND_INS + text],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=BLOCK_LIMIT_S,
            check=False,
        )

    def _copy(self) -> Path:
        """A folder with the state that a stopped daemon left, and an older journal beside it."""
        self._copies += 1
        folder = self.folder / f"stopped-{self._copies}"
        (folder / "state").mkdir(parents=True, mode=0o700)
        journal = folder / "state" / "journal.sqlite"
        living = self.folder / "state" / "journal.sqlite"
        with closing(sqlite3.connect(living)) as source, closing(sqlite3.connect(journal)) as copy:
            source.backup(copy)
        shutil.copy(journal, journal.with_name("journal-before-schema-2.sqlite"))
        for each in self.folder.iterdir():
            if each.is_file() or each.is_symlink():
                (folder / each.name).symlink_to(each)
        return folder


@contextmanager
def staged(folder: Path, server: RedisServer, keys: Keys) -> Iterator[Stage]:
    """The stage, with a daemon that stands at level 2 and goes on while the blocks are executed."""
    with receiving() as port:
        write_files(folder, server.url, port)
        leave_orphans(folder / "state")
        plan, options = plan_of_the_page(folder), ("--act", "--settings", str(folder / "solvent.toml"))
        with DaemonProcess(folder / "state", plan, server.url, *options, settings=SETTINGS) as daemon:
            for month, amount in enumerate(EARNED, start=1):
                keys.payment(f"p{month}", f"2024-{month:02d}-10", amount)
            keys.watermark("2024-06-01")
            until(lambda: at_level(daemon, 2), "level 2 to stand")
            until(lambda: len(daemon.journal.events(OrphanFound)) == len(ORPHANS), "the orphans to be found")
            environment = _environment(folder, server, daemon)
            subprocess.run([PROGRAM, "backup"], env=environment, check=True, capture_output=True)
            yield Stage(folder, _places(folder, server, daemon, environment), environment)


def _environment(folder: Path, server: RedisServer, daemon: DaemonProcess) -> dict[str, str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("SOLVENT_", "REDISCLI_"))}
    (folder / "answers").mkdir()
    return {
        **inherited,
        "PATH": f"{Path(PROGRAM).parent}:{inherited['PATH']}",
        "HOME": str(folder),
        "COLUMNS": "120",
        "LOG": str(daemon.log_path),
        "ANSWERS": str(folder / "answers"),
        "REDIS": server.url,
        "PREFIX": "solvent",
        "STREAM": "solvent:commands",
        "SOLVENT_PROVISIONING__SWEEP_AGAIN_S": "1",
        "SOLVENT_STATE_DIR": f"{folder}/state",
        "SOLVENT_SETTINGS": str(folder / "solvent.toml"),
    }


def _places(
    folder: Path, server: RedisServer, daemon: DaemonProcess, environment: Mapping[str, str]
) -> dict[str, Place]:
    """Words of the pages, as patterns, by what they are here."""

    def said(*words: str) -> str:
        command = [PROGRAM, *words]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    facts = daemon.wait_ready()
    decided = next(each.sequence for each in daemon.journal.recorded() if isinstance(each.event, LevelDecided))
    orphans = iter(ORPHANS)
    here: dict[str, str] = {}

    def next_orphan() -> str:
        here["orphan"] = next(orphans)
        return here["orphan"]

    def code() -> str:
        found = re.search(r"confirm=(\w+)", said("orphans", "--remove", here["orphan"]))
        assert found is not None
        return found[1]

    return {
        r"/var/lib/solvent": str(folder / "state"),
        r"/etc/(solvent|redis)/": f"{folder}/",
        r"/run/secrets/alice": str(folder / "alice"),
        r"--redis redis://127\.0\.0\.1:6379": f"--redis {server.url}",
        r"redis-cli -p PORT": f"redis-cli -p {server.port}",
        r"\bredis-cli (?=--eval|[^-])": f"redis-cli -p {server.port} ",
        r"http://127\.0\.0\.1:(8417|9327)": facts.http,
        r"--state-dir (DIR|\./state)\b": f"--state-dir {folder}/state",
        r"--decision (41|118|ID)\b": f"--decision {decided}",
        r"\.decision == 41\b": f".decision == {decided}",
        r"\bCOMPONENT(_OR_LEVEL)?\b": "rds_single",
        r"\bPLAN\b": "autobroker",
        r"--since 2024-03-01 --until 2024-03-31": "--since 2024-03-01 --until 2199-03-31",
        r"\breconcile voice --month 2026-10\b": f"reconcile hume_ai_budget --month {last_moment(folder)[:7]}",
        r"\bNAME\b": next_orphan,
        r"\b(CODE|1f0c9a72)\b": code,
        r"\breplay ID\b": lambda: f"replay {dead_letter(said('notify', 'list', '--dead', '--format', 'json'))}",
        r"solvent-….sqlite.gz.age": lambda: str(next((folder / "backups").glob("*.age"))),
        r"2026-11-20T03:00:00Z": last_moment(folder),
    }
