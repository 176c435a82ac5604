"""Text and values without what must not leave the machine: what looks like a secret, and every secret that is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

REDACTED: Final = "[redacted]"
KNOWN_CHARACTERS_MIN: Final = 6
"""A shorter secret would take harmless words with it, and protects nothing anyway."""
_WORDS: Final = (
    r"passw(?:or)?d|passphrase|passwd|pwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|authorization|cookie"
)
SECRET_NAMES: Final = re.compile(rf"(?i)({_WORDS}|credential|(?<![a-z])pw(?![a-z]))")
"""Names whose values are secrets, whatever they look like."""
_REFERENCE: Final = re.compile(r"(env|file|credential):")
_FLAG: Final = re.compile(rf"(?i)--?[\w-]*({_WORDS}|(?<![a-z])pw)[\w-]*")
_SHORT_PASSWORD: Final = re.compile(r"-p\S+")
_ASSIGNED: Final = re.compile(r"(?s)(-{0,2}[\w.-]+)=(.+)")

_PATTERNS: Final = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), REDACTED),
    (re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]+", re.IGNORECASE), REDACTED),
    (re.compile(r"\b(sk|rk|pk)_(live|test)_[0-9A-Za-z]{6,}"), REDACTED),
    (re.compile(r"\bsk-[0-9A-Za-z_-]{16,}"), REDACTED),
    (re.compile(r"\bwhsec_[0-9A-Za-z+/=_-]{6,}"), REDACTED),
    (re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"), REDACTED),
    (re.compile(r"\bAIza[0-9A-Za-z_-]{20,}"), REDACTED),
    (re.compile(r"\bgh[pousr]_[0-9A-Za-z]{20,}"), REDACTED),
    (re.compile(r"\bglpat-[0-9A-Za-z_-]{10,}"), REDACTED),
    (re.compile(r"\bxox[a-z]-[0-9A-Za-z-]{8,}"), REDACTED),
    (re.compile(r"\bSG\.[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}"), REDACTED),
    (re.compile(r"\beyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]*"), REDACTED),
    (re.compile(r"(?i)\b(bearer|basic|digest) +[0-9a-z+/=._~-]{8,}"), rf"\1 {REDACTED}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@'\"]+:[^\s'\"]*@", re.IGNORECASE), rf"\1{REDACTED}@"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@'\"]{16,}@", re.IGNORECASE), rf"\1{REDACTED}@"),
    (
        re.compile(r"([?&](?:[\w-]*(?:password|token|key|secret|sig(?:nature)?))=)[^&\s'\"]+", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+\b"), "[address]"),
)
_NAMED: Final = re.compile(
    r"""(?ix)
    ( ["']?[\w.-]* (?: passw(?:or)?d | passphrase | pwd | secret | (?<=[\w-])token | token(?=[\w-]) | token(?==)
        | api[_-]?key | private[_-]?key | access[_-]?key | authorization | cookie ) [\w.-]*["']? \s*+[:=]\s*+
    | --[\w-]*(?: passw(?:or)?d | secret | token | key )[\w-]*\s++ )
    (?! ["']? (?:env|file|credential): | (?:\w+[ ])?\[redacted\] )
    ( "(?:[^"\\\n]|\\.)*" | '[^'\n]*' | (?:\[redacted\]|[^\n,;}\]])+ )"""
)
"""A name that says secret, and its value. `token` alone is not one: it is how we mark what we made at a provider."""


def redacted(text: str, known: Iterable[str] = ()) -> str:
    """The text without secrets: those that are known by their value, and what looks like one by its shape or name.

    References (`env:…`, `file:…`, `credential:…`) stay: they say where a secret is. Addresses of people become
    `[address]`.
    """
    return _NAMED.sub(rf"\1{REDACTED}", _without_shapes(text, known))


def redacted_value(value: Any, known: Sequence[str] = (), *, by_name: bool = False) -> Any:
    """A value of JSON without secrets, of the same form.

    `by_name` also takes what a key, an argument before it or a `name` beside it calls a secret: for what strangers
    wrote, such as a plan's options. Our own `token` marks what we made, and is none.
    """
    match value:
        case str():
            return _without_shapes(value, known)
        case list() | tuple():
            return _redacted_list(value, known, by_name=by_name)
        case dict():
            return {key: _redacted_field(key, each, value, known, by_name=by_name) for key, each in value.items()}
        case _:
            return value


def _redacted_field(key: Any, value: Any, beside: dict[Any, Any], known: Sequence[str], *, by_name: bool) -> Any:
    named = key == "value" and isinstance(beside.get("name"), str) and SECRET_NAMES.search(beside["name"])
    if by_name and (named or (isinstance(key, str) and SECRET_NAMES.search(key))) and isinstance(value, str | int):
        return value if isinstance(value, str) and _REFERENCE.match(value) else REDACTED
    return redacted_value(value, known, by_name=by_name)


def _redacted_list(values: Sequence[Any], known: Sequence[str], *, by_name: bool) -> list[Any]:
    """A list of arguments: what follows `--password`, and what stands behind its `=`, goes."""
    found: list[Any] = []
    follows_flag = False
    for value in values:
        if by_name and isinstance(value, str):
            found.append(REDACTED if follows_flag else _redacted_argument(value, known))
            follows_flag = _FLAG.fullmatch(value) is not None
        else:
            found.append(redacted_value(value, known, by_name=by_name))
            follows_flag = False
    return found


def _redacted_argument(argument: str, known: Sequence[str]) -> str:
    if _SHORT_PASSWORD.fullmatch(argument):
        return f"-p{REDACTED}"
    assigned = _ASSIGNED.fullmatch(argument)
    if assigned and SECRET_NAMES.search(assigned[1]):
        return f"{assigned[1]}={REDACTED}"
    return redacted(argument, known)


def _without_shapes(text: str, known: Iterable[str]) -> str:
    for secret in sorted({each for each in known if len(each) >= KNOWN_CHARACTERS_MIN}, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
