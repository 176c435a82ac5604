"""Payments posted by anything else, signed as Standard Webhooks say."""

from __future__ import annotations

from adapters.rotated_secrets import RotatedSecrets
from adapters.sources.construction import Constructed, SourceSurroundings, SourceUnusableError
from adapters.sources.post.receiving import PostReceiver
from adapters.sources.post.signatures import Signatures, UnusableSecretError
from config.settings import PostSource

__all__ = ["PostReceiver", "Signatures", "construct"]


def construct(name: str, settings: PostSource, surroundings: SourceSurroundings) -> Constructed:
    """The source `[sources.NAME]` of the kind post. Raises `SourceUnusableError` and `SecretMissingError`."""
    secrets = RotatedSecrets(settings.secret, settings.secret_before, surroundings.environ)
    if not settings.secret:
        raise SourceUnusableError(f"sources.{name}.secret is empty: name where the signing secret is, as env:NAME")
    try:
        signatures = Signatures(secrets, settings.tolerance_s)
    except UnusableSecretError as unusable:
        raise SourceUnusableError(f"the source {name}: {unusable}") from None
    return Constructed(posted=PostReceiver(name, signatures, settings.payments_max))
