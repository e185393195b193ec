"""Batches in which nobody is cut in two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa


def whole_people(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """The rows of people who stand one after another, in tables of about so many rows, each person in one of them.

    A person with more rows than that is a table alone. The order stays.
    """
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        waiting.append(batch)
        count += batch.num_rows
        if count < rows:
            continue
        table = pa.Table.from_batches(waiting)
        people = table["person_id"].combine_chunks().to_numpy(zero_copy_only=False)
        last = int(np.searchsorted(people, people[-1], side="left"))  # the last person may go on in the next batch
        if last:
            yield table.slice(0, last)
        waiting = table.slice(last).to_batches()
        count = table.num_rows - last
    if count:
        yield pa.Table.from_batches(waiting)
