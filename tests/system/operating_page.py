"""The steps of docs/operating.md that need a booted systemd, as they stand there, one shell for all of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.system.machine import Machine

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "operating.md"
DONE_BEFORE: Final = ("apt install ", "make wheel", "python3 -m venv ", "/opt/solvent/.venv/bin/pip install ")
"""The machine has no network: its packages and the wheel came another way."""
CURL: Final = """\
#!/usr/bin/python3
import sys, urllib.request
sys.stdout.write(urllib.request.urlopen(sys.argv[-1]).read().decode())
"""
"""The machine is bare: what `curl -s URL` does."""
PAYMENTS: Final = "payment_id,customer_id,amount,currency,status,created_at,kind\n" + "".join(
    f"d-{month}-{number},c-{number},{100 + number}.00,EUR,completed,2024-{month:02}-05T10:00:00Z,payment\n"
    for month in range(3, 13)
    for number in range(40)
)


def steps() -> list[str]:
    """The commands of the page that say that this runs them."""
    blocks = re.findall(
        r"<!-- not run: [^>]*make test-system[^>]*-->\n```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
    )
    return [line for block in blocks for line in block.splitlines() if not line.startswith(DONE_BEFORE)]


def followed(machine: Machine) -> str:
    """What the shell said, each command before its answer; raises `AssertionError` at the first that fails."""
    machine.write("/usr/local/bin/curl", CURL)
    machine.write("/srv/operating/payments.csv", PAYMENTS)
    machine.sh("chmod 755 /usr/local/bin/curl; systemctl start redis-server.service")
    commands = steps()
    assert len(commands) > 10, commands
    last = commands.pop() if commands[-1] == "solvent doctor" else "true"
    script = "\n".join([*commands, f"{last} || test $? = 1"])  # it may find something: a bucket that is not named, say
    return machine.sh(f"cd /srv/operating; set -x; exec 2>&1\n{script}")
