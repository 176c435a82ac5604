"""The payments file as a user writes it: columns, quotes, compression, and rows that cannot be taken."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import payments_file_lines
from adapters.payments_csv import PaymentsFile, RejectedRow, write_payments_csv
from config.instants import instant_from_text
from machines.revenue.payments import Interval, Kind, Payment

HEADER = "payment_id,customer_id,amount,currency,status,created_at,kind"
ROW = "pay_1,cus_1,10.00,EUR,completed,2024-01-15T12:00:00Z,payment"
PAYMENT = Payment("pay_1", "cus_1", 10_000_000, "EUR", "completed", instant_from_text("2024-01-15T12:00:00Z"))


def written(directory: Path, content: str | bytes, name: str = "payments.csv") -> Path:
    """A file with this content."""
    path = directory / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows_of(directory: Path, content: str | bytes) -> list[tuple[int, Payment] | RejectedRow]:
    """What a file with this content yields."""
    return list(PaymentsFile(written(directory, content)))


def rejected(directory: Path, row: str, header: str = HEADER) -> RejectedRow:
    """The rejection of a row between two good ones, which are both taken."""
    first, found, last = rows_of(directory, f"{header}\n{ROW}\n{row}\n{ROW}\n")
    assert isinstance(found, RejectedRow)
    assert [(2, PAYMENT), (4, PAYMENT)] == [first, last]
    return found


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{ROW}\n",
        f"{HEADER}\n{ROW}",
        f"{HEADER}\r\n{ROW}\r\n",
        f"{HEADER}\r\n{ROW}\r",
        f"\ufeff{HEADER}\n{ROW}\n",
        f'{HEADER}\n"pay_1","cus_1","10.00","EUR","completed","2024-01-15T12:00:00Z","payment"\n',
        f"{HEADER},interval\n{ROW},\n",
        f"{HEADER},stream\n{ROW},\n",
        f"{HEADER},interval,stream\n{ROW},month,\n",
        f'"payment_id", {HEADER[11:]}\n{ROW}\n',
    ],
)
def test_a_row_is_read_however_the_file_was_saved(tmp_path: Path, content: str) -> None:
    """With or without a last line end, with CRLF, a byte order mark, quotes, empty optional columns."""
    assert [(2, PAYMENT)] == rows_of(tmp_path, content)


def test_columns_come_in_any_order(tmp_path: Path) -> None:
    """Optional ones among them."""
    content = (
        "stream,kind,created_at,status,currency,amount,customer_id,payment_id,interval\n"
        "usage,refund,2024-01-15T12:00:00Z,completed,EUR,10,cus_1,pay_1,year\n"
    )
    payment = Payment(
        "pay_1", "cus_1", 10_000_000, "EUR", "completed", PAYMENT.created_at, Kind.REFUND, Interval.YEAR, "usage"
    )

    assert [(2, payment)] == rows_of(tmp_path, content)


def test_a_stream_without_an_interval_stays_a_stream(tmp_path: Path) -> None:
    """The ninth field does not slip into the eighth, in or out of order."""
    for header, row in (
        (f"{HEADER},stream", f"{ROW},usage"),
        (f"stream,{HEADER}", f"usage,{ROW}"),
        (f"interval,{HEADER}", f"one_off,{ROW}"),
    ):
        [(_, payment)] = rows_of(tmp_path, f"{header}\n{row}\n")  # type: ignore[misc]

        assert ((Interval.ONE_OFF, "") if "interval" in header else (Interval.MONTH, "usage")) == (
            payment.interval,
            payment.stream,
        )


def test_a_header_alone_is_a_file_without_payments(tmp_path: Path) -> None:
    """It is no error."""
    assert [] == rows_of(tmp_path, f"{HEADER}\n")


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    """Row numbers stay those of an editor."""
    assert [(4, PAYMENT)] == rows_of(tmp_path, f"{HEADER}\n\n\r\n{ROW}\n\n")


def test_quoted_fields_may_hold_commas_and_quotes(tmp_path: Path) -> None:
    """By RFC 4180."""
    [(_, payment)] = rows_of(tmp_path, f'{HEADER}\n"a,b","c""d",{ROW[12:]}\n')  # type: ignore[misc]

    assert ("a,b", 'c"d') == (payment.payment_id, payment.customer_id)


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (ROW.replace("10.00", "-1"), "amount", "expected 0 or more, found -1"),
        (ROW.replace("10.00", "NaN"), "amount", "expected a finite amount, found 'NaN'"),
        (ROW.replace("10.00", "a"), "amount", "found 'a'"),
        (ROW.replace("EUR", "EURO"), "currency", "ISO 4217"),
        (ROW.replace("12:00:00Z", "12:00:00"), "created_at", "expected a zone"),
        (ROW.replace("pay_1", ""), "payment_id", "found nothing"),
        (ROW + ",x", "row", "expected 7 fields"),
        ("only,three,fields", "row", "found 3"),
        ('"never closed,' + ROW, "row", "a quote is out of place or never closed"),
        ('"closed"early,' + ROW[6:], "row", "a quote is out of place"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named_and_the_rest_is_read(
    tmp_path: Path, row: str, field: str, reason: str
) -> None:
    """Row number, field, reason and the row itself."""
    found = rejected(tmp_path, row)

    assert (3, field, row) == (found.row_number, found.field, found.raw)
    assert reason in found.reason


def test_a_quote_never_closed_spoils_only_its_own_line(tmp_path: Path) -> None:
    """No payment behind it is swallowed."""
    found = rows_of(tmp_path, f'{HEADER}\n"{ROW}\n' + f"{ROW}\n" * 5)

    assert [(number, PAYMENT) for number in range(3, 8)] == found[1:]


def test_only_the_beginning_of_a_long_rejected_row_is_kept(tmp_path: Path) -> None:
    """200 characters are enough to find it."""
    assert "x" * 200 == rejected(tmp_path, "x" * 5_000).raw


def test_a_line_above_the_limit_is_rejected_in_bounded_memory(tmp_path: Path) -> None:
    """Exactly at the limit it is still looked at; one byte more, or many blocks more, and it is not."""
    limit = payments_file_lines.LINE_BYTES_MAX

    assert "expected 7 fields" in rejected(tmp_path, "x" * limit).reason
    for length in (limit + 1, 2 * limit, 2 * limit + 1, 5 * limit + 17):
        found = rejected(tmp_path, "x" * length)

        assert (3, "row", "x" * 200) == (found.row_number, found.field, found.raw)
        assert "at most 65536 bytes" in found.reason


def test_a_last_line_above_the_limit_is_rejected(tmp_path: Path) -> None:
    """Also without a line end."""
    found = rows_of(tmp_path, f"{HEADER}\n{ROW}\n{'x' * 200_000}")

    assert (2, PAYMENT) == found[0]
    assert ["row"] == [each.field for each in found[1:] if isinstance(each, RejectedRow)]


def test_two_overlong_lines_in_a_row_are_two_rejections(tmp_path: Path) -> None:
    """Each has its own row number."""
    long = "x" * 100_000
    found = rows_of(tmp_path, f"{HEADER}\n{long}\n{long}\n{ROW}\n")

    assert [2, 3] == [each.row_number for each in found if isinstance(each, RejectedRow)]
    assert (4, PAYMENT) == found[2]


@pytest.mark.parametrize("name", ["payments.csv.gz", "renamed.csv"])
def test_a_compressed_file_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    """Progress counts the compressed bytes."""
    content = gzip.compress(f"{HEADER}\n{ROW}\n".encode())
    file = PaymentsFile(written(tmp_path, content, name))

    assert [(2, PAYMENT)] == list(file)
    assert len(content) == file.bytes_total == file.bytes_read


def test_progress_reaches_the_size_of_the_file(tmp_path: Path) -> None:
    """It grows while rows come."""
    file = PaymentsFile(written(tmp_path, f"{HEADER}\n" + f"{ROW}\n" * 3_000))
    seen = [file.bytes_read for _ in file]

    assert file.bytes_total == seen[-1]
    assert seen[0] < seen[-1]
    assert sorted(seen) == seen


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read_and_left_open(monkeypatch: pytest.MonkeyPatch, pack: type[bytes]) -> None:
    """`-` names it; its size is unknown."""
    stdin = io.TextIOWrapper(io.BytesIO(pack(f"{HEADER}\n{ROW}\n".encode())))
    monkeypatch.setattr("sys.stdin", stdin)
    file = PaymentsFile("-")

    assert [(2, PAYMENT)] == list(file)
    assert ("standard input", None) == (file.name, file.bytes_total)
    assert not stdin.closed
    assert not stdin.buffer.closed


identities = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20).filter(
    lambda text: text.isprintable() and "\ufffd" not in text
)
payments = st.builds(
    Payment,
    identities,
    identities,
    st.integers(0, 10**15),
    st.sampled_from(["EUR", "USD"]),
    identities,
    st.integers(946_684_800 * 10**6, 7 * 10**15),
    st.sampled_from(Kind),
    st.sampled_from(Interval),
    st.just("") | identities,
)


@given(values=st.lists(payments, max_size=5), compressed=st.booleans())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, values: list[Payment], compressed: bool
) -> None:
    """Every payment, exactly, in order."""
    path = tmp_path_factory.getbasetemp() / "written.csv"
    count = write_payments_csv(values, path)
    if compressed:
        path.write_bytes(gzip.compress(path.read_bytes()))

    assert len(values) == count
    assert [(number, value) for number, value in enumerate(values, start=2)] == list(PaymentsFile(path))
