"""The board of the dials: what the application measured, and the number that it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from adapters.provisioners.dial.connection import MEASURED, connection_to
from adapters.provisioners.dial.scripts import SHOW
from adapters.provisioners.keyed import ON
from adapters.redis_streams.access import ANONYMOUS, RedisAccess
from config.instants import instant_from_text, instant_text
from machines.ports.clock import Clock
from machines.ports.dials import DialSeen, DialSetting

_ACCURACY: Final = re.compile(r"0(\.\d{1,12})?|1(\.0{1,12})?", re.ASCII)
_SECONDS: Final = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)


class RedisDialBoard:
    """The dials of one instance on one Redis. Connects on the first call."""

    def __init__(self, url: str, instance: str, clock: Clock, access: RedisAccess = ANONYMOUS) -> None:
        """An empty `url` is refused on the first call."""
        self._connection = connection_to(url, instance, clock, access)

    async def look(self, component: str) -> DialSeen:
        """The dial as it stands, its measurement's age told by Redis's own clock."""
        _, fields = await self._connection.look(component)
        now_ms, measured = await self._connection.look(component + MEASURED)
        accuracy, unread = _accuracy(measured, self._connection.key(component + MEASURED))
        return DialSeen(
            token=fields.get("token", "") if fields.get("state") == ON else "",
            setting=_setting(fields),
            accuracy=accuracy,
            accuracy_age_s=0 if accuracy is None else now_ms // 1_000 - int(measured["measured_at"].partition(".")[0]),
            unread=unread,
        )

    async def show(self, component: str, token: str, setting: DialSetting) -> bool:
        """Set what the application reads; False where the dial of that token is not on."""
        written = {
            "share_percent": str(setting.share_percent),
            "wished_percent": str(setting.wished_percent),
            "reasons": setting.reasons,
            "turned_at": instant_text(setting.turned_at),
        }
        arguments = [token, *(text for field in written.items() for text in field)]
        return bool(await self._connection.evaluate(SHOW, [self._connection.key(component)], arguments))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._connection.close()


def _setting(fields: Mapping[str, str]) -> DialSetting | None:
    share, wished = fields.get("share_percent", ""), fields.get("wished_percent", "")
    if not (share.isdecimal() and wished.isdecimal()):
        return None
    try:
        turned_at = instant_from_text(fields.get("turned_at", ""))
    except ValueError:
        return None
    return DialSetting(int(share), int(wished), fields.get("reasons", ""), turned_at)


def _accuracy(measured: Mapping[str, str], key: str) -> tuple[Decimal | None, str]:
    """The accuracy, or why one that is there cannot be read."""
    if not measured:
        return None, ""
    text, at = measured.get("accuracy", ""), measured.get("measured_at", "")
    if _ACCURACY.fullmatch(text) is None:
        return None, f"expected accuracy from 0 to 1 such as 0.93 in {key}, found {text[:40]!r}"
    if _SECONDS.fullmatch(at) is None:
        return None, f"expected measured_at as seconds since 1970 in {key}, found {at[:40]!r}"
    return Decimal(text), ""
