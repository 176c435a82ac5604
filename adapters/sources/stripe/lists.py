"""A list of Stripe's read to its end: whole, newest first, and with what was given before; or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

import msgspec

from adapters.sources.stripe.calling import StripeCalls
from adapters.sources.stripe.position import Known
from adapters.sources.stripe.shapes import Page
from machines.ports.faults import Transient

PAGES_MAX: Final = 20_000
"""A list that has not ended by then is no list of ours: two million objects."""


class _Dated(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created(self) -> int: ...


Item = TypeVar("Item", bound=_Dated)


class TooManyError(Exception):
    """More objects than asked for in one read: take a shorter time."""


class Span(msgspec.Struct, frozen=True):
    """The time of creation that is listed, in seconds since 1970; no `before` means up to now."""

    since: int
    before: int | None = None

    def holds(self, created: int) -> bool:
        """Whether an object made then belongs into the list."""
        return created >= self.since and (self.before is None or created < self.before)

    def parameters(self) -> dict[str, Any]:
        """The filter of the call."""
        return {"created": {"gte": self.since} | ({} if self.before is None else {"lt": self.before})}


class Lists:
    """Reads whole lists, page by page."""

    def __init__(self, calls: StripeCalls, page_items_max: int) -> None:
        self._calls = calls
        self._page_items_max = page_items_max

    async def read(
        self,
        path: str,
        shape: type[Page[Item]],
        what: str,
        span: Span,
        parameters: Mapping[str, Any],
        *,
        known: Known | None = None,
        enough: Callable[[Item], bool] = lambda _: False,
        items_max: int = PAGES_MAX * 100,
    ) -> list[Item]:
        """Everything in the span, newest first.

        `known` must be in the answer where the span holds it. Raises `Transient` for an answer that is not whole, and
        `TooManyError` when there are more than `items_max` of which `enough` is true.
        """
        items: list[Item] = []
        counted = 0
        asked: dict[str, Any] = {"limit": self._page_items_max, **span.parameters(), **parameters}
        for _ in range(PAGES_MAX):
            page = await self._calls.get(path, asked, shape, what)
            for item in page.data:
                _check_order(item, items[-1] if items else None, span, what)
                items.append(item)
                counted += enough(item)
            if counted > items_max:
                raise TooManyError
            if not page.has_more:
                break
            if not page.data:
                raise Transient(f"Stripe's answer to {what} says there is more, and gives an empty page; it is unknown")
            asked["starting_after"] = page.data[-1].id
        else:
            raise Transient(f"Stripe's answer to {what} did not end after {PAGES_MAX} pages; it is unknown")
        if known is not None and span.holds(known.created) and all(item.id != known.id for item in items):
            raise Transient(f"Stripe's answer to {what} lacks {known.id}, which it gave before; it is unknown")
        return items


def _check_order(item: Item, before: Item | None, span: Span, what: str) -> None:
    if not span.holds(item.created):
        raise Transient(f"Stripe's answer to {what} holds {item.id}, which was not asked for; it is unknown")
    if before is not None and (item.created > before.created or item.id == before.id):
        raise Transient(f"Stripe's answer to {what} is not in order at {item.id}; it is unknown")
