"""Reading what providers bill."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from config.settings.values import Seconds


class CostsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Reading what providers bill. Our own accrual needs no setting."""

    cost_explorer: bool = False
    """Whether AWS's bill is read; off, since each read costs 0.01 USD and needs the right `ce:GetCostAndUsage`."""
    cost_explorer_region: Annotated[
        str, Meta(pattern=r"^[a-z0-9-]{1,32}\Z", description="a region such as us-east-1")
    ] = "us-east-1"
    """Where Cost Explorer answers, whatever the resources' regions; `cn-northwest-1` for AWS in China."""
    open_cost_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s/@]+(/[^\s@]*)?)?\Z",
            max_length=2_048,
            description="a URL such as http://opencost.opencost:9003, without a user",
        ),
    ] = ""
    """OpenCost's API, such as `http://opencost.opencost:9003`; empty for none."""
    open_cost_currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", description="a currency such as USD")] = "USD"
    """Of the prices that OpenCost was given; its answers do not say."""
    read_every_s: Annotated[int, Meta(ge=3_600, le=604_800)] = 86_400
    """How often each bill is read; providers renew theirs once or twice a day."""
    retry_every_s: Seconds = 3_600
    """The pause after a read that failed."""
    call_timeout_s: Annotated[int, Meta(ge=1, le=600)] = 60
    """A read of OpenCost without an answer after this has failed; it sums up a month."""
    answer_bytes_max: Annotated[int, Meta(ge=1_000, le=1_000_000_000)] = 16_000_000
    """A larger answer of OpenCost is refused: 30 days of 1,000 components are about 10 MB."""
    pages_max: Annotated[int, Meta(ge=1, le=1_000)] = 20
    """Pages of one read of Cost Explorer, each 0.01 USD; one holds about 5,000 figures."""
