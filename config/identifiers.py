"""Which names plans, levels and components may have: they become Redis keys, metric labels and script arguments."""

from __future__ import annotations

from typing import Final

from config import values

IDENTIFIER_CHARACTERS_MAX: Final = 64

component_id: Final = values.matching(
    r"[a-z][a-z0-9_]{0,63}",
    f"an id such as rds_single: a-z, 0-9 and _, a letter first, at most {IDENTIFIER_CHARACTERS_MAX} characters",
)
level_id: Final = values.matching(
    r"[a-z][a-z0-9_-]{0,63}",
    f"an id such as level_1: a-z, 0-9, _ and -, a letter first, at most {IDENTIFIER_CHARACTERS_MAX} characters",
)
item_id: Final = values.matching(
    r"[a-z][a-z0-9_-]{0,63}",
    f"an id such as security_audit: a-z, 0-9, _ and -, a letter first, at most {IDENTIFIER_CHARACTERS_MAX} characters",
)
plan_id: Final = values.matching(
    r"[a-z][a-z0-9_-]{0,63}",
    f"an id such as my-shop: a-z, 0-9, _ and -, a letter first, at most {IDENTIFIER_CHARACTERS_MAX} characters",
)
provider_name: Final = values.matching(
    r"[a-z][a-z0-9._/-]{0,63}",
    "a failure domain such as aws/eu-central-1: a-z, 0-9, . _ / and -, a letter first, "
    f"at most {IDENTIFIER_CHARACTERS_MAX} characters",
)
region_prefix: Final = values.matching(
    r"[a-z][a-z0-9-]{0,63}", "the beginning of a region's name such as eu- or eu-central-1"
)
