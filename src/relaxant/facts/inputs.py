"""What was said of many persons, as arrays: the bridge from patients to columns.

One row a person. Numbers are float64 with NaN for unknown; yes/no is 1, 0 or NaN. A registry can fill the same
arrays straight from its tables; :func:`inputs_of` fills them from patients and their medicines as read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
import numpy as np

from relaxant.facts.agent_lines import said_of_agents
from relaxant.facts.column import Floats, Mask
from relaxant.facts.conditions import allergies_said, conditions_said, days_since
from relaxant.facts.lines import AgentLines, lines_of
from relaxant.facts.measured import values_in_force
from relaxant.facts.pump import has_pump, only_weighed, pumped_agents, said_of_pump
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.phenotypes import phenotype_of
from relaxant.medicines.medicine import Medicine
from relaxant.patient import Patient
from relaxant.quantities import Quantity, convert, quantity

NAN = math.nan


class Intake(msgspec.Struct):
    """Who takes one ingredient by one route: ``now`` is 1, 0 or NaN; ``stopped_days`` since a stop, NaN where not stopped;
    ``taken_days`` since it was begun, nought for what is only weighed, NaN where that was not said (``None``: of nobody)."""

    now: Floats
    stopped_days: Floats
    taken_days: Floats | None = None


class Inputs(msgspec.Struct):
    """Everything said, row by row. ``notes`` are words on a row's inputs, such as a value past its time; ``countries`` whose products each
    person gets, none where a registry names none; ``lines`` are those of the agents, for what is reckoned of them only when it is asked for."""

    rows: int
    numbers: dict[str, Floats]
    truths: dict[str, Floats]
    conditions: dict[str, Floats]
    conditions_known: Mask
    allergies: dict[str, Floats]
    allergies_known: Mask
    intake: dict[tuple[str, str], Intake]
    medicines_known: Mask
    unread: Floats
    unread_names: tuple[tuple[str, ...], ...]
    agents: dict[str, dict[str, Floats]] = {}
    notes: tuple[dict[str, str], ...] = ()
    weighed: dict[str, Floats] = {}
    countries: tuple[str, ...] = ()
    lines: AgentLines | None = None


def take(inputs: Inputs, rows: slice) -> Inputs:
    """The same persons' inputs for some of the rows: the way a large table is cut into batches."""

    def part(columns: dict[str, Floats]) -> dict[str, Floats]:
        return {name: values[rows] for name, values in columns.items()}

    count = len(range(*rows.indices(inputs.rows)))
    return Inputs(
        count,
        part(inputs.numbers),
        part(inputs.truths),
        part(inputs.conditions),
        inputs.conditions_known[rows],
        part(inputs.allergies),
        inputs.allergies_known[rows],
        {
            k: Intake(v.now[rows], v.stopped_days[rows], None if v.taken_days is None else v.taken_days[rows])
            for k, v in inputs.intake.items()
        },
        inputs.medicines_known[rows],
        inputs.unread[rows],
        inputs.unread_names[rows],
        {a: part(c) for a, c in inputs.agents.items()},
        inputs.notes[rows],
        part(inputs.weighed),
        inputs.countries[rows],
        None if inputs.lines is None else inputs.lines.of_rows(rows, inputs.rows),
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
    numbers, truths, conditions, allergies, unread_names = [], [], [], [], []
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
        unread_names=(),
        notes=tuple(notes),
        countries=tuple(patient.country for patient, _ in readings),
    )
    for row, ((patient, medicines), note) in enumerate(zip(readings, notes, strict=True)):
        number, truth = _person(patient, knowledge, note)
        if only_weighed(patient, medicines, knowledge):
            truth["pump_present"] = 0.0
        number |= {f"since:{name}": days for name, days in days_since(patient, knowledge).items()}
        number |= _opioids(medicines, knowledge)
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
        unread_names.append(unread)
        _intake(inputs, row, patient, medicines)
    inputs.numbers, inputs.truths = _columns(numbers), _columns(truths)
    inputs.conditions, inputs.allergies = _columns(conditions, 0.0), _columns(allergies, 0.0)
    inputs.agents = _agents(readings, inputs, knowledge)
    # A list that was left out makes every absence unknown.
    for said, known in ((inputs.conditions, inputs.conditions_known), (inputs.allergies, inputs.allergies_known)):
        if not known.all():
            for column in said.values():
                column[(column == 0) & ~known] = NAN
    if not inputs.medicines_known.all():
        for taken in inputs.intake.values():
            taken.now[(taken.now == 0) & ~inputs.medicines_known] = NAN
    inputs.unread_names = tuple(unread_names)
    return inputs


def _columns(said: Sequence[Mapping[str, float]], unsaid: float = NAN) -> dict[str, Floats]:
    """What was said of each person, by name, as one column a name."""
    names = list(dict.fromkeys(name for one in said for name in one))
    if not names:
        return {}
    table = np.array([[one.get(name, unsaid) for name in names] for one in said])
    return dict(zip(names, np.ascontiguousarray(table.T), strict=True))


def completed_age(patient: Patient) -> float:
    """Age on the day of the review: completed years plus the fraction of the year since the last birthday."""
    if patient.birth_date is not None:
        born, now = patient.birth_date, patient.as_of
        years = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
        try:
            last = born.replace(year=born.year + years)
        except ValueError:  # born on 29 February
            last = date(born.year + years, 3, 1)
        return years + max(0, (now - last).days) / 366
    if patient.age is not None:
        said = quantity(patient.age, "age", example="58", bare=True)
        years_said = said.value if not said.unit else convert(said, "year")
        return NAN if years_said is None else years_said
    return NAN


def _person(patient: Patient, knowledge: Knowledge, note: dict[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    numbers = {"age": completed_age(patient), **values_in_force(patient, knowledge, note)}
    if patient.alcohol is not None:
        numbers["alcohol_units_weekly"] = _alcohol_units(patient.alcohol, patient.jurisdiction, knowledge)
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
        smokeless = any(
            w in patient.smoker.product.casefold()
            for w in ("patch", "gum", "lozenge", "vape", "e-cig", "snus", "pouch", "replacement")
        )
        truths["smoker"] = 0.0 if smokeless else 1.0
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
    """Whether a pump for one of the agents is in place: unknown where none is described or what is in it is not said."""
    if patient.pump is None:
        return NAN
    if patient.pump.drug is None:
        return 1.0
    words = patient.pump.drug.casefold()
    return float(any(a.ingredient in words for a in knowledge.agents.values() if "intrathecal" in a.routes))


def _tri(value: bool | None) -> float:
    return NAN if value is None else float(value)


def _alcohol_units(said: str, jurisdiction: str, knowledge: Knowledge) -> float:
    amount = quantity(said, "alcohol", example="20 units/week")
    grams = convert(amount, "g/week")
    unit_grams = knowledge.policy("alcohol_unit_grams")
    if grams is None and (drinks := convert(amount, "drinks/week")) is not None:
        grams = drinks * knowledge.policy("alcohol_drink_grams")
    if grams is not None:
        return grams / unit_grams
    units = convert(amount, "units/week")
    return NAN if units is None else units


def _opioids(medicines: Sequence[Medicine], knowledge: Knowledge) -> dict[str, float]:
    """Morphine milligram equivalents a day: what is certain, and the most that the lines allow (infinite where not said)."""
    role = knowledge.roles.get("opioid")
    factors = {name: member for member in (role.members if role else ()) for name in member.ingredients}
    low = high = 0.0
    for medicine in medicines:
        leaving = medicine.role == "stopped" or medicine.change == "stop" or medicine.replaced
        for name in (i.name for i in medicine.ingredients if i.name in factors and not leaving):
            member, regimen = factors[name], medicine.regimen
            patch = "microgram/h" in (member.factor_unit or "")
            amount = regimen.rate if patch else regimen.daily
            fits = regimen.route == "transdermal" if patch else regimen.route in ("oral", None)
            if member.factor is None or amount is None or not fits or len(medicine.ingredients) > 1:
                high = math.inf
                continue
            unit = "micrograms/h" if patch else "mg"
            at_least, at_most = (
                None
                if a is None
                else convert(Quantity(a, amount.unit.removesuffix("/day") if not patch else amount.unit), unit)
                for a in (amount.low, amount.high)
            )
            low += (at_least or 0.0) * member.factor
            high = math.inf if at_most is None else high + at_most * member.factor
    return {"opioid_mme_low": low, "opioid_mme_high": high}


def _begun(taken: Intake, row: int, medicine: Medicine, patient: Patient) -> None:
    """Notes for how long a medicine has been taken: of several lines the longest, nought for one that is only weighed."""
    if taken.taken_days is None:
        return
    start = medicine.regimen.start
    if medicine.role == "considering":
        days = 0.0
    else:
        days = NAN if start is None or start > patient.as_of else float((patient.as_of - start).days)
    known = taken.taken_days[row]
    taken.taken_days[row] = days if np.isnan(known) and taken.now[row] != 1 else np.fmax(known, days)


def _intake(inputs: Inputs, row: int, patient: Patient, medicines: Sequence[Medicine]) -> None:
    for medicine in medicines:
        if medicine.replaced:
            continue
        leaving = medicine.role == "stopped" or medicine.change == "stop"
        for ingredient in medicine.ingredients:
            key = (ingredient.name, medicine.regimen.route or "")
            taken = inputs.intake.get(key)
            if taken is None:
                taken = inputs.intake[key] = Intake(full(inputs.rows, 0.0), full(inputs.rows), full(inputs.rows))
            if not leaving:
                _begun(taken, row, medicine, patient)
                taken.now[row] = 1.0
                if medicine.role == "considering":
                    inputs.weighed.setdefault(ingredient.name, full(inputs.rows, 0.0))[row] = 1.0
            else:
                if medicine.doubtful and taken.now[row] != 1:
                    taken.now[row] = NAN  # held or asked about: it may be taken all the same
                if medicine.over and medicine.regimen.stop is None:
                    continue  # no longer taken, since nobody knows when
                stop = medicine.regimen.stop or patient.as_of
                days = float(max(0, (patient.as_of - stop).days))
                taken.stopped_days[row] = min(days, taken.stopped_days[row]) if taken.stopped_days[row] >= 0 else days
    # A stop that is weighed takes the medicine out of what is taken.
    for medicine in medicines:
        if medicine.role == "considering" and medicine.change == "stop":
            for ingredient in medicine.ingredients:
                for (name, _), taken in inputs.intake.items():
                    if name == ingredient.name:
                        taken.now[row] = 0.0


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
