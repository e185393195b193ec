"""From findings on the days that people are looked at to episodes: a finding that holds on one look after another is one."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from relaxant.cohort.looks import Looks
from relaxant.cohort.results import dates, findings_table, taken_for
from relaxant.facts.column import Mask
from relaxant.facts.facts import Facts
from relaxant.rules.columns import Fired
from relaxant.rules.ragged import Index, Ragged


class Episodes(msgspec.Struct, frozen=True):
    """Episodes by person, rule and beginning. Of each: the rows of the ``first`` and the ``last`` look at which it held, its ``test``, and what fired: at
    the first look (``began``), and what stands for it (``entry``); -1 where none of its looks counts."""

    first: Index
    last: Index
    test: Index
    began: Index
    entry: Index

    def of(self, which: Index) -> Episodes:
        """Some of them."""
        return Episodes(self.first[which], self.last[which], self.test[which], self.began[which], self.entry[which])


def episodes_of(found: Fired, looks: Looks, counts: Mask) -> Episodes:
    """The episodes of what fired at the looks: one a person, rule of an agent, set of partners, and run of looks without a break.

    Of those looks that count (shape: looks) the gravest stands for it, and of several the first.
    """
    key = found.test * (1 + len(found.row)) + list_numbers(found.partners)
    order = np.lexsort((found.row, key, looks.person[found.row]))
    row, key = found.row[order], key[order]
    goes_on = np.zeros(len(row), bool)
    goes_on[1:] = (key[1:] == key[:-1]) & (row[1:] == row[:-1] + 1) & ~looks.begins[row[1:]]
    begins = np.flatnonzero(~goes_on)
    if not len(begins):
        return Episodes(begins, begins, begins, begins, begins)
    lasts = np.append(begins[1:], len(row)) - 1
    # of those that count the least by tier and then by row: both in one number
    rank = np.where(counts[row], found.tier[order].astype(np.intp) * looks.rows + row, np.iinfo(np.intp).max)
    gravest = np.minimum.reduceat(rank, begins)
    which = np.repeat(gravest, lasts - begins + 1) == rank
    entry = np.full(len(begins), -1, np.intp)
    number = np.cumsum(~goes_on) - 1
    stands = np.flatnonzero(which & counts[row])
    entry[number[stands]] = order[stands]
    made = Episodes(row[begins], row[lasts], found.test[order[begins]], order[begins], entry)
    return made.of(np.lexsort((made.first, made.test, looks.person[made.first])))


def list_numbers(lists: Ragged) -> Index:
    """A number for each list, the same for those that are the same."""
    lengths = lists.lengths
    number = np.zeros(len(lengths), np.intp)
    for place in range(int(lengths.max(initial=0))):
        long = lengths > place
        value = np.zeros(len(lengths), np.intp)
        value[long] = 1 + lists.values[lists.first[:-1][long] + place]
        _, number = np.unique(number * (1 + int(value.max())) + value, return_inverse=True)
    return number


def episodes_table(made: Episodes, found: Fired, facts: Facts, looks: Looks, last: int) -> pa.Table:
    """The episodes that some look counts for, as :data:`relaxant.cohort.results.FINDINGS`; ``last`` is the last day of the period.

    ``since`` is the day of the first look at which it held. Where that is the first look at the person at all it may have begun before: then it is what a
    screen as of that day says. ``until`` is the day before the first look at which it no longer held; null where it held to the end.
    """
    made = made.of(np.flatnonzero(made.entry >= 0))
    table = findings_table(looks.person_id[looks.person], chosen(found, made.entry), facts, looks.day)
    ago = taken_for(chosen(found, made.began), facts)
    open_ = looks.begins[made.first]
    since = looks.day[made.first] - np.where(open_ & ~np.isnan(ago), ago, 0).astype(np.intp)
    final = made.last
    holds = looks.ends[final] & (looks.end[final] >= last)
    for name, values in (("since", dates(since, open_ & np.isnan(ago))), ("until", dates(looks.end[final], holds))):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), values)
    return table


def chosen(found: Fired, entries: Index) -> Fired:
    """Some entries of what fired, in their order."""
    places = found.leaves.places(entries)
    return Fired(
        found.tests,
        found.row[entries],
        found.test[entries],
        found.tier[entries],
        found.modifier[entries],
        found.situation[entries],
        found.names,
        found.partners.of(entries),
        found.why,
        found.unit,
        found.leaves.of(entries),
        found.low[places],
        found.high[places],
    )
