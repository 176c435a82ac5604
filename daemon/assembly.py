"""The one place that knows adapters: it chooses them and hands them to those who know only ports."""

from __future__ import annotations

from adapters.payments_csv import PaymentsFile, UnreadableFileError

__all__ = ["PaymentsFile", "UnreadableFileError", "read_payments_csv"]


def read_payments_csv(path: str) -> PaymentsFile:
    """The payments of a file (`-` is standard input); iterating it raises `UnreadableFileError`."""
    return PaymentsFile(path)
