"""The wheel and what it needs, as files that a machine without a network installs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = "backup"
PYTHON = "3.11"
OLDER_ONLY = "async-timeout"
"""redis needs it before Python 3.11.3, and bookworm has 3.11.2; pip asks the Python that it runs on."""


def wheelhouse(folder: Path) -> Path:
    """A folder with solvent's own wheel, made now, and the locked versions of its packages, kept from run to run."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("solvent-*.whl"):
        old.unlink()
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("solvent-*.whl")
    constraints = folder / "constraints.txt"
    locked = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    constraints.write_text("\n".join(re.findall(r"(?m)^([A-Za-z0-9._-]+==[^\s;\\]+)", locked)), encoding="utf-8")
    asked = f"{wheel}[{EXTRAS}]"
    options = ["--only-binary=:all:", "--python-version", PYTHON, "--constraint", str(constraints)]
    _pip("download", *options, "-f", str(folder), "--dest", str(folder), asked, OLDER_ONLY)
    return folder


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", *words]
    subprocess.run(command, check=True, timeout=900)
