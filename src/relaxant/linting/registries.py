"""What is wrong with what a synthetic registry is drawn from: shares that are none, codes of something else, what stands in no order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from relaxant.facts.conditions import implied_by
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.registries import (
    RegistryCondition,
    RegistryGiven,
    RegistryMeasure,
    RegistryMedicine,
    RegistryPeople,
)
from relaxant.medicines.codes import RXNORM, lookup_code

_CLOSE = 0.011
_FORMS = ("drawn", "egfr", "normal", "lognormal")
_DRAWN = ("height", "weight", "creatinine")
_MOST_DIRT = 0.5


def faults_of_registries(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """Every fault of the registries: where, and what."""
    held = knowledge.registries
    conditions: set[str] = set()
    for condition in held.registry_conditions.values():
        where = f"registry_conditions {condition.registry_condition}"
        yield from ((where, what) for what in _condition(condition, conditions, knowledge))
        conditions.add(condition.registry_condition)
    uses: set[str] = set()
    medicines: set[str] = set()
    routes = {route.route for people in held.registry_people.values() for route in people.routes}
    for use in held.registry_uses.values():
        where = f"registry_uses {use.registry_use}"
        yield from ((where, what) for what in _by_age(use.female, use.male))
        yield from ((where, what) for what in _given(use.given, conditions, uses, medicines))
        for medicine in use.medicines:
            yield from ((f"{where} {medicine.medicine}", what) for what in _medicine(medicine, conditions, uses, medicines, routes))  # fmt: skip
            medicines.add(medicine.medicine)
        uses.add(use.registry_use)
    panels = {panel.panel for people in held.registry_people.values() for panel in people.panels}
    for measure in held.registry_measures.values():
        where = f"registry_measures {measure.registry_measure}"
        yield from ((where, what) for what in _measure(measure, panels, knowledge))
        yield from ((where, what) for what in _given(measure.ratios, conditions, set(), medicines))
    for people in held.registry_people.values():
        where = f"registry_people {people.registry_people}"
        yield from ((where, what) for what in _people(people, knowledge))
        for panel in people.panels:
            yield from ((f"{where} {panel.panel}", what) for what in _given(panel.given, conditions, set(), medicines))


def _shares(name: str, shares: Sequence[float]) -> Iterator[str]:
    if not shares or abs(sum(shares) - 1) > _CLOSE or min(shares) < 0:
        yield f"the shares of {name} are not 1 together"


def _by_age(*tables: Sequence[tuple[float, ...]] | None) -> Iterator[str]:
    for rows in tables:
        if rows is None:
            continue
        if not rows or [row[0] for row in rows] != sorted({row[0] for row in rows}):
            yield "the ages of the rows do not rise"
        if any(not 0 <= row[1] <= 1 for row in rows):
            yield "a share is from 0 to 1"


def _given(given: Iterable[RegistryGiven], conditions: set[str], uses: set[str], medicines: set[str]) -> Iterator[str]:
    for one in given:
        asked = [(one.condition, conditions), (one.use, uses), (one.medicine, medicines)]
        named = [(name, known) for name, known in asked if name is not None]
        if len(named) != 1:
            yield "given names one condition, one use or one medicine"
        yield from (f"given “{name}” does not stand before it" for name, known in named if name not in known)
        if one.ratio < 0:
            yield "a ratio is not below 0"


def _condition(condition: RegistryCondition, before: set[str], knowledge: Knowledge) -> Iterator[str]:
    yield from _by_age(condition.female, condition.male)
    yield from _given(condition.given, before, set(), set())
    yield from _shares("its codes", [code.share for code in condition.icd10cm])
    if condition.times < 1:
        yield "it is written down once at least"
    own = knowledge.conditions.get(condition.registry_condition)
    if own is None:
        yield "conditions.yaml has no such condition"
        return
    for code in condition.icd10cm:
        owner = _owner(code.code, knowledge)
        known = owner is None and condition.snomed is not None  # told by the other code alone, as real tables have it
        if not known and (owner is None or condition.registry_condition not in (owner, *implied_by(owner, knowledge))):
            yield f"{code.code} is a code of {owner or 'nothing that is known'}"
    if condition.snomed is not None:
        snomed = condition.snomed.code
        owners = [other.condition for other in knowledge.conditions.values() if snomed in other.snomed]
        if owners and condition.registry_condition not in owners:
            yield f"SNOMED CT {snomed} is a code of {owners[0]}"


def _owner(code: str, knowledge: Knowledge) -> str | None:
    """The condition to which the longest prefix of a code belongs."""
    found = [(len(prefix), c.condition) for c in knowledge.conditions.values() for prefix in c.icd10cm if code.startswith(prefix)]  # fmt: skip
    return max(found)[1] if found else None


def _medicine(medicine: RegistryMedicine, conditions: set[str], uses: set[str], medicines: set[str], routes: set[str]) -> Iterator[str]:  # fmt: skip
    yield from _given(medicine.given, conditions, uses, medicines)
    if not 0 <= medicine.share <= 1 or not 0 <= medicine.long <= 1 or not 0 <= medicine.episode <= 1:
        yield "a share is from 0 to 1"
    if medicine.medicine in medicines:
        yield "it stands there twice"
    if medicine.among is not None and medicine.among not in medicines:
        yield f"“{medicine.among}” does not stand before it"
    if medicine.route not in routes:
        yield f"there is no route “{medicine.route}”"
    if medicine.courses < 1 or medicine.days <= 0 or medicine.spread <= 0:
        yield "there is one course at least, of some days"
    yield from _shares("its products", [share for _, share in medicine.products])
    yield from _shares("its supplies", [share for _, share in medicine.supply])
    if any(days < 1 for days, _ in medicine.supply):
        yield "a supply is for one day at least"
    doses = medicine.amounts if medicine.given_once else medicine.regimens
    yield from _shares("its amounts" if medicine.given_once else "its regimens", [dose[-1] for dose in doses])
    if any(value <= 0 for dose in doses for value in dose[:-1]):
        yield "a dose is above 0"
    for code, _ in medicine.products:
        entry = lookup_code(RXNORM, str(code))
        names = () if entry is None else tuple(i.name for i in entry.ingredients)
        if sorted(names) != sorted(medicine.ingredients):
            yield f"RxNorm {code} is {', '.join(names) or 'unknown'}"
        elif entry is not None and not entry.strength:
            yield f"RxNorm {code} is no product with a strength"


def _measure(measure: RegistryMeasure, panels: set[str], knowledge: Knowledge) -> Iterator[str]:
    lab = knowledge.labs.get(measure.registry_measure)
    if lab is None or measure.loinc not in lab.loinc:
        yield f"labs.yaml does not have it under {measure.loinc}"
    if measure.panel not in panels:
        yield f"there is no panel “{measure.panel}”"
    if measure.form not in _FORMS:
        yield f"its form is one of {', '.join(_FORMS)}"
    if measure.form == "drawn" and measure.registry_measure not in _DRAWN:
        yield "it is not drawn with the people"
    if measure.form.endswith("normal") and not measure.female:
        yield "it has no middle and spread"
    if measure.low >= measure.high or not 0 <= measure.share <= 1 or measure.within < 0:
        yield "its bounds, its share or its spread within a person are no such"
    yield from _shares("its units", [unit.share for unit in measure.units])


def _people(people: RegistryPeople, knowledge: Knowledge) -> Iterator[str]:
    yield from (f"there is no population “{name}”" for name, _ in people.populations if name not in knowledge.populations)  # fmt: skip
    yield from _shares("its populations and infants", [people.infants, *(share for _, share in people.populations)])
    yield from _by_age(people.deaths, people.smoker, people.former_smoker)
    try:
        date.fromisoformat(people.last_day)
    except ValueError:
        yield f"last_day “{people.last_day}” is no day"
    if any(not 0 <= share <= _MOST_DIRT for share in people.dirt.values()):
        yield f"dirt is from 0 to {_MOST_DIRT:g} of the rows"
