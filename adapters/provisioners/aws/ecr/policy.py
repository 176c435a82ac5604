"""The lifecycle policy that a repository's options wish, as ECR writes it."""

from __future__ import annotations

from typing import Any

import msgspec

from config.provisioner_options.aws_ecr import EcrOptions


def lifecycle_policy(options: EcrOptions) -> str:
    """The policy as JSON; "" where the options wish none, and whatever stands is left alone."""
    rules: list[dict[str, Any]] = []
    if options.expire_untagged_days:
        rules.append(
            _rule(
                len(rules) + 1,
                "solvent: untagged images",
                tagStatus="untagged",
                countType="sinceImagePushed",
                countUnit="days",
                countNumber=options.expire_untagged_days,
            )
        )
    if options.keep_images:
        rules.append(
            _rule(
                len(rules) + 1,
                "solvent: the newest images",
                tagStatus="any",
                countType="imageCountMoreThan",
                countNumber=options.keep_images,
            )
        )
    return msgspec.json.encode({"rules": rules}).decode() if rules else ""


def same_policy(found: str | None, wished: str) -> bool:
    """Whether two policies say the same, whatever their white space and order of keys."""
    try:
        return found is not None and bool(msgspec.json.decode(found) == msgspec.json.decode(wished))
    except msgspec.DecodeError:
        return False


def _rule(priority: int, description: str, **selection: Any) -> dict[str, Any]:
    return {
        "rulePriority": priority,
        "description": description,
        "selection": selection,
        "action": {"type": "expire"},
    }
