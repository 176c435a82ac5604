"""`python -m tests.system`: the service on a real systemd, from `solvent install` to `solvent uninstall`.

A Debian is made once by debootstrap, in the folder that SOLVENT_SYSTEM_CACHE names, and booted by systemd-nspawn with a
layer in memory over it, so that each run begins clean. Where that is not possible it says why and proves nothing.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from subprocess import SubprocessError

from tests.system.machine import CannotRunError, Machine, made_root, require_everything
from tests.system.packages import ROOT, wheelhouse
from tests.system.page_proofs import PAGE_PROOFS
from tests.system.proofs import PROOFS, install_packages

CACHE = Path(os.environ.get("SOLVENT_SYSTEM_CACHE") or ROOT / "build" / "system").absolute()


def main() -> int:
    """0 when everything was proven, or nothing could be tried; 1 for a proof that failed."""
    try:
        require_everything()
    except CannotRunError as cannot:
        sys.stdout.write(f"skipped: {cannot}\n")
        return 0
    began_s = time.monotonic()
    root = made_root(CACHE)
    shared = wheelhouse(CACHE / "wheelhouse")
    _say("a Debian root and the wheels", began_s)
    failed, proofs = 0, (*PROOFS, *PAGE_PROOFS)
    with Machine(root, shared) as machine:
        _say("booted", began_s)
        install_packages(machine)
        _say("installed the wheel into /opt/solvent/.venv", began_s)
        for proof in proofs:
            proof_s = time.monotonic()
            try:
                found = proof(machine)
            except (AssertionError, OSError, LookupError, TypeError, ValueError, SubprocessError) as error:
                failed += 1
                sys.stdout.write(f"FAILED {proof.__doc__}\n{error}\n{_log(machine)}\n")
            else:
                sys.stdout.write(f"ok     {proof.__doc__} {found or ''} ({time.monotonic() - proof_s:.1f} s)\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(proofs) - failed} of {len(proofs)} proven in {time.monotonic() - began_s:.0f} s\n")
    return 1 if failed else 0


def _say(what: str, began_s: float) -> None:
    sys.stdout.write(f"       {what} ({time.monotonic() - began_s:.1f} s)\n")
    sys.stdout.flush()


def _log(machine: Machine) -> str:
    return machine.run("journalctl", "-u", "solvent*", "-n", "12", "--no-pager", check=False)


if __name__ == "__main__":
    sys.exit(main())
