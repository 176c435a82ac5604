"""Calls of Stripe's SDK: in bounded threads, with a time limit, none repeated, every answer checked for its shape."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import msgspec
import stripe

from adapters.blocking_calls import BlockingCalls
from adapters.secret_references import SecretMissingError
from adapters.sources.construction import SourceUnusableError
from adapters.sources.stripe.refusals import fault_of
from adapters.sources.stripe.shapes import API_VERSION
from config.secret import Secret
from config.unreadable import UNREADABLE
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, Permanent, Transient

Shape = TypeVar("Shape")
THREADS_MAX: Final = 4
"""Calls at once: far below the hundred a second that Stripe allows a live account."""


class StripeCalls:
    """Reads of Stripe's API. Nothing is ever written there."""

    def __init__(
        self,
        key: Callable[[], Secret],
        base_url: str,
        call_timeout_s: int,
        clock: Clock,
        http_client: stripe.HTTPClient | None = None,
    ) -> None:
        """`key` reads the key from where it is. An empty `base_url` is Stripe's own; `http_client` replaces the SDK's
        way to the network.
        """
        stripe.enable_telemetry = False  # it would keep a file in the home directory, and tell of this machine
        logging.getLogger("stripe").setLevel(
            logging.WARNING
        )  # below, it repeats Stripe's messages, which may show keys
        self._read_key = key
        self._base_url = base_url
        self._http_client = http_client or stripe.RequestsClient(timeout=call_timeout_s)
        self._key = key()
        self._client = self._client_with(self._key)
        self._threads = BlockingCalls("Stripe", clock, threads_max=THREADS_MAX, call_limit_s=call_timeout_s)
        self.answered_at: int | None = None
        """Stripe's own time in the first answer since this was emptied, in seconds since 1970; None without one."""

    def begin(self) -> None:
        """Take the key as it is now: one that was rotated needs no restart. Raises `Transient`."""
        self.answered_at = None
        try:
            key = self._read_key()
        except (SecretMissingError, SourceUnusableError) as unusable:
            raise Transient(str(unusable)) from None
        if key != self._key:
            self._key, self._client = key, self._client_with(key)

    async def get(self, path: str, parameters: Mapping[str, Any], shape: type[Shape], what: str) -> Shape:
        """What stands at the path. Raises `Transient` or `Permanent`; `what` names it in messages: `the charges`."""
        try:
            response = await self._threads.call(what, lambda: self._client.raw_request("get", path, **parameters))
        except Ambiguous as late:
            raise Transient(f"{late.reason}; what it holds is unknown") from None
        except (Transient, Permanent):
            raise
        except Exception as error:  # noqa: BLE001 - the SDK raises what it likes for odd answers, with bodies and keys in it
            fault = fault_of(error, what)
            raise fault from None
        if self.answered_at is None:
            self.answered_at = _date(response.headers)
        try:
            return msgspec.json.decode(response.body, type=shape)
        except UNREADABLE as error:
            raise Transient(f"Stripe's answer to {what} is not as its API promises: {_place(error)}") from None

    def close(self) -> None:
        """Start no call any more."""
        self._threads.close()

    def _client_with(self, key: Secret) -> stripe.StripeClient:
        return stripe.StripeClient(
            key.reveal(),
            stripe_version=API_VERSION,
            base_addresses={"api": self._base_url.rstrip("/")} if self._base_url else None,
            max_network_retries=0,
            http_client=self._http_client,
        )


def _date(headers: Mapping[str, str]) -> int | None:
    text = headers.get("Date") or headers.get("date")
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _place(error: Exception) -> str:
    """Which field was wrong, and nothing of what it held."""
    if not isinstance(error, msgspec.ValidationError):
        return "it is no JSON"
    return f"the field {str(error).rpartition(' - at ')[2]} is missing, or is not what it must be"
