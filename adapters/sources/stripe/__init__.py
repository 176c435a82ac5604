"""Stripe as a source of payments: a poll that is complete, and a webhook that makes it quick."""

from __future__ import annotations

import re
from typing import Final

from adapters.rotated_secrets import RotatedSecrets
from adapters.secret_references import SecretMissingError, read_secret
from adapters.sources.construction import Constructed, SourceSurroundings, SourceUnusableError
from adapters.sources.stripe.calling import StripeCalls
from adapters.sources.stripe.polling import StripePoll
from adapters.sources.stripe.webhook import StripeWebhook
from config.secret import Secret
from config.settings import StripeSource
from machines.ports.sources import ReceiverUnableError

_KEY: Final = re.compile(r"^[sr]k_(live|test)_[A-Za-z0-9_]{4,500}\Z")
_WEBHOOK_SECRET: Final = re.compile(r"^whsec_[!-~]{4,500}\Z")


def construct(name: str, settings: StripeSource, surroundings: SourceSurroundings) -> Constructed:
    """The source; raises `SourceUnusableError` or `SecretMissingError`."""
    _, live = _key(name, settings, surroundings)

    def key() -> Secret:
        found, is_live = _key(name, settings, surroundings)
        if is_live is not live:
            raise SourceUnusableError(
                f"the source {name}: the key in {settings.api_key} is of Stripe's other mode than at the start: put "
                "the right one there, or restart the daemon"
            )
        return found

    calls = StripeCalls(key, settings.base_url, settings.call_timeout_s, surroundings.clock)
    poll = StripePoll(name, settings, calls, surroundings.clock, live=live)
    return Constructed(asked=poll, posted=_webhook(name, settings, surroundings, live=live))


def _key(name: str, settings: StripeSource, surroundings: SourceSurroundings) -> tuple[Secret, bool]:
    """The key as it is now, and whether it is of the live mode."""
    key = read_secret(settings.api_key, surroundings.environ)
    matched = _KEY.match(key.reveal())
    if matched is None:
        raise SourceUnusableError(
            f"the source {name}: what {settings.api_key} holds is no key for reading: expected a restricted key such "
            "as rk_live_… or rk_test_… (sk_… works and may do more than it should), alone on its line"
        )
    return key, matched[1] == "live"


def _webhook(
    name: str, settings: StripeSource, surroundings: SourceSurroundings, *, live: bool
) -> StripeWebhook | None:
    fields = {settings.webhook_secret_before: "webhook_secret_before", settings.webhook_secret: "webhook_secret"}
    if settings.webhook_secret_before and not settings.webhook_secret:
        raise SourceUnusableError(f"the source {name} has `webhook_secret_before` and no `webhook_secret`")
    if not settings.webhook_secret:
        return None
    secrets = RotatedSecrets(settings.webhook_secret, settings.webhook_secret_before, surroundings.environ)

    def checked(found: dict[str, Secret]) -> tuple[Secret, ...]:
        for reference, secret in found.items():
            if not _WEBHOOK_SECRET.match(secret.reveal()):
                raise SourceUnusableError(
                    f"the source {name}: what `{fields[reference]}` names ({reference}) is no signing secret: expected "
                    "whsec_… as Stripe shows it for the endpoint, alone on its line"
                )
        return tuple(found.values())

    def now() -> tuple[Secret, ...]:
        try:
            return checked(secrets.now())
        except (SecretMissingError, SourceUnusableError) as unusable:
            raise ReceiverUnableError(str(unusable)) from None

    checked(secrets.at_start())
    return StripeWebhook(name, now, live=live)
