"""What changes a person's kinetics from a moment on: ratios on a card's parameters and on what a dose delivers."""

from __future__ import annotations

import msgspec


class Alteration(msgspec.Struct, frozen=True, kw_only=True):
    """From ``start`` (the card's time unit) until the next one: ratios on parameters and on what later doses deliver.

    ``ratios`` multiply the named parameters while the alteration lasts; ``reaching`` multiplies what doses given in that time deliver.
    ``log_sd`` is the standard deviation, in one person, of the logarithm of the ratio that both together make of the exposure.
    """

    start: float
    ratios: dict[str, float]
    reaching: float = 1.0
    log_sd: float = 0.0
