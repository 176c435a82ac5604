"""The walk of docs/operating.md, its blocks taken from the page as they stand, in one shell, from a bare Debian on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tests.documents.blocks import SHELL, blocks
from tests.system.machine import Machine

PAGE: Final = "docs/operating.md"
PROVEN_HERE: Final = "make test-system"
"""What the page says above a block that belongs to the walk."""
FOLDER: Final = "/srv/operating"
MAKE: Final = f"""\
#!/bin/sh -e
test "$*" = wheel
mkdir -p {FOLDER}/dist
cp /shared/solvent-*.whl {FOLDER}/dist/
"""
"""The machine has no network and no checkout: `make wheel` was run outside, and its wheel is taken."""
INDEX: Final = "export PIP_NO_INDEX=1 PIP_FIND_LINKS=/shared"
"""Where pip finds what a package index would give it. The packages of Debian are there already, and apt says so."""
HEAD: Final = "payment_id,customer_id,amount,currency,status,created_at,kind\n"
LEVEL: Final = 3
"""Of `autobroker`, for 4,780 EUR a month in eleven months."""


def payments(now: datetime) -> str:
    """Forty customers who pay on the first of each month of a year, this one included."""
    months = [divmod(now.year * 12 + now.month - 1 - back, 12) for back in range(11, -1, -1)]
    firsts = [f"{year}-{month + 1:02}-01" for year, month in months]
    return HEAD + "".join(
        f"d-{first}-{number},c-{number},{100 + number}.00,EUR,completed,{first}T00:00:00Z,payment\n"
        for first in firsts
        for number in range(40)
    )


def walk() -> list[str]:
    """The walk's blocks, in their order."""
    return [
        block.text
        for block in blocks()
        if block.page == PAGE and block.language == SHELL and PROVEN_HERE in block.not_run
    ]


def daily() -> list[str]:
    """The blocks of docs/systemd.md but those at a keyboard, whose ends other proofs bring about."""
    at_a_keyboard = ("nano ", "systemctl edit ", "/dev/stdin")
    found = [block.text for block in blocks() if block.page == "docs/systemd.md" and block.language == SHELL]
    return [text for text in found if not any(word in text for word in at_a_keyboard)]


def walked(machine: Machine) -> str:
    """What the shell says on the walk, on a machine that is bare again."""
    machine.write("/usr/local/bin/make", MAKE)
    machine.write(f"{FOLDER}/config/examples/payments.csv", payments(datetime.now(UTC)))
    machine.sh("chmod 755 /usr/local/bin/make; rm -rf /opt/solvent; systemctl start redis-server.service")
    return typed(machine, walk())


def typed(machine: Machine, steps: list[str]) -> str:
    """What one shell said, each command before its answer; raises `AssertionError` at the first that fails."""
    assert len(steps) > 2, steps
    script = "\n".join((f"cd {FOLDER}", INDEX, "exec 2>&1", "set -x", *steps))
    return machine.run("bash", "-euo", "pipefail", "-c", script)
