"""The origin access control with which a distribution signs what it asks of its bucket."""

from __future__ import annotations

from typing import Final

from adapters.provisioners.aws.calls import Place

_GONE: Final = ("NoSuchOriginAccessControl",)


async def made(aws: Place, name: str) -> str:
    """Its id; created where it is not there. It costs nothing and has no tags."""
    standing = await _found(aws, name)
    if standing:
        return standing
    answer = await aws.call_unless(
        ("OriginAccessControlAlreadyExists",),
        "cloudfront",
        "create_origin_access_control",
        OriginAccessControlConfig={
            "Name": name,
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        },
    )
    return await _found(aws, name) if answer is None else str(answer["OriginAccessControl"]["Id"])


async def removed(aws: Place, name: str) -> None:
    """Delete it; one that is still in use elsewhere stays."""
    standing = await _found(aws, name)
    answer = await aws.call_unless(_GONE, "cloudfront", "get_origin_access_control", Id=standing) if standing else None
    if answer is not None:
        refused = (*_GONE, "OriginAccessControlInUse", "PreconditionFailed", "InvalidIfMatchVersion")
        await aws.call_unless(
            refused, "cloudfront", "delete_origin_access_control", Id=standing, IfMatch=answer["ETag"]
        )


async def _found(aws: Place, name: str) -> str:
    answer = await aws.pages("cloudfront", "list_origin_access_controls")
    for each in answer.get("OriginAccessControlList", {}).get("Items") or []:
        if each.get("Name") == name:
            return str(each["Id"])
    return ""
