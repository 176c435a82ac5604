"""Files that are no payments files, or cannot be read to their end."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.payments_csv import PaymentsFile, RejectedRow, UnreadableFileError

HEADER = b"payment_id,customer_id,amount,currency,status,created_at,kind\n"
ROW = b"pay_1,cus_1,10.00,EUR,completed,2024-01-15T12:00:00Z,payment\n"


def complaint(path: Path) -> str:
    """What reading the file says, without the path."""
    with pytest.raises(UnreadableFileError) as caught:
        list(PaymentsFile(path))
    return str(caught.value).replace(str(path), "FILE")


def complaint_about(directory: Path, content: bytes, name: str = "payments.csv") -> str:
    """What reading a file with this content says."""
    path = directory / name
    path.write_bytes(content)
    return complaint(path)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_an_empty_file_says_what_was_expected(tmp_path: Path, content: bytes) -> None:
    """A byte order mark alone is empty too."""
    message = complaint_about(tmp_path, content)

    assert message.startswith("FILE is empty: expected a payments file whose first line is payment_id,")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The sentence is that of the system."""
    assert "cannot read FILE: No such file or directory" == complaint(tmp_path / "absent.csv")
    assert "cannot read FILE: Is a directory" == complaint(tmp_path)


@pytest.mark.parametrize(
    ("header", "wrong"),
    [
        (b"payment_id,customer_id,amount,currency,status,created_at\n", ["kind is missing"]),
        (b"id,customer_id,amount,currency,status,created_at,kind\n", ["payment_id is missing", "'id' is unknown"]),
        (HEADER[:-1] + b",amount\n", ["amount stands twice"]),
        (HEADER[:-1] + b",intervall\n", ["'intervall' is unknown (did you mean 'interval'?)"]),
        (HEADER.replace(b",", b";"), ["payment_id is missing", "kind is missing", "is unknown"]),
        (b"\n", ["payment_id is missing"]),
        (ROW, ["payment_id is missing", "'pay_1' is unknown"]),
    ],
)
def test_a_wrong_header_names_every_wrong_column(tmp_path: Path, header: bytes, wrong: list[str]) -> None:
    """Missing, unknown and repeated columns, all at once, with the line."""
    message = complaint_about(tmp_path, header + ROW)

    assert message.startswith("FILE, line 1: expected the columns payment_id,")
    assert [] == [each for each in wrong if each not in message]
    assert len(message) < 1_000


def test_a_header_with_an_open_quote(tmp_path: Path) -> None:
    """It is told apart from missing columns."""
    assert "FILE, line 1: a quote in the header is never closed" == complaint_about(tmp_path, b'"' + HEADER)


def test_a_binary_file_says_that_it_is_no_text(tmp_path: Path) -> None:
    """A NUL byte gives it away, wherever it stands; a file saved as UTF-16 learns what to do."""
    assert "holds a NUL byte in line 1" in complaint_about(tmp_path, b"\x7fELF\x00\x00\n\x00")
    assert "in line 3" in complaint_about(tmp_path, HEADER + ROW + b"pay\x00_2\n" + ROW[:-1])
    assert "save it as UTF-8" in complaint_about(tmp_path, HEADER.decode().encode("utf-16"))


def test_bytes_that_are_not_utf_8_are_located(tmp_path: Path) -> None:
    """Line and byte are named, also far into the file."""
    content = HEADER + ROW * 5_000 + ROW.replace(b"cus_1", b"M\xfcller") + ROW

    assert "FILE, line 5002: byte 0xfc is not UTF-8; save the file as UTF-8" == complaint_about(tmp_path, content)


def test_a_file_of_one_endless_line_stops_at_once(tmp_path: Path) -> None:
    """A gigabyte without a line end is not read to its end."""
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2**30)
    payments = PaymentsFile(path)
    with pytest.raises(UnreadableFileError, match="its first line is longer than 65536 bytes"):
        list(payments)

    assert payments.bytes_read < 1_000_000


def test_a_gigabyte_line_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    """A sparse file of zeros between two rows costs no memory and loses neither row."""
    path = tmp_path / "sparse.csv"
    path.write_bytes(HEADER + ROW)
    os.truncate(path, 2**28)
    with path.open("ab") as file:
        file.write(b"\n" + ROW)
    first, overlong, last = list(PaymentsFile(path))

    assert isinstance(overlong, RejectedRow)
    assert (3, "row") == (overlong.row_number, overlong.field)
    assert (2, 4) == (first[0], last[0])  # type: ignore[index]


@pytest.mark.parametrize("rows", [1, 50_000])
def test_a_truncated_gzip_says_where(tmp_path: Path, rows: int) -> None:
    """It is told apart from a damaged one."""
    content = gzip.compress(HEADER + b"".join(ROW.replace(b"pay_1", b"pay_%d" % n) for n in range(rows)))
    message = complaint_about(tmp_path, content[:-20], "payments.csv.gz")

    assert message.startswith("FILE is cut off: the compressed data stops after line ")
    assert rows > 1 or "after line 0 " in message


@pytest.mark.parametrize(
    "content", [HEADER + ROW, b"\x1f\x8bnothing of the kind", gzip.compress(ROW, mtime=0)[:12] + b"x" * 99]
)
def test_a_damaged_gzip_says_so(tmp_path: Path, content: bytes) -> None:
    """Also a plain file that is named `.gz`."""
    assert complaint_about(tmp_path, content, "payments.csv.gz").startswith("FILE is damaged after line 0: ")


fragments = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"\n", b"\r\n", b"\r", b'"', b",", b"\xef\xbb\xbf", b"\x1f\x8b", b"\x00", HEADER, ROW]),
    st.text(max_size=20).map(lambda text: text.encode(errors="ignore")),
)


@given(parts=st.lists(fragments, max_size=12), header=st.booleans(), name=st.sampled_from(["x.csv", "x.csv.gz"]))
def test_no_bytes_raise_anything_but_an_unreadable_file(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], header: bool, name: str
) -> None:
    """Every row is a payment or a rejection with a field, a reason and a growing number, or the file is unreadable."""
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes((HEADER if header else b"") + b"".join(parts))
    numbers = [1]
    try:
        numbers.extend(row.row_number if isinstance(row, RejectedRow) else row[0] for row in PaymentsFile(path))
    except UnreadableFileError as error:
        numbers.append(10**9)
        message = str(error)
    else:
        message = "read"

    assert message
    assert sorted(set(numbers)) == numbers


@given(block=st.integers(1, 40), rows=st.lists(st.sampled_from([ROW, b"x\n", b"\n", b"\r\n", b'"\n']), max_size=8))
def test_where_blocks_are_cut_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, block: int, rows: list[bytes]
) -> None:
    """Reading a few bytes at a time gives the same rows as reading all at once."""
    path = tmp_path_factory.getbasetemp() / "cut.csv"
    path.write_bytes(HEADER + b"".join(rows))
    whole = list(PaymentsFile(path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adapters.payments_file_lines.BLOCK_BYTES", block)

        assert whole == list(PaymentsFile(path))
