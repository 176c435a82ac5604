"""Cases that once found something, by a name that says what it was; each holds for ever after.

The first two found a mixture of machines that no commit holds by itself, and their bugs cannot be revived to shrink
them further: they stand as the swarm left them, with faults that they may not need. Their plans are what their seeds
drew then, and a change of the order in which `plans.py` draws makes other cases of them.
"""

from __future__ import annotations

from typing import Final

KEPT: Final[dict[str, str]] = {
    "a price that reload raised was not counted for what stands": (
        '{"seed":13,"pace":"slow","days":200,"business":"seasonal","levels":3,"components":5,"faults":{'
        '"permanent":16,"half_done":112,"vanishes":27,"foreign":12,"redis_deleted":200,'
        '"interruption":50,"bill_away":50,"channel_fails":200,"channel_refuses":50,"tags_lost":50'
        '},"commands_in_100_days":100,"crashes_max":6,"crash_every_rounds":100}'
    ),
    "what waits for its repair behind a requirement keeps its reservation": (
        '{"seed":21,"pace":"slow","days":200,"business":"whale","components":5,"faults":{'
        '"permanent":19,"breaks":30,"stale":55,"lies_absent":19,"lies_hot":13,"vanishes":17,'
        '"foreign":13,"redis_empty":200,"redis_deleted":200,"disk_full":200,"vanish":50,'
        '"interruption":50,"bill_strange":50,"broker_away":200,"channel_fails":200,"channel_refuses":50,'
        '"tags_lost":200'
        '},"commands_in_100_days":30,"crashes_max":6,"crash_every_rounds":1000}'
    ),
    "a newer plan gave back what served, recorded WARM for its repair": (
        '{"seed":23,"pace":"slow","days":400,"business":"chaotic","levels":6,"tight":true,"components":1,'
        '"faults":{"differs":23},"commands_in_100_days":20,"crash_every_rounds":20000}'
    ),
    "what had begun and was not shown yet was given up at no cost": (
        '{"seed":5,"pace":"slow","days":81,"components":8,"faults":{"transient":40},"commands_in_100_days":20}'
    ),
}
