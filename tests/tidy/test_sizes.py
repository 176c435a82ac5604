from __future__ import annotations

from statistics import median

from tests.tidy.source_tree import PACKAGES, functions_of, python_files, relative

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
TEST_FILE_LINES_MAX = 400
FILE_LINES_MEDIAN_MAX = 150


def lines_of(text: str) -> int:
    """How many lines a text has."""
    return len(text.splitlines())


def test_no_function_is_longer_than_a_screen() -> None:
    """A function has at most 70 lines, in the source and in the tests."""
    too_long = [
        f"{relative(path)}:{function.lineno} {function.name}: {function.end_lineno - function.lineno + 1} lines"
        for path in python_files(*PACKAGES, "tests")
        for function in functions_of(path)
        if function.end_lineno - function.lineno + 1 > FUNCTION_LINES_MAX
    ]

    assert [] == too_long


def test_no_source_file_is_longer_than_600_lines() -> None:
    """A source file has at most 600 lines."""
    lines = {relative(path): lines_of(path.read_text(encoding="utf-8")) for path in python_files(*PACKAGES)}

    assert {} == {name: count for name, count in lines.items() if count > FILE_LINES_MAX}


def test_no_test_file_is_longer_than_400_lines() -> None:
    """A test file has at most 400 lines."""
    lines = {relative(path): lines_of(path.read_text(encoding="utf-8")) for path in python_files("tests")}

    assert {} == {name: count for name, count in lines.items() if count > TEST_FILE_LINES_MAX}


def test_source_files_are_small_by_habit() -> None:
    """The median source file that says anything has at most 150 lines."""
    lines = [lines_of(path.read_text(encoding="utf-8")) for path in python_files(*PACKAGES)]

    assert median(count for count in lines if count > 1) <= FILE_LINES_MEDIAN_MAX
