"""Parameters that change on the way: what somebody has in them when an occasion ends goes on under the next one's parameters.

Within an occasion (or while a covariate holds) parameters are constant. At its start the amounts stay and the rates, clearances and
volumes are new; what a dose brings (bioavailability, lag) goes by the occasion in which it was taken. So nothing is superposed
across a change: amounts are propagated, exactly through the network for a linear card, through the equation solver otherwise. That
is how the field's programs read an occasion column.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Model, Output
from relaxant.pharmacology.cards.course import followed, name_of
from relaxant.pharmacology.cards.given import GivenDose
from relaxant.pharmacology.cards.given import Holding as Holding

Floats = NDArray[np.float64]


def courses_through(
    model: Model,
    holding: Sequence[Holding],
    doses: Sequence[GivenDose],
    wanted: Sequence[tuple[Output | Effect, Floats]],
    *,
    during: Sequence[str] = (),
) -> list[Floats]:
    """Each wanted output or effect at its times, in its own unit; shapes (times, people). ``holding`` are in order of time.

    The first holds from the beginning. Raises :class:`InputError` for a steady dose of a card that binds or saturates, for a response
    with a turnover, and as :func:`relaxant.pharmacology.cards.course.course`.
    """
    for chosen, _ in wanted:
        if len(holding) > 1 and isinstance(chosen, Effect) and chosen.form == "turnover":
            raise InputError("occasions", chosen.effect, "a response with a turnover is followed under parameters that stay", "leave occasions and changes out")  # fmt: skip
    times = np.unique(np.concatenate([at for _, at in wanted]))
    found = followed(model, holding, doses, times, [name_of(chosen) for chosen, _ in wanted], during=during)
    return [found[name_of(chosen)][np.searchsorted(times, at)] for chosen, at in wanted]
