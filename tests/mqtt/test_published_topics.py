"""What stands on a broker while a daemon runs, when it is gone, and after the broker was."""

from __future__ import annotations

from config.loading import plan_from_text
from machines import events
from machines.dialing import Rule
from machines.events import DialTurned, FreezeChanged, PlanAdopted
from tests.config.plan_text import PLAN as SHOP
from tests.dials.dial_table import PLAN, START, hot
from tests.mqtt.mqtt_desk import listening, publishing
from tests.provisioners.mqtt import brokers

ROOT = "solvent/shop"
MODEL = f"{ROOT}/component/model/state"
AVAILABILITY = f"{ROOT}/availability"
CONFIG = "homeassistant/sensor/solvent_shop"
TURNED = DialTurned("llm_share", 90, 100, START, (Rule.LOW_MARGIN,), ("because",))


def url(broker: brokers.BrokerProcess) -> str:
    """Where a broker is."""
    return f"mqtt://127.0.0.1:{broker.port}"


async def test_every_topic_is_retained(broker: brokers.BrokerProcess) -> None:
    """Who comes later finds the components, the level, the revenue, the run rate and the status."""
    async with publishing(url(broker), *hot("model", 40), TURNED), listening(broker.port) as first:
        await first.until(lambda held: f"{ROOT}/status" in held and MODEL in held, "the state")
        async with listening(broker.port) as later:
            await later.until(lambda held: {f"{ROOT}/status", MODEL, AVAILABILITY} <= set(held), "what is retained")

            assert "online" == later.held[AVAILABILITY]
            assert ("HOT", "40.00", None) == tuple(later.read(MODEL)[name] for name in ("state", "cost", "parked"))
            assert (0, None) == (int(later.read(f"{ROOT}/level")["level"]), later.read(f"{ROOT}/mrr")["mrr"])
            assert ("EUR", "40.00") == tuple(
                later.read(f"{ROOT}/run_rate")[name] for name in ("currency", "committed_cost")
            )
            assert ("act", None) == tuple(later.read(f"{ROOT}/status")[name] for name in ("mode", "frozen"))
            assert {
                "share_percent": 90,
                "wished_percent": 100,
                "turned_at": "2026-03-05T00:00:00Z",
                "reasons": "because",
            } == later.read(f"{ROOT}/component/llm_share/state")["dial"]


async def test_news_replace_what_stood(broker: brokers.BrokerProcess) -> None:
    """A step and a freeze are seen by whoever listens."""
    async with publishing(url(broker)) as desk, listening(broker.port) as listener:
        await listener.until(lambda held: MODEL in held, "the component")
        assert "COLD" == listener.read(MODEL)["state"]

        await desk.tell(*hot("model", 40), FreezeChanged("clock", frozen=True, reason="the clock jumped"))

        await listener.until(lambda held: '"HOT"' in held[MODEL], "the new state")
        await listener.until(lambda held: "the clock jumped" in held[f"{ROOT}/status"], "the freeze")


async def test_a_stopped_daemon_says_offline(broker: brokers.BrokerProcess) -> None:
    """By itself, since a broker publishes no last will after a good-bye; what was known stays."""
    async with listening(broker.port) as listener:
        async with publishing(url(broker)):
            await listener.until(lambda held: held.get(AVAILABILITY) == "online" and MODEL in held, "online")
        await listener.until(lambda held: held[AVAILABILITY] == "offline", "offline")

        assert MODEL in listener.held


async def test_a_broker_that_lost_everything_is_told_again(broker: brokers.BrokerProcess) -> None:
    """After a restart without its data, the state of the daemon and the news of the meantime stand there."""
    async with publishing(url(broker)) as desk:
        async with listening(broker.port) as listener:
            await listener.until(lambda held: MODEL in held, "the component")
        broker.stop()
        await desk.tell(*hot("model", 40))
        broker.start()

        async with listening(broker.port) as later:
            await later.until(
                lambda held: '"HOT"' in held.get(MODEL, "") and held.get(AVAILABILITY) == "online", "the state again"
            )


async def test_a_component_that_vanished_leaves_no_topic(broker: brokers.BrokerProcess) -> None:
    """When another plan is adopted, its topics go: the state, and what announced it."""
    async with publishing(url(broker), TURNED) as desk, listening(broker.port) as listener:
        await listener.until(
            lambda held: f"{CONFIG}/share-llm_share/config" in held and MODEL in held, "the announcements"
        )

        await desk.tell(PlanAdopted(plan_from_text(SHOP, "shop.yaml"), "g"))

        await listener.until(
            lambda held: not any("model" in topic or "llm_share" in topic for topic in held), "the topics to go"
        )
        await listener.until(lambda held: f"{ROOT}/component/database/state" in held, "the new components")


async def test_what_an_earlier_daemon_left_is_removed(broker: brokers.BrokerProcess) -> None:
    """A component that vanished while no daemon ran, or while the broker was away."""
    other = events.Started("shop", "0", events.Mode.ACT), PlanAdopted(plan_from_text(SHOP, "shop.yaml"), "g")
    async with listening(broker.port) as listener:
        async with publishing(url(broker), begun=other):
            await listener.until(lambda held: f"{CONFIG}/component-database/config" in held, "the first daemon")
        async with publishing(url(broker)):
            await listener.until(lambda held: MODEL in held, "the second daemon")
            await listener.until(lambda held: not any("database" in topic for topic in held), "the strays to go")

        assert f"{CONFIG}/level/config" in listener.held


async def test_without_a_discovery_prefix_nothing_is_announced(broker: brokers.BrokerProcess) -> None:
    """The state alone is published, under whatever prefix."""
    settings = {"discovery_prefix": "", "topic_prefix": "site/a"}
    async with publishing(url(broker), **settings), listening(broker.port) as listener:
        await listener.until(lambda held: "site/a/shop/component/model/state" in held, "the state")
        await listener.until(lambda held: "site/a/shop/status" in held, "the status")

        assert [] == [topic for topic in listener.held if not topic.startswith("site/a/shop/")]


def test_the_plan_of_these_tests_has_its_names() -> None:
    """The two plans share no component, so that one's are strays of the other."""
    plans = plan_from_text(PLAN, "a.yaml"), plan_from_text(SHOP, "b.yaml")

    assert set() == set(plans[0].components) & set(plans[1].components)
