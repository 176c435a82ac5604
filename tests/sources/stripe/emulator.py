"""Stripe's API over one account: filters, pages, expansion, keys, and answers that go wrong as arranged."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tests.sources.stripe.account import Account
from tests.sources.stripe.objects import Object

KEY = "rk_test_51EmulatorKeyThatNobodyOwns"
LINES_INCLUDED = 2
"""Stripe includes ten lines in an invoice; fewer here, so that tests reach the second page."""


class Answer(msgspec.Struct, frozen=True):
    """An answer as it goes over the wire; `cut` breaks the connection after so many bytes of the body."""

    status: int
    body: bytes
    headers: dict[str, str] = {}
    cut: int | None = None


class Trouble(msgspec.Struct, frozen=True):
    """What goes wrong with the next call whose path begins with `path`."""

    path: str = "/v1/"
    status: int = 200
    error: Object = {}
    headers: dict[str, str] = {}
    body: bytes | None = None
    lacks_newest: int = 0
    """A replica that is behind: so many of the newest objects are missing."""
    hides: str = ""
    """A hole: the object of this id is missing, although newer ones are there."""
    has_more: bool | None = None
    cut: int | None = None


class Emulator:
    """Answers calls from an account. Not safe for calls at once, except behind the server's lock."""

    def __init__(self, account: Account, key: str = KEY) -> None:
        """`key` is the only one that is known."""
        self.account = account
        self.key = key
        self.troubles: deque[Trouble] = deque()
        self.served: Counter[str] = Counter()
        """Calls by path, the ids in it replaced by `ID`."""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.headers: dict[str, str] = {}
        """Those of the last call, names in lower case."""

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        """The answer to a GET."""
        parts = urlsplit(target)
        self.headers = {name.lower(): value for name, value in headers.items()}
        parameters = dict(parse_qsl(parts.query))
        self.served[re.sub(r"/(ch|re|dp|in|price)_\w+", "/ID", parts.path)] += 1
        self.asked.append((parts.path, parameters))
        trouble = self._trouble(parts.path)
        if self.headers.get("authorization") != f"Bearer {self.key}":
            shown = self.headers.get("authorization", "")[-12:]
            return self._error(401, {"type": "invalid_request_error", "message": f"Invalid API Key provided: {shown}"})
        if trouble.body is not None:
            return Answer(trouble.status, trouble.body, {**self._date(), **trouble.headers}, trouble.cut)
        if trouble.status != 200:
            return self._error(trouble.status, trouble.error, trouble.headers)
        found = self._found(parts.path.removeprefix("/v1/").split("/"), parameters, trouble)
        if found is None:
            return self._error(404, {"type": "invalid_request_error", "code": "resource_missing", "param": "id"})
        return Answer(200, json.dumps(found).encode(), self._date(), trouble.cut)

    def _trouble(self, path: str) -> Trouble:
        for trouble in self.troubles:
            if path.startswith(trouble.path):
                self.troubles.remove(trouble)
                return trouble
        return Trouble()

    def _found(self, names: list[str], parameters: dict[str, str], trouble: Trouble) -> Object | None:
        match names:
            case ["events"]:
                return self._page(self.account.events, parameters, trouble)
            case ["charges" | "refunds" | "disputes" | "invoice_payments" as kind]:
                return self._page(self.account.lists[kind], parameters, trouble)
            case ["charges" | "refunds" | "disputes" as kind, identity]:
                found = self.account.find(kind, identity)
                return found and self._expanded(found, _listed(parameters, "expand"))
            case ["invoices", identity, "lines"] if identity in self.account.invoices:
                lines = self.account.invoices[identity]["lines"]
                return self._page(list(reversed(lines)), parameters, trouble)
            case ["prices", identity]:
                return self.account.prices.get(identity)
        return None

    def _page(self, made: list[Object], parameters: dict[str, str], trouble: Trouble) -> Object:
        listed = [each for each in reversed(made) if _matches(each, parameters) and each["id"] != trouble.hides]
        listed = listed[trouble.lacks_newest :]
        after = parameters.get("starting_after")
        if after is not None:
            places = [place for place, each in enumerate(listed) if each["id"] == after]
            listed = listed[places[0] + 1 :] if places else []
        limit = int(parameters.get("limit", "10"))
        expand = [each.removeprefix("data.") for each in _listed(parameters, "expand")]
        more = len(listed) > limit if trouble.has_more is None else trouble.has_more
        data = [self._expanded(each, expand) for each in listed[:limit]]
        return {"object": "list", "data": data, "has_more": more, "url": "/v1/list"}

    def _expanded(self, found: Object, expand: list[str]) -> Object:
        shown = dict(found)
        if "charge" in expand and shown.get("charge"):
            shown["charge"] = self.account.find("charges", shown["charge"])
        if "invoice" in expand:
            invoice = self.account.invoices[shown["invoice"]]
            lines = invoice["lines"]
            included = {
                "object": "list",
                "data": lines[:LINES_INCLUDED],
                "has_more": len(lines) > LINES_INCLUDED,
                "url": "/v1/lines",
            }
            shown["invoice"] = {**invoice, "lines": included}
        return shown

    def _error(self, status: int, error: Object, headers: dict[str, str] | None = None) -> Answer:
        body = json.dumps({"error": {"type": "api_error", "message": f"not with {self.key}", **error}}).encode()
        return Answer(status, body, {**self._date(), "Request-Id": "req_Emulated1", **(headers or {})})

    def _date(self) -> dict[str, str]:
        return {"Date": formatdate(self.account.now_s, usegmt=True)}


def _listed(parameters: dict[str, str], name: str) -> list[str]:
    return [value for key, value in parameters.items() if re.fullmatch(rf"{name}\[\d*\]", key)]


def _matches(each: Object, parameters: dict[str, str]) -> bool:
    created = each.get("created", 0)
    bounds: dict[str, Any] = {
        "gte": created.__ge__,
        "gt": created.__gt__,
        "lt": created.__lt__,
        "lte": created.__le__,
    }
    within = all(
        bound(int(parameters[f"created[{name}]"])) for name, bound in bounds.items() if f"created[{name}]" in parameters
    )
    types = _listed(parameters, "types")
    intent = parameters.get("payment[payment_intent]")
    return (
        within
        and (not types or each["type"] in types)
        and (intent is None or each["payment"]["payment_intent"] == intent)
    )
