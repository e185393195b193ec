"""How a drug enters: by an absorbing place or straight into the central compartment, and what of it arrives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.kinetics.disposition import Disposition

Floats = NDArray[np.float64]


class Entry(msgspec.Struct, frozen=True):
    """How an entry delivers: first-order at ``absorption`` (1/time), or straight into the central compartment for ``None``.

    ``reaching`` is what arrives of the amount: bioavailability, and where doses are in mg/kg the weight.
    """

    absorption: Floats | None = None
    reaching: Floats | float = 1.0


def oral(absorption: ArrayLike, reaching: ArrayLike = 1.0) -> Entry:
    """An entry with first-order absorption. Raises :class:`InputError` where the rate is not a positive number."""
    rate = np.atleast_1d(np.asarray(absorption, dtype=np.float64))
    if not ((rate > 0) & (rate < np.inf)).all():
        raise InputError("absorption", absorption, "it is not a positive rate for every person", "give rates above 0")
    return Entry(rate, _reaching(reaching))


def intravenous(reaching: ArrayLike = 1.0) -> Entry:
    """An entry straight into the central compartment."""
    return Entry(None, _reaching(reaching))


def _reaching(value: ArrayLike) -> Floats | float:
    array = np.asarray(value, dtype=np.float64)
    if not ((array >= 0) & (array < np.inf)).all():
        raise InputError("reaching", value, "it is not a share or a weight", "give 0 or more")
    return float(array) if array.ndim == 0 else array


def people_of(entry: Entry) -> int:
    """How many people an entry describes: 1 where everybody has it alike."""
    return max(
        1 if entry.absorption is None else entry.absorption.size,
        1 if isinstance(entry.reaching, float) else entry.reaching.size,
    )


def entry_named(entries: Mapping[str, Entry], name: str, disposition: Disposition, subjects: int) -> Entry:
    """The entry of a name, checked. Raises :class:`InputError` for one that is not described and for arrays of another length."""
    try:
        entry = entries[name]
    except KeyError:
        raise InputError("entry", name, "no entry of this name is described", f"use {', '.join(entries)}") from None
    for part in (entry.absorption, entry.reaching):
        if isinstance(part, np.ndarray) and part.size not in (1, subjects):
            raise InputError(f"entry {name}", part.size, f"there are {subjects} people", "give one value or as many")
    return entry


def of_people(
    disposition: Disposition, entries: Mapping[str, Entry], names: Sequence[str], part: slice, people: int
) -> tuple[Disposition, list[Entry]]:
    """Some people's disposition and entries, a column each, the entries in the order of ``names``."""
    size = part.stop - part.start

    def each(values: Floats | float) -> Floats:
        array = np.atleast_1d(np.asarray(values, dtype=np.float64))
        chosen = array[..., part] if array.shape[-1] > 1 else array
        return np.broadcast_to(chosen, (*chosen.shape[:-1], size))

    used = [entry_named(entries, name, disposition, people) for name in names]
    whole = Disposition(each(disposition.rates), each(disposition.weights), each(disposition.volume))
    return whole, [Entry(None if e.absorption is None else each(e.absorption), each(e.reaching)) for e in used]
