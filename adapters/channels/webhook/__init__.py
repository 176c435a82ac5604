"""Webhooks, signed by Standard Webhooks 1.0.0. Needs the extra `webhooks`."""

from __future__ import annotations

from adapters.channels.webhook.channel import Webhook

__all__ = ["Webhook"]
