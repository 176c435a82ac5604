"""The names under which resources are made and found again: ARCHITECTURE 4."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from machines.tokens import TOKEN_CHARACTERS_MAX, is_token, token

names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
keys = st.tuples(names, names, st.integers(0, 10**6), st.integers(0, 10**6))


@given(keys)
def test_a_token_fits_every_provider(key: tuple[str, str, int, int]) -> None:
    """It has at most 32 characters of lower-case letters and digits, and begins with a letter."""
    made = token(*key)

    assert len(made) <= TOKEN_CHARACTERS_MAX == 32
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert made[0].isalpha()
    assert is_token(made)


@given(keys, keys)
def test_two_generations_never_share_a_token(one: tuple[str, str, int, int], other: tuple[str, str, int, int]) -> None:
    """Tokens are equal exactly where plan, component, generation and epoch are."""
    assert (one == other) is (token(*one) == token(*other))


def test_every_part_of_the_key_matters() -> None:
    """Another plan, component, generation or epoch gives another token, also where their texts join alike."""
    keys_apart = [
        ("shop", "web", 1, 1),
        ("other", "web", 1, 1),
        ("shop", "cache", 1, 1),
        ("shop", "web", 2, 1),
        ("shop", "web", 1, 2),
        ("shopw", "eb", 1, 1),
        ("shop", "web", 11, 1),
        ("shop", "web", 1, 11),
    ]

    assert len(keys_apart) == len({token(*key) for key in keys_apart})


def test_a_token_is_the_same_for_ever() -> None:
    """A resource made by an earlier version is found again."""
    assert "svlttyzmsh7op4cph2shtyo5xshkw4j6" == token("autobroker", "rds_single", 1, 1)


def test_a_stranger_tag_is_no_token() -> None:
    """Neither a word, nor our prefix with another length, nor the length with another prefix."""
    assert [False, False, False, False] == [is_token(text) for text in ("", "web", "sv123", "x" * 32)]
