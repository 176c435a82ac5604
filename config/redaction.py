"""Text without what must not leave the machine: what looks like a secret, and every secret that is known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

REDACTED: Final = "[redacted]"
KNOWN_CHARACTERS_MIN: Final = 6
"""A shorter secret would take harmless words with it, and protects nothing anyway."""
SECRET_NAMES: Final = re.compile(
    r"(?i)(passw(or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|credential|authorization|cookie)"
)
"""Names whose values are secrets, whatever they look like."""

_PATTERNS: Final = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), REDACTED),
    (re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]+", re.IGNORECASE), REDACTED),
    (re.compile(r"\b(sk|rk|pk)_(live|test)_[0-9A-Za-z]{6,}"), REDACTED),
    (re.compile(r"\bwhsec_[0-9A-Za-z+/=_-]{6,}"), REDACTED),
    (re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"), REDACTED),
    (re.compile(r"\bgh[pousr]_[0-9A-Za-z]{20,}"), REDACTED),
    (re.compile(r"\beyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]*"), REDACTED),
    (re.compile(r"(?i)\b(bearer|basic) +[0-9a-z+/=._~-]{8,}"), rf"\1 {REDACTED}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*):[^\s'\"]*@(?=[^\s@'\"]*)", re.IGNORECASE), rf"\1:{REDACTED}@"),
    (re.compile(r"([?&](?:password|token|key|secret|signature)=)[^&\s'\"]+", re.IGNORECASE), rf"\1{REDACTED}"),
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+\b"), "[address]"),
)
_NAMED: Final = re.compile(
    r"""(?ix)
    (["']?[\w.-]* (?: passw(?:or)?d | passphrase | secret | (?<=[\w-])token | token(?=[\w-]) | api[_-]?key
        | private[_-]?key | access[_-]?key | authorization | cookie ) [\w.-]*["']? \s*[:=]\s*)
    (?! ["']? (?:env|file|credential): )
    ( "[^"\n]*" | '[^'\n]*' | [^\s,;}\]]+ )"""
)
"""A name that says secret, and its value. `token` alone is not one: it is how we mark what we made at a provider."""


def redacted(text: str, known: Iterable[str] = ()) -> str:
    """The text without secrets: those that are known by their value, and what looks like one by its shape or name.

    References (`env:…`, `file:…`, `credential:…`) stay: they say where a secret is. Addresses of people become
    `[address]`.
    """
    for secret in sorted({each for each in known if len(each) >= KNOWN_CHARACTERS_MIN}, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return _NAMED.sub(rf"\1{REDACTED}", text)
