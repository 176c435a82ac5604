"""What is taken for a whole answer of AWS, and what for the beginning of one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from adapters.provisioners.aws.whole import CutOff, require_whole


def judged(status: int, headers: dict[str, str], body: object, method: str = "POST") -> None:
    """As botocore hands it over before it parses."""
    answer: dict[str, Any] = {"status_code": status, "headers": headers, "body": body}
    require_whole(answer, SimpleNamespace(http={"method": method}), event_name="before-parse.ecr.DescribeImages")


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {}, b""),
        (200, {"content-type": "application/x-amz-json-1.1"}, b""),
        (200, {"content-length": ""}, b""),
        (200, {"content-length": "431"}, b""),
        (200, {"content-length": "431"}, b'{"repositories": ['),
        (400, {"content-length": "60"}, b'{"__type": "Acc'),
    ],
)
def test_the_beginning_of_an_answer_is_none(status: int, headers: dict[str, str], body: bytes) -> None:
    """Ended within its head or its body: unknown, and not an answer in which nothing stands."""
    with pytest.raises(CutOff, match="before its end"):
        judged(status, headers, body)


@pytest.mark.parametrize(
    ("status", "headers", "body", "method"),
    [
        (200, {"content-length": "2"}, b"{}", "POST"),
        (200, {"content-length": "0"}, b"", "PUT"),
        (200, {"transfer-encoding": "chunked"}, b"", "GET"),
        (200, {}, b"<ok/>", "GET"),
        (204, {}, b"", "DELETE"),
        (200, {"content-length": "431"}, b"", "HEAD"),
        (200, {"content-length": "431"}, object(), "GET"),
    ],
)
def test_a_whole_answer_is_taken(status: int, headers: dict[str, str], body: object, method: str) -> None:
    """Also one that has no body by its nature, one whose end HTTP itself marks, and one that is read later."""
    judged(status, headers, body, method)
