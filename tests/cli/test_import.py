"""`solvent import`: a file becomes entries of the stream, a real daemon counts them, and the level is said."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from rich.console import Console

from adapters.redis_streams import PaymentsSender
from adapters.redis_streams.names import key_prefix
from daemon.assembly import read_payments_csv
from daemon.cli.import_payments import import_command
from daemon.cli.import_progress import ImportProgress
from daemon.cli.import_sending import Sending, StalledError, entry_order
from daemon.cli.status import status_command
from machines.ports.streams import StreamsAwayError
from machines.revenue.reading_fields import PaymentReader, watermark_from_fields
from tests.backtest.payments import HEADER
from tests.cli.recorded import run, shown, started, write
from tests.cli.serving import served
from tests.contracts.journal import SetClock

ROWS = [
    "a,c1,500.00,EUR,completed,2024-01-10T00:00:00Z,payment",
    "b,c1,500.00,EUR,completed,2024-02-10T00:00:00Z,payment",
    "c,c1,500.00,EUR,pending,2024-03-10T00:00:00.5+02:00,payment",
]
_numbers = itertools.count(1)


@pytest.fixture
def instance() -> str:
    """An instance name of the test's own."""
    return f"import-{next(_numbers)}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three payments, the last of them not completed."""
    return written(tmp_path / "payments.csv", *ROWS)


@pytest.fixture
def daemon(tmp_path: Path, redis_url: str, instance: str) -> Iterator[Path]:
    """The state directory of a running daemon."""
    with served(tmp_path / "state", redis_url, instance):
        yield tmp_path / "state"


@pytest.fixture
async def stream(redis_url: str, instance: str) -> AsyncIterator[Any]:
    """A client that looks at the stream."""
    client: Any = Redis.from_url(redis_url, protocol=2, decode_responses=True)
    yield client
    await client.aclose()


def written(path: Path, *rows: str) -> Path:
    """A payments file of these rows."""
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def many(path: Path, count: int) -> Path:
    """A file of so many payments of a unit each, all in one month."""
    return written(path, *(f"p{n},c,1,EUR,completed,2024-01-10T00:00:00Z,payment" for n in range(count)))


async def entries(client: Any, instance: str) -> list[dict[str, str]]:
    """The fields of every entry of the instance's payments stream."""
    return [fields for _, fields in await client.xrange(key_prefix(instance) + "payments")]


def test_a_running_daemon_counts_a_file_and_decides(daemon: Path, file: Path) -> None:
    """Found by its state directory; every row is accounted for, and the months close by their own dates."""
    found = shown(import_command, file, "--state-dir", daemon)

    assert found == {
        "file": str(file),
        "sent": 3,
        "rejected_rows": 0,
        "watermark": "2024-03-09T22:00:00.500001Z",
        "taken": True,
        "counted": 2,
        "duplicates": 0,
        "not_completed": 1,
        "rejected": 0,
        "corrections": 0,
        "level": 1,
        "level_id": "level_1",
        "cause": "level 1 stays at the close of 2024-02: stay",
        "frozen": None,
    }
    assert shown(status_command, "--state-dir", daemon)["revenue_last_month"] == "500.00"


def test_importing_again_counts_nothing_twice(daemon: Path, file: Path) -> None:
    """The second time all that counted is a duplicate."""
    shown(import_command, file, "--state-dir", daemon)
    again = shown(import_command, file, "--state-dir", daemon)

    assert (again["counted"], again["duplicates"], again["level"]) == (0, 3, 1)


def test_until_closes_the_last_month(daemon: Path, file: Path) -> None:
    """Through 31 March the third month is complete, and it is 0."""
    found = shown(import_command, file, "--state-dir", daemon, "--until", "2024-03-31")

    assert (found["watermark"], found["cause"]) == (
        "2024-04-01T00:00:00Z",
        "level 1 to 0 at the close of 2024-03: hard ratio",
    )


def test_people_read_what_became_of_the_file(daemon: Path, tmp_path: Path) -> None:
    """Sentences on stdout; the rejected row and the rejected entry on stderr, and exit 0."""
    contradiction = "a,c1,1.00,EUR,completed,2024-01-10T00:00:00Z,payment"
    path = written(tmp_path / "payments.csv", *ROWS, "d,c1,-5,EUR,completed,2024-01-01T00:00:00Z,payment", contradiction)
    result = run(import_command, path, "--state-dir", daemon)

    assert result.exit_code == 0
    assert "counted 2, 0 duplicates, 1 not completed, 1 rejected\n" in result.stdout
    assert "row 5: amount: expected 0 or more" in result.stderr
    assert ": amount: " in result.stderr.splitlines()[1]
    assert '"payment_id":"a"' in result.stderr


async def test_entries_have_the_fields_of_the_file_and_end_with_the_watermark(
    redis_url: str, instance: str, file: Path, stream: Any
) -> None:
    """In file order; read back, each is the row's payment."""
    result = run(import_in_thread := import_command, file, "--redis", redis_url, "--instance", instance, "--no-wait")
    del import_in_thread
    found = await entries(stream, instance)
    reader = PaymentReader()

    assert result.exit_code == 0
    assert [reader.read_fields(each) for each in found[:-1]] == [row[1] for row in read_payments_csv(str(file))]  # type: ignore[index,union-attr]
    assert watermark_from_fields(found[-1]) == reader.read_fields(found[-2]).created_at + 1
