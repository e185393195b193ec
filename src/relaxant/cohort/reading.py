"""The columns of the facts, from what a registry says of many people: nobody is looked at alone, and every item of the vocabulary is read once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relaxant.cohort.read_conditions import ConditionReader
from relaxant.cohort.read_lines import LineReader
from relaxant.cohort.read_values import AllergyReader, HabitReader, values_of
from relaxant.cohort.rows import people_of
from relaxant.cohort.said import ALLERGY, CONDITION, HABIT, LINE, MEASURED, PERSON, Vocabulary
from relaxant.facts.age import ages
from relaxant.facts.column import Floats
from relaxant.facts.inputs import Inputs, full
from relaxant.knowledge.load import Knowledge


class Reader:
    """Reads batch after batch. The columns are those that :func:`relaxant.facts.inputs.inputs_of` makes of the people of
    :func:`relaxant.cohort.person.patients_of`, only without their notes."""

    def __init__(self, vocabulary: Vocabulary, country: str, knowledge: Knowledge) -> None:
        self._vocabulary, self._country, self._knowledge = vocabulary, country, knowledge
        self._lines = LineReader(vocabulary, country, knowledge)
        self._conditions = ConditionReader(vocabulary, knowledge)
        self._allergies = AllergyReader(vocabulary, knowledge)
        self._habits = HabitReader(vocabulary, country, knowledge)

    def inputs(self, said: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64], Inputs]:
        """Who is looked at, on which days (from 1970-01-01), and what is said of them: a row for each person and day of a table of
        :data:`relaxant.cohort.said.SAID`, whole people one after another. Shapes (rows,).

        Raises :class:`InputError` where a person's rows do not begin with one that says who it is.
        """
        people = people_of(said, (LINE, MEASURED, CONDITION, ALLERGY, HABIT))
        rows, kinds, knowledge = len(people.person), people.kinds, self._knowledge
        who = kinds[PERSON]
        numbers: dict[str, Floats] = {"age": _ages(who.start, people.as_of)}
        numbers |= values_of(kinds[MEASURED], self._vocabulary, rows, knowledge)
        truths: dict[str, Floats] = {"female": who.low}
        self._habits.add(kinds[HABIT], numbers, truths, rows)
        lines = self._lines.read(kinds[LINE])
        numbers |= self._lines.opioids_of(lines, rows)
        numbers |= self._conditions.since_of(kinds[CONDITION], rows)
        allergies, allergies_known = self._allergies.allergies_of(kinds[ALLERGY], self._lines.allergies_of(lines), rows)
        unread, unread_names = self._lines.unread_of(lines, rows)
        agents, of_agents = self._lines.agents_of(lines, numbers.get("weight", full(rows)))
        everybody = np.ones(rows, bool)
        inputs = Inputs(
            rows=rows,
            numbers=numbers,
            truths=truths,
            conditions=self._conditions.conditions_of(kinds[CONDITION], self._lines.spinal_of(lines, rows)),
            conditions_known=everybody,
            allergies=allergies,
            allergies_known=allergies_known,
            intake=self._lines.taken_of(lines, rows),
            medicines_known=everybody,
            unread=unread,
            unread_names=unread_names,
            agents=agents,
            countries=(self._country,) * rows,
            lines=of_agents,
        )
        return people.person, people.as_of, inputs


def _ages(born_before: Floats, as_of: NDArray[np.int64]) -> Floats:
    """The ages of people who were born so many days before they are looked at; NaN where that is not known."""
    known = ~np.isnan(born_before)
    out = full(len(as_of))
    out[known] = ages(as_of[known] - born_before[known].astype(np.int64), as_of[known])
    return out
