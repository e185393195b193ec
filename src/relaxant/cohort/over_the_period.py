"""What the rules said on the looks of a period, as episodes and counts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from relaxant.cohort.episodes import episodes_of, episodes_table
from relaxant.cohort.looks import Looks
from relaxant.cohort.period import Period
from relaxant.cohort.period_tally import tally_of_period
from relaxant.cohort.tally import Screened, Tally
from relaxant.cohort.uses import first_uses, uses_of
from relaxant.cohort.watching import over_time_of


def over_the_period(looks: Looks, said: Screened, period: Period) -> tuple[pa.Table, Tally]:
    """The episodes that touch the period, and what counts. ``said`` is of the looks, in their order."""
    facts, found = said.checks.facts, said.fired
    first, last = period.days
    uses = [*uses_of(facts, looks, period)]
    begun = first_uses(uses, looks) if period.new_users else np.full(looks.people, first)
    counts = looks.day >= begun[looks.person]
    episodes = episodes_of(found, looks, counts)
    over_time = over_time_of(facts, looks, found, episodes, uses, period)
    return (
        episodes_table(episodes, found, facts, looks, last),
        tally_of_period(looks, said, counts, period, over_time),
    )
