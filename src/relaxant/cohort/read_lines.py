"""The medicines of many people as columns: each line of the vocabulary is read once, by the bedside's reader."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from relaxant.cohort.days import day_number, day_of
from relaxant.cohort.rows import Days, Lists, Numbers, Rows, laid_out
from relaxant.cohort.said import Vocabulary
from relaxant.facts.agent_lines import said_of_agents
from relaxant.facts.column import Floats, Mask
from relaxant.facts.intake import Intake, Taken, TakenLines, intake_of
from relaxant.facts.line_kinds import LineKind, LineKinds, line_kind
from relaxant.facts.lines import KEPT, STOPPED, AgentLines
from relaxant.facts.opioids import share_of, summed
from relaxant.facts.pump import ROUTE, flows_beside, pumped_agents, said_of_lines
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_line
from relaxant.medicines.regimen import Regimen
from relaxant.patient import Patient
from relaxant.rules.ragged import Index, Ragged

_APART = 400  # days: what is the same on two days so far apart does not depend on the day


class Readings(NamedTuple):
    """What the lines of a vocabulary say, one a reading. ``start`` and ``stop`` are days that a line's own words give, from 1970-01-01, NaN where
    they give none; ``over`` and ``doubtful`` as of a :class:`Medicine`; ``unread`` where nothing was understood and ``odd`` where words were
    not; ``spinal`` where it goes into the spine; ``opioid`` the least and the most of it. ``agents`` are kinds, ``taken`` ingredients with a
    route, ``allergies`` names, ``beside`` agents in whose pump the line may run as well."""

    start: Floats
    stop: Floats
    over: Mask
    doubtful: Mask
    unread: Mask
    odd: Mask
    spinal: Mask
    opioid: Floats
    agents: Ragged
    taken: Ragged
    allergies: Ragged
    beside: Ragged


class ReadLines(NamedTuple):
    """The lines of people: ``row`` whose each is, ``reading`` what it says, ``days`` its start and stop before the day looked at, ``over`` whether
    it is not taken any more."""

    row: Index
    reading: Index
    days: Floats
    over: Mask


class LineReader:
    """Reads the lines of batch after batch. A line is read on one day; where another day gives another reading, on each."""

    def __init__(self, vocabulary: Vocabulary, country: str, knowledge: Knowledge) -> None:
        self._lines, self._country, self._knowledge = vocabulary.lines, country, knowledge
        self._agents = sorted(knowledge.agents)
        self._pumps = sorted({pump.agent for pump in knowledge.plans.pumps.values()})
        self._number = np.full(len(self._lines), -1)
        self._day = np.zeros(len(self._lines), np.int64)
        self._any_day = np.zeros(len(self._lines), bool)
        self._tried: set[int] = set()
        self._of_day: dict[tuple[int, int], int] = {}
        self._medicines: list[Medicine] = []
        self._said: list[tuple[float, ...]] = []
        self._kinds: list[tuple[LineKind, Regimen, int]] = []
        self._taken, self._allergens = Numbers[Taken](), Numbers[str]()
        self._lists = Lists(), Lists(), Lists(), Lists()
        self._made: tuple[Readings, LineKinds, Index] | None = None

    # ------------------------------------------------------------ reading

    def read(self, rows: Rows) -> ReadLines:
        """The lines of these rows."""
        reading = self._readings_of(rows.item, rows.as_of)
        readings, _, _ = self._table()
        start, stop = (
            np.where(np.isnan(said), rows.as_of - own[reading], said)
            for said, own in ((rows.start, readings.start), (rows.stop, readings.stop))
        )
        return ReadLines(rows.row, reading, np.stack((start, stop)), (stop >= 0) | readings.over[reading])

    def _readings_of(self, item: Index, day: Days) -> Index:
        reading = self._number[item]
        missing = np.flatnonzero((reading < 0) | ~(self._any_day[item] | (self._day[item] == day)))
        if len(missing):
            keys, place = np.unique(np.stack((item[missing], day[missing])), axis=1, return_inverse=True)
            reading[missing] = np.array([self._reading(*key) for key in keys.T.tolist()], np.intp)[place.reshape(-1)]
        return reading

    def _reading(self, item: int, day: int) -> int:
        first = int(self._number[item])
        if first < 0:
            self._number[item], self._day[item] = self._add(self._read(item, day)), day
            return int(self._number[item])
        if item not in self._tried:
            self._tried.add(item)
            self._any_day[item] = self._read(item, int(self._day[item]) - _APART) == self._medicines[first]
        if self._any_day[item] or self._day[item] == day:
            return first
        known = self._of_day.get((item, day))
        if known is None:
            known = self._of_day[item, day] = self._add(self._read(item, day))
        return known

    def _read(self, item: int, day: int) -> Medicine:
        somebody = Patient(as_of=day_of(day), country=self._country)
        return read_line(self._lines[item], "current", somebody, self._knowledge)

    def _add(self, medicine: Medicine) -> int:
        self._made = None
        regimen, knowledge = medicine.regimen, self._knowledge
        dates = (np.nan if day is None else float(day_number(day)) for day in (regimen.start, regimen.stop))
        unread = medicine.status != "read" and not medicine.ingredients
        spinal = regimen.route == ROUTE or not pumped_agents(knowledge).isdisjoint(medicine.agents)
        opioid = share_of(medicine, knowledge) or (0.0, 0.0)
        odd = bool(medicine.not_understood)
        self._said.append((*dates, medicine.over, medicine.doubtful, unread, odd, spinal, *opioid))
        kinds = range(len(self._kinds), len(self._kinds) + len(medicine.agents))
        for name in medicine.agents:
            kind = line_kind(medicine, knowledge.agents[name].dose_unit)
            self._kinds.append((kind, regimen, self._agents.index(name)))
        taken = [self._taken.number((i.name, regimen.route or "")) for i in medicine.ingredients]
        beside = [n for n, a in enumerate(self._pumps) if flows_beside(medicine, knowledge.agents[a].ingredient)]
        allergies = [self._allergens.number(name) for name in medicine.allergy_to]
        for held, values in zip(self._lists, (kinds, taken, allergies, beside), strict=True):
            held.add(values)
        self._medicines.append(medicine)
        return len(self._medicines) - 1

    def _table(self) -> tuple[Readings, LineKinds, Index]:
        """What was read so far, the kinds of the agents' lines, and the agent of each kind."""
        if self._made is None:
            table = np.array(self._said, np.float64).reshape(len(self._said), 9).T
            over, doubtful, unread, odd, spinal = table[2:7] > 0
            agents, taken, allergies, beside = (held.ragged() for held in self._lists)
            readings = Readings(
                table[0], table[1], over, doubtful, unread, odd, spinal, table[7:], agents, taken, allergies, beside
            )
            kinds = LineKinds([kind for kind, _, _ in self._kinds], [regimen for _, regimen, _ in self._kinds])
            self._made = readings, kinds, np.array([agent for _, _, agent in self._kinds], np.intp)
        return self._made

    # ------------------------------------------------------------ what they come to

    def agents_of(self, lines: ReadLines, weight: Floats) -> tuple[dict[str, dict[str, Floats]], AgentLines]:
        """What the lines of each agent say of everybody, and those lines."""
        readings, kinds, agent_of_kind = self._table()
        line, kind = laid_out(readings.agents, lines.reading)
        used, agent = np.unique(agent_of_kind[kind], return_inverse=True)
        order = np.lexsort((lines.row[line], agent))
        line, kind, agent = line[order], kind[order], agent[order]
        agents = tuple(self._knowledge.agents[self._agents[place]] for place in used.tolist())
        role = np.where(lines.over[line], STOPPED, KEPT)
        table = AgentLines(
            agents, kinds, agent, lines.row[line], kind, role, lines.days[:, line], np.zeros(len(line), bool)
        )
        said = said_of_agents(table, weight, np.ones(len(weight), bool))
        self._add_pumps(said, lines, len(weight))
        return said, table

    def _add_pumps(self, said: dict[str, dict[str, Floats]], lines: ReadLines, rows: int) -> None:
        readings, _, _ = self._table()
        line, pump = laid_out(readings.beside, lines.reading)
        for number, agent in enumerate(self._pumps):
            if agent not in said:
                continue
            mixed = np.zeros(rows, bool)
            mixed[lines.row[line[(pump == number) & ~lines.over[line]]]] = True
            listed = said[agent]["taking"] + said[agent]["stopped"] > 0
            for name, values in said_of_lines(said[agent]["taking"] == 1, mixed).items():
                said[agent][name] = np.where(listed, values, np.nan)

    def taken_of(self, lines: ReadLines, rows: int) -> dict[Taken, Intake]:
        """Who of so many people takes what."""
        readings, _, _ = self._table()
        line, what = laid_out(readings.taken, lines.reading)
        used, what = np.unique(what, return_inverse=True)
        order = np.lexsort((lines.row[line], what))
        line, words, nobody = line[order], self._taken.words, np.zeros(len(line), bool)
        over, doubtful = readings.over[lines.reading[line]], readings.doubtful[lines.reading[line]]
        taken = TakenLines(
            tuple(words[place] for place in used.tolist()),
            what[order],
            lines.row[line],
            lines.over[line],
            nobody,
            over,
            doubtful,
            lines.days[:, line],
        )
        intake, _ = intake_of(taken, np.ones(rows, bool))
        return intake

    def opioids_of(self, lines: ReadLines, rows: int) -> dict[str, Floats]:
        """The opioids that people take, in morphine milligram equivalents a day."""
        readings = self._table()[0]
        counted = ~lines.over | readings.doubtful[lines.reading]
        low, high = readings.opioid[:, lines.reading[counted]]
        return summed(lines.row[counted], np.where(lines.over[counted], 0.0, low), high, rows)

    def unread_of(self, lines: ReadLines, rows: int) -> tuple[Floats, dict[str, Index]]:
        """How many lines of each person are not understood, and whose they are, by their words."""
        readings, _, _ = self._table()
        unread = (readings.unread[lines.reading] & ~lines.over) | readings.odd[lines.reading]
        row, reading = lines.row[unread], lines.reading[unread]
        names: dict[str, list[Index]] = {}
        for number in np.unique(reading).tolist():
            names.setdefault(self._medicines[number].said, []).append(row[reading == number])
        return np.bincount(row, minlength=rows).astype(np.float64), {n: np.concatenate(r) for n, r in names.items()}

    def spinal_of(self, lines: ReadLines, rows: int) -> Mask:
        """Into whose spinal fluid something runs or ran."""
        spinal = np.zeros(rows, bool)
        spinal[lines.row[self._table()[0].spinal[lines.reading]]] = True
        return spinal

    def allergies_of(self, lines: ReadLines) -> tuple[Index, Index, list[str]]:
        """The persons and the names (by number) of lines that tell of an allergy and not of a medicine."""
        line, name = laid_out(self._table()[0].allergies, lines.reading)
        return lines.row[line], name, self._allergens.words
