"""The web application firewall of an emulated AWS."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.provisioners.aws.tags import TOKEN, mapped
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import Trouble
from tests.provisioners.aws.moto_place import REGION, MotoPlace

BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
OPTIONS: dict[str, Any] = {
    "region": REGION,
    "managed_rules": ["AWSManagedRulesCommonRuleSet"],
    "rate_limit_per_5min": 2_000,
    "resources": [BALANCER],
}


class WafPlace(MotoPlace):
    """Web ACLs that protect one load balancer each; what an ACL keeps is its description."""

    kind = "aws_waf"
    operations = {
        "observe": "GetWebACL",
        "warm": "CreateWebACL",
        "activate": "AssociateWebACL",
        "deactivate": "DisassociateWebACL",
        "decommission": "DeleteWebACL",
    }
    creating = "CreateWebACL"
    name_characters_max = 128

    def resource(self, component: str = "web") -> Resource:
        """An ACL that protects a load balancer of its own."""
        return Resource("shop", component, {**OPTIONS, "resources": [f"{BALANCER}-{component}"]})

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """One call makes an ACL with its rules and tags."""
        if trouble is Trouble.HALF:
            pytest.skip("a web ACL is made with rules and tags by one call, so it is never half-made")
        super().arrange(call, trouble, resource)

    def tokens(self, resource: Resource) -> list[str]:
        """Of the one ACL."""
        return [on_it.get(TOKEN, "") for acl, on_it in self.acls() if acl["Name"] == self.name(resource)]

    def image(self) -> object:
        """ACLs with tags, rules and what they protect."""
        return [(acl, on_it, self.protected(acl["ARN"])) for acl, on_it in self.acls()]

    def vanish(self, resource: Resource) -> None:
        """Deleted by hand; the emulator lets go of what it protected."""
        for acl, _ in self.acls():
            if acl["Name"] == self.name(resource):
                named = {key: acl[key] for key in ("Name", "Id", "LockToken")}
                self.direct("wafv2").delete_web_acl(Scope="REGIONAL", **named)

    def write_data(self, resource: Resource, text: str) -> None:
        """The description, which no option names."""
        acl = self.acl(resource)
        kept = {key: acl[key] for key in ("Name", "Id", "DefaultAction", "VisibilityConfig", "LockToken", "Rules")}
        self.direct("wafv2").update_web_acl(Scope="REGIONAL", Description=text, **kept)

    def data(self, resource: Resource) -> str:
        """The description."""
        return str(self.acl(resource)["Description"])

    def acl(self, resource: Resource) -> Any:
        """The whole ACL of a component."""
        return next(acl for acl, _ in self.acls() if acl["Name"] == self.name(resource))

    def acls(self, scope: str = "REGIONAL") -> list[tuple[Any, dict[str, str]]]:
        """Every ACL with its tags."""
        waf = self.direct("wafv2")
        found = []
        for each in waf.list_web_acls(Scope=scope)["WebACLs"]:
            acl = waf.get_web_acl(Name=each["Name"], Id=each["Id"], Scope=scope)["WebACL"]
            on_it = waf.list_tags_for_resource(ResourceARN=each["ARN"])["TagInfoForResource"]["TagList"]
            found.append(({**acl, "LockToken": each["LockToken"]}, mapped(on_it)))
        return found

    def protected(self, arn: str) -> list[str]:
        """Which of the components' load balancers an ACL protects."""
        waf = self.direct("wafv2")
        balancers = [BALANCER, *(f"{BALANCER}-{component}" for component in ("web", "database"))]
        asked = {each: waf.get_web_acl_for_resource(ResourceArn=each).get("WebACL") for each in balancers}
        return [each for each, acl in asked.items() if acl and acl["ARN"] == arn]
