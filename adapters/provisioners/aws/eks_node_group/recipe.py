"""A managed node group at Amazon EKS: WARM has no nodes, HOT has those that are wished, ready.

On spot it may have a stand-in: a second group on demand, made when the spot market does not bring the nodes in time
and removed when it does. Both are one component: they carry the same tags and the same token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.provisioners.aws.answered import begun, done
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.eks_node_group import asking, changing, market
from adapters.provisioners.aws.eks_node_group.changing import Nodes
from adapters.provisioners.aws.eks_node_group.groups import Seen, described, remembered, seen
from adapters.provisioners.aws.eks_node_group.market import Memory, Move, Phase, Rules
from adapters.provisioners.aws.eks_node_group.showing import LOOK_AFTER_S, Pair, observation
from adapters.provisioners.aws.recipe import Standing, Tagged
from config.provisioner_options.aws_eks_node_group import (
    ON_DEMAND,
    SPOT,
    SPOT_THEN_ON_DEMAND,
    EksNodeGroupOptions,
    eks_node_group_options,
)
from machines.observations import ResourceState
from machines.ports.clock import Clock
from machines.ports.faults import Permanent, Transient
from machines.ports.provisioner import StepBegun, StepDone

RETRY_CAPACITY_S: Final = 300.0
_PAIR: Final = "pair"


class EksNodeGroupRecipe:
    """What solvent does with a node group."""

    kind = "aws_eks_node_group"
    service = "eks"
    name_characters_max = 60

    def __init__(self, clock: Clock) -> None:
        """Every deadline is read from this clock."""
        self._clock = clock

    def options(self, plain: Mapping[str, Any]) -> EksNodeGroupOptions:
        """Raises `msgspec.ValidationError`."""
        return eks_node_group_options(plain)

    def options_of_orphan(self, region: str) -> EksNodeGroupOptions:
        """Without a cluster of its own: only the one group is looked at and removed."""
        return EksNodeGroupOptions(region)

    async def look(self, work: Nodes) -> Standing:
        """Both groups, their machines, and what their tags remember."""
        cluster, name = changing.placed(work)
        first = await described(work.aws, cluster, name)
        paired = bool(work.options.cluster)
        stand_in = await described(work.aws, cluster, asking.stand_in_name(name)) if paired else None
        memory = remembered(first, stand_in)
        wished = work.options.nodes
        pair = Pair(
            None if first is None else await seen(work.aws, first, wished, memory.asked_at),
            None if stand_in is None else await seen(work.aws, stand_in, wished, memory.fell_back_at),
            memory,
        )
        differ = asking.differences(work.options, first) if first is not None else ()
        note = asking.note(work.options, first) if first is not None else ""
        shown = observation(_rules(work.options), pair, differ, note, self._clock.wall())
        stands = first or stand_in
        return Standing(shown, str(stands["nodegroupArn"]) if stands else "", {_PAIR: pair})

    async def make(self, work: Nodes, standing: Standing) -> StepDone | StepBegun | None:
        """Create the group without nodes; of what is half-made, remove what cannot be warm."""
        if standing.observation.state is ResourceState.ABSENT:
            answer = await changing.create(work, Memory(), stand_in=False)
            return None if answer is None else begun(answer, "EKS makes the node group", LOOK_AFTER_S)
        pair = _pair(standing)
        if pair.first is None or pair.first.group.phase is Phase.FAILED:
            return await self.remove(work, standing)
        return await self.stop(work, standing)

    async def start(self, work: Nodes, standing: Standing) -> StepDone | StepBegun:
        """Take the one move that the rules name; looks and further calls lead on from there."""
        pair = _pair(standing)
        if pair.first is None:
            return begun(await changing.create(work, pair.memory, stand_in=False), "EKS makes the node group anew")
        rules, now = _rules(work.options), self._clock.wall()
        move = market.next_move(rules, pair.facts, now)
        if pair.first.group.phase is Phase.FAILED and move is not Move.NONE:
            raise Permanent(
                f"the node group {work.name} has failed ({pair.first.trouble or pair.first.raw['status']}): "
                "EKS mends none, decommission it and make it anew"
            )
        if move in (Move.ASK, Move.RETURN):
            await changing.remember(work, pair.first, market.asked(pair.memory, now))
            return await changing.scale(work, pair.first, work.options.nodes, "EKS asks for the nodes")
        if move is Move.FALL_BACK:
            return await self._fall_back(work, pair.first, market.fell_back(rules, pair.memory, now))
        if move is Move.FILL_STAND_IN and pair.stand_in is not None:
            return await changing.scale(work, pair.stand_in, work.options.nodes, "EKS asks for nodes on demand")
        if move is Move.GIVE_UP:
            await changing.remember(work, pair.first, market.gave_up(pair.memory, now))
            return await changing.scale(work, pair.first, 0, "spot is let go, on demand serves")
        if move is Move.REMOVE_STAND_IN and pair.stand_in is not None:
            await changing.remember(work, pair.first, pair.memory)
            answer = await changing.delete(work, pair.stand_in)
            return begun(answer, "EKS removes the stand-in on demand", LOOK_AFTER_S)
        return await self._settled(work, pair, pair.first, move)

    async def stop(self, work: Nodes, standing: Standing) -> StepDone | StepBegun:
        """No nodes, and no stand-in; the nodes are drained by EKS."""
        pair = _pair(standing)
        answer: Answer | None = None
        if pair.first is not None and pair.first.group.desired:
            answer = await changing.update(work, pair.first, 0)
        if pair.stand_in is not None and pair.stand_in.group.phase is not Phase.DELETING:
            answer = await changing.delete(work, pair.stand_in)
        return done(None) if answer is None else begun(answer, "EKS lets the nodes go", LOOK_AFTER_S)

    async def remove(self, work: Nodes, standing: Standing) -> StepDone | StepBegun:
        """Delete both groups; what is stored on their disks goes with the nodes."""
        pair = _pair(standing)
        answers = [await changing.delete(work, group) for group in (pair.stand_in, pair.first) if group is not None]
        begun_ones = [answer for answer in answers if answer is not None]
        return begun(begun_ones[-1], "EKS removes the node group", LOOK_AFTER_S) if begun_ones else StepDone()

    async def retag(self, work: Nodes, standing: Standing) -> None:
        """The stand-in first: the pair counts as taken over when the first group is."""
        pair = _pair(standing)
        for group in (pair.stand_in, pair.first):
            if group is not None:
                await changing.tag(work, group, work.tags())

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """Every node group of every cluster is looked at: EKS's own lists are complete at once."""
        del plan
        found = []
        for cluster in (await aws.pages("eks", "list_clusters")).get("clusters", []):
            for name in (await aws.pages("eks", "list_nodegroups", clusterName=cluster)).get("nodegroups", []):
                raw = await described(aws, cluster, name)
                if raw is not None:
                    found.append(Tagged(raw["nodegroupArn"], raw.get("tags", {})))
        return found

    async def _settled(self, work: Nodes, pair: Pair, first: Seen, move: Move) -> StepDone | StepBegun:
        where = f"{'/'.join(changing.placed(work))} in {work.aws.region}"
        trouble = "; ".join(group.trouble for group in (first, pair.stand_in) if group and group.trouble)
        if move is Move.REFUSED:
            raise Permanent(f"AWS launches no nodes for {where}: {trouble}; mend it, then take the step again")
        if move is Move.OUT_OF_CAPACITY:
            way_back = f", or set capacity: {SPOT_THEN_ON_DEMAND}" if work.options.capacity == SPOT else ""
            also = f", and {pair.stand_in.group.ready} for its stand-in on demand" if pair.stand_in else ""
            raise Transient(
                f"AWS has brought {first.group.ready} of {work.options.nodes} nodes for {where}{also} "
                f"({trouble or 'it does not say why'}): name more instance types or subnets{way_back}",
                RETRY_CAPACITY_S,
            )
        if move is Move.NONE and asking.differences(work.options, first.raw):
            return await changing.scale(work, first, first.group.desired, "EKS updates the node group")
        return StepDone() if move is Move.NONE else StepBegun(look_after_s=LOOK_AFTER_S)

    async def _fall_back(self, work: Nodes, first: Seen, memory: Memory) -> StepBegun:
        """The stand-in is made before anything is taken away; the first group goes on asking meanwhile."""
        answer = await changing.create(work, memory, stand_in=True)
        await changing.remember(work, first, memory)
        return begun(answer, "EKS makes a stand-in on demand", LOOK_AFTER_S)


def _rules(options: EksNodeGroupOptions) -> Rules:
    return Rules(
        options.nodes,
        options.capacity == SPOT_THEN_ON_DEMAND,
        options.fallback_after_s,
        options.return_to_spot_after_s,
        options.capacity != ON_DEMAND,
    )


def _pair(standing: Standing) -> Pair:
    pair = standing.raw[_PAIR]
    assert isinstance(pair, Pair)
    return pair
