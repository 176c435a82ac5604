"""`solvent import`: a file becomes entries of the stream, a real daemon counts them, and the level is said."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
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
from tests.contracts.journal import SetClock
from tests.processes.daemon_process import DaemonProcess

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
    with DaemonProcess(tmp_path / "state", "autobroker", redis_url, instance=instance):
        yield tmp_path / "state"


@pytest.fixture
def stream(redis_url: str, instance: str) -> Iterator[Stream]:
    """The instance's stream of payments, as anybody sees it."""
    client: Any = Redis.from_url(redis_url, protocol=2, decode_responses=True)
    yield Stream(client, key_prefix(instance) + "payments")
    client.close()


class Stream:
    """One stream on a server."""

    def __init__(self, client: Any, key: str) -> None:
        self._client = client
        self._key = key

    def entries(self) -> list[dict[str, str]]:
        """The fields of every entry."""
        return [fields for _, fields in self._client.xrange(self._key)]

    def take(self, count: int) -> None:
        """Take the oldest entries as a daemon does that trims what it took: the last one taken stays."""
        ids = [entry_id for entry_id, _ in self._client.xrange(self._key, count=count + 1)]
        self._client.xtrim(self._key, minid=ids[min(count, len(ids) - 1)], approximate=False)


def written(path: Path, *rows: str) -> Path:
    """A payments file of these rows."""
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def many(path: Path, count: int) -> Path:
    """A file of so many payments of a unit each, all in one month."""
    return written(path, *(f"p{n},c,1,EUR,completed,2024-01-10T00:00:00Z,payment" for n in range(count)))


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
        "level_before": 0,
        "level": 1,
        "level_id": "level_1_bootstrap",
        "cause": "level 1 stays at the close of 2024-02",
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
    path = written(
        tmp_path / "payments.csv", *ROWS, "d,c1,-5,EUR,completed,2024-01-01T00:00:00Z,payment", contradiction
    )
    result = run(import_command, path, "--state-dir", daemon)

    assert result.exit_code == 0
    assert "counted 2, 0 duplicates, 1 not completed, 1 rejected\n" in result.stdout
    assert "row 5: amount: expected 0 or more" in result.stderr
    assert ": amount: " in result.stderr.splitlines()[1]
    assert '"payment_id":"a"' in result.stderr


def test_entries_have_the_fields_of_the_file_and_end_with_the_watermark(
    redis_url: str, instance: str, file: Path, stream: Stream
) -> None:
    """In file order; read back, each is the row's payment."""
    found = shown(import_command, file, "--redis", redis_url, "--instance", instance, "--no-wait")
    payments = [row[1] for row in read_payments_csv(str(file)) if isinstance(row, tuple)]
    *rows, watermark = stream.entries()

    assert [PaymentReader().read_fields(each) for each in rows] == payments
    assert watermark_from_fields(watermark) == payments[-1].created_at + 1
    assert (found["sent"], found["taken"], found["counted"]) == (3, False, None)


def test_a_file_without_payments_sends_no_watermark(
    redis_url: str, instance: str, tmp_path: Path, stream: Stream
) -> None:
    """Nothing is known of any month."""
    result = run(
        import_command, written(tmp_path / "none.csv"), "--redis", redis_url, "--instance", instance, "--no-wait"
    )

    assert (result.exit_code, stream.entries()) == (0, [])
    assert "sent 0 payments" in result.stdout


class Watching(SetClock):
    """A clock whose sleep lets a second pass, and something happen."""

    def __init__(self, during_sleep: Any) -> None:
        super().__init__()
        self._during_sleep = during_sleep

    async def sleep(self, _seconds: float) -> None:
        """A second later."""
        self.now += 1_000_000
        self._during_sleep()


async def sent(redis_url: str, instance: str, path: Path, clock: Watching, ahead: int) -> Sending:
    """A file sent where only Redis is known, and waited for."""
    sender = PaymentsSender(redis_url, instance)
    with ImportProgress(path.name, Console(file=io.StringIO())) as progress:
        sending = Sending(
            sender=sender, follower=None, clock=clock, stall_s=5, progress=progress, ahead_entries_max=ahead
        )
        try:
            await sending.send_file(read_payments_csv(str(path)))
            await sending.wait_taken()
        finally:
            await sender.close()
    return sending


async def test_no_more_than_the_limit_stands_ahead_of_the_daemon(
    redis_url: str, instance: str, tmp_path: Path, stream: Stream
) -> None:
    """Sending waits until the daemon has taken enough."""
    lengths: list[int] = []

    def consume() -> None:
        lengths.append(len(stream.entries()))
        stream.take(700)

    sending = await sent(redis_url, instance, many(tmp_path / "many.csv", 5_500), Watching(consume), ahead=2_000)

    assert sending.sent.payments == 5_500
    assert max(lengths) <= 2_000 + 1_000 + 700
    assert len(stream.entries()) == 1


async def test_a_daemon_that_takes_nothing_is_not_waited_for_for_ever(
    redis_url: str, instance: str, tmp_path: Path
) -> None:
    """After so long without change the sender gives up and says what stays."""
    with pytest.raises(StalledError, match="took nothing for 5 s, 3 entries wait"):
        await sent(redis_url, instance, many(tmp_path / "few.csv", 3), Watching(lambda: None), ahead=2_000)


def test_without_a_daemon_nothing_is_sent(tmp_path: Path, file: Path) -> None:
    """Exit 3, and how to start one."""
    write(tmp_path / "state", started())
    result = run(import_command, file, "--state-dir", tmp_path / "state")

    assert (3, "") == (result.exit_code, result.stdout)
    assert "solvent run --state-dir" in result.stderr


def test_a_file_that_ends_badly_sends_no_watermark(
    redis_url: str, instance: str, tmp_path: Path, stream: Stream
) -> None:
    """What was read before stays sent; the months stay open, and the exit code is 2."""
    path = many(tmp_path / "torn.csv", 3_000)
    path.write_bytes(path.read_bytes() + b"\xff\xfe")
    result = run(import_command, path, "--redis", redis_url, "--instance", instance, "--no-wait")

    assert (2, "") == (result.exit_code, result.stdout)
    assert "is not UTF-8" in result.stderr
    assert all("watermark" not in each for each in stream.entries())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.csv", "--redis", "URL"], 2, "cannot read missing.csv"),
        (["FILE", "--redis", "URL", "--until", "2024-03-31"], 2, "needs the plan's time zone"),
        (["FILE", "--redis", "URL", "--until", "soon"], 2, "--until: expected a date"),
        (["FILE", "--redis", "URL", "--until", "9999-12-31"], 2, "from 1970 to 2199"),
        (["FILE", "--redis", "http://127.0.0.1"], 2, "--redis: expected an address"),
        (["FILE", "--redis", "redis://127.0.0.1:1"], 1, "a payment id counts once"),
        (["FILE", "--redis", "URL", "--wait-s", "0"], 2, "--wait-s"),
    ],
)
def test_bad_input_is_a_message_and_an_exit_code(
    redis_url: str, instance: str, file: Path, stream: Stream, arguments: list[str], code: int, message: str
) -> None:
    """Nothing on stdout and nothing sent."""
    given = {"FILE": str(file), "URL": redis_url}
    result = run(import_command, *(given.get(each, each) for each in arguments), "--instance", instance)

    assert (code, "", []) == (result.exit_code, result.stdout, stream.entries())
    assert message in result.stderr


def test_an_instant_with_its_zone_needs_no_plan(redis_url: str, instance: str, file: Path, stream: Stream) -> None:
    """Then Redis alone is enough."""
    arguments = ("--redis", redis_url, "--instance", instance, "--until", "2024-04-01T00:00:00+02:00", "--no-wait")
    result = run(import_command, file, *arguments)

    assert result.exit_code == 0
    assert stream.entries()[-1] == {"watermark": "2024-03-31T22:00:00Z"}


async def test_a_lost_server_is_said(instance: str) -> None:
    """By the sender, in words."""
    sender = PaymentsSender("redis://127.0.0.1:1", instance)
    for call in (sender.send([{"a": "b"}]), sender.length(), sender.first_id()):
        with pytest.raises(StreamsAwayError, match="cannot be reached"):
            await call
    await sender.close()


def test_entry_ids_compare_by_number() -> None:
    """Not by text."""
    assert entry_order("9-10") > entry_order("9-9") > entry_order("8")


def test_the_bar_follows_the_file_and_then_the_daemon() -> None:
    """Two bars, both full at the end."""
    with ImportProgress("payments.csv", Console(file=io.StringIO())) as progress:
        progress.read(50, 100)
        progress.read(100, 100)
        for left in (30, 10, 0):
            progress.waiting(left)
        tasks = [(task.completed, task.total) for task in progress._progress.tasks]

    assert tasks == [(100, 100), (30, 30)]
