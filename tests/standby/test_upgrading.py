"""An upgrade of both machines one after the other, by a version that writes what the one before cannot read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.faults.seeing import stays
from tests.processes.redis_place import keys_of
from tests.processes.waiting import until
from tests.standby.newer_solvent import VERSION
from tests.standby.pair import QUICK_LEASE, Pair, ended_at, says, wait_standing_by

pytestmark = pytest.mark.xdist_group("standby")
NEWER: Final = (sys.executable, str(Path(__file__).with_name("newer_solvent.py")))
LEASE_S: Final = float(QUICK_LEASE["SOLVENT_LEASE__TTL_S"])


def test_a_newer_version_takes_over_and_the_older_one_leads_no_more(pair: Pair) -> None:
    """Nothing is lost on the way; what is older says what it cannot read, stands by, and leads once it is upgraded."""
    with keys_of(pair.redis.url) as keys, pair.daemon("first", standby=True) as old:
        keys.payment("before", "2024-01-10", "1.00")
        until(lambda: says(old, "payments_recorded"), "the first payment to be counted")
        with pair.daemon("second", standby=True, wrapper=NEWER) as new:
            wait_standing_by(new)
            assert [VERSION] == [each["version"] for each in pair.daemons("first")["standbys"]]
            code, said = pair.command("promote", state="first")
            assert 0 == code, said
            until(lambda: says(new, "daemon_ready"), "the newer one to serve")
            keys.payment("before", "2024-01-10", "1.00")
            keys.payment("after", "2024-01-11", "2.00")
            until(lambda: "after" in _counted(pair), "the second payment to be counted")
            until(lambda: says(old, "standby_cannot_read"), "the older one to say what it cannot read")
            assert "reads Started up to version 1, found version 2" in old.log
            new.kill()
            assert stays(lambda: pair.journal.execute("SELECT fencing FROM lease"), 2 * LEASE_S)
            assert ended_at(old) is None
        assert 0 == old.stop()
    with pair.daemon("first", standby=True, wrapper=NEWER) as upgraded:
        until(lambda: says(upgraded, "daemon_ready"), "the upgraded one to lead")
        assert ["after", "before"] == sorted(_counted(pair))
        assert 0 == upgraded.stop()


def _counted(pair: Pair) -> list[str]:
    """The ids of all payments that were counted, as the tables have them; this version cannot read all events."""
    rows = pair.journal.execute("SELECT data FROM events WHERE type = 'PaymentsRecorded' ORDER BY sequence")
    return [each[0] for (data,) in rows for each in json.loads(data).get("counted", ())]
