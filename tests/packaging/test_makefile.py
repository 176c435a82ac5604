from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that was never run, in a folder with a space in its name."""
    folder = tmp_path / "a checkout"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock", "requirements.lowest"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The result of `make`, as if a person had typed it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def program(folder: Path, text: str) -> Path:
    """An executable shell script."""
    path = folder / "some-python"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_make_alone_lists_every_target(checkout: Path) -> None:
    """`make` explains itself: each target with what it does, and nothing is installed."""
    result = make(checkout)
    targets = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)

    assert targets
    assert 0 == result.returncode
    for target in targets[1].split():
        assert re.search(rf"^  make {target} +\S", result.stdout, re.MULTILINE), target
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("target", ["run", "test"])
def test_an_old_python_is_refused_with_a_sentence(checkout: Path, target: str) -> None:
    """A Python before 3.11 is named, with what to type instead."""
    old = program(checkout.parent, 'case "$1" in --version) echo Python 3.9.18;; *) exit 1;; esac')

    result = make(checkout, target, f"PYTHON={old}")

    assert 2 == result.returncode
    assert "solvent needs Python 3.11 or newer" in result.stderr
    assert "Python 3.9.18" in result.stderr
    assert f"make {target} PYTHON=python3.12" in result.stderr


def test_a_python_without_venv_is_refused_with_a_sentence(checkout: Path) -> None:
    """A Python whose venv module is a package of its own says which to install."""
    bare = program(checkout.parent, 'case "$2" in *venv*) exit 1;; *) exit 0;; esac')

    result = make(checkout, "run", f"PYTHON={bare}")

    assert 2 == result.returncode
    assert "apt install python3-venv" in result.stderr


def test_a_missing_python_is_refused_with_a_sentence(checkout: Path) -> None:
    """A Python that is not there at all is treated like an old one."""
    result = make(checkout, "run", "PYTHON=no-such-python")

    assert 2 == result.returncode
    assert "solvent needs Python 3.11 or newer; no-such-python is:" in result.stderr


def test_a_moved_checkout_makes_its_environment_again(checkout: Path) -> None:
    """The scripts of a virtual environment name the folder they were made in: elsewhere it is thrown away."""
    environment = checkout / ".venv"
    environment.mkdir()
    (environment / ".created").write_text("/somewhere/else", encoding="utf-8")

    make(checkout, "help")

    assert not environment.exists()


def test_an_environment_that_stayed_is_kept(checkout: Path) -> None:
    """The same folder keeps its virtual environment, spaces in its name or not."""
    environment = checkout / ".venv"
    environment.mkdir()
    (environment / ".created").write_text(str(checkout), encoding="utf-8")

    make(checkout, "help")

    assert environment.exists()


def test_nothing_is_downloaded_by_address() -> None:
    """Packages come through pip as it is set up; no target fetches from an address of its own."""
    assert not re.search(r"https?://|curl|wget", MAKEFILE)


def test_a_wheel_needs_nothing_of_the_tests(checkout: Path) -> None:
    """What an operator builds as root installs what builds a wheel, and leaves other files of dist/ alone."""
    result = make(checkout, "--dry-run", "wheel")

    assert 0 == result.returncode
    assert "install 'build>=" in result.stdout
    assert "requirements" not in result.stdout
    assert "rm -f dist/solvent-*.whl" in result.stdout
