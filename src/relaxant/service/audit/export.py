"""The audit as lines of JSON, for whoever keeps or reads it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from relaxant.errors import InputError
from relaxant.service.audit.rows import FIRST, Row
from relaxant.service.audit.verify import rows
from relaxant.service.store.store import Store
from relaxant.service.store.times import moment


def export(store: Store, first: int | None = None, last: int | None = None) -> Iterator[bytes]:
    """The rows from ``first`` to ``last`` as NDJSON. Each line has the hash ``before`` it, so a range can be verified by itself; ``what`` stands as
    the string that the hash is over, ``time`` says ``at`` for a person to read. Raises :class:`InputError` for rows that cannot be shown."""
    begin = max(1, first or 1)
    before = FIRST if begin == 1 else None
    for row in rows(store, max(1, begin - 1), last):
        try:
            if row.number >= begin:
                yield _line(row, before)
        except (AttributeError, TypeError, ValueError, OverflowError):
            raise InputError("audit", f"row {row.number}", "it holds what no row of ours does", "run `relaxant audit verify`") from None  # fmt: skip
        before = row.hash


def _line(row: Row, before: bytes | None) -> bytes:
    line = {
        "number": row.number,
        "time": moment(row.at).isoformat(timespec="milliseconds"),
        "at": row.at,
        "kind": row.kind,
        "by": row.by,
        "person": None if row.person is None else row.person.hex(),
        "what": row.what,
        "before": None if before is None else before.hex(),
        "hash": row.hash.hex(),
    }
    return msgspec.json.encode(line) + b"\n"
