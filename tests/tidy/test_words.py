from __future__ import annotations

import ast
import re

import pytest

from tests.tidy.source_tree import functions_of, python_files, relative, text_files

# Put together from halves, so that this file does not find itself.
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "HA" + "CK:", "NotImplemented" + "Error"]
LOCAL_PATHS = [r"/ro" + r"ot/", r"/wo" + r"rk/", r"/ho" + r"me/\w+/", r"/Us" + r"ers/\w+/", r"/tm" + r"p/\w+_jobs"]
REGISTRIES = [r"files\.python" + r"hosted", r"pypi\.o" + r"rg", r"--(extra-)?index" + r"-url", r"--find" + r"-links"]
REGISTRIES_ALLOWED = {"Makefile"}
"""The option that keeps a registry's address out of the lock files names it."""


def places_of(pattern: str, *, skip: frozenset[str] = frozenset()) -> list[str]:
    """Every line of the project's text files in which a pattern occurs."""
    wanted = re.compile(pattern)
    return [
        f"{relative(path)}:{number}: {line.strip()[:100]}"
        for path in text_files()
        if relative(path) not in skip
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if wanted.search(line)
    ]


@pytest.mark.parametrize("word", UNFINISHED)
def test_nothing_says_that_it_is_unfinished(word: str) -> None:
    """What is to be done stands in an issue, not in a file."""
    assert [] == places_of(rf"\b{word}\b")


@pytest.mark.parametrize("pattern", LOCAL_PATHS)
def test_no_path_of_somebodys_machine(pattern: str) -> None:
    """No file names a folder of one person's machine."""
    assert [] == places_of(rf"(?<![\w.%}}]){pattern}")


@pytest.mark.parametrize("pattern", REGISTRIES)
def test_no_registry_is_named(pattern: str) -> None:
    """Packages come from whatever registry pip is set up with."""
    assert [] == places_of(pattern, skip=frozenset(REGISTRIES_ALLOWED))


def test_each_test_states_its_fact() -> None:
    """Every test function has a docstring."""
    silent = [
        f"{relative(path)}:{function.lineno} {function.name}"
        for path in python_files("tests")
        for function in functions_of(path)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]

    assert [] == silent
