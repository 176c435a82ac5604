"""Secrets and customers show nothing of themselves wherever a value is turned into text."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable

import msgspec
import pytest
import structlog

from adapters.logs import configure_logs
from config.customer import CustomerId, reveal
from config.secret import Secret
from machines.intake import Read, Rejected
from machines.ports.streams import Entry
from tests.revenue.payment_values import a_payment

PLANTED = "cus_ann_example"

WAYS: list[Callable[[object], str]] = [
    str,
    repr,
    lambda value: f"{value}",
    lambda value: f"{value:>40}",
    lambda value: f"{value!r}",
    lambda value: "%s %r" % (value, value),  # noqa: UP031 - the old way is a way too
    "{}".format,
    lambda value: str([value]),
    lambda value: str({"field": value}),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", [Secret(PLANTED), CustomerId(PLANTED)], ids=["secret", "customer"])
def test_text_shows_nothing(value: object, way: Callable[[object], str]) -> None:
    """No way of making text of the value gives it away."""
    assert PLANTED not in way(value)


@pytest.mark.parametrize(
    "value",
    [
        Entry("5-0", {"customer_id": PLANTED}),
        Rejected("5-0", "amount", "found nothing", {"customer_id": PLANTED}),
        Read("5-0", a_payment(customer_id=CustomerId(PLANTED)), {"customer_id": PLANTED}),
        a_payment(customer_id=CustomerId(PLANTED)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_holds_a_customer_shows_nothing(value: object) -> None:
    """An entry, a payment or a rejection in a message of an error names no customer."""
    assert PLANTED not in repr(value)


@pytest.mark.parametrize("human", [True, False], ids=["console", "json"])
def test_a_log_line_shows_nothing(human: bool) -> None:
    """Neither as a field, nor inside an exception, nor in a library's own message."""
    out = io.BytesIO()
    configure_logs(timestamp=lambda: "now", human=human, out=out)
    log = structlog.get_logger("test")
    log.warning("library_message", secret=Secret(PLANTED), customer=CustomerId(PLANTED), both=[Secret(PLANTED)])
    logging.getLogger("other").warning("%s %s", Secret(PLANTED), CustomerId(PLANTED))
    log.error("library_message", exc_info=ValueError(f"cannot use {Secret(PLANTED)} for {CustomerId(PLANTED)!r}"))

    assert PLANTED not in out.getvalue().decode()
    assert 3 <= out.getvalue().count(b"\n")


def test_a_secret_is_not_encoded() -> None:
    """JSON, MessagePack and pickle refuse it: it reaches no journal and no file by accident."""
    for encode in (json.dumps, msgspec.json.encode, msgspec.msgpack.encode, pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            encode(Secret(PLANTED))  # type: ignore[operator]


def test_a_traceback_shows_nothing() -> None:
    """The text of a traceback holds the code, not the value."""
    try:
        _fails(Secret(PLANTED))
    except RuntimeError as error:
        text = "".join(traceback.format_exception(error))

    assert PLANTED not in text


def _fails(secret: Secret) -> None:
    raise RuntimeError(f"nobody takes {secret}")


def test_who_needs_it_gets_it() -> None:
    """The one call that needs the text has a word for it."""
    assert (PLANTED, PLANTED) == (Secret(PLANTED).reveal(), reveal(CustomerId(PLANTED)))


def test_a_secret_equals_itself_only() -> None:
    """Two secrets of one text are equal; a text is no secret."""
    assert (True, False, False) == (
        Secret("a") == Secret("a"),
        Secret("a") == Secret("b"),
        Secret("a") == "a",
    )
