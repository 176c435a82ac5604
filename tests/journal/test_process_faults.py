"""Real processes: killed while they write, and on a disk without room."""

# ruff: noqa: ASYNC220, ASYNC221 - a test may block its own loop

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.sqlite_journal import verify
from tests.contracts.journal import everything
from tests.journal.journal_files import ask, opened

KILLS = 10
ROOT = Path(__file__).parents[2]

WRITING = """
import asyncio, sys
from pathlib import Path
from adapters.sqlite_journal import SqliteJournal
from machines.ports.journal import PaymentSeen
from tests.contracts.journal import SetClock, proposal

async def write(name):
    for number in range(1_000_000):
        group = [proposal(f"{name}.{number}.{part}") for part in range(3)]
        recorded = await journal.append(group, [PaymentSeen(f"{name}.{number}", b"f", counted=True)])
        print(recorded[-1].sequence, flush=True)

async def main():
    global journal
    journal = await SqliteJournal.open(Path(sys.argv[1]), clock=SetClock(), fold_version=1)
    await asyncio.gather(*(write(f"{sys.argv[2]}.{name}") for name in range(4)))

asyncio.run(main())
"""

FILLING = """
import asyncio, resource, signal, sys
from pathlib import Path
from adapters.sqlite_journal import SqliteJournal
from machines.ports.journal import JournalRefusedError
from tests.contracts.journal import SetClock, proposal

def room(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = await SqliteJournal.open(Path(sys.argv[1]), clock=SetClock(), fold_version=1)
    await journal.append([proposal("before")])
    room(100_000)
    refused = 0
    for number in range(20):
        try:
            await journal.append([proposal(f"large {number}", size=50_000)])
        except JournalRefusedError as error:
            refused += 1
    assert refused >= 18, refused
    taken = journal.last_sequence
    room(resource.RLIM_INFINITY)
    (after,) = await journal.append([proposal("after", size=50_000)])
    assert after.sequence == taken + 1, (after.sequence, taken)
    await journal.close()
    print(taken)

asyncio.run(main())
"""


@pytest.mark.parametrize("seed", range(KILLS))
async def test_a_killed_writer_leaves_whole_groups(tmp_path: Path, seed: int) -> None:
    """After `kill -9` all that was acknowledged is there, groups are whole with their payments, the chain holds."""
    path, chance = tmp_path / "journal.sqlite", random.Random(seed)
    acknowledged = 0
    for life in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", WRITING, str(path), str(life)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 120)):
                acknowledged = int(process.stdout.readline())
            process.kill()
    async with opened(path) as journal:
        assert journal.opening.warnings == ()
        assert journal.last_sequence >= acknowledged
        texts = [each.event.entry_id for each in await everything(journal)]
        groups = [text.rsplit(".", 1)[0] for text in texts[::3]]
        assert texts == [f"{group}.{part}" for group in groups for part in range(3)]
        assert sorted(await journal.payments_seen(groups)) == sorted(groups)
    assert ask(path, "SELECT count(*) FROM payments") == [(len(groups),)]
    assert verify(path) is None


async def test_a_disk_without_room_refuses_and_recovers_without_a_restart(tmp_path: Path) -> None:
    """Real failing writes: refused groups leave nothing, and with room again the same process goes on."""
    path = tmp_path / "journal.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", FILLING, str(path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    async with opened(path) as journal:
        assert journal.last_sequence == int(done.stdout) + 1
        assert journal.opening.warnings == ()
    assert verify(path) is None
