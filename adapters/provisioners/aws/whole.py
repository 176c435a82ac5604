"""Answers that were cut off: botocore and `http.client` take what came for all of it.

Of the services that speak JSON botocore then makes an answer without a word in it: a change that was done, a list of
nothing. So what is shorter than its head says, or does not say how long it is and has nothing in it, is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError

_WITHOUT_BODY: Final = (204, 304)


class CutOff(BotoCoreError):
    """Unknown what else it would have said."""

    fmt = "the answer with the status {status} ended after {came} bytes of its body, before its end"


def require_whole(response_dict: Mapping[str, Any], operation_model: Any, **_: object) -> None:
    """For the event `before-parse` of a client. Raises `CutOff`."""
    headers, status, body = response_dict["headers"], response_dict["status_code"], response_dict["body"]
    if status in _WITHOUT_BODY or operation_model.http.get("method") == "HEAD" or not isinstance(body, bytes):
        return
    if not _is_whole(len(body), str(headers.get("content-length") or ""), headers.get("transfer-encoding")):
        raise CutOff(status=status, came=len(body))


def _is_whole(came: int, length: str, encoding: str | None) -> bool:
    if length.isascii() and length.isdigit():
        return came >= int(length)
    return came > 0 or bool(encoding)
