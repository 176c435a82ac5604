"""`python newer_solvent.py solvent run …`: as a later version may be, which writes what this one cannot read.

It has another version, other snapshots, and writes `Started` in a shape of its own; it reads everything of today's.
"""

from __future__ import annotations

import importlib.metadata
import runpy
import sys
from typing import Any, Final

VERSION: Final = "99.0"


def become_newer() -> None:
    """Before anything else of the program is imported."""
    known = importlib.metadata.version
    importlib.metadata.version = lambda name: VERSION if name == "solvent" else known(name)
    from machines import upcasters  # noqa: PLC0415 - the version must be another first
    from machines.state import whole  # noqa: PLC0415 - as above

    versions: Any = upcasters.EVENT_VERSIONS
    steps: Any = upcasters.UPCASTERS
    versions["Started"] += 1
    steps["Started", versions["Started"] - 1] = lambda raw: raw
    newer: Any = whole
    newer.FOLD_VERSION += 1


if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    sys.path[0] = ""  # as the installed program has it
    become_newer()
    runpy.run_path(sys.argv[0], run_name="__main__")
