"""What a registry says of many people as columns: the same as the bedside makes of each of them, and the same checks."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from relaxant.cohort.days import day_number
from relaxant.cohort.person import patients_of
from relaxant.cohort.reading import Reader
from relaxant.cohort.said import ALLERGY, CONDITION, EARLIER, HABIT, LINE, MEASURED, PERSON, SAID, Habit, Vocabulary
from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import Inputs, inputs_of
from relaxant.knowledge.load import load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.patient import Allergy, Code, Line, Stated, jurisdiction_of
from relaxant.rules.columns import made
from relaxant.rules.evaluate import evaluate, program

KNOWN = load_knowledge()
AS_OF = date(2026, 11, 22)
EPOCH_DAY = day_number(AS_OF)


def drug(name: str, dose: str | None = None, route: str | None = "oral", **more: Any) -> Line:
    return Line(said=f"{name}, {dose}" if dose else name, drug=name, dose=dose, route=route, **more)


LINES = (
    drug("baclofen", "30 mg/day", codes=(Code(system="RxNorm", code="197391"),)),
    drug("baclofen", "100 mg/day"),
    drug("baclofen", "0.1 mg/day"),
    drug("baclofen", "0.2 mg/day"),
    drug("baclofen"),
    drug("baclofen", None, "intrathecal", rate="400 micrograms/day"),
    drug("baclofen", None, "intrathecal"),
    drug("morphine", None, "intrathecal", rate="2 mg/day"),
    drug("tizanidine", "12 mg/day"),
    drug("tizanidine", "2-4 mg", frequency="every 6-8 h", as_needed="yes"),
    drug("tizanidine", "40 mg/day", form="capsule"),
    drug("diazepam", "10 mg", frequency="three times a day"),
    drug("diazepam", "0.5 mg/kg", "rectal", frequency="once"),
    drug("diazepam", "10 mg", "intravenous", frequency="once"),
    drug("dantrolene", "1 mg/kg", frequency="three times a day"),
    drug("onabotulinumtoxinA", "300 units", "intramuscular", frequency="once"),
    drug("onabotulinumtoxinA", "200 units", "intramuscular", frequency="every 12 weeks"),
    drug("carisoprodol", "350 mg", frequency="four times a day", duration="3 weeks"),
    drug("rocuronium", "0.6 mg/kg", "intravenous", frequency="once"),
    drug("oxybutynin", "5 mg", frequency="twice a day"),
    drug("gabapentin", "900 mg/day"),
    drug("ciprofloxacin"),
    drug("fluvoxamine"),
    drug("clarithromycin", route=None),
    drug("timolol", route="ophthalmic"),
    drug("codeine", "120 mg/day"),
    drug("fentanyl", None, "transdermal", rate="50 micrograms/h"),
    drug("oxycodone"),
    Line(
        said="acetaminophen 325 mg / hydrocodone 5 mg tablet, 4 a day",
        drug="acetaminophen / hydrocodone",
        dose="4 tablets/day",
    ),
    Line(said="frobnitz forte 3 tablets/day", drug="frobnitz forte"),
    Line(said="xyzzymab", codes=(Code(system="RxNorm", code="0"),)),
    Line(said="baclofen 10 mg twice a day stopped 3 weeks ago"),
    Line(said="tizanidine 4 mg at night, on hold"),
    Line(said="? still taking diazepam 5 mg at night"),
    Line(said="sertraline 50 mg once a day for 2 years"),
    Line(said="allergic to dantrolene"),
    Line(said="amitriptyline 25 mg at night since 3 May"),
    drug("ondansetron", "8 mg/day", active=False),
)
CONDITIONS = (
    Stated(name="Multiple sclerosis", codes=(Code(system="ICD-10-CM", code="G35"),)),
    Stated(name="Chronic kidney disease stage 4", codes=(Code(system="SNOMED CT", code="431857002"),)),
    Stated(name="hemiplegia after stroke"),
    Stated(name="stroke"),
    Stated(name="epilepsy"),
    Stated(name="epilesy"),
    Stated(name="suspected epilepsy"),
    Stated(name="cirrhosis of the liver"),
    Stated(name="spinal cord injury t4"),
    Stated(name="catheter occlusion"),
    Stated(name="pocket infection"),
    Stated(name="glaucoma"),
    Stated(name="myasthenia gravis"),
    Stated(name="pregnancy"),
    Stated(name="low back pain with muscle spasm"),
    Stated(name="botulinum toxin injection"),
    *(Stated(name=c.title) for c in KNOWN.conditions.values() if c.event),
    *(Stated(name=c.title) for c in list(KNOWN.conditions.values())[::6]),
)
VOCABULARY = Vocabulary(
    lines=LINES,
    measured=(*KNOWN.labs, EARLIER),
    conditions=tuple(dict.fromkeys(CONDITIONS)),
    allergies=(
        Allergy(to="baclofen"),
        Allergy(to="penicillin", reaction="rash"),
        Allergy(to="tizanidin"),
        Allergy(to="diazepam", kind="intolerance"),
        Allergy(to="cow's milk protein", reaction="anaphylaxis"),
        None,
    ),
    habits=(
        *(Habit(field="smoker", value=now) for now in (True, False)),
        *(Habit(field="pregnant", value=now) for now in (True, False)),
        Habit(field="breastfeeding", value=True),
        *(Habit(field="dialysis", value=kind) for kind in ("haemodialysis", "peritoneal", "none")),
    ),
)


def people(seed: int, count: int, days: tuple[int, ...] = (EPOCH_DAY,)) -> pa.Table:
    """What a registry might say of people, seeded; on several days of each where several are given."""
    chance = random.Random(seed)
    rows: set[tuple[Any, ...]] = set()
    for person in range(count):
        born, sex = EPOCH_DAY - chance.randint(300, 35_000), chance.choice((1.0, 0.0, None))
        for today in chance.sample(days, chance.randint(1, len(days))):
            rows |= {(person * 7, today, *row) for row in _person(chance, today, born, sex)}
    ordered = sorted(rows, key=lambda r: tuple((v is None, 0 if v is None else v) for v in r))
    return pa.Table.from_pylist([dict(zip(SAID.names, row, strict=True)) for row in ordered], schema=SAID)


def _person(chance: random.Random, today: int, born: int, sex: float | None) -> list[tuple[Any, ...]]:
    def ago(most: int, unknown: float = 0.1) -> int | None:
        return None if chance.random() < unknown else today - chance.choice((0, 1, *range(0, most, 1 + most // 40), -3))

    rows: list[tuple[Any, ...]] = [(PERSON, 0, None if chance.random() < 0.1 else born, None, sex, None)]
    for _ in range(chance.choice((0, 1, 2, 3, 5, 8))):
        stop = ago(200, 0.0) if chance.random() < 0.3 else None
        rows.append((LINE, chance.randrange(len(LINES)), ago(900), stop, None, None))
    for name in chance.sample(list(KNOWN.labs), chance.choice((0, 3, 8))):
        lab = KNOWN.labs[name]
        low = round(chance.uniform(lab.plausible_low, lab.plausible_high), 2)
        high = chance.choice((low, low, round(low * 1.005, 6), round(low * 1.3, 6)))
        when = today - chance.choice((0, 1, 20, 200, 2000))
        rows.append((MEASURED, list(VOCABULARY.measured).index(name), when, None, low, high))
        if name == "creatinine" and chance.random() < 0.7:
            before, value = when - chance.choice((1, 3, 7, 8, 100)), round(chance.uniform(0.4, 3), 2)
            most = chance.choice((value, value + 0.5))
            rows.append((MEASURED, list(VOCABULARY.measured).index(EARLIER), before, None, value, most))
    for _ in range(chance.choice((0, 1, 2, 4))):
        over = ago(200, 0.0) if chance.random() < 0.2 else None
        since = today + 5 if chance.random() < 0.2 else ago(900, 0.2)
        rows.append((CONDITION, chance.randrange(len(VOCABULARY.conditions)), since, over, None, None))
    for kind, items in ((ALLERGY, VOCABULARY.allergies), (HABIT, VOCABULARY.habits)):
        for _ in range(chance.choice((0, 0, 1, 3))):
            rows.append((kind, chance.randrange(len(items)), ago(60), None, None, None))
    return rows


def columns(inputs: Inputs, country: str) -> dict[tuple[str, ...], np.ndarray]:
    """Every column of what was said, by kind and name."""
    facts = Facts(inputs, KNOWN, jurisdiction_of(country))
    out = {
        (kind, name): values
        for kind in ("numbers", "truths", "conditions", "allergies")
        for name, values in getattr(inputs, kind).items()
    }
    for agent, own in inputs.agents.items():
        out |= {(agent, name): values for name, values in (*own.items(), *facts.sessions(agent).items())}
    for ingredient, taken in facts.intake.items():
        out[ingredient, "taken"], out[ingredient, "days"] = (
            facts.takes_by_any_route(ingredient),
            facts.taken_days(ingredient),
        )
        for route, own_ in taken:
            out[ingredient, route, "now"] = facts._now(own_)
            out[ingredient, route, "stopped"] = facts._days(own_.stopped_days, own_)
    out |= {
        ("known", n): getattr(inputs, n) for n in ("allergies_known", "conditions_known", "medicines_known", "unread")
    }
    for name, rows in inputs.unread_names.items():
        out["unread", name] = np.bincount(rows, minlength=inputs.rows)
    return out


def checks(inputs: Inputs, country: str) -> list[list[tuple[Any, ...]]]:
    """The checks of each row: rule, agent, outcome, partners, and what would settle it."""
    jurisdiction = jurisdiction_of(country)
    every = made(
        evaluate(program(KNOWN, jurisdiction), Facts(inputs, KNOWN, jurisdiction), inputs.agents.keys() or None)
    )
    out: list[list[tuple[Any, ...]]] = [[] for _ in range(inputs.rows)]
    for entry, (row, test) in enumerate(zip(every.row.tolist(), every.test.tolist(), strict=True)):
        rule = every.tests[test]
        partners, needs = ([every.names[n] for n in held.at(entry)] for held in (every.partners, every.settled_by))
        out[row].append((rule.rule.rule, rule.agent, every.word(entry), partners, needs))
    return out


def same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Whether two columns say the same; nought and NaN are what a missing one may stand for, nobody being said anything of."""
    if one is None or other is None:
        known = one if other is None else other
        assert known is not None
        return bool(np.all(np.isnan(known) | (known == 0)))
    return np.array_equal(one, other, equal_nan=True)


@pytest.mark.parametrize("country", ["US", "UK", "DE"])
@pytest.mark.parametrize("seed", range(3))
def test_the_columns_are_those_of_the_bedside(country: str, seed: int) -> None:
    said = people(seed, 250)
    bedside = list(patients_of(said, VOCABULARY, country, knowledge=KNOWN))
    expected = inputs_of([(p, read_medicines(p, KNOWN)) for _, p in bedside], KNOWN)
    person, as_of, inputs = Reader(VOCABULARY, country, KNOWN).inputs(said)
    assert person.tolist() == [number for number, _ in bedside]
    assert set(as_of.tolist()) == {EPOCH_DAY}
    assert inputs.countries == expected.countries
    ours, theirs = columns(inputs, country), columns(expected, country)
    assert len(theirs) > 500
    for key in ours.keys() | theirs.keys():
        assert same(ours.get(key), theirs.get(key)), key
    assert checks(inputs, country) == checks(expected, country)


def test_a_person_of_a_registry_is_checked_as_at_the_bedside() -> None:
    said = people(7, 60)
    _, _, inputs = Reader(VOCABULARY, "US", KNOWN).inputs(said)
    together = checks(inputs, "US")
    assert sum(map(len, together)) > 1000
    for row, (_, patient) in enumerate(patients_of(said, VOCABULARY, "US", knowledge=KNOWN)):
        alone = inputs_of([(patient, read_medicines(patient, KNOWN))], KNOWN)
        assert together[row] == (checks(alone, "US")[0] if alone.agents else []), row


def test_one_person_on_several_days_is_read_on_each() -> None:
    days = (EPOCH_DAY, EPOCH_DAY - 1, EPOCH_DAY - 30, EPOCH_DAY - 500)
    said, reader = people(3, 120, days), Reader(VOCABULARY, "US", KNOWN)
    bedside = list(patients_of(said, VOCABULARY, "US", knowledge=KNOWN))
    expected = inputs_of([(p, read_medicines(p, KNOWN)) for _, p in bedside], KNOWN)
    person, as_of, inputs = reader.inputs(said)
    assert [(n, day_number(p.as_of)) for n, p in bedside] == list(zip(person.tolist(), as_of.tolist(), strict=True))
    ours, theirs = columns(inputs, "US"), columns(expected, "US")
    for key in ours.keys() | theirs.keys():
        assert same(ours.get(key), theirs.get(key)), key


def test_batches_are_read_one_after_another_as_they_would_be_alone() -> None:
    reader = Reader(VOCABULARY, "US", KNOWN)
    for seed, days in ((1, (EPOCH_DAY,)), (2, (EPOCH_DAY - 40,)), (4, (EPOCH_DAY,))):
        said = people(seed, 40, days)
        ours = columns(reader.inputs(said)[2], "US")
        theirs = columns(Reader(VOCABULARY, "US", KNOWN).inputs(said)[2], "US")
        assert ours.keys() == theirs.keys()
        for key, values in theirs.items():
            assert np.array_equal(ours[key], values, equal_nan=True), key


def test_nobody_is_read_as_nobody() -> None:
    person, as_of, inputs = Reader(VOCABULARY, "US", KNOWN).inputs(SAID.empty_table())
    assert (len(person), len(as_of), inputs.rows, inputs.agents) == (0, 0, 0, {})


@pytest.mark.parametrize("kinds", [(LINE,), (PERSON, PERSON), (LINE, PERSON)])
def test_rows_without_a_person_or_with_two_are_refused(kinds: tuple[int, ...]) -> None:
    rows = [dict(zip(SAID.names, (5, EPOCH_DAY, kind, 0, None, None, None, None), strict=True)) for kind in kinds]
    with pytest.raises(InputError, match=r"person"):
        Reader(VOCABULARY, "US", KNOWN).inputs(pa.Table.from_pylist(rows, schema=SAID))
