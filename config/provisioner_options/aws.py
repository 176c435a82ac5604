"""What the options of every kind at AWS have in common."""

from __future__ import annotations

from typing import Any, Final

from config import values
from config.errors import ReadingError, shown
from config.reading import Fields, entries_of

REGION_OF_GLOBAL_SERVICES: Final = "us-east-1"
"""Where CloudFront and the like are reached, wherever they serve."""
TAGS_ITEMS_MAX: Final = 40
"""AWS allows 50 on one resource; solvent keeps some for itself."""
COMPONENT: Final = "component/"
"""Before the id of a component of the same plan, where a name at AWS is asked for: the name that solvent gives it."""
_CHARACTERS: Final = r"[A-Za-z0-9 +\-=._:/@]"
_RESERVED: Final = ("aws:", "solvent:")

region: Final = values.matching(r"[a-z]{2,4}(-[a-z]{2,12}){1,3}-[1-9]\d?", "an AWS region such as eu-central-1")
_tag_value: Final = values.matching(
    _CHARACTERS + "{0,256}", "a tag's value: letters, digits, + - = . _ : / @, at most 256"
)
_tag_key: Final = values.matching(_CHARACTERS + "{1,128}", "a tag's key: letters, digits, + - = . _ : / @, at most 128")


def region_read(fields: Fields) -> str:
    """The required key `region`; "" where it is wrong, with its problem reported."""
    return fields.required("region", region) or ""


def tags_read(fields: Fields) -> dict[str, str]:
    """The optional key `tags`: the operator's own tags, put on what is made."""
    tags: dict[str, str] = {}
    for key, node in entries_of(fields.mapping("tags")):
        try:
            _tag_key(key)
            _refuse_reserved(key)
        except ReadingError as error:
            fields.collector.report(node.place, error.expected, error.found)
        value = fields.collector.parsed(node, _tag_value)
        if value is not None:
            tags[key] = value
    if len(tags) > TAGS_ITEMS_MAX:
        fields.collector.report(fields.place_of("tags"), f"at most {TAGS_ITEMS_MAX} tags", f"{len(tags)} of them")
    return tags


def provider_of(options: Any) -> str:
    """The failure domain: a region fails as one."""
    return f"aws/{options.region}"


def _refuse_reserved(key: str) -> None:
    if key.lower().startswith(_RESERVED):
        raise ReadingError("a tag of your own: aws: and solvent: are taken", shown(key))
