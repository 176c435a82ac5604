"""Names of adoption for kinds that find a component by its id."""

from __future__ import annotations

import pytest

from adapters.provisioners.adopted_names import refuse_other_name
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource


@pytest.mark.parametrize("name", ["", "shop/web", "shop/web#0"])
def test_its_own_name_is_taken(name: str) -> None:
    """As a list gives it, and no name at all."""
    refuse_other_name(Resource("shop", "web", name=name), "simulated", "shop/web")


def test_any_other_name_is_refused_with_what_to_do() -> None:
    """What would not be looked at does not seem adopted."""
    with pytest.raises(Permanent, match=r"shop/web is to adopt shop/old, but simulated finds .* resume-actor"):
        refuse_other_name(Resource("shop", "web", name="shop/old"), "simulated", "shop/web")
