"""Tokens: the name under which a resource is made, found again, and never made twice."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Final

TOKEN_CHARACTERS_MAX: Final = 32
"""The shortest limit among the providers' client-token and tag fields."""
TOKENS_REMEMBERED: Final = 8_192
"""Every look at a component is held against the tokens of all its generations so far."""
_PREFIX: Final = "sv"


def is_token(text: str) -> bool:
    """Whether a resource's tag looks like one of ours."""
    return text.startswith(_PREFIX) and len(text) == TOKEN_CHARACTERS_MAX


@lru_cache(maxsize=TOKENS_REMEMBERED)
def token(plan: str, component: str, generation: int, epoch: int) -> str:
    """The token of one generation of one component: computed, so that a restart finds it without remembering.

    `epoch` is the journal's: a journal restored from a backup never reuses the tokens of the lost one.
    """
    text = "\x00".join((plan, component, str(generation), str(epoch)))
    digest = hashlib.sha256(text.encode()).digest()
    return _PREFIX + base64.b32encode(digest).decode().lower()[: TOKEN_CHARACTERS_MAX - len(_PREFIX)]
