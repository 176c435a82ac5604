"""What every provisioner must do when the lead ends between two of its requests; a part of `ProvisionerContract`."""

from __future__ import annotations

import pytest

from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepDone, StepOrder
from tests.contracts.provisioner_harness import TOKEN, ProvisionerHarness, call

ROUNDS_MAX = 10


class EndingLead:
    """Leads for so many requests that change something, and has a picture of the world at the first one after."""

    def __init__(self, harness: ProvisionerHarness, requests: int) -> None:
        self._harness = harness
        self._left = requests
        self.image: object = None

    def __call__(self) -> bool:
        """One question."""
        if self._left > 0:
            self._left -= 1
            return True
        if self.image is None:
            self.image = self._harness.image()
        return False


class LeadContract:
    """A process that was held still may lead no longer when its look is answered."""

    async def test_no_request_changes_anything_once_the_lead_has_ended(self, harness: ProvisionerHarness) -> None:
        """Before a step's first such request it is refused, between two it ends unknown, and no further one is sent."""
        resource = harness.resource()
        for step in ("warm", "activate", "deactivate", "decommission"):
            for requests in (0, 1):
                lead = EndingLead(harness, requests)
                answer = await _ended(harness, step, harness.order(resource, mandate=Mandate(leads=lead)))
                if lead.image is None:
                    assert requests > 0, f"{step} changes something and asks nobody"
                    break
                assert lead.image == harness.image()
                assert type(answer) is (Ambiguous if requests else Transient)
            await _until_done(harness, step, resource)

    async def test_a_daemon_of_the_past_is_refused(self, harness: ProvisionerHarness) -> None:
        """Once a step came under a fencing token, a step under a lower one changes nothing; a higher one goes on."""
        if not harness.fences:
            pytest.skip("this kind cannot keep a fencing token beside the resource")
        resource = harness.resource()
        await call(harness.provisioner(), "warm", harness.order(resource, fencing=5))
        before_it = harness.image()

        with pytest.raises(Permanent, match="fencing token 5"):
            await call(harness.provisioner(), "activate", harness.order(resource, fencing=4))

        assert before_it == harness.image()
        await call(harness.provisioner(), "activate", harness.order(resource, fencing=6))
        with pytest.raises(Permanent, match="fencing token 6"):
            await call(harness.provisioner(), "deactivate", harness.order(resource, fencing=5))

    async def test_the_number_outlives_the_resource(self, harness: ProvisionerHarness) -> None:
        """Once a newer daemon has removed it, nothing under a lower number makes it anew."""
        if not harness.fences:
            pytest.skip("this kind cannot keep a fencing token beside the resource")
        resource = harness.resource()
        await call(harness.provisioner(), "warm", harness.order(resource, fencing=5))
        await call(harness.provisioner(), "decommission", harness.order(resource, fencing=6))

        with pytest.raises(Permanent, match="fencing token 6"):
            await call(harness.provisioner(), "warm", harness.order(resource, fencing=5))

        assert [] == harness.tokens(resource)

    async def test_a_removal_of_the_past_is_refused(self, harness: ProvisionerHarness) -> None:
        """What a newer daemon moved is not removed under a lower number."""
        if not (harness.fences and harness.lists):
            pytest.skip("this kind cannot keep a fencing token beside the resource, or lists nothing")
        resource = harness.resource()
        await call(harness.provisioner(), "warm", harness.order(resource, fencing=5))
        await call(harness.provisioner(), "activate", harness.order(resource, fencing=6))
        listed = await harness.provisioner().list_resources(resource.plan, (resource,))

        for found in listed:
            with pytest.raises(Permanent, match="fencing token 6"):
                await harness.provisioner().remove(found, Mandate(5))

        assert listed
        assert [TOKEN] == harness.tokens(resource)

    async def test_nothing_is_removed_once_the_lead_has_ended(self, harness: ProvisionerHarness) -> None:
        """The removal of what was listed is refused, and the world stays as it was."""
        resource = harness.resource()
        await harness.walk(resource, "warm")
        listed = await harness.provisioner().list_resources(resource.plan, (resource,))
        if not listed:
            pytest.skip("this kind lists nothing, so there is nothing to remove")
        image = harness.image()

        for found in listed:
            with pytest.raises(Transient, match="another daemon may lead"):
                await harness.provisioner().remove(found, Mandate(leads=lambda: False))

        assert image == harness.image()


async def _ended(harness: ProvisionerHarness, step: str, order: StepOrder) -> StepDone | CallError:
    try:
        return await call(harness.provisioner(), step, order)
    except CallError as error:
        return error


async def _until_done(harness: ProvisionerHarness, step: str, resource: Resource) -> None:
    """As the component actor goes on after an unknown end, while the provider may still be at work for it."""
    for _ in range(ROUNDS_MAX):
        if isinstance(await _ended(harness, step, harness.order(resource)), StepDone):
            return
    raise AssertionError(f"{step} came to no end in {ROUNDS_MAX} rounds")
