"""People in the tables of OMOP, seeded, made so that every rule of the knowledge is tested on somebody: what a registry can say of its cases,
with values, ages, doses and days about its thresholds, and with what else a registry holds.

A person begins with a case of a rule. What was weighed there is taken here, and what no table says (a pump's reservoir, a genotype) is left out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from relaxant.cohort.cdm import TABLES
from relaxant.cohort.synthetic.products import Product, strength
from relaxant.errors import InputError
from relaxant.facts.conditions import condition_ids
from relaxant.facts.members import role_members
from relaxant.facts.renal import egfr_ckd_epi_2021
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.conditions import Condition
from relaxant.knowledge.labs import Lab
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Case, Rule
from relaxant.medicines.codes import RXNORM, lookup_code
from relaxant.medicines.dictionary import lookup_ingredient, open_dictionary
from relaxant.medicines.dosage.codes import ROUTE_CODES
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import ROUTES, read_medicines
from relaxant.patient import Measured, Patient, jurisdiction_of

AS_OF = date(2026, 11, 22)
FEMALE, MALE, RECORD, LOCAL = 8532, 8507, 32817, 2_000_000_000
_PROCEDURES = pa.schema(
    [
        ("procedure_occurrence_id", pa.int32()),
        ("person_id", pa.int32()),
        ("procedure_concept_id", pa.int32()),
        ("procedure_date", pa.date32()),
        ("procedure_type_concept_id", pa.int32()),
        ("procedure_source_value", pa.string()),
    ]
)
SCHEMAS = {**TABLES, "procedure_occurrence": _PROCEDURES}
_EQUALS, _BELOW = 4172703, 4171756
WRITTEN = ("person", "observation_period", "death", "drug_exposure", "condition_occurrence", "measurement", "observation", "procedure_occurrence", "concept", "drug_strength")  # fmt: skip
_ROUTES = {name: code for code, name in ROUTE_CODES.items()}
_SPOT = ("intramuscular", "intravenous", "intradetrusor", "intraglandular")
_VALID = {"valid_start_date": date(1970, 1, 1), "valid_end_date": date(2099, 12, 31)}
_ELSE = {
    "creatinine": (("umol/L", 88.42), ("mg/dl", 1.0)),
    "bilirubin": (("umol/L", 17.104),),
    "albumin": (("g/L", 10.0),),
    "weight": (("[lb_av]", 2.2046226),),
    "height": (("m", 0.01),),
    "egfr": (("mL/min/{1.73_m2}", 1.0), ("mL/min", 1.0)),
}
"""Other units in which a value may stand, each with how many of it are one of the lab's own."""
_UCUM = {"mmHg": "mm[Hg]", "degC": "Cel", "mL/min/1.73 m2": "mL/min/{1.73_m2}", "1": "{INR}"}
Row = dict[str, Any]


class Drug(msgspec.Struct, kw_only=True):
    """What is taken: ``sig`` the words of the dose, ``daily`` what they come to in a day, ``start`` and ``stop`` days ago; ``bare`` where the record
    has an ingredient on a single day, and neither route nor form."""

    names: tuple[str, ...]
    route: str | None = None
    release: str | None = None
    sig: str | None = None
    daily: tuple[float, str] | None = None
    start: int | None = None
    stop: int | None = None
    bare: bool = False


class Draft(msgspec.Struct, kw_only=True):
    """A person before there are rows: ``age`` in days, values with unit and days ago. ``plain``: nothing is said in a way that may be lost."""

    age: int | None = None
    sex: str | None = None
    drugs: list[Drug] = []
    conditions: list[tuple[str, int]] = []
    values: list[tuple[str, float, str, int]] = []
    allergies: list[str] = []
    smoker: bool | None = None
    pregnant: bool | None = None
    dialysis: str | None = None
    plain: bool = False


# ---------------------------------------------------------------- from a rule's case to a draft


class Maker:
    """Draws one person after another for a country: its rules in turn, and their cases in turn. The first third of the rules that hold everywhere is
    another for every country, so that the first few hundred people of three countries have a person for every rule."""

    def __init__(self, knowledge: Knowledge, country: str, seed: int) -> None:
        self.knowledge, self.country, self.seed = knowledge, country, seed
        here, everywhere = jurisdiction_of(country), [r for r in knowledge.rules.values() if not r.jurisdiction]
        random.Random(seed).shuffle(everywhere)
        first = ("US", "UK", "EU").index(here) * len(everywhere) // 3
        local = [r for r in knowledge.rules.values() if here in r.jurisdiction]
        self.rules = [*local, *everywhere[first:], *everywhere[:first]]
        self.opioids = sorted(n for m in knowledge.roles["opioid"].members if m.factor for n in m.ingredients)

    def draft(self, number: int) -> tuple[Draft, random.Random]:
        """The person of a number: the same whatever the others."""
        rng = random.Random(f"{self.seed} {self.country} {number}")
        turn, which = divmod(number, len(self.rules))
        rule = self.rules[which]
        first = sorted(rule.cases, key=lambda case: case.expect != "fires")
        case = first[turn % len(first)]
        draft = self._of(case, rng, plain=turn == 0) or Draft()
        draft.plain = turn == 0
        if rng.random() < 0.35:
            _add(draft, self._of(rng.choice(rng.choice(self.rules).cases), rng) or Draft())
        self._complete(draft, rule, rng, exactly=turn < len(first))
        if turn or rng.random() < 0.3:
            self._about(draft, rule, rng)
        return draft, rng

    def _of(self, case: Case, rng: random.Random, *, plain: bool = False) -> Draft | None:
        try:
            patient = read_patient({"as_of": str(AS_OF), **case.patient, "country": self.country}, self.knowledge, today=AS_OF)  # fmt: skip
        except InputError:
            return None  # in words that only another country has
        draft = Draft(sex=patient.sex, smoker=patient.smoker.now if patient.smoker else None, pregnant=patient.pregnant, dialysis=patient.dialysis)  # fmt: skip
        draft.age = _age_in_days(patient, rng)
        for medicine in read_medicines(patient, self.knowledge):
            if medicine.ingredients and not (medicine.replaced and rng.random() < 0.7):
                draft.drugs.append(_drug(medicine, rng))
        for stated in patient.conditions or ():
            ids = condition_ids(stated, self.knowledge)
            ago = (
                rng.choice((0, 3) if plain else (0, 3, 20, 400))
                if stated.since is None
                else max(0, (AS_OF - stated.since).days)
            )
            draft.conditions += [(name, ago) for name in ids or ((stated.name,) if stated.name else ())]
        draft.values += list(_values(patient, rng))
        draft.allergies = [allergy.to for allergy in patient.allergies or ()]
        return draft

    def _complete(self, draft: Draft, rule: Rule, rng: random.Random, *, exactly: bool) -> None:
        """What else a registry says of somebody."""
        if draft.age is None and rng.random() < 0.9:
            draft.age = rng.choice((rng.randrange(18 * 366, 90 * 365), rng.randrange(200, 18 * 365)) if not exactly else (rng.randrange(20 * 366, 64 * 365),))  # fmt: skip
        if draft.sex is None and rng.random() < 0.9:
            draft.sex = rng.choice(("female", "male"))
        own = {self.knowledge.agents[a].ingredient for a in rule.agents if a in self.knowledge.agents}
        if own and not own & {n for d in draft.drugs for n in d.names}:
            draft.drugs.append(Drug(names=(rng.choice(sorted(own)),)))
        if "stopped" in rule.on and rng.random() < 0.3:  # given, not taken: what was given once is over the next day
            draft.drugs[0].route, draft.drugs[0].stop, draft.drugs[0].start = (
                rng.choice(("intravenous", "injection")),
                rng.choice((1, 5, 30)),
                60,
            )
        if not exactly and rng.random() < 0.05:
            draft.drugs[0] = Drug(names=draft.drugs[0].names, bare=True, start=60, stop=rng.choice((0, 1, 5, 30)))
        if exactly and rng.random() < 0.6:
            return
        known = {name for name, *_ in draft.values}
        for name, chance, low, high in (
            ("weight", 0.7, 35, 130), ("height", 0.6, 140, 195), ("creatinine", 0.7, 0.4, 4.5), ("alt", 0.4, 8, 260), ("ast", 0.4, 8, 260),
            ("systolic_blood_pressure", 0.5, 84, 190), ("diastolic_blood_pressure", 0.4, 45, 110), ("heart_rate", 0.4, 42, 120),
            ("potassium", 0.4, 2.8, 6.2), ("qtc", 0.2, 380, 520), ("bilirubin", 0.2, 0.2, 5), ("albumin", 0.2, 2, 5), ("inr", 0.2, 0.9, 3),
            ("temperature", 0.1, 34, 40), ("magnesium", 0.1, 0.4, 1.6), ("respiratory_rate", 0.1, 6, 24), ("cystatin_c", 0.1, 0.6, 4),
        ):  # fmt: skip
            if name not in known and rng.random() < chance:
                draft.values.append((name, round(rng.uniform(low, high), 2), self.knowledge.labs[name].unit, _ago(self.knowledge.labs[name], rng)))  # fmt: skip
        if rng.random() < 0.3:
            draft.conditions.append((rng.choice(sorted(self.knowledge.conditions)), rng.choice((0, 10, 60, 400, 3000))))
        if rng.random() < 0.3:
            stop = rng.choice((None, None, 20, 60))
            draft.drugs.append(Drug(names=(rng.choice(self._partners()),), start=(stop or 0) + rng.choice((2, 40, 300)), stop=stop))  # fmt: skip
        if draft.smoker is None and rng.random() < 0.3:
            draft.smoker = rng.random() < 0.5
        if draft.pregnant is None and draft.sex == "female" and rng.random() < 0.15:
            draft.pregnant = rng.random() < 0.5
        if not draft.allergies and rng.random() < 0.2:
            draft.allergies = [rng.choice(("penicillin", "latex", "baclofen", "botulinum toxin", "sulfonamides", "tizanidine"))]  # fmt: skip

    @cache  # noqa: B019 - a maker lives as long as its tests
    def _partners(self) -> list[str]:
        names = {n for rule in self.rules if rule.partner for n in rule.partner.ingredients}
        return sorted(names.union(*(role_members(self.knowledge, role).names for role in self.knowledge.roles)))

    # ------------------------------------------------------------ about the thresholds

    def _about(self, draft: Draft, rule: Rule, rng: random.Random) -> None:
        """Values, age, days and doses about the thresholds of the rule and its modifiers; its conditions, medicines and roles, some of them."""
        for node in _leaves([rule.when, *(m.when for m in rule.modifiers)]):
            if rng.random() < 0.4:
                continue
            if "condition" in node:
                draft.conditions.append((str(node["condition"]), rng.choice((0, 20, 200, 2000))))
            elif "since" in node:
                draft.conditions.append((str(node["since"]), max(0, int(_near(node, rng)))))
            elif "takes" in node:
                draft.drugs.append(Drug(names=(str(node["takes"]),), start=rng.choice((1, 30, 200))))
            elif "allergy" in node:
                draft.allergies.append(str(node["allergy"]).replace("_", " "))
            elif "role" in node or "taken_for" in node:
                role = str(node.get("role") or node["taken_for"])
                days = max(0, int(_near(node, rng))) if "taken_for" in node else 20
                draft.drugs.append(Drug(names=(rng.choice(sorted(role_members(self.knowledge, role).names)),), start=days))  # fmt: skip
            elif "fact" in node:
                self._fact(draft, str(node["fact"]), node, rule, rng)
        for drug in draft.drugs:
            if rng.random() < 0.3:
                self._about_limit(drug, draft, rng)
        if rule.partner and rng.random() < 0.5:
            names = set(rule.partner.ingredients).union(*(role_members(self.knowledge, r).names for r in rule.partner.roles))  # fmt: skip
            draft.drugs.append(Drug(names=(rng.choice(sorted(names)),), start=rng.choice((1, 30, 200)), stop=rng.choice((None, None, 40))))  # fmt: skip

    def _about_limit(self, drug: Drug, draft: Draft, rng: random.Random) -> None:
        """A dose at, under or over a limit of the agent."""
        own = [a for a in self.knowledge.agents.values() if (a.ingredient,) == drug.names and drug.route in (None, *a.routes)]  # fmt: skip
        limits = [limit for a in own for limit in a.limits if limit.unit in ("mg", "mg/kg", "units", "units/kg") and limit.kind in ("daily", "single", "daily_per_kg", "single_per_kg")]  # fmt: skip
        if not limits:
            return
        limit = rng.choice(limits)
        unit, _, per = limit.unit.partition("/")
        value = limit.value * rng.choice((0.5, 0.999, 1.0, 1.001, 1.5, 11.0)) * (_weight(draft) if per else 1)
        often = ("once", 1) if limit.kind.startswith("single") else ("twice", 2)
        drug.daily, drug.sig = (value, unit), rng.choice((None, f"{value / often[1]:g} {unit} {often[0]} a day"))

    def _fact(self, draft: Draft, fact: str, node: Mapping[str, Any], rule: Rule, rng: random.Random) -> None:
        labs, lab = self.knowledge.labs, fact.removesuffix("_today")
        own = {self.knowledge.agents[a].ingredient for a in rule.agents if a in self.knowledge.agents}
        taken = [d for d in draft.drugs if not own or own & set(d.names)]
        if fact == "pregnant":
            draft.pregnant, draft.sex = rng.random() < 0.7, "female"
        elif fact == "smoker":
            draft.smoker = rng.random() < 0.7
        elif fact in ("on_dialysis", "haemodialysis"):
            draft.dialysis = rng.choice(("haemodialysis", "peritoneal"))
        elif fact == "age":
            draft.age = int(_near(node, rng) * 365.25) + rng.choice((-1, 0, 1, 2, 200))
        elif lab in labs:
            value = max(labs[lab].plausible_low, _near(node, rng))
            draft.values = [v for v in draft.values if v[0] != lab]
            draft.values.append((lab, value, labs[lab].unit, 0 if lab != fact else _ago(labs[lab], rng)))
        elif fact in ("egfr", "kidney_function", "creatinine_clearance", "clearance_absolute"):
            years = max(18.0, (draft.age or 20_000) / 365.25)
            value = _creatinine_at(_near(node, rng), years, draft.sex == "female")
            draft.values = [v for v in draft.values if v[0] != "creatinine"]
            draft.values.append(("creatinine", value, "mg/dL", rng.choice((0, 3, 100, 180, 181))))
        elif fact in ("alt_times_upper_normal", "ast_times_upper_normal"):
            own_lab = labs[fact.partition("_")[0]]
            draft.values.append((own_lab.lab, _near(node, rng) * (own_lab.upper_normal or 1), own_lab.unit, _ago(own_lab, rng)))  # fmt: skip
        elif fact == "acute_kidney_injury":
            value = rng.choice((1.0, 1.8))
            draft.values += [("creatinine", value, "mg/dL", ago) for ago in (rng.choice((2, 7, 8, 100)),)]
            draft.values += [("creatinine", value * rng.choice((1.0, 1.4, 1.5, 2.0)), "mg/dL", rng.choice((0, 1)))]
        elif fact == "child_pugh":
            draft.values += [("bilirubin", rng.choice((1.5, 2.5, 4.0)), "mg/dL", 10), ("albumin", rng.choice((2.5, 3.0, 4.0)), "g/dL", 10)]  # fmt: skip
            draft.values += [("inr", rng.choice((1.2, 2.0, 2.6)), "1", 10)]
            draft.conditions.append((rng.choice(("cirrhosis", "ascites", "hepatic_encephalopathy")), 30))
        elif fact == "opioid_mme":
            draft.drugs.append(Drug(names=(rng.choice(self.opioids),), sig=f"{rng.choice((5, 10, 20))} mg three times a day", start=40))  # fmt: skip
        elif fact in ("duration_days", "present_days") and taken:
            taken[0].start, taken[0].stop = max(0, int(_near(node, rng))), None
        elif fact in ("stopped_days", "last_session_days") and taken:
            taken[0].stop = max(0, int(_near(node, rng)))
            taken[0].start = taken[0].stop + rng.choice((10, 40, 200))
        elif fact in ("daily_dose", "most_daily_dose", "previous_daily_dose") and taken and taken[0].route != "intrathecal":  # fmt: skip
            value = _near(node, rng)
            taken[0].daily, taken[0].sig = (value, str(node.get("unit", "mg")).removesuffix("/day")), rng.choice((None, f"{value / 2:g} mg twice a day"))  # fmt: skip
        elif fact in ("most_single_dose", "most_single_dose_per_kg") and taken:
            unit, _, per = str(node.get("unit", "mg")).partition("/")
            value = _near(node, rng) * (_weight(draft) if per else 1)
            taken[0].sig, taken[0].daily = f"{value:g} {unit} once a day", (value, unit)


def _add(draft: Draft, other: Draft) -> None:
    """What is said of another, too."""
    for name in ("drugs", "conditions", "values", "allergies"):
        getattr(draft, name).extend(getattr(other, name))
    for name in ("age", "sex", "smoker", "pregnant", "dialysis"):
        if getattr(draft, name) is None:
            setattr(draft, name, getattr(other, name))


def _age_in_days(patient: Patient, rng: random.Random) -> int | None:
    if patient.birth_date is not None:
        return (AS_OF - patient.birth_date).days
    if patient.age is None:
        return None
    number, _, unit = patient.age.partition(" ")
    days = {"d": 1, "w": 7, "m": 30.5}.get(unit[:1], 365.25)
    return int(float(number) * days) + 1 + (rng.randrange(300) if float(number) * days > 800 else 0)


def _drug(medicine: Medicine, rng: random.Random) -> Drug:
    regimen = medicine.regimen
    words = re.sub(r"\b(?:since|until|from|on|stopped|started)\b.*", "", medicine.said).strip()
    dose = re.search(r"\d.*", words)
    daily = regimen.daily or regimen.rate
    stop = None if regimen.stop is None else max(0, (AS_OF - regimen.stop).days)
    if regimen.duration_days and regimen.start and stop is None:
        stop = max(0, (AS_OF - regimen.start).days - int(regimen.duration_days))
    elif medicine.role == "stopped" and stop is None:
        stop = rng.choice((1, 10, 40))
    return Drug(
        names=tuple(sorted(i.name for i in medicine.ingredients)),
        route=regimen.route,
        release=regimen.release,
        sig=dose[0] if dose else None,
        daily=(daily.high, daily.unit.removesuffix("/day")) if daily is not None and daily.high else None,
        start=None if regimen.start is None else max(0, (AS_OF - regimen.start).days),
        stop=stop,
    )


def _values(patient: Patient, rng: random.Random) -> Iterator[tuple[str, float, str, int]]:
    for measured in (*patient.labs, *patient.observations, patient.weight, patient.height):
        if isinstance(measured, Measured) and measured.value is not None:
            ago = rng.choice((0, 1)) if measured.date is None else max(0, (AS_OF - measured.date).days)
            yield measured.name, measured.value, measured.unit or "1", ago


def _ago(lab: Lab, rng: random.Random) -> int:
    last = int(lab.valid_days)
    return int(rng.choice((0, min(1, last), last // 2, last, last + 1, 2 * last + 5)))


def _leaves(node: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        if not any(isinstance(value, (list, Mapping)) for value in node.values()):
            yield node
        for value in node.values():
            yield from _leaves(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _leaves(value)


def _near(node: Mapping[str, Any], rng: random.Random) -> float:
    """A number at, next to or well beyond a threshold."""
    bounds = [float(node[word]) for word in ("below", "at_most", "above", "at_least") if word in node]
    bound = rng.choice(bounds) if bounds else 1.0
    step = 1 if bound > 2 else bound / 10
    return round(
        rng.choice((bound, bound - step, bound + step, bound * 1.001, bound * 0.999, bound * 0.8, bound * 1.3)), 4
    )


def _creatinine_at(rate: float, years: float, female: bool) -> float:
    """The creatinine at which CKD-EPI 2021 is this rate, by halving."""
    low, high = 0.2, 20.0
    for _ in range(40):
        middle = (low + high) / 2
        if egfr_ckd_epi_2021([middle], [years], [float(female)]).item() > rate:
            low = middle
        else:
            high = middle
    return round(low, 3)


# ---------------------------------------------------------------- what is sold


class Sold(msgspec.Struct, frozen=True):
    """A product of the dictionary."""

    code: int
    strength: str
    form: str
    route: str | None
    release: str | None


@cache
def shelf() -> dict[tuple[str, ...], list[Sold]]:
    """The products with a strength and a form, by their ingredients."""
    opened = open_dictionary()
    out: dict[tuple[str, ...], list[Sold]] = {}
    rows = opened.connection.execute("SELECT r.code FROM rx r JOIN product p ON p.id = r.product WHERE p.strength <> '' AND p.form <> '' ORDER BY r.code")  # fmt: skip
    for (code,) in rows.fetchall():
        entry = lookup_code(RXNORM, str(code))
        if entry is not None and entry.ingredients and entry.strength and entry.form:
            names = tuple(sorted(i.name for i in entry.ingredients))
            route = ROUTES.get(entry.route or "", entry.route)
            out.setdefault(names, []).append(Sold(code, entry.strength, entry.form, route, entry.release))
    return out


# ---------------------------------------------------------------- rows


class Tables:
    """The rows of a registry, with concepts of its own."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.rows: dict[str, list[Row]] = {name: [] for name in WRITTEN}
        self._numbers: dict[tuple[str, str, str], int] = {}
        self._strengths: set[int] = set()

    def concept(self, vocabulary: str, code: str, name: str, domain: str = "Observation") -> int:
        """The number of a concept."""
        key = vocabulary, code, name
        if key not in self._numbers:
            self._numbers[key] = LOCAL + len(self._numbers) + 1
            self.rows["concept"].append({"concept_id": self._numbers[key], "concept_name": name, "domain_id": domain, "vocabulary_id": vocabulary, "concept_class_id": domain, "standard_concept": "S", "concept_code": code, **_VALID})  # fmt: skip
        return self._numbers[key]

    def add(self, table: str, **row: Any) -> None:
        """One more row."""
        kind, number = table.partition("_")[0], f"{table}_id"
        if number in SCHEMAS[table].names and number != "person_id":
            row[number] = len(self.rows[table]) + 1
        if f"{kind}_type_concept_id" in SCHEMAS[table].names:
            row[f"{kind}_type_concept_id"] = RECORD
        self.rows[table].append(row)

    def person(self, number: int, draft: Draft, rng: random.Random) -> None:
        """All rows of somebody."""
        born = None if draft.age is None else AS_OF - timedelta(days=draft.age)
        said = born is not None and rng.random() < 0.9
        self.add(
            "person", person_id=number, gender_concept_id={"female": FEMALE, "male": MALE}.get(draft.sex or "", 0),
            year_of_birth=born.year if born else None, month_of_birth=born.month if born and (said or rng.random() < 0.5) else None,
            day_of_birth=born.day if born and said else None, race_concept_id=0, ethnicity_concept_id=0,
        )  # fmt: skip
        for drug in draft.drugs:
            self._exposures(number, drug, draft, rng)
        for name, ago in draft.conditions:
            self._condition(number, name, ago, rng)
        for value in draft.values:
            self._value(number, *value, rng)
        self._observations(number, draft, rng)
        self._others(number, rng)

    # ------------------------------------------------------------ medicines

    def _product(self, drug: Drug, plain: bool, rng: random.Random) -> tuple[Row, Sold | None]:
        found = shelf().get(drug.names, [])
        injected = drug.route in (*_SPOT, "injection")
        fitting = [s for s in found if drug.route in (None, s.route) or (injected and (s.route, s.form) == (None, "injection"))]  # fmt: skip
        fitting = [s for s in fitting if (s.release == "modified") == (drug.release == "modified")] or fitting
        names = " / ".join(drug.names)
        own = lookup_ingredient(drug.names[0]) if len(drug.names) == 1 else None
        chance = 0.0 if plain else rng.random()
        if fitting and chance < 0.85 and not drug.bare:
            sold = rng.choice(fitting)
            name = f"{names} {sold.strength} {(sold.route or '').title()} {sold.form.title()}"
            if sold.strength.endswith("/HR"):
                name = f"{rng.choice((24, 72))} HR {name}"
            concept = self.concept("RxNorm", str(sold.code), name, "Drug")
            self._strength(concept, sold, drug, rng)
            return {"drug_concept_id": concept}, sold
        if own is not None and own.rxcui and (chance < 0.93 or drug.bare):
            return {"drug_concept_id": self.concept("RxNorm", own.rxcui, names, "Drug")}, None
        words = f"{names} {drug.route or ''}".strip()
        if chance < 0.97:
            return {"drug_concept_id": self.concept("RxNorm Extension", f"OMOP{abs(hash_of(words)) % 10**7}", words, "Drug")}, None  # fmt: skip
        return {"drug_concept_id": 0, "drug_source_value": names}, None

    def _strength(self, concept: int, sold: Sold, drug: Drug, rng: random.Random) -> None:
        """Strengths stand there for some products: the code says them as well."""
        if concept in self._strengths or rng.random() < 0.5:
            return
        self._strengths.add(concept)
        product = Product(rxcui=sold.code, name="", ingredients=(), strength=sold.strength, form=sold.form, route="")
        entry = lookup_code(RXNORM, str(sold.code))
        for own, part in zip(entry.ingredients if entry else (), strength(product), strict=False):
            if not own.rxcui or part.unit is None:
                continue
            unit = self.concept("UCUM", part.unit, part.unit, "Unit")
            amount = {"amount_value": part.value, "amount_unit_concept_id": unit} if part.per is None else {
                "numerator_value": part.value, "numerator_unit_concept_id": unit, "denominator_unit_concept_id": self.concept("UCUM", part.per, part.per, "Unit"),
            }  # fmt: skip
            self.rows["drug_strength"].append({"drug_concept_id": concept, "ingredient_concept_id": self.concept("RxNorm", own.rxcui, own.name, "Drug"), **amount, **_VALID})  # fmt: skip

    def _exposures(self, number: int, drug: Drug, draft: Draft, rng: random.Random) -> None:
        """Supplies one after another with gaps up to and beyond what makes a new course; what is given on the spot on single days."""
        product, sold = self._product(drug, draft.plain, rng)
        if drug.route is not None and (sold is None or sold.route != drug.route or rng.random() < 0.5):
            code = _ROUTES.get(drug.route)
            product["route_concept_id"] = self.concept("SNOMED", code, drug.route, "Route") if code else self.concept("SNOMED", f"9{abs(hash_of(drug.route)) % 10**8}", f"{drug.route} route", "Route")  # fmt: skip
        if drug.bare or (sold is not None and sold.form == "injection" and drug.route != "intrathecal") or drug.route in _SPOT:  # fmt: skip
            first = drug.start if drug.start is not None else rng.choice((0, 0, 1, 80, 300)) + (drug.stop or 0)
            vials = None if drug.bare else rng.choice((None, 1.0, 1.0, 2.0, 5.0, 10.0, 25.0))
            vials = _vials(drug, sold, draft) or vials
            if draft.plain:
                first = drug.start or drug.stop or 0
            for ago in {first, drug.stop if drug.stop is not None else rng.choice((0, 0, first))}:
                self._exposure(number, product, ago, ago, vials, None, None, rng)
            return
        start = drug.start if drug.start is not None else (drug.stop or 0) + rng.choice((0, 1, 20, 120, 500))
        stop = drug.stop
        begin = start
        while begin >= (stop or 0):
            days = rng.choice((7, 14, 30, 90))
            end = begin - days + 1
            last = max(end, stop) if stop is not None else end
            words, amount = (
                drug.sig if draft.plain or rng.random() < 0.7 else None,
                _quantity(drug, sold, begin - last + 1),
            )
            if rng.random() < 0.1 and product["drug_concept_id"]:
                amount = float(rng.choice((30, 60, 90)))
            self._exposure(number, product, begin, last, amount, begin - last + 1, words, rng)
            if begin - last > 0 and rng.random() < 0.05:
                self._exposure(number, product, begin, last, amount and 2 * amount, begin - last + 1, words, rng)
            begin = last - 1 - rng.choice((0, 0, 0, 2, -5, 29, 30, 31))
            if begin > 420:
                begin = min(begin, 400 + rng.randrange(20))

    def _exposure(self, number: int, product: Row, begin: int, last: int, quantity: float | None, days: int | None, sig: str | None, rng: random.Random) -> None:  # fmt: skip
        end = AS_OF - timedelta(days=last)
        missing = days is not None and rng.random() < 0.1
        self.add("drug_exposure", person_id=number, **product, drug_exposure_start_date=AS_OF - timedelta(days=begin),
                 drug_exposure_end_date=None if missing else end, quantity=quantity, days_supply=days if missing or rng.random() < 0.9 else None, sig=sig)  # fmt: skip

    # ------------------------------------------------------------ conditions, values, observations

    def _condition(self, number: int, name: str, ago: int, rng: random.Random) -> None:
        day = AS_OF - timedelta(days=ago)
        known: Condition | None = self.knowledge.conditions.get(name)
        if known is None or not (known.snomed or known.icd10cm):
            words = known.title if known else name
            row: Row = {"condition_concept_id": 0, "condition_source_value": words}
            if known is not None and rng.random() < 0.5:
                row = {"condition_concept_id": self.concept("SNOMED", f"9{abs(hash_of(words)) % 10**8}", words, "Condition")}  # fmt: skip
        elif known.snomed and (not known.icd10cm or rng.random() < 0.5):
            row = {"condition_concept_id": self.concept("SNOMED", rng.choice(known.snomed), known.title, "Condition")}
        else:
            code = rng.choice(known.icd10cm)
            row = {"condition_concept_id": 0, "condition_source_value": code}
            if rng.random() < 0.7:
                row["condition_source_concept_id"] = self.concept("ICD10CM", code, known.title, "Condition")
        if known is not None and known.event and rng.random() < 0.6:
            words = rng.choice((known.title, *known.names))
            self.add("procedure_occurrence", person_id=number, procedure_concept_id=0, procedure_source_value=words, procedure_date=day)  # fmt: skip
            return
        if rng.random() < 0.1:
            words = known.title if known else name
            self.add("observation", person_id=number, observation_concept_id=self.concept("SNOMED", f"9{abs(hash_of(words)) % 10**8}", words), observation_date=day)  # fmt: skip
            return
        self.add("condition_occurrence", person_id=number, condition_start_date=day, **row)
        if rng.random() < 0.3:  # again, earlier or later
            again = day + timedelta(days=rng.choice((-400, -100, -5, 5, 30)))
            self.add("condition_occurrence", person_id=number, condition_start_date=again, **row)

    def _value(self, number: int, name: str, value: float, unit: str, ago: int, rng: random.Random) -> None:
        lab = self.knowledge.labs.get(name)
        if lab is None:
            return
        self._measured(number, lab, value, unit, ago, rng)
        if rng.random() < 0.12:  # a second of that day, the same or another
            self._measured(number, lab, value * rng.choice((1.0, 1.005, 1.02, 1.4)), unit, ago, rng)
        if rng.random() < 0.3:
            for _ in range(rng.choice((1, 2, 3))):
                gap = rng.choice((1, 2, 3, 7, 8, 40, 170, 300))
                self._measured(number, lab, value * rng.choice((0.5, 0.6, 0.66, 0.8, 1.0, 1.5)), unit, ago + gap, rng)
        if rng.random() < 0.02:
            self._measured(number, lab, value * 1e5, unit, max(0, ago - 1), rng)  # not of this world
        if rng.random() < 0.03:
            self._measured(number, lab, value, unit, -3, rng)  # to come

    def _measured(self, number: int, lab: Lab, value: float, unit: str, ago: int, rng: random.Random) -> None:
        other = _ELSE.get(lab.lab)
        if other and unit == lab.unit and rng.random() < 0.3:
            unit, factor = rng.choice(other)
            value = round(value * factor, 4)
        if lab.loinc and rng.random() < 0.9:
            row: Row = {"measurement_concept_id": self.concept("LOINC", rng.choice(lab.loinc), lab.title, "Measurement")}  # fmt: skip
        else:
            row = {"measurement_concept_id": 0, "measurement_source_value": rng.choice((lab.title, *lab.names[:2]))}
        chance = rng.random()
        if chance < 0.7:
            code = _UCUM.get(unit, unit)
            row["unit_concept_id"] = self.concept("UCUM", code, unit, "Unit")
        elif chance < 0.97:
            row["unit_source_value"] = unit
        if rng.random() < 0.05:
            row["operator_concept_id"] = rng.choice((_EQUALS, _BELOW))
        self.add("measurement", person_id=number, measurement_date=AS_OF - timedelta(days=ago), value_as_number=value, **row)  # fmt: skip

    def _observations(self, number: int, draft: Draft, rng: random.Random) -> None:
        for to in draft.allergies:
            concept = self.concept("SNOMED", f"9{abs(hash_of(to)) % 10**8}", f"Allergy to {to}")
            self.add("observation", person_id=number, observation_concept_id=concept, observation_date=AS_OF - timedelta(days=rng.choice((0, 100, 3000))))  # fmt: skip
        if draft.smoker is not None:
            self._habit(number, "72166-2", draft.smoker, draft.plain, (("77176002", "Smoker"), ("266919005", "Never smoked tobacco")), rng)  # fmt: skip
        if draft.pregnant is not None:
            self._habit(number, "82810-3", draft.pregnant, draft.plain, (("77386006", "Pregnant"), ("60001007", "Not pregnant")), rng)  # fmt: skip
        if draft.dialysis in ("haemodialysis", "peritoneal"):
            code, name = {"haemodialysis": ("302497006", "Hemodialysis"), "peritoneal": ("71192002", "Peritoneal dialysis")}[draft.dialysis]  # fmt: skip
            for ago in (rng.choice((0, 30, 89) if draft.plain else (0, 89, 90)), rng.choice((30, 120, 700))):
                day = AS_OF - timedelta(days=ago)
                if rng.random() < 0.2:
                    self.add("observation", person_id=number, observation_concept_id=self.concept("SNOMED", code, name), observation_date=day)  # fmt: skip
                else:
                    self.add("procedure_occurrence", person_id=number, procedure_concept_id=self.concept("SNOMED", code, name), procedure_date=day)  # fmt: skip

    def _habit(self, number: int, question: str, yes: bool, plain: bool, answers: Sequence[tuple[str, str]], rng: random.Random) -> None:  # fmt: skip
        ago = rng.choice((0, 3, 100) if plain else (0, 3, 100, 290, 400))
        said = [(yes, ago)]
        if not plain and rng.random() < 0.3:
            said.append((not yes, ago + rng.choice((0, 30))))
        for told, when in said:
            code, name = answers[0 if told else 1]
            self.add("observation", person_id=number, observation_concept_id=self.concept("LOINC", question, question), observation_date=AS_OF - timedelta(days=when),
                     value_as_concept_id=self.concept("SNOMED", code, name))  # fmt: skip

    def wrong(self, number: int, rng: random.Random) -> None:
        """What is wrong with somebody, or at an end."""
        own = self.rows["person"][-1]
        match number % 5:
            case 0 | 1:
                self.add("death", person_id=number, death_date=AS_OF - timedelta(days=rng.choice((-5, 0, 1, 90))))
            case 2:
                self.rows["person"].append(dict(own))
            case 3:
                self.rows["person"].append({**own, "year_of_birth": 1950})
            case _:
                own["year_of_birth"] = rng.choice((1871, 2040))

    def _others(self, number: int, rng: random.Random) -> None:
        """What is of no use here."""
        self.add("observation_period", person_id=number, observation_period_start_date=AS_OF - timedelta(days=900), observation_period_end_date=AS_OF)  # fmt: skip
        if rng.random() < 0.06:
            self.add("drug_exposure", person_id=number, drug_concept_id=0, drug_source_value=rng.choice(("study drug 17", "", "herbal tea of grandmother")),
                     drug_exposure_start_date=AS_OF - timedelta(days=rng.choice((5, 80))), drug_exposure_end_date=AS_OF - timedelta(days=rng.choice((0, 60))))  # fmt: skip
        if rng.random() < 0.05:
            self.add("drug_exposure", person_id=number, drug_concept_id=self.concept("RxNorm", "197391", "baclofen 10 MG Oral Tablet", "Drug"),
                     drug_exposure_start_date=AS_OF + timedelta(days=3), drug_exposure_end_date=AS_OF + timedelta(days=30), quantity=90, days_supply=30)  # fmt: skip
        if rng.random() < 0.05:
            self.add("observation", person_id=number, observation_concept_id=self.concept("SNOMED", "716186003", "No known allergy"), observation_date=AS_OF)  # fmt: skip


def hash_of(words: str) -> int:
    """A number of words, the same in every process."""
    return int.from_bytes(words.encode()[:64], "big") % 99_999_989


def _quantity(drug: Drug, sold: Sold | None, days: int) -> float | None:
    """Pieces or mL that come to the daily dose, where the strength is in its unit."""
    if drug.daily is None or sold is None:
        return None
    found = re.match(r"([\d.]+) (MG|UNT|MCG)(?:/(ML|HR|ACTUAT))?$", sold.strength)
    if found is None or float(found[1]) == 0:
        return None
    value, unit = drug.daily
    value = value / 1000 if unit in ("micrograms", "microgram", "mcg") else value
    return round(value / float(found[1]) * days, 3)


def _weight(draft: Draft) -> float:
    return next((value for name, value, *_ in draft.values if name == "weight"), 70.0)


def _vials(drug: Drug, sold: Sold | None, draft: Draft) -> float | None:
    """Vials that come to a dose in units, and parts of one."""
    found = re.match(r"([\d.]+) UNT$", sold.strength) if sold else None
    if found is None or drug.daily is None or not drug.daily[1].startswith("units"):
        return None
    return round(drug.daily[0] * (_weight(draft) if "/kg" in drug.daily[1] else 1.0) / float(found[1]), 3)


def write(folder: Path, count: int, seed: int, knowledge: Knowledge, country: str = "US") -> Path:
    """The tables of so many people, and of some more with whom something is wrong, in a folder. With the same seed, country and knowledge the people
    are the same."""
    maker, tables = Maker(knowledge, country, seed), Tables(knowledge)
    tables.rows["concept"].append({"concept_id": 0, "concept_name": "No matching concept", "domain_id": "Metadata", "vocabulary_id": "None", "concept_class_id": "Undefined", "concept_code": "No matching concept", **_VALID})  # fmt: skip
    for number in range(count):
        draft, rng = maker.draft(number)
        tables.person(number + 1, draft, rng)
        if not draft.plain and rng.random() < 0.05:
            tables.wrong(number + 1, rng)
    for number in range(count + 1, count + 1 + max(5, count // 50)):
        draft, rng = maker.draft(7 * number)
        tables.person(number, draft, rng)
        tables.wrong(number, rng)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.rows.items():
        schema = pa.schema(
            [field.with_nullable(True) for field in SCHEMAS[name]]
        )  # a registry leaves out what its model asks for
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet")
    return folder
