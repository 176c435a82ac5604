"""AWS Cost Explorer: what AWS bills by day for the resources that carry the plan's tags.

The tags `solvent:plan` and `solvent:component` must be activated as cost allocation tags in the account that pays;
AWS shows them from then on, not backwards. Figures are two to three days late, and estimates until the month is
invoiced. Each page of an answer costs 0.01 USD.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from adapters.blocking_calls import BlockingCalls
from adapters.costs.amounts import micros_of
from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.clients import Clients
from adapters.provisioners.aws.tags import COMPONENT, PLAN
from machines.ports.clock import Clock
from machines.ports.costs import BilledDay
from machines.ports.faults import Permanent

METRIC: Final = "UnblendedCost"
"""What is paid for the day itself: reservations and their upfront payments stay where they were paid."""


class CostExplorer:
    """Reads day by day, grouped by component. Connects on the first read."""

    name = "cost_explorer"

    def __init__(self, environment: Mapping[str, str], clock: Clock, *, region: str, pages_max: int) -> None:
        """`region` is where the account's Cost Explorer answers; `pages_max` bounds what one read may cost."""
        self._clients = Clients(environment)
        self._blocking = BlockingCalls("cost_explorer", clock, threads_max=1)
        self._place = Place(self._clients, self._blocking, clock, region)
        self._pages_max = pages_max

    async def read(self, plan: str, first_day: date, last_day: date) -> tuple[BilledDay, ...]:
        """The bill of the days, as the port says; AWS's days are in UTC."""
        asked: dict[str, Any] = {
            "TimePeriod": {"Start": first_day.isoformat(), "End": (last_day + timedelta(days=1)).isoformat()},
            "Granularity": "DAILY",
            "Metrics": [METRIC],
            "GroupBy": [{"Type": "TAG", "Key": COMPONENT}],
            "Filter": {"Tags": {"Key": PLAN, "Values": [plan], "MatchOptions": ["EQUALS"]}},
        }
        days: dict[date, _Day] = {}
        token = ""
        for _ in range(self._pages_max):
            page = {"NextPageToken": token} if token else {}
            answer = await self._place.call("ce", "get_cost_and_usage", **asked, **page)
            for result in answer.get("ResultsByTime", []):
                start = _day_of(result)
                if first_day <= start <= last_day:
                    days.setdefault(start, _Day(start)).add(result)
            token = str(answer.get("NextPageToken") or "")
            if not token:
                return tuple(days[day].billed() for day in sorted(days))
        raise Permanent(
            f"Cost Explorer has more than {self._pages_max} pages for {plan}: raise costs.pages_max; each is 0.01 USD"
        )

    async def close(self) -> None:
        """Let go of threads and connections."""
        self._blocking.close()
        self._clients.close()


class _Day:
    """One day as its pages come in."""

    def __init__(self, day: date) -> None:
        self._day = day
        self._micros: dict[str, int] = {}
        self._unattributed = 0
        self._currencies: set[str] = set()
        self._estimated = False

    def add(self, result: Mapping[str, Any]) -> None:
        """What one page has of the day. Raises `Permanent`."""
        self._estimated = self._estimated or bool(result.get("Estimated"))
        for group in result.get("Groups", []):
            key = str((group.get("Keys") or [""])[0])
            component = key.removeprefix(f"{COMPONENT}$")
            figure = group.get("Metrics", {}).get(METRIC)
            if figure is None or component == key:
                raise Permanent(f"Cost Explorer answered a group without {METRIC} of a component: {str(group)[:200]}")
            micros = micros_of(str(figure.get("Amount")), f"Cost Explorer, {self._day}, {component or 'no component'}")
            self._currencies.add(str(figure.get("Unit")))
            if component:
                self._micros[component] = self._micros.get(component, 0) + micros
            else:
                self._unattributed += micros

    def billed(self) -> BilledDay:
        """The whole day. Raises `Permanent` where it is in two currencies."""
        if len(self._currencies) > 1:
            raise Permanent(
                f"Cost Explorer bills {self._day} in {' and '.join(sorted(self._currencies))}: these cannot be added"
            )
        # A day without a group has no amount, so that its currency is never asked for.
        currency = next(iter(self._currencies), "USD")
        return BilledDay(self._day, currency, self._micros, self._estimated, self._unattributed)


def _day_of(result: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(str(result["TimePeriod"]["Start"])[:10])
    except (KeyError, TypeError, ValueError):
        raise Permanent(f"Cost Explorer answered a result without its day: {str(result)[:200]}") from None
