"""Lists of different lengths as flat arrays: one a row, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]


class Ragged(msgspec.Struct, frozen=True):
    """The list of entry ``i`` is ``values[first[i]:first[i + 1]]``. ``first`` has one more than there are entries."""

    first: Index
    values: Index

    @property
    def lengths(self) -> Index:
        """How long each list is."""
        return np.diff(self.first)

    def places(self, entries: Index) -> Index:
        """Where the values of some entries stand in ``values``, in the order of the entries."""
        lengths = self.first[entries + 1] - self.first[entries]
        first = starts(lengths)
        return np.repeat(self.first[entries] - first[:-1], lengths) + np.arange(first[-1])

    def of(self, entries: Index) -> Ragged:
        """The lists of some entries, in their order."""
        return Ragged(
            starts(self.first[entries + 1] - self.first[entries]),
            self.values[self.places(entries)],
        )

    def at(self, entry: int) -> list[int]:
        """The list of one entry."""
        return [int(value) for value in self.values[self.first[entry] : self.first[entry + 1]]]


def starts(lengths: Index) -> Index:
    """Where each list begins, and where the last ends."""
    first = np.zeros(len(lengths) + 1, dtype=np.intp)
    np.cumsum(lengths, out=first[1:])
    return first


def gathered(parts: Sequence[tuple[Index, Index | int]], entries: int) -> Ragged:
    """Lists of so many entries from (entry, value) pairs in parts; a list keeps their order."""
    if not parts:
        return Ragged(np.zeros(entries + 1, dtype=np.intp), np.empty(0, dtype=np.intp))
    whose = np.concatenate([entry for entry, _ in parts])
    values = np.concatenate([np.broadcast_to(value, entry.shape) for entry, value in parts])
    first = starts(np.bincount(whose, minlength=entries))
    return Ragged(first, values[np.argsort(whose, kind="stable")])
