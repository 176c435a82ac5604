"""Kinds whose resource is one key in the daemon's own Redis: looking, stepping and the first check stand here once."""

from __future__ import annotations

from adapters.provisioners.keyed.observing import KeyedObserver
from adapters.provisioners.keyed.preflight import preflight
from adapters.provisioners.keyed.recipe import OFF, ON, KeyRecipe
from adapters.provisioners.keyed.stepping import KeyedProvisioner

__all__ = ["OFF", "ON", "KeyRecipe", "KeyedObserver", "KeyedProvisioner", "preflight"]
