"""What stands for a warm group: a user of ElastiCache that is off and in no user group, so it costs and allows nothing.

ElastiCache cannot stop a group, and a group that is deleted leaves nothing that could carry name, tags and token.
"""

from __future__ import annotations

from typing import Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_elasticache import ElastiCacheOptions

NOT_FOUND: Final = ("UserNotFound",)
_ACCESS_NONE: Final = "off ~* -@all"


async def found(aws: Place, name: str) -> Answer | None:
    """The user; None where there is none."""
    answer = await aws.call_unless(NOT_FOUND, "elasticache", "describe_users", UserId=name)
    users = answer["Users"] if answer else []
    return users[0] if users else None


async def made(work: Work[ElastiCacheOptions], name: str) -> Answer | None:
    """Create it with its tags in one call; None where it is there already."""
    return await work.aws.call_unless(
        ("UserAlreadyExists", "UserAlreadyExistsFault"),
        "elasticache",
        "create_user",
        UserId=name,
        UserName=name,
        Engine=work.options.engine,
        AccessString=_ACCESS_NONE,
        AuthenticationMode={"Type": "no-password-required"},
        Tags=tags.listed(work.tags()),
    )


async def removed(aws: Place, name: str) -> Answer | None:
    """Delete it; None where it is gone by now."""
    return await aws.call_unless(NOT_FOUND, "elasticache", "delete_user", UserId=name)
