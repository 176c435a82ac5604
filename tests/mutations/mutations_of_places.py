"""Guards of where a journal in PostgreSQL is, and of who may begin one there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.mutations.mutation import Mutation

_LEASE_TABLES: Final = "tests/journal/test_postgres_lease_tables.py"

OF_PLACES: Final[Sequence[Mutation]] = (
    Mutation(
        "an address that cannot be read is quoted by nobody",
        "adapters/postgres_journal/address.py",
        "if given is None or _has_stray_at(text) or not _is_reachable(given):",
        "if given is None:",
        ("tests/journal/test_postgres_address.py::test_what_is_no_address_is_refused_without_a_word_of_it",),
    ),
    Mutation(
        "the sessions of another schema are not ended",
        "adapters/postgres_journal/place.py",
        "    if len(whole) <= NAME_BYTES_MAX:\n        return whole\n",
        "    return whole[:NAME_BYTES_MAX]\n",
        ("tests/journal/test_postgres_address.py::test_two_long_schemas_have_two_names_at_the_server",),
    ),
    Mutation(
        "a lease that was deleted is made anew above every token",
        "adapters/postgres_journal/lease_tables.py",
        "(_newest_token(connection) + TOKENS_SKIPPED, LOST_HOLDER)",
        "(0, LOST_HOLDER)",
        (f"{_LEASE_TABLES}::test_a_deleted_lease_is_made_anew_above_every_token",),
    ),
    Mutation(
        "the table of the standbys costs nobody the lead",
        "adapters/postgres_journal/lease.py",
        "return _view(await self._ask(_LOOK_ALONE, {}))",
        "raise",
        (f"{_LEASE_TABLES}::test_the_leader_keeps_the_lead_when_the_table_of_standbys_is_gone",),
    ),
    Mutation(
        "no journal is begun in place of one that was moved away",
        "adapters/postgres_journal/beginning.py",
        "    if aside:\n",
        "    if False:\n",
        (f"{_LEASE_TABLES}::test_no_journal_is_begun_in_place_of_one_that_was_moved_away",),
    ),
    Mutation(
        "no journal is begun in place of one that is known",
        "adapters/postgres_journal/beginning.py",
        "    if known:\n",
        "    if False:\n",
        (f"{_LEASE_TABLES}::test_no_journal_is_begun_in_place_of_one_that_is_known",),
    ),
    Mutation(
        "no journal is begun beside the keys of another",
        "daemon/assembly/leading.py",
        'await refuse_foreign_keys(settings, journal_id="")',
        "pass",
        ("tests/journal_place/test_second_journals.py::test_an_empty_schema_beside_another_journal_stays_empty",),
    ),
    Mutation(
        "a failed claim leaves the one before",
        "adapters/postgres_journal/claiming.py",
        "        self._tried += 1\n        return self._tried\n",
        "        self._number += 1\n        return self._number\n",
        (f"{_LEASE_TABLES}::test_a_failed_claim_leaves_the_one_before",),
    ),
    Mutation(
        "a journal whose place cannot be noted is let go",
        "daemon/assembly/leading.py",
        "    except OSError as error:\n        await journal.close()\n",
        "    except OSError as error:\n",
        ("tests/standby/test_state_directory_away.py::test_a_vanished_state_directory_is_no_missing_journal",),
    ),
)
