"""A Stripe account: what happens to charges, refunds and disputes, and the events that tell of it."""

from __future__ import annotations

from typing import Any

from tests.sources.stripe import objects
from tests.sources.stripe.objects import Object

EVENTS_KEPT_S = 30 * 86_400


class Account:
    """The state of one account; `now_s` is its clock, set by the test."""

    def __init__(self, now_s: int, *, live: bool = False) -> None:
        """An empty account."""
        self.now_s = now_s
        self.live = live
        self.lists: dict[str, list[Object]] = {"charges": [], "refunds": [], "disputes": [], "invoice_payments": []}
        """Each in the order of creation."""
        self.all_events: list[Object] = []
        self.invoices: dict[str, Object] = {}
        self.prices: dict[str, Object] = {}

    @property
    def events(self) -> list[Object]:
        """The events that Stripe still keeps."""
        return [event for event in self.all_events if event["created"] > self.now_s - EVENTS_KEPT_S]

    def find(self, kind: str, identity: str) -> Object | None:
        """The object, or None."""
        return next((each for each in self.lists[kind] if each["id"] == identity), None)

    def charge(self, identity: str, amount: int, currency: str = "eur", **fields: Any) -> Object:
        """A charge made now; `status` pending, failed or succeeded."""
        made = objects.charge(identity, amount, currency, self.now_s, livemode=self.live, **fields)
        if made["status"] != "succeeded":
            made |= {"paid": False, "amount_captured": 0, "balance_transaction": None}
        if not made["captured"]:
            made |= {"amount_captured": 0}
        self.lists["charges"].append(made)
        self._tell(f"charge.{made['status']}", made)
        return made

    def settle(self, identity: str, status: str) -> None:
        """A pending charge succeeds or fails now."""
        made = self._charge(identity)
        if status == "succeeded":
            made |= {"amount_captured": made["amount"], "paid": True, "balance_transaction": f"txn_{identity}"}
        made["status"] = status
        self._tell(f"charge.{status}", made)

    def fail_late(self, identity: str) -> None:
        """A charge that succeeded is reversed by the bank."""
        made = self._charge(identity)
        made |= {"status": "failed", "paid": False, "failure_balance_transaction": f"txn_f_{identity}"}
        self._tell("charge.failed", made)

    def capture(self, identity: str, amount: int) -> None:
        """Capture an authorised charge; Stripe writes a refund of what is not taken."""
        made = self._charge(identity)
        made |= {"captured": True, "amount_captured": amount, "balance_transaction": f"txn_{identity}"}
        self._tell("charge.captured", made)
        if amount < made["amount"]:
            self.refund(f"re_rest_{identity}", identity, made["amount"] - amount, balance_transaction=None)

    def refund(self, identity: str, charge_id: str, amount: int, **fields: Any) -> Object:
        """A refund made now."""
        charge = self._charge(charge_id)
        made = objects.refund(identity, charge_id, amount, charge["currency"], self.now_s, **fields)
        charge["amount_refunded"] += amount
        self.lists["refunds"].append(made)
        self._tell("refund.created", made)
        return made

    def end_refund(self, identity: str, status: str) -> None:
        """A refund succeeds or fails now; one that fails gives the money back."""
        made = self.find("refunds", identity)
        assert made is not None
        if status == "failed":
            self._charge(made["charge"])["amount_refunded"] -= made["amount"]
            made["failure_balance_transaction"] = f"txn_f_{identity}"
        made["status"] = status
        self._tell("refund.failed" if status == "failed" else "refund.updated", made)

    def dispute(self, identity: str, charge_id: str, amount: int) -> Object:
        """A dispute opened now."""
        charge = self._charge(charge_id)
        charge["disputed"] = True
        made = objects.dispute(identity, charge_id, amount, charge["currency"], self.now_s, livemode=self.live)
        self.lists["disputes"].append(made)
        self._tell("charge.dispute.created", made)
        return made

    def close_dispute(self, identity: str, status: str) -> None:
        """A dispute is lost or won now."""
        made = self.find("disputes", identity)
        assert made is not None
        made["status"] = status
        self._tell("charge.dispute.closed", made)

    def invoice(self, charge_id: str, *lines: tuple[int, str | None, int]) -> None:
        """An invoice that the charge pays; each line is amount, interval (None for once) and interval count."""
        key = charge_id.removeprefix("ch_")
        made = []
        for place, (amount, interval, count) in enumerate(lines):
            price_id = f"price_{interval or 'once'}_{count}"
            self.prices[price_id] = objects.price(price_id, interval, count)
            made.append(objects.line(f"il_{key}_{place}", amount, price_id))
        self.invoices[f"in_{key}"] = {"id": f"in_{key}", "object": "invoice", "lines": made, "livemode": self.live}
        self.lists["invoice_payments"].append(
            objects.invoice_payment(f"inpay_{key}", f"in_{key}", f"pi_{key}", self.now_s)
        )

    def _charge(self, identity: str) -> Object:
        found = self.find("charges", identity)
        assert found is not None, identity
        return found

    def _tell(self, kind: str, about: Object) -> None:
        self.all_events.append(objects.event(f"evt_{len(self.all_events) + 1}", kind, about, self.now_s))
