"""What is a web ACL's own: its rules, its locks, what it protects, CloudFront, adoption."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.aws.fault_proxy import Refusal
from tests.provisioners.aws.waf_place import BALANCER, OPTIONS, WafPlace

LOCKED = Refusal("WAFOptimisticLockException")
GLOBAL = Resource("shop", "wall", {"region": "us-east-1", "scope": "CLOUDFRONT", "rate_limit_per_5min": 100})


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[WafPlace]:
    """An empty account."""
    with WafPlace(moto_port) as place:
        yield place
        await place.end()


def changed(place: WafPlace, resource: Resource, **parts: Any) -> None:
    """By hand, the rest as it stands."""
    acl = place.acl(resource)
    kept = {key: acl[key] for key in ("Name", "Id", "DefaultAction", "VisibilityConfig", "LockToken", "Rules")}
    place.direct("wafv2").update_web_acl(Scope="REGIONAL", **{**kept, **parts})


async def test_rules_in_their_order(place: WafPlace) -> None:
    """The rate limit blocks first; AWS's rule groups act as they say themselves."""
    await place.walk(place.resource(), "warm")

    limit, group = place.acl(place.resource())["Rules"]

    assert ({"Block": {}}, 0) == (limit["Action"], limit["Priority"])
    assert {"Limit": 2_000, "AggregateKeyType": "IP"}.items() <= limit["Statement"]["RateBasedStatement"].items()
    assert ({"None": {}}, 1) == (group["OverrideAction"], group["Priority"])
    assert group["Statement"]["ManagedRuleGroupStatement"]["Name"] == "AWSManagedRulesCommonRuleSet"


async def test_drift_is_seen_and_put_right(place: WafPlace) -> None:
    """A removed rule and another default action are put right; a description of one's own stays."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    one = place.acl(resource)["Rules"][:1]
    changed(place, resource, Rules=one, DefaultAction={"Block": {}}, Description="ours")
    drifted = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, 2) == (drifted.state, len(drifted.differences))
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)
    assert place.acl(resource)["Description"] == "ours"


async def test_a_rule_that_only_counts_is_drift(place: WafPlace) -> None:
    """A rule group set to count by hand lets through what it should block."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    limit, group = place.acl(resource)["Rules"]
    changed(place, resource, Rules=[limit, {**group, "OverrideAction": {"Count": {}}}])

    seen = await place.observer().observe(resource)

    assert seen.differences == ("the rules are not those that the options wish",)


async def test_shields_own_rule_stays(place: WafPlace) -> None:
    """What AWS Shield puts in by itself is no difference, and kept by an update."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    limit, group = place.acl(resource)["Rules"]
    shields = {**limit, "Name": "ShieldMitigationRuleGroup_123", "Priority": 10_000_000}
    changed(place, resource, Rules=[limit, group, shields])
    seen = await place.observer().observe(resource)
    changed(place, resource, Rules=[shields])

    await place.walk(resource, "activate")

    assert seen.differences == ()
    assert [each["Name"] for each in place.acl(resource)["Rules"]][-1] == "ShieldMitigationRuleGroup_123"


async def test_a_lost_lock_is_looked_at_again(place: WafPlace) -> None:
    """Where somebody changed it between look and update, the update is made on what stands now."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    changed(place, resource, Rules=place.acl(resource)["Rules"][:1])
    place.proxy.next("UpdateWebACL", LOCKED)

    await place.walk(resource, "activate")

    assert len(place.acl(resource)["Rules"]) == 2


async def test_a_rival_that_removes_it_first_helps(place: WafPlace) -> None:
    """A rival's removal between look and removal is what was ordered."""
    await place.walk(place.resource(), "warm")
    place.proxy.next("DeleteWebACL", "rival")

    await place.provisioner().take(Step.DECOMMISSION, place.order(place.resource()))

    assert place.tokens(place.resource()) == []


async def test_what_another_acl_protects_is_not_taken_over(place: WafPlace) -> None:
    """AWS would replace the other's protection without a word; solvent asks first."""
    shared = {**OPTIONS, "resources": [BALANCER]}
    first, second = Resource("shop", "web", shared), Resource("shop", "database", shared)
    await place.walk(first, "warm", "activate")
    await place.walk(second, "warm")

    with pytest.raises(Permanent, match="is protected by"):
        await place.provisioner().take(Step.ACTIVATE, place.order(second))

    assert place.protected(place.acl(first)["ARN"]) == [BALANCER]


async def test_what_is_still_being_made_is_waited_for(place: WafPlace) -> None:
    """A load balancer that AWS still provisions is protected later."""
    await place.walk(place.resource(), "warm")
    place.proxy.next("AssociateWebACL", Refusal("WAFUnavailableEntityException"))

    with pytest.raises(Transient, match="not ready to be protected"):
        await place.provisioner().take(Step.ACTIVATE, place.order(place.resource()))


async def test_half_protected_is_hot_with_a_difference(place: WafPlace) -> None:
    """Where one of two is not protected, activating again protects it and deactivating lets go of both."""
    resource = Resource("shop", "web", {**OPTIONS, "resources": [f"{BALANCER}-web", f"{BALANCER}-database"]})
    await place.walk(resource, "warm", "activate")
    place.direct("wafv2").disassociate_web_acl(ResourceArn=f"{BALANCER}-web")
    seen = await place.observer().observe(resource)
    await place.walk(resource, "activate")
    protected = place.protected(place.acl(resource)["ARN"])

    await place.walk(resource, "deactivate")

    assert (ResourceState.HOT, (f"it does not protect {BALANCER}-web",)) == (seen.state, seen.differences)
    assert (2, []) == (len(protected), place.protected(place.acl(resource)["ARN"]))


async def test_what_still_protects_something_is_not_removed(place: WafPlace) -> None:
    """AWS refuses while something uses it that no option names, or that it has not let go of yet."""
    await place.walk(place.resource(), "warm")
    place.proxy.next("DeleteWebACL", Refusal("WAFAssociatedItemException"))

    with pytest.raises(Transient, match="still protects something"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(place.resource()))


async def test_for_cloudfront_hot_is_a_tag(place: WafPlace) -> None:
    """The distribution names the ACL itself, so no call associates anything."""
    await place.walk(GLOBAL, "warm")
    warm = await place.observer().observe(GLOBAL)
    await place.walk(GLOBAL, "activate")
    hot = await place.observer().observe(GLOBAL)
    await place.walk(GLOBAL, "deactivate", "decommission")

    assert (ResourceState.WARM, ResourceState.HOT) == (warm.state, hot.state)
    assert ":global/webacl/" in hot.detail
    assert place.proxy.served["AssociateWebACL"] == 0
    assert place.acls("CLOUDFRONT") == []


async def test_an_orphan_of_cloudfront_is_listed_and_removed(place: WafPlace) -> None:
    """In us-east-1 both scopes are looked through, and the ARN says which one it is."""
    await place.walk(GLOBAL, "warm")
    (found,) = await place.provisioner().list_resources("shop", (GLOBAL,))

    await place.provisioner().remove(found, Mandate())

    assert ("wall", TOKEN) == (found.component, found.token)
    assert place.acls("CLOUDFRONT") == []


async def test_one_in_a_distribution_is_not_removed(place: WafPlace) -> None:
    """Waiting does not help there: the distribution must let go of it."""
    await place.walk(GLOBAL, "warm")
    place.proxy.next("DeleteWebACL", Refusal("WAFAssociatedItemException"))

    with pytest.raises(Permanent, match="take it out of the distributions"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(GLOBAL))


async def test_one_is_adopted_by_its_arn(place: WafPlace) -> None:
    """It takes the token, the wished rules and what it shall protect."""
    await place.walk(place.resource(), "warm")
    arn = place.acl(place.resource())["ARN"]
    resource = Resource("other", "wall", {**OPTIONS, "managed_rules": []}, name=arn)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)
    assert (arn, [BALANCER]) == (seen.detail, place.protected(arn))


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("arn:aws:wafv2:eu-central-1:123456789012:global/webacl/wall/1", "mend scope"),
        ("arn:aws:wafv2:eu-central-1:123456789012:regional/ipset/wall/1", "no web ACL's ARN"),
    ],
)
async def test_what_is_adopted_must_be_an_acl_of_the_scope(place: WafPlace, arn: str, said: str) -> None:
    """Any other ARN is refused with what is wrong about it."""
    with pytest.raises(Permanent, match=said):
        await place.observer().observe(Resource("shop", "web", OPTIONS, name=arn))


async def test_an_update_whose_answer_is_lost_is_left_open(place: WafPlace) -> None:
    """An update whose answer was lost is looked at before anything else is done."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    changed(place, resource, Rules=place.acl(resource)["Rules"][:1])
    place.proxy.next("UpdateWebACL", "lose_after")

    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))

    assert (await place.observer().observe(resource)).differences == ()
