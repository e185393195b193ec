"""What is wrong with trials: arms and conditions that are not known, numbers that cannot be, one word for two outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.prose import faults_of_prose
from relaxant.knowledge.trials import Arm, Result, Trial
from relaxant.medicines.dictionary import lookup_name
from relaxant.medicines.local import dictionary_of

_NO_MEDICINE = ("placebo", "no treatment")
_OF_AN_ARM = ("mean change", "mean after")


def faults_of_trials(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of the trials: where, and what."""
    for trial in knowledge.trials.values():
        where = f"trials {trial.trial}"
        yield from ((where, what) for what in _of_trial(trial, knowledge))
        for i, result in enumerate(trial.results):
            at = f"{where}.results[{i}]"
            yield from ((at, what) for what in _of_result(result, trial, knowledge))
    yield from _words(knowledge)


def _of_trial(trial: Trial, knowledge: Knowledge) -> Iterator[str]:
    if trial.year > date.today().year:  # noqa: DTZ011 - a year is all that is asked
        yield f"its year, {trial.year}, is still to come"
    if not trial.conditions:
        yield "a trial has a condition"
    for condition in trial.conditions:
        if condition not in knowledge.conditions:
            yield f"there is no condition “{condition}”"
    if not trial.arms:
        yield "a trial has arms"
    for name, times in Counter(arm.arm for arm in trial.arms).items():
        if times > 1:
            yield f"two arms are called “{name}”"
    for arm in trial.arms:
        yield from _of_arm(arm, knowledge)
    allocated = sum(arm.randomised or 0 for arm in trial.arms)
    if trial.n is not None and (trial.n < 1 or allocated > trial.n):
        yield f"its arms add up to {allocated} people, and it had {trial.n}"
    if trial.weeks is not None and trial.weeks <= 0:
        yield "a trial lasts longer than nothing"
    if not trial.says.strip() or not trial.population.strip():
        yield "a trial says whom it was about and what came of it"
    if not trial.verified and not trial.note:
        yield "verified is false, and no note says what was not seen"
    for text in (trial.title, trial.population, trial.says, trial.bias.why, trial.note or ""):
        yield from faults_of_prose(text)


def _of_arm(arm: Arm, knowledge: Knowledge) -> Iterator[str]:
    if arm.randomised is not None and arm.randomised < 1:
        yield f"nobody is in the arm “{arm.arm}”"
    if arm.agent in knowledge.agents or arm.agent in _NO_MEDICINE:
        return
    entry = lookup_name(
        arm.agent, dictionary_of(knowledge)
    )  # a free name is another medicine; a relaxant goes by its id
    named = {i.name for i in entry.ingredients} if entry is not None else set()
    ours = sorted(a.agent for a in knowledge.agents.values() if a.ingredient in named)
    if ours and len(named) == 1:
        yield f"“{arm.agent}” is not an agent; there is {', '.join(ours)}"


def _of_result(result: Result, trial: Trial, knowledge: Knowledge) -> Iterator[str]:
    arms = {arm.arm for arm in trial.arms}
    for name in (result.arm, result.against):
        if name is not None and name not in arms:
            yield f"there is no arm “{name}”"
    if result.against == result.arm:
        yield "an arm is not compared with itself"
    if result.scale is not None and knowledge.responses.scales and result.scale not in knowledge.responses.scales:
        yield f"there is no scale “{result.scale}”"
    if result.measure == "events":
        yield from _of_events(result)
    elif result.measure in _OF_AN_ARM:
        yield from _of_mean(result)
    else:
        yield from _of_comparison(result)
    low, middle, high = result.low, result.value, result.high
    if (low is None) != (high is None):
        yield "an interval has two ends"
    known = [n for n in (low, middle, high) if n is not None]
    if known != sorted(known):
        yield "low, value and high are not in order"
    if not result.verified and not (result.derived or result.note):
        yield "verified is false, and nothing says what was not seen"
    for text in (result.text, result.derived or "", result.note or ""):
        yield from faults_of_prose(text)


def _of_events(result: Result) -> Iterator[str]:
    if result.count is None or result.n is None:
        yield "events have a count and of how many"
    elif not 0 <= result.count <= result.n or result.n < 1:
        yield f"{result.count} of {result.n} cannot be"
    if result.value is not None or result.sd is not None or result.against is not None:
        yield "events have no value, no sd and nothing against"


def _of_mean(result: Result) -> Iterator[str]:
    if result.value is None or result.against is not None or result.count is not None:
        yield "a mean has a value, in one arm, and no count"
    if result.sd is not None and (result.sd <= 0 or result.n is None or result.n < 1):
        yield "sd is above nought, of so many people (n)"
    if result.sd is None and result.low is None and not (result.text or result.derived):
        yield "it has neither sd nor interval, and nothing says why"


def _of_comparison(result: Result) -> Iterator[str]:
    if result.value is None or result.against is None or result.count is not None:
        yield f"a {result.measure} has a value, between arm and against, and no count"
    if result.low is None and result.p is None:
        yield f"a {result.measure} has an interval or p"
    if result.measure == "ratio" and any(n is not None and n <= 0 for n in (result.low, result.value)):
        yield "a ratio is above nought"


def _words(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """The same word stands for the same thing in all trials: written one way, harm or not, on one scale."""
    first: dict[str, tuple[str, Result]] = {}
    for trial in knowledge.trials.values():
        for result in trial.results:
            where = f"trials {trial.trial}"
            elsewhere, known = first.setdefault(result.outcome.casefold(), (where, result))
            if result.outcome != known.outcome:
                yield where, f"“{result.outcome}” is written “{known.outcome}” in {elsewhere}"
            if result.harm != known.harm:
                yield where, f"“{result.outcome}” is a harm here or in {elsewhere}, and not in the other"
            if result.scale != known.scale:
                yield where, f"“{result.outcome}” is on another scale in {elsewhere}"
