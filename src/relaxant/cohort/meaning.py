"""What the distinct things of a registry mean: asked of the engine, read once each, and put beside the tables to be joined with."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from relaxant.cohort import prepare
from relaxant.cohort.conditions import asked_snomed, map_conditions
from relaxant.cohort.doses import map_doses
from relaxant.cohort.drugs import map_drugs
from relaxant.cohort.measurements import map_measurements
from relaxant.cohort.observations import map_observations
from relaxant.cohort.procedures import map_procedures
from relaxant.cohort.registry import Registry
from relaxant.cohort.vocabulary import Glossary

_NO_CONCEPT = (None, None, None)
_STRENGTH_UNITS = ("amount_unit", "numerator_unit", "denominator_unit")


class Concepts:
    """What concepts stand for: vocabulary, code and name, looked up in the registry's own table where it has one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[int, tuple[str | None, str | None, str | None]] = {}

    def look_up(self, numbers: pa.ChunkedArray) -> list[tuple[str | None, str | None, str | None]]:
        """Vocabulary, code and name of each; nothing where the concept is not there."""
        wanted = sorted({n for n in numbers.to_pylist() if n} - self._known.keys())
        if wanted and self._registry.has("concept"):
            self._registry.engine.load("wanted", pa.table({"concept_id": pa.array(wanted, pa.int64())}))
            typed = self._registry.typed("concept", "concept_id", "vocabulary_id", "concept_code", "concept_name")
            found = self._registry.engine.rows(
                f"SELECT c.concept_id, c.vocabulary_id, c.concept_code, c.concept_name FROM {typed} AS c JOIN wanted AS w ON w.concept_id = c.concept_id"
            )
            for row in found.to_pylist():
                self._known[row["concept_id"]] = row["vocabulary_id"], row["concept_code"], row["concept_name"]
        return [self._known.get(n, _NO_CONCEPT) for n in numbers.to_pylist()]

    def beside(self, table: pa.Table, column: str, names: Mapping[str, int]) -> pa.Table:
        """A table with what the concepts of a column stand for; ``names``: the new column to 0 vocabulary, 1 code, 2 name."""
        found = self.look_up(table[column])
        for name, part in names.items():
            table = table.append_column(name, pa.array([one[part] for one in found], pa.string()))
        return table


_OWN = {"vocabulary_id": 0, "concept_code": 1, "concept_name": 2}


def _distinct(registry: Registry, concepts: Concepts, table: str, key: str, **columns: str) -> pa.Table:
    """The distinct things of a table. ``columns`` say which of the model's columns a column of ``key`` comes from: a concept that the registry does not
    explain is none, and its rows go by the source's own words."""
    rows = registry.engine.rows(prepare.distinct(key, registry.typed(table)))
    again = False
    for name, column in columns.items():
        numbers = rows[name].to_pylist()
        found = zip(numbers, concepts.look_up(rows[name]), strict=True)
        if strange := {n for n, meant in found if n and meant == _NO_CONCEPT}:
            registry.by_words(table, column, strange)
            again = True
    return registry.engine.rows(prepare.distinct(key, registry.typed(table))) if again else rows


def read_drugs(registry: Registry, concepts: Concepts, glossary: Glossary) -> pa.Table:
    """Reads every distinct drug and loads ``drug``: its keys, its number, its line, and ``chain``, which what follows one another as one course has in common."""
    rows = _distinct(registry, concepts, "drug_exposure", prepare.drug_key(), concept="drug_concept_id")
    rows = concepts.beside(rows, "concept", _OWN)
    rows = concepts.beside(rows, "route", {"route_code": 1, "route_name": 2})
    table = map_drugs(rows, glossary, _strengths(registry, concepts, rows["concept"]))
    for name in ("chain", "piece"):  # numbers are told apart faster than words
        numbers = pc.fill_null(pc.dictionary_encode(table[name].combine_chunks()).indices, -1)
        table = table.set_column(table.column_names.index(name), name, numbers.cast(pa.int32()))
    registry.engine.load("drug", table)
    return table


def _strengths(registry: Registry, concepts: Concepts, drugs: pa.ChunkedArray) -> pa.Table | None:
    """The strengths of the drugs in use, units and ingredients by their codes."""
    wanted = sorted({n for n in drugs.to_pylist() if n})
    if not wanted or not registry.has("drug_strength"):
        return None
    registry.engine.load("wanted", pa.table({"concept_id": pa.array(wanted, pa.int64())}))
    found = registry.engine.rows(f"SELECT s.* FROM {registry.typed('drug_strength')} AS s JOIN wanted AS w ON w.concept_id = s.drug_concept_id")  # fmt: skip
    found = concepts.beside(found, "ingredient_concept_id", {"ingredient_vocabulary_id": 0, "ingredient_code": 1})
    for unit in _STRENGTH_UNITS:
        found = concepts.beside(found, f"{unit}_concept_id", {unit: 1})
    return found


def read_doses(registry: Registry, glossary: Glossary) -> None:
    """Reads every distinct supply of what ``exposure`` holds and loads ``dose``: its keys and its line."""
    keys = "drug, quantity, days_supply, sig"
    rows = registry.engine.rows(f"SELECT {keys}, CAST(COUNT(*) AS BIGINT) AS rows FROM exposure WHERE dosed GROUP BY {keys}")  # fmt: skip
    registry.engine.load("dose", map_doses(rows, glossary).drop_columns("dose_known"))


def read_measurements(registry: Registry, concepts: Concepts, glossary: Glossary) -> None:
    """Reads every distinct measurement in its unit and loads ``measured``: its keys, its item, and how its values come into the lab's own unit."""
    key = f"{prepare.measured_key()}, {prepare.bound()}"
    rows = _distinct(registry, concepts, "measurement", key, concept="measurement_concept_id", unit="unit_concept_id")
    rows = concepts.beside(rows, "concept", _OWN)
    rows = concepts.beside(rows, "unit", {"unit_code": 1, "unit_name": 2})
    registry.engine.load("measured", map_measurements(rows, glossary))


def read_conditions(registry: Registry, concepts: Concepts, glossary: Glossary) -> None:
    """Reads every distinct condition and loads ``condition``: its keys, its kind and item, for how long it counts."""
    rows = _distinct(
        registry, concepts, "condition_occurrence", prepare.condition_key(), concept="condition_concept_id"
    )
    rows = concepts.beside(rows, "concept", _OWN)
    rows = concepts.beside(rows, "source_concept", {"source_vocabulary_id": 0, "source_code": 1, "source_name": 2})
    above = _above(registry, rows["concept"], glossary)
    registry.engine.load("condition", map_conditions(rows, glossary, above))


def read_observations(registry: Registry, concepts: Concepts, glossary: Glossary) -> None:
    """Reads every distinct observation with its answer and loads ``observed``: its keys, its kind and item."""
    rows = _distinct(registry, concepts, "observation", prepare.observed_key(), concept="observation_concept_id")
    rows = concepts.beside(rows, "concept", _OWN)
    rows = concepts.beside(rows, "value_concept", {"value_vocabulary_id": 0, "value_code": 1, "value_name": 2})
    above = _above(registry, rows["concept"], glossary)
    registry.engine.load("observed", map_observations(rows, glossary, above))


def read_procedures(registry: Registry, concepts: Concepts, glossary: Glossary) -> None:
    """Reads every distinct procedure and loads ``done``: its keys, its kind and item."""
    rows = _distinct(registry, concepts, "procedure_occurrence", prepare.done_key(), concept="procedure_concept_id")
    rows = concepts.beside(rows, "concept", _OWN)
    registry.engine.load("done", map_procedures(rows, glossary, _above(registry, rows["concept"], glossary)))


def _above(registry: Registry, numbers: pa.ChunkedArray, glossary: Glossary) -> pa.Table | None:
    """Of each concept the SNOMED CT codes above it that the knowledge names, where the registry has the tables that say so."""
    wanted = sorted({n for n in numbers.to_pylist() if n})
    if not wanted or not (registry.has("concept_ancestor") and registry.has("concept")):
        return None
    engine = registry.engine
    engine.load("wanted", pa.table({"concept_id": pa.array(wanted, pa.int64())}))
    engine.load("asked_code", pa.table({"code": pa.array(sorted(asked_snomed(glossary.knowledge)), pa.string())}))
    return engine.rows(
        f"""
        SELECT w.concept_id AS concept, c.concept_code
        FROM {registry.typed("concept_ancestor")} AS a
        JOIN wanted AS w ON w.concept_id = a.descendant_concept_id
        JOIN {registry.typed("concept", "concept_id", "vocabulary_id", "concept_code")} AS c ON c.concept_id = a.ancestor_concept_id
        JOIN asked_code AS k ON k.code = c.concept_code
        WHERE c.vocabulary_id = 'SNOMED' AND a.descendant_concept_id <> a.ancestor_concept_id
        """
    )
