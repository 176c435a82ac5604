"""A share of the suite: together the shares are everything, and no test is in two."""

from __future__ import annotations

import pytest

from tests.sharing import SHARED, is_left_out, parts

NAMES = [f"{where}test_{number}" for where in SHARED for number in range(50)]


def test_the_shares_together_are_everything() -> None:
    """Each test that may be left out belongs to exactly one share."""
    taken = [[name for name in NAMES if not is_left_out(name, part, 3)] for part in (1, 2, 3)]

    assert sorted(NAMES) == sorted(name for share in taken for name in share)
    assert all(taken)


def test_what_is_no_contract_is_in_every_share() -> None:
    """The rules, the journal and the daemon are tested whole in every run."""
    assert not is_left_out("tests/journal/test_damage.py::test_it", 1, 99)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "1/100"])
def test_what_is_no_share_is_refused(text: str) -> None:
    """A slip does not quietly run nothing, or everything."""
    with pytest.raises(ValueError, match="expected a share such as 2/3"):
        parts(text)
