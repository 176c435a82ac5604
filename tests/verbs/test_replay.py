"""`replay`: send what could not be delivered again."""

from __future__ import annotations

from machines.events import DeliveryEnded, DeliveryReplayed, Event, NotificationRaised
from tests.machines.histories import acting
from tests.verbs.benches import bench, refused, told


def raised(name: str, *channels: str) -> Event:
    """Somebody is told."""
    return NotificationRaised(name, f"frozen:{name}", "critical", "Frozen", "Frozen.", channels)


def dead(name: str, channel: str) -> Event:
    """It could not be delivered."""
    return DeliveryEnded(name, channel, "dead", 10, reason="500")


STATE = (raised("n-1", "pager", "mail"), raised("n-2", "pager"), dead("n-1", "pager"), dead("n-1", "mail"))


def test_one_dead_letter_is_sent_again() -> None:
    """To the channel that is named, or to all that it could not reach."""
    one = told("replay", bench(acting(*STATE)), id="n-1", channel="mail")
    both = told("replay", bench(acting(*STATE)), id="n-1")

    assert "one delivery is sent again to mail; what they come to is in solvent notify list" == one.reason
    assert (DeliveryReplayed("n-1", "mail", "ann"),) == one.events
    assert (DeliveryReplayed("n-1", "pager", "ann"), DeliveryReplayed("n-1", "mail", "ann")) == both.events


def test_all_dead_letters_are_sent_again() -> None:
    """And not what still waits by itself."""
    judged = told("replay", bench(acting(*STATE)), id="all")

    assert (DeliveryReplayed("n-1", "pager", "ann"), DeliveryReplayed("n-1", "mail", "ann")) == judged.events


def test_what_waits_is_sent_at_once() -> None:
    """An operator who mended the endpoint need not wait for ten hours."""
    assert (DeliveryReplayed("n-2", "pager", "ann"),) == told("replay", bench(acting(*STATE)), id="n-2").events


def test_what_is_not_there_is_refused() -> None:
    """Saying where to look."""
    nothing = "id: nothing called 'n-9' waits or is a dead letter; there are 2 dead letters: solvent notify list --dead"

    refused("replay", bench(acting(*STATE)), nothing, id="n-9")
    refused("replay", bench(acting()), "id: there are no dead letters", id="all")
    refused(
        "replay",
        bench(acting(*STATE)),
        "id: there are no dead letters for the channel 'home'",
        id="all",
        channel="home",
    )
