"""A standby that cannot take over at this moment: it gives the lead back, says why, and takes it when it can."""

from __future__ import annotations

import psycopg
import pytest

from tests.processes.waiting import until
from tests.standby.pair import Pair, ended_at, says, wait_standing_by

pytestmark = pytest.mark.xdist_group("standby")


async def test_a_table_that_a_person_holds_ends_no_standby(pair: Pair) -> None:
    """The leader dies while somebody holds `events`: the standby goes on standing by, and leads once it is let go."""
    with (
        pair.daemon("first") as first,
        pair.daemon("second", standby=True, SOLVENT_JOURNAL__STATEMENT_TIMEOUT_S="1") as second,
        psycopg.connect(pair.server.url, options=f"-c search_path={pair.schema}") as person,
    ):
        wait_standing_by(second)
        person.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        first.kill()
        until(lambda: says(second, "takeover_failed"), "the standby to say why it does not lead")
        assert ended_at(second) is None
        person.rollback()
        until(lambda: says(second, "daemon_ready"), "the standby to serve")
        first_token, second_token = await pair.journal.leads()
        assert second_token > first_token + 1
        assert 0 == second.stop()
