"""Every kind of provisioner: valid options of it for a generated plan, and its character in the simulated world."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from config.provisioner_options.kinds import KINDS

REGION: Final = "eu-west-1"
_SUBNETS: Final = ["subnet-0123abcd", "subnet-4567abcd"]
_ROLE: Final = "arn:aws:iam::111122223333:role/eks"
_SWITCH: Final = "/opt/simulated/switch"


class Character(msgspec.Struct, frozen=True):
    """How a kind behaves: durations in seconds of a step, and of what looks show late."""

    warm_s: int = 0
    activate_s: int = 0
    deactivate_s: int = 0
    decommission_s: int = 0
    begins: bool = False
    """A step is answered at once; the provider goes on by itself."""
    stale_s: int = 0
    """So long looks show the past."""
    quick: bool = False
    """It has no tags and no list: nothing of it is ever found as an orphan."""
    interrupted: bool = False
    """Capacity that the provider takes back."""

    def options(self, price: str | None) -> dict[str, Any]:
        """What the simulated provisioner takes."""
        faults: dict[str, Any] = {"begins": self.begins, "stale_s": self.stale_s, "slow_s": 60}
        if price is not None:
            faults["price"] = price
        return {
            "warm_s": self.warm_s,
            "activate_s": self.activate_s,
            "deactivate_s": self.deactivate_s,
            "decommission_s": self.decommission_s,
            "faults": faults,
        }


CHARACTERS: Final[dict[str, Character]] = {
    "simulated": Character(),
    "command": Character(warm_s=20, activate_s=5, deactivate_s=3, decommission_s=10, quick=True),
    "compose": Character(warm_s=15, activate_s=4, deactivate_s=10, decommission_s=5),
    "aws_ecr": Character(warm_s=1, decommission_s=1, stale_s=3),
    "aws_cloudfront": Character(60, 300, 300, 400, begins=True, stale_s=20),
    "aws_waf": Character(2, 2, 2, 2, stale_s=30),
    "aws_ec2": Character(40, 30, 60, 45, begins=True, stale_s=8, interrupted=True),
    "aws_load_balancer": Character(90, 5, 5, 60, begins=True, stale_s=5),
    "aws_eks_cluster": Character(700, 10, 10, 500, begins=True, stale_s=10),
    "aws_eks_node_group": Character(150, 120, 120, 240, begins=True, stale_s=10, interrupted=True),
    "aws_elasticache": Character(400, 10, 10, 300, begins=True, stale_s=10),
    "aws_rds": Character(500, 350, 400, 300, begins=True, stale_s=15),
    "budget": Character(quick=True),
    "dial": Character(quick=True),
    "kubernetes": Character(5, 40, 20, 10, begins=True, stale_s=1),
    "systemd": Character(1, 2, 2, 1, quick=True),
    "mqtt": Character(3, 3, 3, 3, begins=True, quick=True),
}
assert set(CHARACTERS) == set(KINDS), "a kind without a character is a kind that the swarm does not know"


def options_of(kind: str, component_id: str, cost: int) -> dict[str, Any]:
    """Options that the plan's loader takes."""
    arn = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/app/{component_id}/1"
    options: dict[str, dict[str, Any]] = {
        "simulated": {},
        "command": {each: [_SWITCH, each] for each in ("observe", "warm", "activate", "deactivate", "decommission")},
        "compose": {"file": f"/srv/{component_id}.yaml"},
        "aws_ecr": {"region": REGION},
        "aws_cloudfront": {"region": REGION},
        "aws_waf": {"region": REGION, "resources": [arn]},
        "aws_ec2": {"region": REGION, "image": "ami-0123456789abcdef0", "instance_type": "m6a.large"},
        "aws_load_balancer": {"region": REGION, "vpc": "vpc-0123abcd", "subnets": _SUBNETS, "target_port": 8080},
        "aws_eks_cluster": {"region": REGION, "role_arn": _ROLE, "subnets": _SUBNETS},
        "aws_eks_node_group": {
            "region": REGION, "cluster": "main", "role_arn": _ROLE, "subnets": _SUBNETS,
            "instance_types": ["t3.medium"], "nodes": 2,
        },
        "aws_elasticache": {"region": REGION, "node_type": "cache.t4g.micro"},
        "aws_rds": {
            "region": REGION, "engine": "postgres", "engine_version": "16", "instance_class": "db.t4g.medium",
            "storage_gb": 20, "warm": "snapshot",
        },
        "budget": {"api": "an-api", "unit": "call", "units_per_month": cost, "unit_price": 1},
        "dial": {"turn_every_s": 86_400},
        "kubernetes": {"manifests": ["shipped:eks_workers_spot.yaml"], "namespace": component_id.replace("_", "-")},
        "systemd": {"unit": f"{component_id}.service"},
        "mqtt": {"broker": "mqtt://broker.example:1883", "agent": component_id},
    }  # fmt: skip
    return options[kind]
