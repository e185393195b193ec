"""What was said of many persons, as arrays: the bridge from patients to columns.

One row a person. Numbers are float64 with NaN for unknown; yes/no is 1, 0 or NaN. A registry can fill the same
arrays straight from its tables; :func:`inputs_of` fills them from patients and their medicines as read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from relaxant.facts.age import completed_age
from relaxant.facts.agent_lines import said_of_agents
from relaxant.facts.allergies import allergies_said
from relaxant.facts.column import Floats, Mask
from relaxant.facts.conditions import conditions_said, days_since
from relaxant.facts.intake import Intake, Taken, intake_of, taken_lines_of
from relaxant.facts.lines import AgentLines, Index, lines_of
from relaxant.facts.measured import values_in_force
from relaxant.facts.opioids import opioids_of
from relaxant.facts.pump import has_pump, is_for, only_weighed, pumped_agents, said_of_pump
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.phenotypes import phenotype_of
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.quantities import convert, quantity

NAN = math.nan
_SMOKELESS = ("patch", "gum", "lozenge", "vap", "e-cig", "electronic cig", "snus", "pouch", "replacement", "inhalator")
"""Words of products that give nicotine without smoke."""


class Inputs(msgspec.Struct):
    """Everything said, row by row. ``unread`` counts the lines that were not understood, ``unread_names`` says which and whose they are. ``notes``
    are words on a row's inputs, such as a value past its time; ``countries`` whose products each person gets, none where a registry names
    none; ``lines`` are those of the agents, for what is reckoned of them only when it is asked for."""

    rows: int
    numbers: dict[str, Floats]
    truths: dict[str, Floats]
    conditions: dict[str, Floats]
    conditions_known: Mask
    allergies: dict[str, Floats]
    allergies_known: Mask
    intake: dict[Taken, Intake]
    medicines_known: Mask
    unread: Floats
    unread_names: dict[str, Index]
    agents: dict[str, dict[str, Floats]] = {}
    notes: tuple[dict[str, str], ...] = ()
    weighed: dict[str, Floats] = {}
    countries: tuple[str, ...] = ()
    lines: AgentLines | None = None


def take(inputs: Inputs, rows: slice) -> Inputs:
    """The same persons' inputs for some of the rows: the way a large table is cut into batches."""
    place = np.full(inputs.rows, -1)
    count = len(range(*rows.indices(inputs.rows)))
    place[rows] = np.arange(count)

    def part(columns: dict[str, Floats]) -> dict[str, Floats]:
        return {name: values[rows] for name, values in columns.items()}

    def taken(own: Intake) -> Intake:
        here: slice | Mask = rows if own.rows is None else place[own.rows] >= 0
        days = None if own.taken_days is None else own.taken_days[here]
        whose = None if own.rows is None else place[own.rows[here]]
        return Intake(own.now[here], own.stopped_days[here], days, whose)

    unread = {name: place[whose[place[whose] >= 0]] for name, whose in inputs.unread_names.items()}
    return Inputs(
        count,
        part(inputs.numbers),
        part(inputs.truths),
        part(inputs.conditions),
        inputs.conditions_known[rows],
        part(inputs.allergies),
        inputs.allergies_known[rows],
        {key: taken(own) for key, own in inputs.intake.items()},
        inputs.medicines_known[rows],
        inputs.unread[rows],
        {name: whose for name, whose in unread.items() if len(whose)},
        {a: part(c) for a, c in inputs.agents.items()},
        inputs.notes[rows],
        part(inputs.weighed),
        inputs.countries[rows],
        None if inputs.lines is None else inputs.lines.of_rows(place),
    )


def full(rows: int, value: float = NAN) -> Floats:
    """A column of one value."""
    column = np.empty(rows)  # half the cost of np.full, and there are a hundred of them for every person
    column.fill(value)
    return column


def inputs_of(readings: Sequence[tuple[Patient, Sequence[Medicine]]], knowledge: Knowledge) -> Inputs:
    """The arrays of these persons, each with the medicines read from the patient's lines."""
    rows = len(readings)
    notes = [dict[str, str]() for _ in readings]
    numbers, truths, conditions, allergies = [], [], [], []
    unread_names: dict[str, list[int]] = {}
    inputs = Inputs(
        rows=rows,
        numbers={},
        truths={},
        conditions={},
        conditions_known=np.array([patient.conditions is not None for patient, _ in readings], bool),
        allergies={},
        allergies_known=np.array([patient.allergies is not None for patient, _ in readings], bool),
        intake={},
        medicines_known=np.array([patient.medicines is not None for patient, _ in readings], bool),
        unread=full(rows, 0.0),
        unread_names={},
        notes=tuple(notes),
        countries=tuple(patient.country for patient, _ in readings),
    )
    for row, ((patient, medicines), note) in enumerate(zip(readings, notes, strict=True)):
        number, truth = said_of_person(patient, knowledge, note)
        if only_weighed(patient, medicines, knowledge):
            truth["pump_present"] = 0.0
        number |= {f"since:{name}": days for name, days in days_since(patient, knowledge).items()}
        numbers.append(number)
        truths.append(truth)
        pump = has_pump(patient, medicines, knowledge)
        conditions.append(conditions_said(patient, knowledge, note, pump=pump))
        allergic = allergies_said(patient, knowledge, note)
        allergies.append(allergic | {name: 1.0 for medicine in medicines for name in medicine.allergy_to})
        unread = tuple(
            m.said
            for m in medicines
            if (m.status != "read" and m.role != "stopped" and not m.ingredients) or m.not_understood
        )
        inputs.unread[row] = len(unread)
        for name in unread:
            unread_names.setdefault(name, []).append(row)
    inputs.numbers = _columns(numbers) | opioids_of([medicines for _, medicines in readings], knowledge)
    inputs.truths = _columns(truths)
    inputs.conditions, inputs.allergies = _columns(conditions, 0.0), _columns(allergies, 0.0)
    inputs.agents = _agents(readings, inputs, knowledge)
    # A list that was left out makes every absence unknown.
    for said, known in ((inputs.conditions, inputs.conditions_known), (inputs.allergies, inputs.allergies_known)):
        if not known.all():
            for column in said.values():
                column[(column == 0) & ~known] = NAN
    days = [(patient.as_of, medicines) for patient, medicines in readings]
    inputs.intake, inputs.weighed = intake_of(taken_lines_of(days), inputs.medicines_known)
    inputs.unread_names = {name: np.array(whose) for name, whose in unread_names.items()}
    return inputs


def _columns(said: Sequence[Mapping[str, float]], unsaid: float = NAN) -> dict[str, Floats]:
    """What was said of each person, by name, as one column a name."""
    if len(said) == 1:
        return dict(zip(said[0], np.array([*said[0].values()], np.float64)[:, None], strict=True))
    names = list(dict.fromkeys(name for one in said for name in one))
    if not names:
        return {}
    table = np.array([[one.get(name, unsaid) for name in names] for one in said])
    return dict(zip(names, np.ascontiguousarray(table.T), strict=True))


def said_of_person(
    patient: Patient, knowledge: Knowledge, note: dict[str, str]
) -> tuple[dict[str, float], dict[str, float]]:
    """What was said of a person apart from lists: numbers, and yes/no as 1, 0 or NaN, by name. ``note`` gains words on values that do not hold."""
    numbers = {"age": completed_age(patient), **values_in_force(patient, knowledge, note)}
    if patient.alcohol is not None:
        numbers["alcohol_units_weekly"] = _alcohol_units(patient.alcohol, knowledge)
    if patient.smoker is not None and patient.smoker.stopped is not None:
        numbers["smoking_stopped_days"] = float((patient.as_of - patient.smoker.stopped).days)
    if patient.procedure is not None and patient.procedure.date is not None:
        numbers["procedure_days"] = float((patient.procedure.date - patient.as_of).days)
    sex = patient.sex
    truths: dict[str, float] = {
        **_phenotypes(patient, knowledge),
        "female": 1.0 if sex == "female" else 0.0 if sex == "male" else NAN,
        "pregnant": _tri(patient.pregnant),
        "breastfeeding": _tri(patient.breastfeeding),
        "stands_on_tone": _tri(patient.stands_on_tone),
        "haemodialysis": NAN if patient.dialysis is None else float(patient.dialysis == "haemodialysis"),
        "peritoneal_dialysis": NAN if patient.dialysis is None else float(patient.dialysis == "peritoneal"),
        "muscle_mass_low": NAN if patient.muscle_mass is None else float(patient.muscle_mass == "low"),
        "smoker": _tri(patient.smoker.now if patient.smoker else None),
        "tube_feeding": NAN if patient.swallowing is None else float(patient.swallowing == "tube"),
        "crushes_tablets": NAN if patient.swallowing is None else float(patient.swallowing == "crushed"),
        "pump_present": _pump(patient, knowledge),
    }
    if patient.smoker is not None and patient.smoker.product is not None and patient.smoker.now:
        said = patient.smoker.product.casefold()
        truths["smoker"] = 0.0 if any(word in said for word in _SMOKELESS) else 1.0
    return numbers, truths


def _phenotypes(patient: Patient, knowledge: Knowledge) -> dict[str, float]:
    """``genotype:CYP2C19:poor`` and the like, 1 or 0, for every gene whose alleles or report are understood."""
    out: dict[str, float] = {}
    for named, said in (patient.genotype or {}).items():
        gene = named.strip().upper()
        if (own := phenotype_of(gene, said, knowledge.pathways)) is not None:
            for known in knowledge.pathways.phenotypes:
                if known.gene == gene:
                    out[f"genotype:{gene}:{known.phenotype}"] = float(known.phenotype == own.phenotype)
    return out


def _pump(patient: Patient, knowledge: Knowledge) -> float:
    """Whether a pump for one of the agents is in place: unknown where none is described; one of which nobody says what is in it is one."""
    if patient.pump is None:
        return NAN
    ingredients = {knowledge.agents[agent].ingredient for agent in pumped_agents(knowledge)}
    return float(any(is_for(patient.pump, name, knowledge, said=True) for name in ingredients))


def _tri(value: bool | None) -> float:
    return NAN if value is None else float(value)


def _alcohol_units(said: str, knowledge: Knowledge) -> float:
    amount = quantity(said, "alcohol", example="20 units/week")
    grams = convert(amount, "g/week")
    unit_grams = knowledge.policy("alcohol_unit_grams")
    if grams is None and (drinks := convert(amount, "drinks/week")) is not None:
        grams = drinks * knowledge.policy("alcohol_drink_grams")
    if grams is not None:
        return grams / unit_grams
    units = convert(amount, "units/week")
    return NAN if units is None else units


def _agents(
    readings: Sequence[tuple[Patient, Sequence[Medicine]]], inputs: Inputs, knowledge: Knowledge
) -> dict[str, dict[str, Floats]]:
    """What the lines of each agent, and its pump, say of these persons."""
    inputs.lines = lines_of([(patient.as_of, medicines) for patient, medicines in readings], knowledge.agents)
    out = said_of_agents(inputs.lines, inputs.numbers.get("weight", full(inputs.rows)), inputs.medicines_known)
    for agent in pumped_agents(knowledge).intersection(out):
        for row, (patient, medicines) in enumerate(readings):
            if any(agent in m.agents for m in medicines):
                for name, value in said_of_pump(agent, patient, medicines, knowledge).items():
                    out[agent].setdefault(name, full(inputs.rows))[row] = value
    return out


_LOCAL = frozenset({"topical", "ophthalmic", "otic", "nasal", "inhaled", "vaginal", "intrauterine", "urethral", "intravesical", "intralesional",
                    "intra-articular", "intradermal", "infiltration", "perineural", "intracavernous"})  # fmt: skip


def systemic(route: str) -> bool:
    """Whether a route reaches the whole body; a route that was not said does."""
    return route not in _LOCAL
