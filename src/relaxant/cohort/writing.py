"""The files of a screen. The same tables give the same bytes, whenever and wherever they are written."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from relaxant.cohort.tally import INPUTS, Tally, worst_first
from relaxant.cohort.vocabulary import Left
from relaxant.knowledge.schema import TIERS
from relaxant.rules.tiers import RANK

_ROWS = 262_144  # of a row group at most


class Growing:
    """A Parquet file that grows by tables of one schema, in the order in which they come."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(
            path,
            schema,
            version="2.6",
            data_page_version="1.0",
            compression="zstd",
            compression_level=3,
            use_dictionary=True,
            write_statistics=True,
            store_schema=True,
            write_page_index=False,
        )

    def add(self, table: pa.Table) -> None:
        """Adds a table's rows."""
        if table.num_rows:
            self._writer.write_table(table, row_group_size=_ROWS)

    def __enter__(self) -> Growing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()


def write_csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as CSV (UTF-8): a field that is ``None`` is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def write_counts(path: Path, tally: Tally) -> None:
    """``counts.csv``: how many persons each rule fired for, by tier, agent, sex, age band and year. No count is hidden in it."""
    head = ("rule", "tier", "agent", "sex", "age", "year", "persons")
    keys = sorted(tally.found, key=lambda key: (key[0], RANK[key[1]], *key[2:]))
    write_csv(path, head, ((*key, tally.found[key]) for key in keys))


def write_attrition(path: Path, tally: Tally) -> None:
    """``attrition.csv``: what became of all persons, who has which input among those with a relaxant, and what could not be checked for want of what."""
    steps: list[tuple[str, str | None, int]] = [
        ("persons", None, tally.persons),
        *(("rejected", why, count) for why, count in sorted(tally.rejected.items())),
        ("no relaxant", None, tally.no_relaxant),
        ("relaxant", "taken today", tally.now),
        ("relaxant", "no longer taken", tally.relaxant - tally.now),
        ("everything checked", None, tally.checked),
        ("something unchecked", None, tally.unchecked),
        ("finding", None, tally.findings),
        *(("gravest finding", tier, tally.worst.get(tier, 0)) for tier in TIERS),
        *((f"agent {situation}", agent, count) for (agent, situation), count in sorted(tally.agents.items())),
        *(("input known", name, tally.known.get(name, 0)) for name in INPUTS),
    ]
    head = ("step", "what", "persons", "checks", "worst_tier")
    wanting = (("unchecked for want of", need, o.people, o.checks, TIERS[o.worst]) for need, o in worst_first(tally))
    write_csv(path, head, (*((*step, None, None) for step in steps), *wanting))


def write_unmapped(path: Path, left: Iterable[Left]) -> None:
    """``unmapped.csv``: what of the source nothing was made of, in the order given."""
    head = ("domain", "vocabulary", "code", "name", "rows", "why", "lost")
    write_csv(path, head, ([getattr(one, name) for name in head] for one in left))
