"""The tables of the OMOP Common Data Model (5.3 and 5.4) that a screen reads, and what it reads of each.

Names and meaning: OHDSI, OMOP Common Data Model v5.4, https://ohdsi.github.io/CommonDataModel/cdm54.html.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["number", "amount", "day", "text"]
SQL_TYPE = {"number": "BIGINT", "amount": "DOUBLE", "day": "DATE", "text": "VARCHAR"}


class Field(NamedTuple):
    """A column: its name, what it holds, and whether a row means nothing without it."""

    name: str
    kind: Kind
    needed: bool = False


class Table(NamedTuple):
    """A table: its columns, and what is not known where there is none; ``needed`` where nothing can be screened then."""

    name: str
    fields: tuple[Field, ...]
    without: str
    needed: bool = False


TABLES = (
    Table(
        "person",
        (
            Field("person_id", "number", True),
            Field("gender_concept_id", "number"),
            Field("year_of_birth", "number"),
            Field("month_of_birth", "number"),
            Field("day_of_birth", "number"),
        ),
        "who the persons are",
        needed=True,
    ),
    Table(
        "drug_exposure",
        (
            Field("person_id", "number", True),
            Field("drug_concept_id", "number"),
            Field("drug_exposure_start_date", "day", True),
            Field("drug_exposure_end_date", "day"),
            Field("quantity", "amount"),
            Field("days_supply", "number"),
            Field("sig", "text"),
            Field("route_concept_id", "number"),
            Field("drug_source_value", "text"),
        ),
        "what anybody takes",
        needed=True,
    ),
    Table(
        "condition_occurrence",
        (
            Field("person_id", "number", True),
            Field("condition_concept_id", "number"),
            Field("condition_start_date", "day", True),
            Field("condition_source_value", "text"),
            Field("condition_source_concept_id", "number"),
        ),
        "what anybody has",
    ),
    Table(
        "measurement",
        (
            Field("person_id", "number", True),
            Field("measurement_concept_id", "number"),
            Field("measurement_date", "day", True),
            Field("operator_concept_id", "number"),
            Field("value_as_number", "amount"),
            Field("unit_concept_id", "number"),
            Field("unit_source_value", "text"),
            Field("measurement_source_value", "text"),
        ),
        "laboratory values, weights and blood pressures",
    ),
    Table(
        "observation",
        (
            Field("person_id", "number", True),
            Field("observation_concept_id", "number"),
            Field("observation_date", "day", True),
            Field("value_as_concept_id", "number"),
            Field("value_as_string", "text"),
            Field("observation_source_value", "text"),
        ),
        "allergies and smoking",
    ),
    Table(
        "procedure_occurrence",
        (
            Field("person_id", "number", True),
            Field("procedure_concept_id", "number"),
            Field("procedure_date", "day", True),
            Field("procedure_source_value", "text"),
        ),
        "dialysis and scans",
    ),
    Table("death", (Field("person_id", "number", True), Field("death_date", "day", True)), "who has died"),
    Table(
        "observation_period",
        (
            Field("person_id", "number", True),
            Field("observation_period_start_date", "day", True),
            Field("observation_period_end_date", "day", True),
        ),
        "from when to when anybody is followed",
    ),
    Table(
        "concept",
        (
            Field("concept_id", "number", True),
            Field("concept_name", "text"),
            Field("vocabulary_id", "text"),
            Field("concept_code", "text"),
        ),
        "what the concepts of the other tables stand for",
    ),
    Table(
        "concept_ancestor",
        (Field("ancestor_concept_id", "number", True), Field("descendant_concept_id", "number", True)),
        "which conditions are kinds of others",
    ),
    Table(
        "drug_strength",
        (
            Field("drug_concept_id", "number", True),
            Field("ingredient_concept_id", "number"),
            Field("amount_value", "amount"),
            Field("amount_unit_concept_id", "number"),
            Field("numerator_value", "amount"),
            Field("numerator_unit_concept_id", "number"),
            Field("denominator_value", "amount"),
            Field("denominator_unit_concept_id", "number"),
        ),
        "the strengths of products whose code does not say them",
    ),
)
BY_NAME = {table.name: table for table in TABLES}

WORDS = {
    ("drug_exposure", "drug_concept_id"): "drug_source_value",
    ("condition_occurrence", "condition_concept_id"): "condition_source_value",
    ("measurement", "measurement_concept_id"): "measurement_source_value",
    ("measurement", "unit_concept_id"): "unit_source_value",
    ("observation", "observation_concept_id"): "observation_source_value",
    ("procedure_occurrence", "procedure_concept_id"): "procedure_source_value",
}
"""The column in which a row says in the source's own words what its concept stands for."""
