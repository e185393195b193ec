"""Each person's own doses and times: the field's event table, laid out so that a step of all people is one row.

The table has one row an event, with the columns of NM-TRAN: ID, TIME, EVID (0 observation, 1 dose, 2 other, 3 reset, 4 reset and
dose), AMT, CMT, RATE, II, ADDL, SS, MDV, and covariates. It is laid out once, people in blocks and their events level by level (everybody's
first, everybody's second, ...), those with the longest histories first, so that nothing is padded and no line of Python runs for one
person. :mod:`relaxant.pharmacology.events.event_course` goes along it.

Records of one person are taken in the order of the table where their times are equal: an observation before a dose at the
same time sees what was there before it. Doses that a record implies (ADDL) and ends of infusions come before records of the same time. A
reset and a steady state that replaces (SS 1) cancel what was still to come, as in NM-TRAN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.events.event_table import columns_of
from relaxant.pharmacology.events.records import Rows, refuse, rows_of, spells_of

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_PEOPLE_AT_A_TIME = 5000  # long rows: each NumPy call costs as much as thousands of numbers
_MOST_STILL_RUNNING = 1000
_MOST_ADDED = 50_000_000
_NOISE = 1e-12


class Given(msgspec.Struct, frozen=True):
    """What happens to some of a block's people, level by level: ``first[level]`` to ``first[level + 1]`` are those of a level.

    ``who`` is a place in the block; ``of`` whose parameters count (a spell); ``amount`` an amount, or a change of rate.
    """

    first: list[int]
    who: Index
    of: Index
    amount: Floats


class Running(msgspec.Struct, frozen=True):
    """Changes of a rate of infusion, as in :class:`Given`; ``keeps`` is 0 where nothing runs after it, and 1 elsewhere."""

    given: Given
    keeps: Floats


class Steady(msgspec.Struct, frozen=True):
    """Doses put into their steady state, as in :class:`Given`: each with its duration (0 a bolus) and interval (0 for ever)."""

    given: Given
    duration: Floats
    interval: Floats


class Block(msgspec.Struct, frozen=True):
    """The histories of some people, level by level; ``active`` is how many have so many events, ``first`` where a level starts.

    ``step`` is the time since the event before, ``place`` where an observation goes in the table's order; what is no observation has the
    place of the next, and nothing follows somebody's last. ``boluses``, ``running`` and ``steady`` are by entry; ``reset`` is who is emptied, ``turns`` whose parameters change at this event, and
    to which spell (``of``). ``starts`` is each one's first spell.
    """

    active: list[int]
    first: list[int]
    step: Floats
    place: Index
    starts: Index
    boluses: dict[str, Given]
    running: dict[str, Running]
    steady: dict[str, Steady]
    reset: Given
    turns: Given


class Events(msgspec.Struct, frozen=True):
    """Everybody's history, prepared.

    ``observations`` are the table's rows that are observations (EVID 0), in the table's order: concentrations come in the same.
    Parameters are asked for one a *spell*: a stretch of one person's history over which the covariates stay the same. ``spell_of`` says
    whose each is (a place in ``people``) and ``covariates`` has their values. Where nothing changes a spell is a person.
    """

    people: NDArray[Any]
    observations: Index
    spell_of: Index
    covariates: dict[str, NDArray[Any]]
    blocks: tuple[Block, ...]

    @property
    def spells(self) -> int:
        """How many sets of parameters the histories ask for."""
        return int(self.spell_of.size)


def events(table: Any, entries: Sequence[str], *, covariates: Sequence[str] = ()) -> Events:
    """Prepares an event table: columns by name (any case), rows in the order they happened for each person.

    ``table`` is a mapping, a data frame or an Arrow table (:func:`relaxant.pharmacology.events.event_table.columns_of`). ``entries`` names compartment
    1, 2 and so on. ``covariates`` are columns to pass along: a value holds from its row on, and a missing one is the last known.
    SS 1 starts from the steady state of its dose, SS 2 adds it to what is there; with AMT 0 an infusion of RATE that has run for ever and
    runs on. Raises :class:`InputError` naming the column and the row for what cannot be: a time that goes back, a negative amount, a
    compartment that has no name, an observation with an amount.
    """
    columns = columns_of(table)
    people, rows = rows_of(columns, len(entries))
    seen = np.flatnonzero(rows.evid == 0)
    observations = seen if rows.order is None else np.sort(rows.order[seen])
    spell, spell_of, carried = spells_of(columns, covariates, rows)
    return Events(people, observations, spell_of, carried, _laid_out(rows, spell, tuple(entries), observations))


class _Added(msgspec.Struct):
    """What the rows imply besides themselves, in order: further doses and ends of infusions."""

    at: Index  # where each comes among the rows
    row: Index  # whose parameters count
    time: Floats
    dose: Index  # which dose it belongs to, as a place among the doses
    amount: Floats
    change: Floats


def _added(rows: Rows, still: Index) -> _Added | None:
    """Further doses (ADDL) and ends of infusions that happen before the last row of their history, a reset ending one."""
    infused = rows.rate > 0
    if not (infused.any() or (rows.more > 0).any()):
        return None
    ends = np.append(_breaks(rows)[1:], rows.time.size)
    end = ends[np.searchsorted(ends, rows.dose, side="right")]  # the row past this history
    last, start = rows.time[end - 1], rows.time[rows.dose]
    with np.errstate(divide="ignore", invalid="ignore"):
        fitting = np.floor((last - start) / rows.interval * (1 + _NOISE))
    repeats = np.where(rows.more > 0, np.minimum(rows.more, fitting), 0).astype(np.intp)
    if repeats.sum() > _MOST_ADDED:
        raise InputError("ADDL", int(repeats.sum()), "these are more doses than can be laid out", f"give at most {_MOST_ADDED:,} in all")  # fmt: skip
    source, turn = _counted(repeats)
    dosed = start[source] + turn * rows.interval[source]
    # Each infusion's end: of the rows' own, of the further ones, and of those that a steady state finds still running.
    finite = infused & (rows.amount > 0)
    length = np.where(finite, rows.amount / np.where(infused, rows.rate, 1.0), 0.0)
    own, further = np.flatnonzero(finite), np.flatnonzero(finite[source])
    before, back = _counted(still)
    dose = np.concatenate((source, own, source[further], before))
    time = np.concatenate((dosed, start[own] + length[own], dosed[further] + length[source[further]], start[before] + length[before] - back * rows.interval[before]))  # fmt: skip
    bolus = np.concatenate((np.where(infused[source], 0.0, rows.amount[source]), np.zeros(dose.size - source.size)))
    change = np.concatenate((np.where(infused[source], rows.rate[source], 0.0), -rows.rate[dose[source.size :]]))
    low, high = rows.dose[dose] + 1, end[dose]
    for _ in range(int(rows.time.size).bit_length()):
        middle = (low + high) // 2
        earlier = (low < high) & (rows.time[np.minimum(middle, rows.time.size - 1)] < time)
        low, high = np.where(earlier, middle + 1, low), np.where(earlier, high, middle)
    row = rows.dose[dose]
    row[: source.size] = low[: source.size] - 1
    row[source.size + own.size :][: further.size] = low[further] - 1
    kept = np.flatnonzero((time <= last[dose]) & (low < end[dose]))
    kept = kept[np.lexsort((time[kept], end[dose[kept]]))]
    return _Added(np.maximum.accumulate(low[kept]), row[kept], time[kept], dose[kept], bolus[kept], change[kept])


def _counted(repeats: Index) -> tuple[Index, Index]:
    """Each place as often as it repeats, and which time that is, from 1."""
    source = np.repeat(np.arange(repeats.size), repeats)
    return source, np.arange(1, source.size + 1) - np.repeat(np.cumsum(repeats) - repeats, repeats)


def _breaks(rows: Rows) -> Index:
    """The rows at which a history starts afresh: somebody's first, a reset, a steady state that replaces what was there."""
    new = (rows.evid == 3) | (rows.evid == 4)
    new[rows.dose[rows.steady == 1]] = True
    new[rows.first[:-1]] = True
    return np.flatnonzero(new)


def _still_running(rows: Rows) -> Index:
    """How many earlier infusions of its steady state still run when each dose is given."""
    endless = (rows.steady > 0) & (rows.rate > 0) & (rows.amount > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        still = np.where(endless, np.ceil(rows.amount / rows.rate / rows.interval) - 1, 0.0)
    refuse("RATE", still <= _MOST_STILL_RUNNING, rows.rate, rows.dose if rows.order is None else rows.order[rows.dose], f"let at most {_MOST_STILL_RUNNING} infusions run at once")  # fmt: skip
    return np.maximum(still, 0).astype(np.intp)


class _Line(msgspec.Struct):
    """All events in order, each person's together: the rows and what they imply. ``stop`` is the event past each one's last observation."""

    first: Index
    stop: Index
    step: Floats
    place: Index
    own: Index | None  # where each row is among the events; ``None`` where they are the rows
    added: Index


def _line(rows: Rows, added: _Added | None, observations: Index) -> _Line:
    seen = rows.evid == 0
    # How many observations come before: the number of the next one, and an observation's own.
    place = np.cumsum(seen)
    place -= seen
    counts = np.append(place, observations.size)[rows.first]
    last = np.flatnonzero(seen)[np.maximum(counts[1:] - 1, 0)] if observations.size else rows.first[:-1]
    stop = np.where(counts[1:] > counts[:-1], last + 1, rows.first[:-1])
    if rows.order is not None and observations.size:
        place = np.searchsorted(observations, rows.order[seen])[np.minimum(place, observations.size - 1)]
    resets = np.flatnonzero((rows.evid == 3) | (rows.evid == 4))
    if added is None:
        step = np.empty_like(rows.time)
        np.subtract(rows.time[1:], rows.time[:-1], out=step[1:])
        step[rows.first[:-1]] = 0.0
        step[resets] = 0.0
        return _Line(rows.first, stop, step, place, None, np.empty(0, dtype=np.intp))
    ahead = np.cumsum(np.bincount(added.at, minlength=rows.time.size + 1))
    own = np.arange(rows.time.size) + ahead[:-1]
    extra = added.at + np.arange(added.at.size)
    time, places = np.empty(own.size + extra.size), np.empty(own.size + extra.size, dtype=np.intp)
    time[own], time[extra] = rows.time, added.time
    # What is added comes before a row of its own person.
    places[own], places[extra] = place, place[added.at]
    first = np.append(own[rows.first[:-1]], time.size)
    step = np.maximum(np.diff(time, prepend=0.0), 0.0)
    step[first[:-1]] = 0.0
    step[own[resets]] = 0.0
    stop = np.where(stop > rows.first[:-1], own[np.maximum(stop - 1, 0)] + 1, first[:-1])
    return _Line(first, stop, step, places, own, extra)


class _Happening(msgspec.Struct):
    """Things of one kind, by event: at which, whose parameters count, how much, and what else there is to each."""

    at: Index
    of: Index
    amount: Floats
    more: tuple[NDArray[Any], ...] = ()

    def chosen(self, mine: Index) -> _Happening:
        """Some of them."""
        return _Happening(self.at[mine], self.of[mine], self.amount[mine], tuple(m[mine] for m in self.more))


def _laid_out(rows: Rows, spell: Index | None, entries: tuple[str, ...], observations: Index) -> tuple[Block, ...]:
    still = _still_running(rows)
    added = _added(rows, still)
    line = _line(rows, added, observations)

    def event(row: Index) -> Index:
        return row if line.own is None else line.own[row]

    holding = rows.person if spell is None else spell
    plain, infused, steady = (
        np.flatnonzero(x) for x in ((rows.rate == 0) & (rows.amount > 0), rows.rate > 0, rows.steady > 0)
    )
    dosed, of_dose = event(rows.dose), holding[rows.dose]
    boluses = _Happening(dosed[plain], of_dose[plain], rows.amount[plain], (rows.entry[plain],))
    many = 1.0 + still[infused]
    changes = _Happening(dosed[infused], of_dose[infused], rows.rate[infused] * many, (rows.entry[infused], many))
    if added is not None:
        of, entry = holding[added.row], rows.entry[added.dose]
        boluses = _joined(
            boluses, _Happening(line.added, of, added.amount, (entry,)).chosen(np.flatnonzero(added.amount))
        )
        changes = _joined(changes, _Happening(line.added, of, added.change, (entry, np.sign(added.change))).chosen(np.flatnonzero(added.change)))  # fmt: skip
    ever = (rows.amount == 0)[steady]
    rate = np.where(rows.rate > 0, rows.rate, 1.0)[steady]
    lasting = np.where((rows.rate[steady] > 0) & ~ever, rows.amount[steady] / rate, 0.0)
    states = _Happening(dosed[steady], of_dose[steady], np.where(ever, rate, rows.amount[steady]), (rows.entry[steady], lasting, np.where(ever, 0.0, rows.interval[steady])))  # fmt: skip
    breaks = event(_breaks(rows))
    resets = breaks[~np.isin(breaks, line.first)]
    turned = np.empty(0, dtype=np.intp)
    if spell is not None:
        turned = np.flatnonzero((spell[1:] != spell[:-1]) & (rows.person[1:] == rows.person[:-1])) + 1
    kinds = _Kinds(
        {n: h for i, n in enumerate(entries) if (h := _through(boluses, i)).at.size},
        {n: _stopping(h, breaks) for i, n in enumerate(entries) if (h := _through(changes, i)).at.size},
        {n: h for i, n in enumerate(entries) if (h := _through(states, i)).at.size},
        _Happening(resets, resets, np.ones(resets.size)),
        _Happening(event(turned), holding[turned], np.ones(turned.size)),
    )
    people = rows.first.size - 1
    size = max(1, -(-people // max(1, round(people / _PEOPLE_AT_A_TIME))))
    starts = holding[rows.first[:-1]]
    return tuple(_block(line, slice(i, min(i + size, people)), starts, kinds) for i in range(0, people, size))


def _joined(one: _Happening, other: _Happening) -> _Happening:
    return _Happening(np.concatenate((one.at, other.at)), np.concatenate((one.of, other.of)), np.concatenate((one.amount, other.amount)), tuple(np.concatenate(m) for m in zip(one.more, other.more, strict=True)))  # fmt: skip


def _through(happening: _Happening, entry: int) -> _Happening:
    """Those by one entry, in order of their events; the first of ``more`` is the entry."""
    mine = np.flatnonzero(happening.more[0] == entry)
    made = happening.chosen(mine[np.argsort(happening.at[mine], kind="stable")])
    made.more = made.more[1:]
    return made


def _stopping(changes: _Happening, breaks: Index) -> _Happening:
    """The changes of a rate with 0 where nothing runs any more: there the rate is nothing, not what rounding leaves of it."""
    history = np.searchsorted(breaks, changes.at, side="right")
    running = np.cumsum(changes.more[0])
    running -= (running - changes.more[0])[np.searchsorted(history, history, side="left")]
    changes.more = ((running != 0).astype(np.float64),)
    return changes


class _Kinds(msgspec.Struct):
    """All that happens, by kind and entry."""

    boluses: dict[str, _Happening]
    running: dict[str, _Happening]
    steady: dict[str, _Happening]
    reset: _Happening
    turns: _Happening


def _block(line: _Line, part: slice, starts: Index, kinds: _Kinds) -> Block:
    bounds = line.first[part.start : part.stop + 1]
    low, high = int(bounds[0]), int(bounds[-1])
    counts = line.stop[part] - bounds[:-1]
    order = np.argsort(-counts, kind="stable")
    firsts, falling = bounds[:-1][order] - low, counts[order]
    longest = int(falling[0]) if falling.size else 0
    active = np.searchsorted(-falling, -np.arange(longest), side="left").tolist()
    first = [0, *np.cumsum(active).tolist()]
    step, place = np.empty(first[-1]), np.empty(first[-1], dtype=np.intp)
    steps, places = line.step[low:high], line.place[low:high]
    for level, n in enumerate(active):
        # Every index is within bounds: the mode only tells NumPy not to look.
        steps[level:].take(firsts[:n], out=step[first[level] : first[level + 1]], mode="wrap")
        places[level:].take(firsts[:n], out=place[first[level] : first[level + 1]], mode="wrap")
    rank = np.empty(order.size, dtype=np.intp)
    rank[order] = np.arange(order.size)

    def given(of: _Happening) -> tuple[Given, tuple[NDArray[Any], ...]]:
        mine = np.arange(*np.searchsorted(of.at, (low, high)))
        person = np.searchsorted(bounds, of.at[mine], side="right") - 1
        mine = mine[of.at[mine] < line.stop[part][person]]
        person = np.searchsorted(bounds, of.at[mine], side="right") - 1
        level = of.at[mine] - bounds[person]
        turn = np.argsort(level, kind="stable")
        ordered = of.chosen(mine[turn])
        levels = np.searchsorted(level[turn], np.arange(longest + 1)).tolist()
        return Given(levels, rank[person[turn]], ordered.of, ordered.amount), ordered.more

    def some(of: dict[str, _Happening]) -> dict[str, tuple[Given, tuple[NDArray[Any], ...]]]:
        return {n: made for n, h in of.items() if (made := given(h))[0].who.size}

    return Block(
        active,
        first,
        step,
        place,
        starts[part][order],
        {n: g for n, (g, _) in some(kinds.boluses).items()},
        {n: Running(g, *more) for n, (g, more) in some(kinds.running).items()},
        {n: Steady(g, *more) for n, (g, more) in some(kinds.steady).items()},
        given(kinds.reset)[0],
        given(kinds.turns)[0],
    )
