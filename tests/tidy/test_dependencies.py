from __future__ import annotations

import re
import tomllib
from functools import cache

import pytest

from tests.tidy.source_tree import ROOT

LOCKED = re.compile(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==([^\s;]+)", re.MULTILINE)


def normalised(name: str) -> str:
    """A package's name as the lock files write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def bounds() -> dict[str, str]:
    """The lower bound of every package that pyproject.toml names, by normalised name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = [
        *project["dependencies"],
        *(each for group in project["optional-dependencies"].values() for each in group),
    ]
    found = {}
    for requirement in stated:
        text = requirement.partition(";")[0].strip()
        name, _, bound = text.partition(">=")
        if not name.startswith("solvent"):
            found[normalised(name.partition("[")[0])] = bound.partition(",")[0]
    return found


def locked(file: str) -> dict[str, str]:
    """The exact versions of a lock file."""
    return dict(LOCKED.findall((ROOT / file).read_text(encoding="utf-8")))


def numbers(version: str) -> tuple[int, ...]:
    """A version's numbers without trailing zeros, to compare."""
    parts = [int(part) for part in re.findall(r"\d+", version)]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def test_every_dependency_has_a_lower_bound() -> None:
    """Each requirement of pyproject.toml says `>=`."""
    assert {} == {name: bound for name, bound in bounds().items() if not bound}


def test_every_dependency_is_explained() -> None:
    """docs/dependencies.md has a line for each package of pyproject.toml and for no other."""
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = {normalised(name) for name in re.findall(r"^\| `([\w.-]+)` \|", page, re.MULTILINE)}
    files = {normalised(name) for name in ("requirements.lock", "requirements-dev.lock", "requirements.lowest")}

    assert set(bounds()) == explained - files


def test_the_lock_satisfies_the_bounds() -> None:
    """Every package of pyproject.toml is locked, at its lower bound or above."""
    versions = locked("requirements-dev.lock")

    assert {} == {
        name: (bound, versions.get(name))
        for name, bound in bounds().items()
        if numbers(versions.get(name, "0")) < numbers(bound)
    }


def test_the_lowest_versions_are_the_bounds() -> None:
    """`make test-lower-bounds` installs what pyproject.toml promises."""
    versions = locked("requirements.lowest")

    assert {} == {
        name: (bound, versions.get(name))
        for name, bound in bounds().items()
        if numbers(versions.get(name, "0")) != numbers(bound)
    }


def test_tests_run_on_what_is_shipped() -> None:
    """The tools' lock file has the same versions of all that runs."""
    run, dev = locked("requirements.lock"), locked("requirements-dev.lock")

    assert run == {name: dev.get(name) for name in run}


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_hashes(file: str) -> None:
    """A lock file names what is installed down to the bytes, and no place to get it from."""
    text = (ROOT / file).read_text(encoding="utf-8")
    packages = re.split(r"\n(?=[a-z])", text)[1:]

    assert packages
    assert [] == [package.split()[0] for package in packages if "--hash=sha256:" not in package]
    assert "//" not in text
