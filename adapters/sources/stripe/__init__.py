"""Stripe as a source of payments: a poll that is complete, and a webhook that makes it quick."""

from __future__ import annotations

import re
from typing import Final

from adapters.secret_references import read_secret
from adapters.sources.construction import Constructed, SourceSurroundings, SourceUnusableError
from adapters.sources.stripe.calling import StripeCalls
from adapters.sources.stripe.polling import StripePoll
from adapters.sources.stripe.webhook import StripeWebhook
from config.secret import Secret
from config.settings import StripeSource

_KEY: Final = re.compile(r"^[sr]k_(live|test)_[A-Za-z0-9_]{4,500}\Z")
_WEBHOOK_SECRET: Final = re.compile(r"^whsec_[!-~]{4,500}\Z")


def construct(name: str, settings: StripeSource, surroundings: SourceSurroundings) -> Constructed:
    """The source; raises `SourceUnusableError` or `SecretMissingError`."""
    key = read_secret(settings.api_key, surroundings.environ)
    matched = _KEY.match(key.reveal())
    if matched is None:
        raise SourceUnusableError(
            f"the source {name}: what {settings.api_key} holds is no key for reading: expected a restricted key such "
            "as rk_live_… or rk_test_… (sk_… works and may do more than it should), alone on its line"
        )
    live = matched[1] == "live"
    calls = StripeCalls(key, settings.base_url, settings.call_timeout_s, surroundings.clock)
    poll = StripePoll(name, settings, calls, surroundings.clock, live=live)
    secrets = _webhook_secrets(name, settings, surroundings)
    return Constructed(asked=poll, posted=StripeWebhook(name, secrets, live=live) if secrets else None)


def _webhook_secrets(name: str, settings: StripeSource, surroundings: SourceSurroundings) -> tuple[Secret, ...]:
    references = {"webhook_secret": settings.webhook_secret, "webhook_secret_before": settings.webhook_secret_before}
    if settings.webhook_secret_before and not settings.webhook_secret:
        raise SourceUnusableError(f"the source {name} has `webhook_secret_before` and no `webhook_secret`")
    secrets = []
    for field, reference in references.items():
        secret = read_secret(reference, surroundings.environ)
        if secret and not _WEBHOOK_SECRET.match(secret.reveal()):
            raise SourceUnusableError(
                f"the source {name}: what `{field}` names ({reference}) is no signing secret: expected whsec_… as "
                "Stripe shows it for the endpoint, alone on its line"
            )
        secrets += [secret] if secret else []
    return tuple(secrets)
