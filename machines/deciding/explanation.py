"""One sentence per level: what was required, what was measured, what is missing, by how much and by when."""

from __future__ import annotations

from collections.abc import Iterator

from config.calendar import month_text
from config.money import amount_text
from config.plan import Plan
from config.triggers import minimum_micros
from machines.deciding.activation import Assessment, block_reason
from machines.deciding.debounce import History
from machines.deciding.facts import LevelExplanation


def explained(
    plan: Plan, history: History, assessed: tuple[Assessment, ...], level: int
) -> tuple[LevelExplanation, ...]:
    """Every level's side of a decision that ended at `level`, the floor first."""
    return (_floor(plan), *(_explained(plan, history, each, level) for each in assessed))


def _floor(plan: Plan) -> LevelExplanation:
    cost = plan.level_cost_micros(0)
    return LevelExplanation(
        level=0,
        months_met=0,
        months_required=0,
        confidence_numerator=1,
        confidence_denominator=1,
        minimum_micros=None,
        lowest_tested_micros=None,
        cost_micros=cost,
        ratio_holds=True,
        text=f"{_name(plan, 0)} is the floor: always on, costs {_cost_text(cost)}, asks for no revenue.",
    )


def _explained(plan: Plan, history: History, assessment: Assessment, level: int) -> LevelExplanation:
    index, met = assessment.level, assessment.progress
    minimum = minimum_micros(trigger) if (trigger := plan.levels[index].trigger) is not None else None
    sentences = [_required(plan, assessment, minimum), _measured(history, assessment, minimum)]
    sentences.extend(_unattested(plan, met.unattested))
    sentences.append(_outcome(plan, history, assessment, level))
    return LevelExplanation(
        level=index,
        months_met=met.months_met,
        months_required=met.months_required,
        confidence_numerator=met.confidence.numerator,
        confidence_denominator=met.confidence.denominator,
        minimum_micros=minimum,
        lowest_tested_micros=int(min(assessment.tested) // 1),
        cost_micros=plan.level_cost_micros(index),
        ratio_holds=assessment.ratio_holds,
        text=" ".join(sentences),
        unattested=met.unattested,
    )


def _required(plan: Plan, assessment: Assessment, minimum: int | None) -> str:
    months = _months_text(assessment.progress.months_required)
    threshold = "its trigger to hold" if minimum is None else f"at least {amount_text(minimum)}"
    ratio_max = plan.policies.safety.ratio_max
    cost = _cost_text(plan.level_cost_micros(assessment.level))
    return (
        f"{_name(plan, assessment.level)} needs {threshold} in {months} in a row,"
        f" and costs {cost}, which may be {ratio_max} of revenue."
    )


def _measured(history: History, assessment: Assessment, minimum: int | None) -> str:
    met = assessment.progress
    short = ""
    if minimum is not None and history.current < minimum:
        short = f", {amount_text(minimum - history.current)} short"
    return (
        f"{month_text(history.through)} closed at {amount_text(history.current)}{short}:"
        f" {met.months_met} of {_months_text(met.months_required)} met."
    )


def _unattested(plan: Plan, items: tuple[str, ...]) -> Iterator[str]:
    """What lacks is named with the command that mends it."""
    for item in items:
        said = f" ({text})" if (text := plan.checklist.get(item)) else ""
        yield f"Nobody attests {item}{said}: once it is met, send the verb attest with item {item} and a reason."


def _outcome(plan: Plan, history: History, assessment: Assessment, level: int) -> str:
    met = assessment.progress
    if not met.months_stand:
        earliest = history.through + met.months_required - met.months_met
        kept = " It stays on until its rollback rule asks otherwise." if assessment.level <= level else ""
        return f"The earliest close that can meet it is that of {month_text(earliest)}.{kept}"
    if assessment.eligible:
        return "It is on." if assessment.level <= level else "It is eligible."
    kept = " It stays on until its rollback rule asks otherwise." if assessment.level <= level else ""
    missing = f"; {amount_text(assessment.missing_micros)} is missing" if assessment.only_ratio_blocks else ""
    return f"It is blocked: {block_reason(plan, assessment)}{missing}.{kept}"


def _name(plan: Plan, index: int) -> str:
    return f"Level {index} ({plan.levels[index].name})"


def _months_text(months: int) -> str:
    return f"{months} closed month" if months == 1 else f"{months} closed months"


def _cost_text(cost_micros: int | None) -> str:
    return "an unknown price" if cost_micros is None else f"{amount_text(cost_micros)} a month"
