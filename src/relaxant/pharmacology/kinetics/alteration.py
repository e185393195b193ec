"""What changes a person's kinetics from a moment on: ratios on a card's parameters and on what a dose delivers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from relaxant.errors import InputError


class Alteration(msgspec.Struct, frozen=True, kw_only=True):
    """From ``start`` (the card's time unit) until the next one: ratios on parameters and on what later doses deliver.

    ``ratios`` multiply the named parameters while the alteration lasts; ``reaching`` multiplies what doses given in that time deliver.
    ``log_sd`` is the standard deviation, in one person, of the logarithm of the ratio that both together make of the exposure.
    ``during`` names circumstances that hold meanwhile (``haemodialysis``): the flows that run only then do.
    """

    start: float
    ratios: dict[str, float] = {}
    reaching: float = 1.0
    log_sd: float = 0.0
    during: tuple[str, ...] = ()


def sessions(circumstance: str, starts: Sequence[float], lasting: float) -> tuple[Alteration, ...]:
    """A circumstance that comes and goes: haemodialysis for four hours, three times a week.

    Raises :class:`InputError` for sessions that overlap or are not in order.

    >>> [(a.start, a.during) for a in sessions("haemodialysis", [48.0], 4.0)]
    [(48.0, ('haemodialysis',)), (52.0, ())]
    """
    if not lasting > 0 or any(later < earlier + lasting for earlier, later in pairwise(starts)):
        raise InputError("starts", list(starts), f"sessions of {lasting:g} are not one after the other", "give their starts in order")  # fmt: skip
    return tuple(
        Alteration(start=at, during=during)
        for start in starts
        for at, during in ((start, (circumstance,)), (start + lasting, ()))
    )
