"""Finding web ACLs: WAF wants one called by name, scope and id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.names import arn_of
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_waf import CLOUDFRONT, REGIONAL, WafOptions
from machines.ports.faults import Permanent

NOT_FOUND: Final = ("WAFNonexistentItemException",)
_PAGES_MAX: Final = 100
_SCOPES: Final = {"regional": REGIONAL, "global": CLOUDFRONT}


async def named(work: Work[WafOptions]) -> dict[str, str] | None:
    """Name, scope and id, by which AWS wants it called; None where no ACL has the name."""
    if work.resource.name.startswith("arn:"):
        return _named_by_arn(work)
    for summary in await summaries(work.aws, work.options.scope):
        if summary["Name"] == work.name:
            return {"Name": work.name, "Scope": work.options.scope, "Id": summary["Id"]}
    return None


async def summaries(aws: Place, scope: str) -> list[Mapping[str, Any]]:
    """All ACLs of the account; boto3 has no paginator for them."""
    found: list[Mapping[str, Any]] = []
    marker: dict[str, str] = {}
    for _ in range(_PAGES_MAX):
        answer = await aws.call("wafv2", "list_web_acls", Scope=scope, Limit=100, **marker)
        found += answer.get("WebACLs", [])
        if not answer.get("NextMarker") or not answer.get("WebACLs"):
            return found
        marker = {"NextMarker": answer["NextMarker"]}
    raise Permanent(f"{aws.region} holds more than {len(found)} web ACLs: that is more than solvent looks through")


async def tags_on(aws: Place, arn: str) -> dict[str, str] | None:
    """None where the ACL is gone by now."""
    answer = await aws.call_unless(NOT_FOUND, "wafv2", "list_tags_for_resource", ResourceARN=arn)
    return None if answer is None else tags.mapped(answer.get("TagInfoForResource", {}).get("TagList", []))


async def protector_of(aws: Place, arn: str) -> str:
    """The ARN of the ACL that protects it; "" where none does, or where it is not there itself."""
    answer = await aws.call_unless(NOT_FOUND, "wafv2", "get_web_acl_for_resource", ResourceArn=arn)
    return str(((answer or {}).get("WebACL") or {}).get("ARN", ""))


def _named_by_arn(work: Work[WafOptions]) -> dict[str, str]:
    arn = arn_of(work.resource.name)
    scope = _SCOPES.get(arn.type, "")
    kind, _, rest = arn.name.partition("/")
    name, _, identity = rest.partition("/")
    if arn.service != "wafv2" or not scope or kind != "webacl" or not identity:
        expected = "arn:aws:wafv2:<region>:<account>:regional/webacl/<name>/<id>"
        raise Permanent(f"{work.resource.name} is no web ACL's ARN: expected {expected}")
    if work.resource.options and scope != work.options.scope:
        raise Permanent(f"{work.resource.name} has the scope {scope}, the options say {work.options.scope}: mend scope")
    return {"Name": name, "Scope": scope, "Id": identity}
