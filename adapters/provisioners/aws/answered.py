"""What a call's answer becomes in the words of the port."""

from __future__ import annotations

from adapters.provisioners.aws.calls import Answer
from machines.ports.provisioner import StepBegun, StepDone


def request_id(answer: Answer | None) -> str:
    """AWS's own name of the call; "" where there was none."""
    return str((answer or {}).get("ResponseMetadata", {}).get("RequestId", ""))


def done(answer: Answer | None) -> StepDone:
    """The step is complete with this call."""
    return StepDone(request_id(answer))


def begun(answer: Answer | None, detail: str, look_after_s: float | None = None) -> StepBegun:
    """AWS goes on by itself, or one of several phases is over."""
    return StepBegun(request_id(answer), detail, look_after_s)
