"""What a provisioner does, in the order of a component's life."""

from __future__ import annotations

from typing import Final

ACTIONS: Final = ("observe", "warm", "activate", "deactivate", "decommission")
