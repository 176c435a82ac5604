"""Readers of what providers bill, each constructed only where the settings switch it on."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.provisioners.registry import ProvisionerUnavailableError
from config.extras import install_hint
from config.settings import CostsSettings
from machines.ports.clock import Clock
from machines.ports.costs import CostReader

__all__ = ["cost_readers"]


def cost_readers(settings: CostsSettings, environment: Mapping[str, str], clock: Clock) -> tuple[CostReader, ...]:
    """Those that are switched on. Raises `ProvisionerUnavailableError` where the packages of one are missing."""
    readers: list[CostReader] = []
    if settings.cost_explorer:
        try:
            from adapters.costs.cost_explorer import CostExplorer  # noqa: PLC0415 - an SDK for those who use it
        except ModuleNotFoundError as missing:
            raise ProvisionerUnavailableError(
                f"costs.cost_explorer needs the package {missing.name}: {install_hint('aws')}"
            ) from missing
        readers.append(
            CostExplorer(environment, clock, region=settings.cost_explorer_region, pages_max=settings.pages_max)
        )
    if settings.open_cost_url:
        from adapters.costs.open_cost import OpenCost  # noqa: PLC0415 - an HTTP client for those who use it

        readers.append(
            OpenCost(
                settings.open_cost_url,
                settings.open_cost_currency,
                clock,
                call_timeout_s=settings.call_timeout_s,
                answer_bytes_max=settings.answer_bytes_max,
            )
        )
    return tuple(readers)
