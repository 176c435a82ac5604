"""The kinds of provisioner that a plan may name, and how each one's options are read."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from config.provisioner_options import aws_ecr, budget, command, compose, kubernetes, mqtt, simulated, systemd
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Collector, Fields
from config.yaml_tree import Mapping

KINDS: Final[dict[str, OptionsKind]] = {
    "simulated": simulated.KIND,
    "command": command.KIND,
    "compose": compose.KIND,
    "aws_ecr": aws_ecr.KIND,
    "budget": budget.KIND,
    "kubernetes": kubernetes.KIND,
    "systemd": systemd.KIND,
    "mqtt": mqtt.KIND,
}
PROVISIONERS: Final = tuple(KINDS)


class OptionsRead(msgspec.Struct, frozen=True):
    """A component's options in full, defaults written out, as plain values, and the failure domain they name."""

    options: dict[str, Any]
    provider: str


def options_read(kind: str, mapping: Mapping, context: Context, collector: Collector) -> OptionsRead:
    """The options of one component; problems are reported."""
    fields = Fields(mapping, collector)
    options = KINDS[kind].read(fields, context)
    fields.finish()
    # Through JSON, so that a plan read back from the journal equals the plan that was loaded.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(options))
    return OptionsRead(plain, KINDS[kind].provider(options))
