"""Options of a dial: the policy by which a number for the application is turned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.dials import PERCENT_MAX, DialPolicy
from config.errors import shown
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

SHARES_MAX: Final = 32
PROVIDERS_MAX: Final = 16
AGE_MAX_S: Final = 31 * 86_400
_PERCENT: Final = values.integer(0, PERCENT_MAX, "percent")
_FRACTION: Final = values.fraction(above="0", at_most="1")
_PROVIDER: Final = values.matching(
    r"[a-z][a-z0-9_.-]{0,63}", "a name such as openai: a-z, 0-9, _, . and -, a letter first"
)
_POLICY: Final = DialPolicy()


def dial_policy(options: Mapping[str, Any]) -> DialPolicy:
    """The options of a loaded plan's `dial` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), DialPolicy)


def _read(fields: Fields, context: Context) -> DialPolicy:
    del context
    read = DialPolicy(
        share_percent_by_level=_shares(fields),
        growth_above=fields.optional("growth_above", values.fraction(above="0", at_most="100"), _POLICY.growth_above),
        margin_above=fields.optional("margin_above", _FRACTION, _POLICY.margin_above),
        margin_below=fields.optional("margin_below", _FRACTION, _POLICY.margin_below),
        accuracy_below=fields.optional("accuracy_below", _FRACTION, _POLICY.accuracy_below),
        accuracy_age_max_s=fields.optional(
            "accuracy_age_max_s", values.integer(1, AGE_MAX_S, "seconds"), _POLICY.accuracy_age_max_s
        ),
        shift_percent=fields.optional("shift_percent", _PERCENT, _POLICY.shift_percent),
        hysteresis=fields.optional("hysteresis", values.fraction(at_least="0", below="1"), _POLICY.hysteresis),
        step_max_percent=fields.optional(
            "step_max_percent", values.integer(1, PERCENT_MAX, "percent"), _POLICY.step_max_percent
        ),
        turn_every_s=fields.optional("turn_every_s", values.integer(1, AGE_MAX_S, "seconds"), _POLICY.turn_every_s),
        providers=_providers(fields),
    )
    _check_together(read, fields)
    return read


def _shares(fields: Fields) -> tuple[int, ...]:
    items = fields.items("share_percent_by_level")
    found = tuple(fields.collector.parsed(item, _PERCENT) for item in items)
    if fields.has("share_percent_by_level") and not 0 < len(found) <= SHARES_MAX:
        place, expected = fields.place_of("share_percent_by_level"), f"a list of 1 to {SHARES_MAX} shares"
        fields.collector.report(place, expected, f"{len(found)} of them")
    # Where one is wrong a problem is reported already, and these are never used.
    return tuple(share for share in found if share is not None) or _POLICY.share_percent_by_level


def _providers(fields: Fields) -> tuple[str, ...]:
    found = tuple(text for text, _ in fields.texts("providers", _PROVIDER))
    if len(found) > PROVIDERS_MAX:
        place = fields.place_of("providers")
        fields.collector.report(place, f"at most {PROVIDERS_MAX} providers", f"{len(found)} of them")
    return found


def _check_together(read: DialPolicy, fields: Fields) -> None:
    """What each key by itself cannot say: a rule that holds must be able to let go."""
    report = fields.collector.report
    if read.margin_below >= read.margin_above:
        key = "margin_below" if fields.has("margin_below") else "margin_above"
        pair = f"{read.margin_below} and {read.margin_above}"
        report(fields.place_of(key), "margin_below less than margin_above", pair)
    if read.accuracy_below + read.hysteresis > 1:
        key = "hysteresis" if fields.has("hysteresis") else "accuracy_below"
        both = f"{read.accuracy_below} + {read.hysteresis}"
        report(fields.place_of(key), "accuracy_below + hysteresis at most 1, which an accuracy can reach", shown(both))


KIND: Final = OptionsKind(_read)
