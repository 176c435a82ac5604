"""A random history of an account, with polls, posts and troubles in between, and the sums that are true in the end."""

from __future__ import annotations

import random
from decimal import Decimal

from adapters.sources.stripe.webhook import StripeWebhook
from config.secret import Secret
from tests.sources.stripe.account import Account
from tests.sources.stripe.emulator import Emulator, Trouble
from tests.sources.stripe.objects import Object
from tests.sources.stripe.posting import SECRET, body_of, signed
from tests.sources.stripe.reading import Ledger, arranged, poll_of

_LISTS = ("charges", "refunds", "disputes", "events")
_DECIMALS = {"eur": 2, "jpy": 0, "kwd": 3}
_LINES = (None, ("month", 1), ("year", 1), ("month", 12), ("week", 1))


class History:
    """One seed is one history: what happens, when it is polled, what goes wrong."""

    def __init__(self, seed: int, *, away_days: int = 0) -> None:
        """`away_days` is a time without any poll in the middle."""
        self.random = random.Random(seed)
        self.account, self.emulator = arranged("2026-11-02T00:00:00Z")
        self.ledger = Ledger(self._new_poll())
        self.away_days = away_days
        self.intervals: dict[str, str] = {}
        self._webhook = StripeWebhook("stripe", lambda: (Secret(SECRET),), live=False)
        self._made = 0

    async def play(self, steps: int) -> None:
        """So many things happen; afterwards everything settles and is read without trouble."""
        await self.ledger.catch_up()  # it begins with the present month
        for step in range(steps):
            self._something_happens()
            self.account.now_s += self.random.choice([1, 60, 900, 7_200, 40_000])
            if step == steps // 2:
                self.account.now_s += self.away_days * 86_400
            await self._somebody_reads()
        self.emulator.troubles.clear()
        self.account.now_s += 7_200
        await self.ledger.catch_up()

    def truth(self) -> dict[str, int]:
        """Net micros by currency, from the state of the account alone."""
        sums: dict[str, int] = {}
        for charge in self.account.lists["charges"][1:]:  # the first one is older than the source's beginning
            if charge["status"] == "succeeded" and charge["captured"]:
                _add(sums, charge, charge["amount_captured"])
        for refund in self.account.lists["refunds"]:
            if refund["status"] == "succeeded" and refund["balance_transaction"]:
                _add(sums, refund, -refund["amount"])
        for dispute in self.account.lists["disputes"]:
            if dispute["status"] == "lost":
                _add(sums, dispute, -dispute["amount"])
        return {currency: net for currency, net in sums.items() if net}

    def _new_poll(self) -> object:
        return poll_of(self.emulator, page_items_max=self.random.choice([2, 7, 100]))

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}_{self._made}"

    def _something_happens(self) -> None:
        happens = [self._charge, self._charge, self._settle, self._refund, self._end_refund, self._dispute, self._close]
        self.random.choice([*happens, self._fail_late])()

    def _charge(self) -> None:
        name = self._name("ch")
        fields = self.random.choice([{}, {}, {"status": "pending"}, {"status": "failed"}, {"captured": False}])
        line = self.random.choice(_LINES)
        self.account.charge(name, self.random.randrange(100, 100_000), self.random.choice(list(_DECIMALS)), **fields)
        if line:
            self.account.invoice(name, (100, *line))
        self.intervals[name] = (
            "one_off" if line is None else "year" if line in {("year", 1), ("month", 12)} else "month"
        )

    def _settle(self) -> None:
        pending = self._charges(lambda charge: charge["status"] == "pending")
        if pending:
            self.account.settle(self.random.choice(pending)["id"], self.random.choice(["succeeded", "failed"]))
        waiting = self._charges(lambda charge: not charge["captured"])
        if waiting:
            charge = self.random.choice(waiting)
            self.account.capture(charge["id"], self.random.choice([charge["amount"], charge["amount"] // 2]))

    def _refund(self) -> None:
        whole = self._charges(_counts)
        if whole:
            charge = self.random.choice(whole)
            amount = self.random.randrange(1, charge["amount_captured"] - charge["amount_refunded"] + 1)
            status = self.random.choice(["succeeded", "pending"])
            self.account.refund(self._name("re"), charge["id"], amount, status=status)

    def _end_refund(self) -> None:
        open_refunds = [each for each in self.account.lists["refunds"] if each["status"] == "pending"]
        if open_refunds:
            self.account.end_refund(self.random.choice(open_refunds)["id"], self.random.choice(["succeeded", "failed"]))

    def _fail_late(self) -> None:
        done = [
            each
            for each in self.account.lists["refunds"]
            if each["status"] == "succeeded" and each["balance_transaction"]
        ]
        if done and self.random.random() < 0.5:
            self.account.end_refund(self.random.choice(done)["id"], "failed")
            return
        whole = self._charges(lambda charge: _counts(charge) and charge["amount_captured"] == charge["amount"])
        untouched = [each for each in whole if not each["amount_refunded"]]
        if untouched:
            self.account.fail_late(self.random.choice(untouched)["id"])

    def _dispute(self) -> None:
        whole = self._charges(lambda charge: _counts(charge) and not charge["amount_refunded"])
        if whole:
            charge = self.random.choice(whole)
            self.account.dispute(self._name("dp"), charge["id"], charge["amount_captured"])

    def _close(self) -> None:
        asked = [each for each in self.account.lists["disputes"] if each["status"] == "needs_response"]
        if asked:
            self.account.close_dispute(self.random.choice(asked)["id"], self.random.choice(["lost", "won"]))

    def _charges(self, wanted: object) -> list[Object]:
        return [each for each in self.account.lists["charges"][1:] if wanted(each)]  # type: ignore[operator]

    async def _somebody_reads(self) -> None:
        if self.random.random() < 0.1:
            self.ledger.poll = self._new_poll()  # type: ignore[assignment]
        if self.random.random() < 0.4:
            self.emulator.troubles.append(self._trouble())
        reads = self.random.random() < 0.3
        told = self.account.events
        for event in self.random.choices(told, k=self.random.randrange(3)) if told else ():
            body = body_of(event)
            headers = signed(body, self.account.now_s, SECRET)
            reads |= self._webhook.receive(headers, body, self.account.now_s * 1_000_000).asks_for_read
        if reads:
            await self.ledger.try_to_catch_up()

    def _trouble(self) -> Trouble:
        path = f"/v1/{self.random.choice(_LISTS)}"
        kind = self.random.randrange(6)
        if kind == 0:
            return Trouble(path, lacks_newest=self.random.choice([1, 2, 1_000]))
        if kind == 1:
            return Trouble(path, body=b'{"object": "list", "data": [{"id": "ch_')
        if kind == 2:
            return Trouble(path, has_more=True)
        if kind == 3:
            return Trouble("/v1/", cut=10)
        return Trouble("/v1/", status=self.random.choice([401, 403, 404, 429, 500, 503]))


def _counts(charge: Object) -> bool:
    return (
        charge["status"] == "succeeded"
        and charge["captured"]
        and not charge["disputed"]
        and charge["amount_refunded"] < charge["amount_captured"]
    )


def _add(sums: dict[str, int], each: Object, minor: int) -> None:
    currency = each["currency"]
    micros = int(Decimal(minor).scaleb(6 - _DECIMALS[currency]))
    sums[currency.upper()] = sums.get(currency.upper(), 0) + micros


__all__ = ["Account", "Emulator", "History"]
