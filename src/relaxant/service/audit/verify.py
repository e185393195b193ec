"""Whether the audit is as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Select, func, select

from relaxant.service.audit.rows import FIRST, ROWS, Row, hash_of
from relaxant.service.store.store import Store
from relaxant.service.store.tables import AUDIT

_PAGE = 5_000  # rows a page; each page is read by itself, so that a long audit holds nothing back


class Broken(msgspec.Struct, frozen=True):
    """The first row that cannot stand. ``number``: its number; ``what``: what is wrong, in words."""

    number: int
    what: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """``number``, ``hash``: the head, up to which everything stands; 0 and zeros where the audit is empty. ``broken``: the first row after it that
    does not. ``held``: whether a head that was held outside was met; nothing where none was given."""

    number: int
    hash: bytes
    broken: Broken | None = None
    held: bool | None = None

    @property
    def sound(self) -> bool:
        return self.broken is None and self.held is not False


def head(store: Store) -> tuple[int, bytes]:
    """The number and the hash of the last row; 0 and zeros where there is none. Held somewhere else it proves later that nothing up to it was
    changed or cut off."""
    last = store.read(lambda c: c.execute(ROWS.order_by(AUDIT.c.number.desc()).limit(1)).first())
    return (0, FIRST) if last is None else (last.number, bytes(last.hash))


def verify(store: Store, *, held: bytes | None = None, number: int | None = None) -> Verdict:
    """Follows the chain from its first row to the one that is the last now. ``held``: a head's hash that was kept outside; ``number``: its row,
    where that is known. Rows that are added meanwhile are left to the next time."""
    if number == 0:  # the head of an audit that was empty: every chain follows from it
        number, met = None, held in (None, FIRST)
    else:
        met = False
    before, follows = FIRST, 1
    for row in rows(store):
        wrong = _wrong(before, follows, row)
        if wrong is not None:
            return Verdict(number=follows - 1, hash=before, broken=wrong, held=None if held is None else met)
        before, follows = row.hash, follows + 1
        met = met or (row.hash == held and number in (None, row.number))
    return Verdict(number=follows - 1, hash=before, held=None if held is None else met)


def rows(store: Store, first: int | None = None, last: int | None = None) -> Iterator[Row]:
    """The rows from ``first`` to ``last``, by number, page by page, as the database gives them: what they hold is not checked."""
    if last is None:
        last = store.read(lambda c: c.execute(select(func.max(AUDIT.c.number))).scalar())
        if last is None:
            return
    after = None if first is None else first - 1
    while True:
        page = ROWS.where(AUDIT.c.number <= last).order_by(AUDIT.c.number).limit(_PAGE)
        found = _page(store, page if after is None else page.where(AUDIT.c.number > after))
        yield from found
        if len(found) < _PAGE:
            return
        after = found[-1].number


def _page(store: Store, page: Select[*tuple[Any, ...]]) -> list[Row]:
    return store.read(lambda connection: [Row(*row) for row in connection.execute(page)])


def _wrong(before: bytes, follows: int, row: Row) -> Broken | None:
    if row.number > follows:
        missing = f"row {follows} is missing" if row.number == follows + 1 else f"rows {follows} to {row.number - 1} are missing"  # fmt: skip
        return Broken(follows, missing)
    if row.number < follows:  # before row 1
        return Broken(row.number, f"row {row.number} is not one of ours: they begin at 1")
    if _hash(before, row) != row.hash:
        return Broken(follows, f"row {follows} was changed, or is not the one that was written there: its hash does not follow")  # fmt: skip
    return None


def _hash(before: bytes, row: Any) -> bytes | None:
    """The hash that the row should have; nothing where it holds what no row of ours does."""
    try:
        return hash_of(before, row.number, row.at, row.kind, row.by, row.person, row.what)
    except (AttributeError, TypeError, ValueError):  # UnicodeEncodeError is a ValueError
        return None
