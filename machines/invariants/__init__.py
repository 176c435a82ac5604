"""What must always hold (ARCHITECTURE 13), as pure checks over recorded events, the folded state and the world.

`Auditor` is fed one event after the other and needs little memory: production runs it over its journal at boot and
daily. The simulator feeds it every event as it is recorded, and adds what only a simulated world can show.
"""

from machines.invariants.auditor import Auditor
from machines.invariants.convergence import unsettled
from machines.invariants.finding import Finding
from machines.invariants.folds import fold_differences
from machines.invariants.resources import LiveResourceSeen, doubled_resources, untraced_resources
from machines.invariants.watching import CallStarted, calls_after_stop, disturbed_by_failure, written_by_idle_boot

__all__ = [
    "Auditor",
    "CallStarted",
    "Finding",
    "LiveResourceSeen",
    "calls_after_stop",
    "disturbed_by_failure",
    "doubled_resources",
    "fold_differences",
    "unsettled",
    "untraced_resources",
    "written_by_idle_boot",
]
