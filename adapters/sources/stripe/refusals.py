"""Stripe's refusals in the words of the port. Stripe's own messages are not passed on: they may show keys."""

from __future__ import annotations

import re
from typing import Any, Final

import stripe

from machines.ports.faults import CallError, Permanent, Transient

RETRY_AFTER_MAX_S: Final = 3_600.0
_RIGHT: Final = re.compile(r"\brak_[a-z_]{1,60}\b")
_REQUEST: Final = re.compile(r"^req_[A-Za-z0-9]{1,64}\Z")
_WORD: Final = re.compile(r"^[a-z_\[\]]{1,60}\Z")
_BUSY: Final = frozenset({408, 409, 425, 429})


class AbsentError(Permanent):
    """Stripe has no such thing (404)."""


def fault_of(error: Exception, what: str) -> CallError:
    """The fault that an error of the SDK stands for; `what` says what was asked, such as `the charges`."""
    status = getattr(error, "http_status", None)
    if not isinstance(error, stripe.StripeError) or not isinstance(status, int):
        cause = type(error.__cause__ or error).__name__
        return Transient(f"Stripe could not be asked for {what}: {cause}; what it holds is unknown")
    if 200 <= status < 300:
        return Transient(f"Stripe's answer to {what} breaks off: it is no whole JSON{_named(error)}")
    if status in _BUSY or status >= 500 or isinstance(error, stripe.RateLimitError):
        return Transient(f"Stripe answered {what} with {status}{_named(error)}", _retry_after_s(error))
    return (AbsentError if status == 404 else Permanent)(_refusal(error, status, what))


def _refusal(error: stripe.StripeError, status: int, what: str) -> str:
    named = _named(error)
    if status == 401:
        return (
            f"Stripe does not know the key (401{named}) when asked for {what}: make a restricted key in the Dashboard "
            "under Developers, API keys, and put it where `api_key` of the source says"
        )
    if status == 403:
        right = _RIGHT.search(str(error.user_message or ""))
        lacking = f"the right {right[0]}" if right else "a right"
        return f"the key lacks {lacking} that reading {what} needs (403{named}): add it to the key in the Dashboard"
    if status == 404:
        return (
            f"Stripe has nothing where {what} should be (404{named}): see `base_url` of the source, and that the key "
            "is of the right account"
        )
    return (
        f"Stripe refused {what} with {status}{named}: this version of solvent and Stripe's API do not fit together; "
        "look for a newer version, or report it with the request's number"
    )


def _named(error: stripe.StripeError) -> str:
    """The code, the parameter and the number of the request, where they look like such."""
    words = [str(getattr(error, name, None) or "") for name in ("code", "param")]
    told = [word for word in words if _WORD.match(word)]
    number = str(error.request_id or "")
    return "".join(f", {each}" for each in [*told, *([number] if _REQUEST.match(number) else [])])


def _retry_after_s(error: stripe.StripeError) -> float | None:
    headers: Any = error.headers or {}
    text = str(headers.get("Retry-After") or headers.get("retry-after") or "")
    return min(float(text), RETRY_AFTER_MAX_S) if text.isdecimal() else None
