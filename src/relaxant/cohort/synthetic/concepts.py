"""The concepts of a synthetic registry: real codes, with OMOP's number where it was seen and one of our own in its local range elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec
import pyarrow as pa

from relaxant.cohort.cdm import TABLES
from relaxant.cohort.synthetic.products import Product, strength
from relaxant.knowledge.registries import Registries, RegistryPeople

LOCAL = 2_000_000_000
"""OMOP keeps the numbers from here on for whoever needs concepts of their own."""

_OTHERS = 2_100_000_000
UNKNOWN = 0
FEMALE, MALE, WHITE, HISPANIC, NOT_HISPANIC, RECORD = 8532, 8507, 8527, 38003563, 38003564, 32817
"""OMOP's own numbers, as its users print them beside their names: sexes, race, ethnicity, and the type of a row from a health record."""

SMOKING_STATUS = ("LOINC", "72166-2", "Tobacco smoking status")
SMOKES, SMOKED, NEVER_SMOKED = (
    ("SNOMED", "77176002", "Smoker"),
    ("SNOMED", "8517006", "Ex-smoker"),
    ("SNOMED", "266919005", "Never smoked tobacco"),
)
NO_ALLERGY = ("SNOMED", "716186003", "No known allergy")
_VALID = date(1970, 1, 1), date(2099, 12, 31)


class Concept(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``concept``."""

    number: int
    name: str
    domain: str
    vocabulary: str
    kind: str
    code: str
    standard: str | None = "S"


class Concepts(msgspec.Struct, frozen=True):
    """All concepts of a registry, and their numbers by (vocabulary, code)."""

    rows: tuple[Concept, ...]
    numbers: dict[tuple[str, str], int]

    def number(self, vocabulary: str, code: str) -> int:
        """The number of a code."""
        return self.numbers[vocabulary, code]


def concepts_of(registries: Registries, people: RegistryPeople, products: tuple[Product, ...]) -> Concepts:
    """Every concept that a registry's rows can name. The number of a code depends on the knowledge alone."""
    found: dict[tuple[str, str], Concept] = {}
    for one in (*_fixed(), *_drugs(products)):
        found.setdefault((one.vocabulary, one.code), one)
    rest: dict[tuple[str, str], Concept] = {}
    for one in _coded(registries, people, products):
        key = one.vocabulary, one.code
        if key not in found and (key not in rest or one.number):
            rest[key] = one
    own = 0
    for key in sorted(rest):
        one = rest[key]
        if not one.number:
            own += 1
            one = msgspec.structs.replace(one, number=_OTHERS + own)
        found[key] = one
    rows = tuple(sorted(found.values(), key=lambda c: c.number))
    return Concepts(rows, {(c.vocabulary, c.code): c.number for c in rows})


def _fixed() -> Iterator[Concept]:
    for number, name, domain, vocabulary, code in (
        (UNKNOWN, "No matching concept", "Metadata", "None", "No matching concept"),
        (FEMALE, "FEMALE", "Gender", "Gender", "F"),
        (MALE, "MALE", "Gender", "Gender", "M"),
        (WHITE, "White", "Race", "Race", "5"),
        (HISPANIC, "Hispanic or Latino", "Ethnicity", "Ethnicity", "Hispanic"),
        (NOT_HISPANIC, "Not Hispanic or Latino", "Ethnicity", "Ethnicity", "Not Hispanic"),
        (RECORD, "EHR", "Type Concept", "Type Concept", "OMOP4976890"),
    ):
        standard = None if number == UNKNOWN else "S"
        yield Concept(number=number, name=name, domain=domain, vocabulary=vocabulary, kind=domain if number else "Undefined", code=code, standard=standard)  # fmt: skip


def _drugs(products: tuple[Product, ...]) -> Iterator[Concept]:
    for product in products:
        yield Concept(number=LOCAL + product.rxcui, name=product.name, domain="Drug", vocabulary="RxNorm", kind="Clinical Drug", code=str(product.rxcui))  # fmt: skip
        for name, rxcui in product.ingredients:
            if not rxcui:
                continue
            yield Concept(number=LOCAL + rxcui, name=name, domain="Drug", vocabulary="RxNorm", kind="Ingredient", code=str(rxcui))  # fmt: skip


def _coded(registries: Registries, people: RegistryPeople, products: tuple[Product, ...]) -> Iterator[Concept]:
    for condition in registries.registry_conditions.values():
        for code in condition.icd10cm:
            yield Concept(number=0, name=code.name, domain="Condition", vocabulary="ICD10CM", kind="ICD10 code", code=code.code, standard=None)  # fmt: skip
        if condition.snomed is not None:
            yield Concept(number=0, name=condition.snomed.name, domain="Condition", vocabulary="SNOMED", kind="Clinical Finding", code=condition.snomed.code)  # fmt: skip
    for measure in registries.registry_measures.values():
        yield Concept(number=measure.concept_id or 0, name=measure.name, domain="Measurement", vocabulary="LOINC", kind="Lab Test", code=measure.loinc)  # fmt: skip
        for unit in measure.units:
            yield Concept(number=unit.concept_id or 0, name=unit.name or unit.unit, domain="Unit", vocabulary="UCUM", kind="Unit", code=unit.unit)  # fmt: skip
    for product in products:
        for part in strength(product):
            for unit_code in (part.unit, part.per):
                if unit_code is not None:
                    yield Concept(number=0, name=unit_code, domain="Unit", vocabulary="UCUM", kind="Unit", code=unit_code)  # fmt: skip
    for route in people.routes:
        yield Concept(number=route.concept_id or 0, name=route.name, domain="Route", vocabulary="SNOMED", kind="Qualifier Value", code=route.code)  # fmt: skip
    for allergy in people.allergies:
        yield Concept(number=0, name=allergy.name, domain="Observation", vocabulary="SNOMED", kind="Clinical Finding", code=allergy.code)  # fmt: skip
    for vocabulary, code_, name in (SMOKING_STATUS, SMOKES, SMOKED, NEVER_SMOKED, NO_ALLERGY):
        kind = "Clinical Observation" if vocabulary == "LOINC" else "Clinical Finding"
        yield Concept(number=0, name=name, domain="Observation", vocabulary=vocabulary, kind=kind, code=code_)


def concept_table(concepts: Concepts) -> pa.Table:
    """The rows of ``concept``."""
    return pa.table(
        {
            "concept_id": [c.number for c in concepts.rows],
            "concept_name": [c.name for c in concepts.rows],
            "domain_id": [c.domain for c in concepts.rows],
            "vocabulary_id": [c.vocabulary for c in concepts.rows],
            "concept_class_id": [c.kind for c in concepts.rows],
            "standard_concept": [c.standard for c in concepts.rows],
            "concept_code": [c.code for c in concepts.rows],
            "valid_start_date": [_VALID[0]] * len(concepts.rows),
            "valid_end_date": [_VALID[1]] * len(concepts.rows),
            "invalid_reason": [None] * len(concepts.rows),
        },
        schema=TABLES["concept"],
    )


def strength_table(concepts: Concepts, products: tuple[Product, ...]) -> pa.Table:
    """The rows of ``drug_strength``: an amount in a piece, or an amount in a mL or an hour."""
    rows = []
    for product in {p.rxcui: p for p in products}.values():
        for (_, rxcui), part in zip(product.ingredients, strength(product), strict=True):
            if not rxcui:
                continue  # no concept for it, so no row: strength is left to the product's own words
            unit = None if part.unit is None else concepts.number("UCUM", part.unit)
            whole = part.per is None
            rows.append(
                {
                    "drug_concept_id": LOCAL + product.rxcui,
                    "ingredient_concept_id": LOCAL + rxcui,
                    "amount_value": part.value if whole else None,
                    "amount_unit_concept_id": unit if whole else None,
                    "numerator_value": None if whole else part.value,
                    "numerator_unit_concept_id": None if whole else unit,
                    "denominator_value": None if whole else 1.0,
                    "denominator_unit_concept_id": None if part.per is None else concepts.number("UCUM", part.per),
                    "box_size": None,
                    "valid_start_date": _VALID[0],
                    "valid_end_date": _VALID[1],
                    "invalid_reason": None,
                }
            )
    return pa.Table.from_pylist(rows, schema=TABLES["drug_strength"])
