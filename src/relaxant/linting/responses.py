"""What is wrong with how soon medicines act and with what else makes symptoms worse: names that are not known, days that cannot be, empty words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.prose import faults_of_prose
from relaxant.knowledge.responses import Onset, Worsening
from relaxant.linting.partners import fault_of_ingredient
from relaxant.medicines.local import dictionary_of
from relaxant.response.reading import Said

_MISSED = "missed doses"


def faults_of_responses(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of the onsets, worsenings and next steps: where, and what."""
    taken: dict[str, str] = {}
    for onset in knowledge.responses.onsets.values():
        where = f"onsets {onset.onset}"
        yield from ((where, what) for what in _of_onset(onset, knowledge))
        for agent in onset.agents:
            if (other := taken.setdefault(agent, where)) != where:
                yield where, f"{other} already says how soon {agent} acts"
    for worsening in knowledge.responses.worsenings.values():
        where = f"worsenings {worsening.worsening}"
        yield from ((where, what) for what in _of_worsening(worsening, knowledge))
    said = get_args(Said)
    for step in knowledge.responses.next_steps.values():
        where = f"next_steps {step.next_step}"
        for one in (*step.symptoms, *step.beside, *step.harms):
            if one not in said:
                yield where, f"no answer is “{one}”; use one of {', '.join(said)}"
        if not step.symptoms and not step.harms and not step.standing:
            yield where, "it fits no answer"
        if step.beside and not step.symptoms:
            yield where, "beside is said of another symptom: name the first"
        yield from ((where, what) for what in _words((step.text, *([step.session.text] if step.session else []))))
    yield from _order(tuple(knowledge.responses.worsenings.values()))


def _of_onset(onset: Onset, knowledge: Knowledge) -> Iterator[str]:
    if not onset.agents:
        yield "it names no agent"
    for agent in onset.agents:
        if agent not in knowledge.agents:
            yield f"there is no agent “{agent}”"
    first, last = onset.days
    if first <= 0:
        yield "an effect takes longer than nothing: days are above nought"
    if first >= last:
        yield "days go from fewer to more"
    if onset.fades is not None and onset.fades <= first:
        yield "an effect fades later than it comes"
    yield from _words((onset.text,))


def _of_worsening(worsening: Worsening, knowledge: Knowledge) -> Iterator[str]:
    for condition in worsening.conditions:
        if condition not in knowledge.conditions:
            yield f"there is no condition “{condition}”"
    for partner in worsening.partners:
        if fault := fault_of_ingredient(partner, dictionary_of(knowledge)):
            yield fault
    yield from _words((worsening.title, worsening.ask, worsening.then))
    if not worsening.ask.endswith("?"):
        yield "ask ends with a question mark"


def _order(worsenings: tuple[Worsening, ...]) -> Iterator[tuple[str, str]]:
    if worsenings and worsenings[0].measured != _MISSED:
        yield f"worsenings {worsenings[0].worsening}", "the first explanation is that doses were missed"


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        if not text.strip():
            yield "a text is empty"
        yield from faults_of_prose(text)
