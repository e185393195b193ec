"""What alters a course while it lasts: an inhibitor that was started, smoking that stopped, an enzyme that is being made anew."""

from __future__ import annotations

import msgspec


class Alteration(msgspec.Struct, frozen=True, kw_only=True):
    """From ``start`` (the card's time unit) until the next one: what parameters and what reaches are multiplied by.

    ``ratios`` are by parameter; ``reaching`` multiplies what arrives of every dose that is taken from then on. ``log_sd`` is the
    standard deviation of the logarithm of the change of exposure, where it is known by an interval.
    """

    start: float
    ratios: dict[str, float]
    reaching: float = 1.0
    log_sd: float = 0.0
