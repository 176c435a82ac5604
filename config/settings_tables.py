"""Reading the named tables of a settings file, `[sources.NAME]` and `[channels.NAME]`, each of one of several kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

import msgspec

from config.errors import Problem, ReadingError, shown
from config.settings import ChannelSettings, SourceSettings, StripeSource, WebhookChannel
from config.settings_expecting import expected_by, shape_of
from config.settings_sources import Given
from config.suggestions import did_you_mean, one_of_text
from config.web_address import PRIVATE_EXPECTED, is_inside, web_address

TABLES: Final[Mapping[str, Any]] = {"sources": SourceSettings, "channels": ChannelSettings}
"""Settings that are named tables of one of several kinds: `[sources.shop]`. They stand in the settings file only."""
NAME_EXPECTED: Final = "a name in lower case such as shop-1: a-z, 0-9, _ and -, a letter first, at most 32 characters"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_FIELD: Final = re.compile(r"\$\.([a-z0-9_]+)")
_MISSING: Final = re.compile(r"missing required field `([a-z0-9_]+)`")


def table_of(key: str) -> Any:
    """The type of the entries of the named table that the key is in, such as `sources.shop`; None for a setting."""
    return TABLES.get(key.partition(".")[0])


def take_table(key: str, given: Given, chosen: dict[str, tuple[Any, Given]]) -> list[Problem]:
    """Read one `[sources.NAME]`; the problems that it has."""
    family, _, name = key.partition(".")
    kind = table_of(key)
    if given.text or not isinstance(given.value, dict):
        return [given.problem(f"a table [{family}.NAME] with its kind: {one_of_text(_kinds(kind))}", "no table")]
    if not _NAME.fullmatch(name):
        return [given.problem(NAME_EXPECTED, shown(name))]
    try:
        read = msgspec.convert(given.value, kind)
    except msgspec.ValidationError as error:
        field, expected, found = _fault(error, given.value, kind)
        return [Problem(given.origin, given.line, f"{key}.{field}" if field else key, expected, found)]
    problems = [
        Problem(given.origin, given.line, f"{key}.{field}", expected, found)
        for field, expected, found in _address_faults(read)
    ]
    chosen[key] = (read, given)
    return problems


def _kinds(kind: Any) -> list[str]:
    return [str(each.__struct_config__.tag) for each in get_args(kind)]


def _fault(error: msgspec.ValidationError, table: dict[str, Any], kind: Any) -> tuple[str, str, str]:
    """Which field, what was expected of it, and what stands there; the field is "" where it is the table's."""
    text = str(error)
    struct = next((each for each in get_args(kind) if each.__struct_config__.tag == table.get("kind")), None)
    if struct is None:
        return "kind", one_of_text(_kinds(kind)), shown(str(table["kind"])) if "kind" in table else "no such key"
    types = {field.name: field.type for field in msgspec.structs.fields(struct)}
    unknown = [name for name in table if name != "kind" and name not in types]
    if unknown:
        return "", f"only {', '.join(types)}", f"the unknown key {shown(unknown[0])}{did_you_mean(unknown[0], types)}"
    if missing := _MISSING.search(text):
        return missing[1], expected_by(types[missing[1]]), "no such key"
    found = _FIELD.search(text)
    if found is None:
        return "", text.removeprefix("Object ").split(" - at")[0], "something else"
    expected = expected_by(types[found[1]], text)
    return found[1], expected, shape_of(table.get(found[1]), expected)


def _address_faults(read: object) -> Iterator[tuple[str, str, str]]:
    """What types cannot say of URLs: field, what was expected, what was found."""
    if isinstance(read, StripeSource) and read.base_url:
        yield from _url_faults("base_url", read.base_url, private_allowed=True)
    if isinstance(read, WebhookChannel):
        yield from _url_faults("url", read.url, private_allowed=read.private_allowed)


def _url_faults(field: str, url: str, *, private_allowed: bool) -> Iterator[tuple[str, str, str]]:
    try:
        address = web_address(url)
    except ReadingError as error:
        yield field, error.expected, error.found
        return
    if not private_allowed and is_inside(address):
        yield field, PRIVATE_EXPECTED, shown(address.written)
