"""What the distinct things of a registry mean: asked of the engine, read once each, and put beside the tables to be joined with."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from relaxant.cohort import prepare
from relaxant.cohort.doses import map_doses
from relaxant.cohort.drugs import DRUG_KEYS, map_drugs
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


def read_drugs(registry: Registry, concepts: Concepts, glossary: Glossary) -> pa.Table:
    """Reads every distinct drug and loads ``drug``: its keys, its number, its line, and ``chain``, which what follows one another as one course has in common."""
    rows = registry.engine.rows(prepare.distinct(prepare.drug_key(), registry.typed("drug_exposure", *DRUG_KEYS)))
    rows = concepts.beside(rows, "drug_concept_id", _OWN)
    rows = concepts.beside(rows, "route_concept_id", {"route_code": 1, "route_name": 2})
    made = map_drugs(rows, glossary, _strengths(registry, concepts, rows["drug_concept_id"]))
    chain = pc.dictionary_encode(made["ingredients"].combine_chunks())
    table = (
        made.drop_columns("ingredients")
        .append_column("chain", pc.fill_null(chain.indices, -1).cast(pa.int32()))
        .append_column("asked", pc.is_valid(made["drug"]))
    )
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
