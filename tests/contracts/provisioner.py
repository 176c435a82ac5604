"""What every provisioner must do. Its own tests subclass `ProvisionerContract` and give it a `harness` fixture."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepDone
from tests.contracts.provisioner_harness import TOKEN, ProvisionerHarness, Trouble, call
from tests.contracts.provisioner_lead import LeadContract

OTHER_TOKEN = "svcontracttoken00000000000000002"
STEPS = ("warm", "activate", "deactivate", "decommission")
STATE_AFTER = dict(
    zip(STEPS, (ResourceState.WARM, ResourceState.HOT, ResourceState.WARM, ResourceState.ABSENT), strict=True)
)


def before(step: str) -> tuple[str, ...]:
    """The steps that lead up to a step."""
    return STEPS[: STEPS.index(step)]


class ProvisionerContract(LeadContract):
    """Held to by all provisioners, now and later."""

    # The life of a component

    async def test_nothing_stands_at_first(self, harness: ProvisionerHarness) -> None:
        """A component that was never made is absent, without tokens."""
        seen = await harness.provisioner().observe(harness.resource())

        assert (ResourceState.ABSENT, ()) == (seen.state, seen.tokens)

    @pytest.mark.parametrize("step", STEPS)
    async def test_each_step_leads_to_its_state(self, harness: ProvisionerHarness, step: str) -> None:
        """After a step the component is seen in the step's state, under the order's token."""
        resource = harness.resource()
        await harness.walk(resource, *before(step), step)

        seen = await harness.provisioner().observe(resource)

        expected_tokens = () if step == "decommission" else (TOKEN,)
        assert (STATE_AFTER[step], expected_tokens) == (seen.state, seen.tokens)
        assert list(expected_tokens) == harness.tokens(resource)

    async def test_a_component_can_be_made_again(self, harness: ProvisionerHarness) -> None:
        """After decommissioning, a new generation makes a new resource under its own token."""
        resource = harness.resource()
        await harness.walk(resource, "warm", "decommission")

        await call(harness.provisioner(), "warm", harness.order(resource, OTHER_TOKEN, generation=2))

        assert [OTHER_TOKEN] == harness.tokens(resource)

    async def test_components_do_not_touch_each_other(self, harness: ProvisionerHarness) -> None:
        """Moving one component leaves another as it was."""
        one, other = harness.resource("web"), harness.resource("database")
        await harness.walk(one, "warm")
        await call(harness.provisioner(), "warm", harness.order(other, OTHER_TOKEN))

        await harness.walk(one, "decommission")

        assert ([], [OTHER_TOKEN]) == (harness.tokens(one), harness.tokens(other))

    async def test_deactivation_keeps_data(self, harness: ProvisionerHarness) -> None:
        """What the application stored is there again after deactivation and activation."""
        resource = harness.resource()
        await harness.walk(resource, "warm", "activate")
        harness.write_data(resource, "orders of March")

        await harness.walk(resource, "deactivate", "activate")

        assert harness.data(resource) == "orders of March"

    async def test_looking_changes_nothing(self, harness: ProvisionerHarness) -> None:
        """Observing in every state leaves the world as it was."""
        resource = harness.resource()
        for step in ("", *STEPS):
            await harness.walk(resource, *filter(None, (step,)))
            image = harness.image()

            await harness.provisioner().observe(resource)

            assert image == harness.image()

    # Repetition

    @pytest.mark.parametrize("step", STEPS)
    async def test_repeating_a_step_is_done_and_changes_nothing(self, harness: ProvisionerHarness, step: str) -> None:
        """The same step with the same token a second time is done, and leaves the world as it was."""
        resource = harness.resource()
        await harness.walk(resource, *before(step), step)
        image = harness.image()

        await call(harness.provisioner(), step, harness.order(resource))

        assert image == harness.image()

    @pytest.mark.parametrize("step", STEPS)
    async def test_resuming_after_a_lost_answer_leaves_one_resource(
        self, harness: ProvisionerHarness, step: str
    ) -> None:
        """A process that dies after each call, before it heard the answer, is followed by one that finishes."""
        resource = harness.resource()
        for taken in (*before(step), step):
            await _answer_lost(harness, taken, resource, Trouble.LOST_AFTER)
            await call(harness.provisioner(), taken, harness.order(resource))

        seen = await harness.provisioner().observe(resource)

        assert (1, STATE_AFTER[step]) == (harness.created(resource), seen.state)

    @pytest.mark.parametrize("trouble", [Trouble.LOST_BEFORE, Trouble.LOST_AFTER])
    @pytest.mark.parametrize("step", STEPS)
    async def test_a_look_resolves_an_unknown_answer(
        self, harness: ProvisionerHarness, step: str, trouble: Trouble
    ) -> None:
        """After an ambiguous answer, a look shows whether the step was done."""
        resource = harness.resource()
        await harness.walk(resource, *before(step))
        earlier = await harness.provisioner().observe(resource)

        await _answer_lost(harness, step, resource, trouble)
        seen = await harness.provisioner().observe(resource)

        if step not in harness.phased:
            assert seen.state is (STATE_AFTER[step] if trouble is Trouble.LOST_AFTER else earlier.state)
        assert harness.tokens(resource) == list(seen.tokens)
        await harness.walk(resource, step)
        assert (await harness.provisioner().observe(resource)).state is STATE_AFTER[step]

    async def test_the_same_step_completes_what_is_half_made(self, harness: ProvisionerHarness) -> None:
        """A half-made resource is never called warm, and warming again under its token completes that very one."""
        resource = harness.resource()
        await _answer_lost(harness, "warm", resource, Trouble.HALF)
        half = await harness.provisioner().observe(resource)

        await harness.walk(resource, "warm")

        seen = await harness.provisioner().observe(resource)
        assert half.state in {ResourceState.BROKEN, ResourceState.CHANGING}
        assert (1, ResourceState.WARM) == (harness.created(resource), seen.state)

    # Rivals

    async def test_two_processes_with_one_token_make_one_resource(self, harness: ProvisionerHarness) -> None:
        """Two daemons that take the same step at once leave one resource, and neither hears a foreign error."""
        resource = harness.resource()
        order = harness.order(resource)

        answers = await asyncio.gather(
            call(harness.provisioner(), "warm", order),
            call(harness.provisioner(), "warm", order),
            return_exceptions=True,
        )

        assert all(isinstance(answer, StepDone | CallError) for answer in answers), answers
        assert (1, [TOKEN]) == (harness.created(resource), harness.tokens(resource))

    async def test_a_second_token_makes_no_second_resource(self, harness: ProvisionerHarness) -> None:
        """While a resource lives, warming under another token is refused for good and makes nothing."""
        resource = harness.resource()
        await harness.walk(resource, "warm")

        with pytest.raises(Permanent, match=TOKEN):
            await harness.provisioner().take(Step.WARM, harness.order(resource, OTHER_TOKEN))

        assert (1, [TOKEN]) == (harness.created(resource), harness.tokens(resource))

    async def test_two_tokens_at_once_make_one_resource(self, harness: ProvisionerHarness) -> None:
        """Of two daemons that disagree about the token, one is refused for good, at the latest when it asks again."""
        resource = harness.resource()
        orders = (harness.order(resource), harness.order(resource, OTHER_TOKEN))

        answers = await asyncio.gather(
            *(call(harness.provisioner(), "warm", order) for order in orders), return_exceptions=True
        )

        ((loser, answer),) = [each for each in zip(orders, answers, strict=True) if not isinstance(each[1], StepDone)]
        # While the provider is still at work for the one, the other's outcome is unknown.
        assert isinstance(answer, Permanent | Ambiguous)
        with pytest.raises(Permanent):
            await call(harness.provisioner(), "warm", loser)
        assert harness.created(resource) == 1

    async def test_what_vanished_is_seen_absent(self, harness: ProvisionerHarness) -> None:
        """Deleted behind our back is absent, and can be made again under the same token."""
        resource = harness.resource()
        await harness.walk(resource, "warm", "activate")
        harness.vanish(resource)

        seen = await harness.provisioner().observe(resource)
        await harness.walk(resource, "warm")

        assert seen == Observation(ResourceState.ABSENT)
        assert [TOKEN] == harness.tokens(resource)

    # Order

    @pytest.mark.parametrize(
        ("taken", "step"),
        [((), "activate"), ((), "deactivate"), (("warm", "activate"), "warm"), (("warm", "activate"), "decommission")],
    )
    async def test_a_step_out_of_order_is_refused(
        self, harness: ProvisionerHarness, taken: tuple[str, ...], step: str
    ) -> None:
        """Nothing absent is activated or deactivated, nothing hot is warmed or removed; the world stays as it was."""
        resource = harness.resource()
        await harness.walk(resource, *taken)
        image = harness.image()

        with pytest.raises(Permanent):
            await call(harness.provisioner(), step, harness.order(resource))

        assert image == harness.image()

    async def test_decommissioning_what_is_absent_is_done(self, harness: ProvisionerHarness) -> None:
        """Nothing to remove is removed already."""
        resource = harness.resource()

        await call(harness.provisioner(), "decommission", harness.order(resource))

        assert (0, []) == (harness.created(resource), harness.tokens(resource))

    async def test_an_adopted_name_is_looked_at_or_refused(self, harness: ProvisionerHarness) -> None:
        """What stands under the kind's own name is neither seen nor moved by the name of something else."""
        resource = harness.resource()
        await harness.walk(resource, "warm")
        elsewhere = msgspec.structs.replace(resource, name=harness.name_of_nothing(resource))
        image = harness.image()

        seen = await _caught(harness.provisioner().observe(elsewhere))
        answer = await _caught(call(harness.provisioner(), "activate", harness.order(elsewhere)))

        assert isinstance(seen, Permanent) or seen == Observation(ResourceState.ABSENT)
        assert isinstance(answer, Permanent)
        assert image == harness.image()

    # What carries the plan's tag

    async def test_the_list_names_what_lives(self, harness: ProvisionerHarness) -> None:
        """Every live resource of the plan is listed with its component and token; another plan's is not."""
        one, other = harness.resource("web"), harness.resource("database")
        await harness.walk(one, "warm")
        await call(harness.provisioner(), "warm", harness.order(other, OTHER_TOKEN))

        listed = await harness.provisioner().list_resources(one.plan, (one, other))
        of_another_plan = await harness.provisioner().list_resources("another-plan", (one, other))

        expected = [("database", OTHER_TOKEN), ("web", TOKEN)] if harness.lists else []
        assert expected == sorted({(found.component, found.token) for found in listed})
        assert of_another_plan == ()

    async def test_a_listed_resource_can_be_removed(self, harness: ProvisionerHarness) -> None:
        """What was listed is removed by order, the others stay; a second time it is refused for good."""
        one, other = harness.resource("web"), harness.resource("database")
        await harness.walk(one, "warm")
        await call(harness.provisioner(), "warm", harness.order(other, OTHER_TOKEN))
        listed = await harness.provisioner().list_resources(one.plan, (one, other))
        if not listed:
            pytest.skip("this kind lists nothing, so there is nothing to remove")

        for found in (each for each in listed if each.component == "web"):
            await harness.provisioner().remove(found, Mandate())

        assert ([], [OTHER_TOKEN]) == (harness.tokens(one), harness.tokens(other))
        with pytest.raises(Permanent):
            await harness.provisioner().remove(next(each for each in listed if each.component == "web"), Mandate())

    # Answers

    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize(("trouble", "word"), [(Trouble.TRANSIENT, Transient), (Trouble.PERMANENT, Permanent)])
    async def test_a_refusal_changes_nothing(
        self, harness: ProvisionerHarness, step: str, trouble: Trouble, word: type[CallError]
    ) -> None:
        """A refused step is said in the right word, with a sentence, and leaves the world as it was."""
        resource = harness.resource()
        await harness.walk(resource, *before(step))
        image = harness.image()
        harness.arrange(step, trouble, resource)

        with pytest.raises(word) as refused:
            await call(harness.provisioner(), step, harness.order(resource))

        assert word is type(refused.value)
        assert len(refused.value.reason.split()) >= 3
        assert image == harness.image()

    @pytest.mark.parametrize(
        ("trouble", "word"),
        [(Trouble.TRANSIENT, Transient), (Trouble.PERMANENT, Permanent), (Trouble.LOST_BEFORE, Ambiguous)],
    )
    async def test_a_failed_look_never_says_absent(
        self, harness: ProvisionerHarness, trouble: Trouble, word: type[CallError]
    ) -> None:
        """A look that fails raises one of the three words: unknown is not absent."""
        resource = harness.resource()
        await harness.walk(resource, "warm")
        harness.arrange("observe", trouble, resource)

        with pytest.raises(word):
            await harness.provisioner().observe(resource)

    @pytest.mark.parametrize("step", STEPS)
    async def test_no_answer_by_the_deadline_is_ambiguous(self, harness: ProvisionerHarness, step: str) -> None:
        """A call that outlives its deadline ends as ambiguous; the next process takes the step once."""
        resource = harness.resource()
        await harness.walk(resource, *before(step))
        harness.arrange(step, Trouble.SLOW, resource)

        async with asyncio.TaskGroup() as group:
            late = group.create_task(_caught(call(harness.provisioner(), step, harness.order(resource, within_s=60))))
            await harness.begun()
            while not late.done():
                # The adapter may begin to count only now: time passes until it has seen it pass.
                harness.advance(61)
                await asyncio.wait({late}, timeout=0.1)
        await harness.walk(resource, step)

        seen = await harness.provisioner().observe(resource)
        assert isinstance(late.result(), Ambiguous)
        assert (1, STATE_AFTER[step]) == (harness.created(resource), seen.state)

    @pytest.mark.parametrize("step", STEPS)
    async def test_cancellation_leaves_a_consistent_world(self, harness: ProvisionerHarness, step: str) -> None:
        """A cancelled call passes the cancellation on; the next process takes the step once."""
        resource = harness.resource()
        await harness.walk(resource, *before(step))
        harness.arrange(step, Trouble.SLOW, resource)
        async with asyncio.TaskGroup() as group:
            cancelled = group.create_task(call(harness.provisioner(), step, harness.order(resource)))
            await harness.begun()
            cancelled.cancel()

        await harness.walk(resource, step)

        seen = await harness.provisioner().observe(resource)
        assert cancelled.cancelled()
        assert (1, STATE_AFTER[step]) == (harness.created(resource), seen.state)

    async def test_unusable_options_are_refused_for_good(self, harness: ProvisionerHarness) -> None:
        """Options that are not this kind's are a permanent refusal naming the component, for looks and steps."""
        resource = Resource("shop", "mistaken", {"no_such_option": 1})
        provisioner = harness.provisioner()

        for refused in (provisioner.observe(resource), provisioner.take(Step.WARM, harness.order(resource))):
            with pytest.raises(Permanent, match="shop/mistaken"):
                await refused

    async def test_closing_twice_is_harmless(self, harness: ProvisionerHarness) -> None:
        """An adapter may be closed again."""
        provisioner = harness.provisioner()
        await provisioner.observe(harness.resource())

        await provisioner.close()
        await provisioner.close()


async def _answer_lost(harness: ProvisionerHarness, step: str, resource: Resource, trouble: Trouble) -> None:
    harness.arrange(step, trouble, resource)
    with pytest.raises(Ambiguous):
        await call(harness.provisioner(), step, harness.order(resource))


async def _caught(calling: object) -> object:
    try:
        return await calling  # type: ignore[misc]
    except CallError as error:
        return error
