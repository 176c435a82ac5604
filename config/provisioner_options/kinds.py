"""The kinds of provisioner that a plan may name, and how each one's options are read."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from config.provisioner_options import (
    aws_cloudfront,
    aws_ec2,
    aws_ecr,
    aws_eks_cluster,
    aws_eks_node_group,
    aws_elasticache,
    aws_load_balancer,
    aws_rds,
    aws_waf,
    budget,
    command,
    compose,
    dial,
    kubernetes,
    mqtt,
    simulated,
    systemd,
)
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Collector, Fields
from config.yaml_tree import Mapping

KINDS: Final[dict[str, OptionsKind]] = {
    "simulated": simulated.KIND,
    "command": command.KIND,
    "compose": compose.KIND,
    "aws_ecr": aws_ecr.KIND,
    "aws_cloudfront": aws_cloudfront.KIND,
    "aws_waf": aws_waf.KIND,
    "aws_ec2": aws_ec2.KIND,
    "aws_load_balancer": aws_load_balancer.KIND,
    "aws_eks_cluster": aws_eks_cluster.KIND,
    "aws_eks_node_group": aws_eks_node_group.KIND,
    "aws_elasticache": aws_elasticache.KIND,
    "aws_rds": aws_rds.KIND,
    "budget": budget.KIND,
    "dial": dial.KIND,
    "kubernetes": kubernetes.KIND,
    "systemd": systemd.KIND,
    "mqtt": mqtt.KIND,
}
PROVISIONERS: Final = tuple(KINDS)


class OptionsRead(msgspec.Struct, frozen=True):
    """A component's options in full, defaults written out, as plain values, and the failure domain they name."""

    options: dict[str, Any]
    provider: str
    cost_micros: int | None = None
    """What they allow to be spent in a month, where they say so."""


def options_read(kind: str, mapping: Mapping, context: Context, collector: Collector) -> OptionsRead:
    """The options of one component; problems are reported."""
    fields = Fields(mapping, collector)
    problems_before = len(collector.problems)
    options = KINDS[kind].read(fields, context)
    fields.finish()
    sound = len(collector.problems) == problems_before
    # Through JSON, so that a plan read back from the journal equals the plan that was loaded.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(options))
    return OptionsRead(plain, KINDS[kind].provider(options), KINDS[kind].cost_micros(options) if sound else None)
