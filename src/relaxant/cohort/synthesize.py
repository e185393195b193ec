"""A population that never was, in OMOP's tables, for tests and demonstrations: seeded, streamed, as many people as are asked for.

Three years of a health system of the United States: people with the ages, bodies and kidneys of the national survey, conditions, medicines,
measurements, habits, allergies, and a small share of rows that are wrong as real ones are. How common everything is stands in
``knowledge/registries``, each with its source or marked as our assumption. About one person in five has a relaxant in the three years
(counted over everything that is an agent here: muscle relaxants, gabapentinoids, benzodiazepines, antispasmodics of bladder and gut,
botulinum toxins, pumps, blockers and their reversal in theatre, clonidine).

People come in blocks of ten thousand. A block is drawn from the seed and its own number, so person 17 is the same among a hundred
people and among ten million. The same seed, number of people and knowledge give the same bytes (with the same releases of NumPy and Arrow).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from relaxant.cohort.cdm import TABLES
from relaxant.cohort.days import EPOCH, day_number
from relaxant.cohort.synthetic.block import BLOCK, block, with_row_numbers
from relaxant.cohort.synthetic.blueprint import blueprint
from relaxant.cohort.synthetic.concepts import concept_table, strength_table
from relaxant.cohort.synthetic.dirt import LEVELS, dirt_of
from relaxant.cohort.synthetic.people import factors_of
from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge
from relaxant.version import __version__

PART = 10 * BLOCK
"""People in a file; more of them come in several files of a folder named as the table."""

_STRIDE = 2_000_000  # numbers of rows that a file of a table may use
_MOST_PEOPLE = (2**31 // _STRIDE) * PART
_ROWS_OF_A_GROUP = 131_072
_EARLIEST, _LATEST = EPOCH, date(2090, 12, 31)
Format = Literal["parquet", "csv"]


class Synthesized(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: where, how many people, the last day of the data, and the rows of each table."""

    folder: Path
    people: int
    last_day: date
    rows: dict[str, int]


def synthesize(
    folder: Path,
    people: int,
    seed: int,
    knowledge: Knowledge,
    *,
    as_of: date | None = None,
    form: Format = "parquet",
    country: str = "US",
    dirt: str = "realistic",
    progress: Callable[[int], None] | None = None,
) -> Synthesized:
    """Writes the tables of so many people into a new folder; ``as_of`` is the last day of the data (the knowledge's own if left out).

    ``progress`` is called with the number of people done. Nothing is left behind when it is stopped on its way. Raises :class:`InputError` for
    fewer than one person, more than the numbers of rows reach for, a seed below 0, a folder that has something in it, a country that no registry is known for.
    """
    _fitting(folder, people, seed, form, dirt)
    if as_of is not None and not _EARLIEST <= as_of <= _LATEST:
        raise InputError(
            "--as-of", as_of, "no registry ends on such a day", f"give a day from {_EARLIEST} to {_LATEST}"
        )
    known = {r.country: name for name, r in knowledge.registries.registry_people.items()}
    if country.upper() not in known:
        raise InputError("--country", country, "no registry is known for it", f"use {', '.join(sorted(known))}")
    plan = blueprint(knowledge, known[country.upper()])
    last = as_of or date.fromisoformat(plan.people.last_day)
    last_day = day_number(last)
    factors, wrong = factors_of(plan), dirt_of(plan, dirt)
    rows = dict.fromkeys(TABLES, 0)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        whole = people <= PART
        for name, table in (
            ("concept", concept_table(plan.concepts)),
            ("drug_strength", strength_table(plan.concepts, plan.products)),
            ("cdm_source", _source(people, seed, last, dirt, knowledge)),
        ):
            rows[name] = len(table)
            _write(building, name, None, table, form)
        for part, begin in enumerate(range(0, people, PART)):
            end = min(begin + PART, people)
            blocks = []
            for first in range(begin, end, BLOCK):
                blocks.append(block(plan, factors, wrong, seed, first // BLOCK, min(BLOCK, end - first), last_day))
                if progress is not None:
                    progress(min(first + BLOCK, end))
            for name in blocks[0]:
                table = pa.concat_tables([b[name] for b in blocks])
                if len(table) > _STRIDE:
                    raise OverflowError(f"{name}: {len(table)} rows of {PART} people do not fit into {_STRIDE} numbers")
                rows[name] += len(table)
                _write(building, name, None if whole else part, with_row_numbers(name, table, part * _STRIDE + 1), form)
        _put(building, folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Synthesized(folder=folder, people=people, last_day=last, rows=rows)


def _fitting(folder: Path, people: int, seed: int, form: str, dirt: str) -> None:
    if not 1 <= people <= _MOST_PEOPLE:
        raise InputError("--people", people, "so many cannot be made", f"give 1 to {_MOST_PEOPLE:_}".replace("_", " "))
    if seed < 0:
        raise InputError("--seed", seed, "a seed is not below 0", "give such as 1")
    if form not in ("parquet", "csv"):
        raise InputError("--format", form, "there is no such form", "use parquet or csv")
    if dirt not in LEVELS:
        raise InputError("--dirt", dirt, "there is no such level", f"use {', '.join(LEVELS)}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("--output", str(folder), "something is there already", "give a new folder, or an empty one")


def _put(building: Path, folder: Path) -> None:
    if folder.exists():
        folder.rmdir()
    building.chmod(0o755)
    building.rename(folder)


def _write(folder: Path, name: str, part: int | None, table: pa.Table, form: Format) -> None:
    """One file: ``name.parquet``, or ``name/part-00000.parquet`` where it is one of several."""
    path = folder / f"{name}.{form}" if part is None else folder / name / f"part-{part:05d}.{form}"
    path.parent.mkdir(exist_ok=True)
    if form == "csv":
        pyarrow.csv.write_csv(table.cast(TABLES[name]), path)
        return
    # the file says nothing of Arrow, so that a column of words is read as one, whatever it was made from
    pyarrow.parquet.write_table(table, path, store_schema=False, row_group_size=_ROWS_OF_A_GROUP, write_statistics=True)


def _source(people: int, seed: int, last: date, dirt: str, knowledge: Knowledge) -> pa.Table:
    row = {
        "cdm_source_name": "relaxant synthetic registry",
        "cdm_source_abbreviation": "relaxant-synthetic",
        "cdm_holder": "nobody: these people do not exist",
        "source_description": f"{people} people, seed {seed}, dirt {dirt}, relaxant {__version__}, knowledge {knowledge.sha256[:16]}",
        "source_documentation_reference": None,
        "cdm_etl_reference": None,
        "source_release_date": last,
        "cdm_release_date": last,
        "cdm_version": "5.4",
        "cdm_version_concept_id": 0,
        "vocabulary_version": "local",
    }
    return pa.Table.from_pylist([row], schema=TABLES["cdm_source"])
