"""One regimen and one axis of times, but everybody's own lag and own duration of absorption: each dose arrives when it does for that person.

Between observations all people move alike, by the factors of each distinct time between two (:mod:`relaxant.pharmacology.kinetics.linear`). A dose that
arrives in between adds, at the next observation, what it has become by then: only that is of each person's own time, so what is
computed person by person is three exponentials a dose, not three an observation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.kinetics.closed_forms import between, filled, poured, steady
from relaxant.pharmacology.kinetics.disposition import Disposition
from relaxant.pharmacology.kinetics.entries import Entry, of_people, people_of
from relaxant.pharmacology.kinetics.linear import concentration
from relaxant.pharmacology.kinetics.moves import Everybody, Move, add_up
from relaxant.pharmacology.kinetics.schedule import Dose, schedule

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
_CHUNK = 2500  # people at a time: what each dose has become for each of them stays in the cache
_KEPT = 64  # distinct times between observations whose factors are kept
_NOISE = 8 * np.finfo(np.float64).eps


def concentration_own_lags(
    disposition: Disposition,
    entries: Mapping[str, Entry],
    doses: Sequence[Dose],
    times: ArrayLike,
    *,
    lags: Mapping[str, ArrayLike],
    durations: Mapping[str, ArrayLike] | None = None,
) -> Floats:
    """The central concentration of people who share doses and times, each with an own lag and duration. Shape (times, people).

    ``lags`` and ``durations`` are by entry, one value or one a person, in the unit of the times; a duration makes every dose by that entry an
    infusion over it (zero-order absorption, into a depot where the entry has one) unless the dose has one of its own. An observation at the
    time at which a dose arrives is taken just after it. A steady dose stands alone (steady states add up, course by course): from its
    time on everybody is where the doses before it have led, those that are still to arrive among them. Raises :class:`InputError`
    for a lag or a duration that is no time, for a steady dose beside others or one that lasts longer than its interval, and as
    :func:`relaxant.pharmacology.kinetics.linear.concentration`.
    """
    late = {n: _time("lags", n, v) for n, v in lags.items()}
    lasting = {n: _time("durations", n, v) for n, v in (durations or {}).items()}
    own = [v for v in (*late.values(), *lasting.values()) if v.size > 1 and np.ptp(v) > 0]
    steady_late = any(d.steady and late.get(d.entry, np.zeros(1)).any() for d in doses)
    if not own and not steady_late:
        return concentration(disposition, entries, schedule([_shifted(d, late, lasting) for d in doses], times))
    if any(d.steady for d in doses) and len(doses) > 1:
        raise InputError("dose.steady", "true", "it is beside other doses", "give each steady state a course of its own: courses add up")  # fmt: skip
    count = max(disposition.subjects, *(v.size for v in own), *(people_of(e) for e in entries.values()))
    for name, values in (
        *((f"lags of {n}", v) for n, v in late.items()),
        *((f"durations of {n}", v) for n, v in lasting.items()),
    ):
        if values.size not in (1, count):
            raise InputError(name, values.size, f"there are {count} people", "give one value or as many")
    if disposition.subjects not in (1, count):
        raise InputError("disposition", disposition.subjects, f"there are {count} people", "give one or as many")
    prepared = schedule(doses, times)  # which checks them
    sorted_times = prepared.times
    noise = _NOISE * max(float(np.abs(sorted_times).max(initial=0.0)), 1.0)
    out = np.empty((sorted_times.size, count))
    zero = np.zeros(1)
    for start in range(0, count, _CHUNK):
        part = slice(start, min(start + _CHUNK, count))
        people, ways = of_people(disposition, entries, prepared.entries, part, count)
        happening = [
            _by(people, way, _arriving([d for d in doses if d.entry == n], _mine(late.get(n, zero), part), _mine(lasting.get(n, zero), part), people, way, sorted_times, noise), sorted_times, noise)
            for n, way in zip(prepared.entries, ways, strict=True)
        ]  # fmt: skip
        _along(people, ways, happening, sorted_times, out[:, part])
    if prepared.order is not None:
        out[prepared.order] = out.copy()
    return out


def _time(field: str, name: str, values: ArrayLike) -> Floats:
    made = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if made.ndim != 1 or not ((made >= 0) & (made < np.inf)).all():
        raise InputError(f"{field} of {name}", str(values), "it is no time for every person", "give 0 or more")
    return made


def _mine(values: Floats, part: slice) -> Floats:
    return values[part] if values.size > 1 else values


def _shifted(dose: Dose, late: Mapping[str, Floats], lasting: Mapping[str, Floats]) -> Dose:
    lag, lasts = (float(of[dose.entry][0]) if dose.entry in of else 0.0 for of in (late, lasting))
    return msgspec.structs.replace(dose, time=dose.time + lag, duration=dose.duration or lasts)


class _Arriving(msgspec.Struct):
    """Doses by one entry as they arrive, one a dose and person: when, to whom, how much, over how long (0: at once).

    None counts before the observation ``least``. ``before`` is what a steady state has left in everybody by then.
    """

    time: Floats
    who: Index
    amount: Floats
    lasts: Floats
    least: int
    before: tuple[Floats, Floats | None] | None


def _arriving(
    doses: Sequence[Dose], late: Floats, lasting: Floats, people: Disposition, entry: Entry, times: Floats, noise: float
) -> _Arriving:
    size, first, before, least = people.subjects, 0, None, 0
    arrived = np.full(size, -1.0)
    if doses[0].steady:
        dose, every = doses[0], float(doses[0].every or 0.0)
        lasts = np.broadcast_to(dose.duration or lasting, size)
        if (lasts > every).any():
            raise InputError("durations", float(lasts.max()), f"it is longer than the interval of {every:g}", "give the doses one by one")  # fmt: skip
        least = int(np.searchsorted(times, dose.time - noise))
        now = times[least] if least < times.size else dose.time
        arrived = np.broadcast_to(
            np.minimum(np.floor((now + noise - dose.time - late) / every), dose.count - 1.0), size
        )
        elapsed = np.maximum(now - (dose.time + late + arrived * every), 0.0)
        first = int(arrived.min())
        before = _settled(people, entry, dose.amount * entry.reaching, lasts, every, elapsed)
    given = [(d.time + k * (d.every or 0.0), d.amount, d.duration, k) for d in doses for k in range(first, d.count)]
    time, amount, lasts, turn = (np.array(column)[:, None] for column in zip(*given, strict=True))
    # Of a steady train the dose that came last counts as a dose: what came before it is in the state that it left.
    counted = np.flatnonzero((turn >= np.maximum(arrived, first)).ravel()) if doses[0].steady else slice(None)
    when, who, much, over = (
        np.broadcast_to(part, (len(given), size)).ravel()[counted]
        for part in (time + late, np.arange(size), amount * entry.reaching, np.where(lasts > 0, lasts, lasting))
    )
    return _Arriving(when, who, much, over, least, before)


def _settled(
    people: Disposition, entry: Entry, amount: Floats | float, lasts: Floats, every: float, elapsed: Floats
) -> tuple[Floats, Floats | None]:
    """What all doses before the last one of a steady train are ``elapsed`` after that one: modes and depot."""
    into = people.weights / people.volume
    modes, depot = steady(people.rates, into, entry.absorption, np.asarray(amount), lasts, np.asarray(every))
    modes = modes * np.exp(-people.rates * elapsed)
    if depot is None:
        return modes, None
    left, waits = _grown(people, entry, np.arange(people.subjects), depot, None, elapsed)
    return modes + left, waits


class _Joining(msgspec.Struct):
    """What joins at an observation, in order of observations (``first`` of each): to whom, how much to the modes and to the depot."""

    first: list[int]
    who: Index
    modes: Floats
    depot: Floats | None


class _Changing(msgspec.Struct):
    """Infusions that begin at (after) an observation or end before it, in order of observations: whose, and the rate."""

    first: list[int]
    who: Index
    rate: Floats


class _By(msgspec.Struct):
    """All that happens by one entry."""

    joining: _Joining
    begins: _Changing
    ends: _Changing


def _by(people: Disposition, entry: Entry, doses: _Arriving, times: Floats, noise: float) -> _By:
    """At which observations each dose joins, and what it has become by then."""
    count = times.size
    end = doses.time + doses.lasts
    at = np.maximum(np.searchsorted(times, doses.time - noise), doses.least)
    last = np.maximum(np.searchsorted(times, end - noise), doses.least)
    rate = doses.amount / np.where(doses.lasts > 0, doses.lasts, 1.0)
    bolus, whole = np.flatnonzero((doses.lasts == 0) & (at < count)), np.flatnonzero((doses.lasts > 0) & (at == last) & (at < count))  # fmt: skip
    begun = np.flatnonzero((doses.lasts > 0) & (at < last))
    ended = begun[last[begun] < count]

    def since(observation: Index, moment: Floats) -> Floats:
        return np.asarray(np.maximum(times[observation] - moment, 0.0))

    made = [
        (at[bolus], doses.who[bolus], _grown(people, entry, doses.who[bolus], doses.amount[bolus], None, since(at[bolus], doses.time[bolus]))),
        (at[whole], doses.who[whole], _grown(people, entry, doses.who[whole], rate[whole], doses.lasts[whole], since(last[whole], end[whole]))),
        (at[begun], doses.who[begun], _grown(people, entry, doses.who[begun], rate[begun], since(at[begun], doses.time[begun]), np.zeros(begun.size))),
        (last[ended], doses.who[ended], _grown(people, entry, doses.who[ended], rate[ended], np.maximum(end[ended] - times[last[ended] - 1], 0.0), since(last[ended], end[ended]))),
    ]  # fmt: skip
    if doses.before is not None and doses.least < count:
        made.append((np.full(people.subjects, doses.least), np.arange(people.subjects), doses.before))
    where, who = np.concatenate([m[0] for m in made]), np.concatenate([m[1] for m in made])
    turn, first = _ordered(where, count)
    modes = np.concatenate([m[2][0] for m in made], axis=1)[:, turn]
    depots = [m[2][1] for m in made if m[2][1] is not None]
    begins, begins_first = _ordered(at[begun], count)
    ends, ends_first = _ordered(last[ended], count)
    return _By(
        _Joining(first, who[turn], modes, np.concatenate(depots)[turn] if depots else None),
        _Changing(begins_first, doses.who[begun][begins], rate[begun][begins]),
        _Changing(ends_first, doses.who[ended][ends], rate[ended][ends]),
    )


def _ordered(at: Index, count: int) -> tuple[Index, list[int]]:
    turn = np.argsort(at.astype(np.uint16) if count < 2**16 else at, kind="stable")
    return turn, np.searchsorted(at[turn], np.arange(count + 1)).tolist()


def _grown(
    people: Disposition, entry: Entry, who: Index, amount: Floats, filling: Floats | None, after: Floats
) -> tuple[Floats, Floats | None]:
    """What doses become ``after`` so long: modes and depot. Amounts given at once, or rates that run for ``filling``."""
    rates, into = people.rates[:, who], (people.weights / people.volume)[:, who]
    stays = np.exp(-rates * after)
    if entry.absorption is None:
        return into * amount * stays * (1.0 if filling is None else filled(rates, filling)), None
    absorption = entry.absorption[who]
    waits = np.exp(-absorption * after)
    modes = np.zeros_like(rates)
    if filling is not None:
        modes, amount = amount * poured(absorption, rates, filling) * stays, amount * filled(absorption, filling)
    return into * (modes + amount * absorption * between(absorption, rates, after, waits, stays)), amount * waits


def _along(people: Disposition, entries: list[Entry], happening: list[_By], times: Floats, out: Floats) -> None:
    """From observation to observation."""
    size = out.shape[1]
    infused = tuple(i for i, h in enumerate(happening) if h.begins.who.size)
    everybody = Everybody(people, entries, infused, size)
    hops = np.diff(times)
    distinct, which = _distinct(hops)
    uses, kept = np.bincount(which, minlength=distinct), dict[int, Move]()
    rates, many = np.zeros((len(entries), size)), np.zeros((len(entries), size), dtype=np.intp)
    modes = list(everybody.modes)
    for i in range(times.size):
        for e in infused:
            ends = happening[e].ends
            who = ends.who[ends.first[i] : ends.first[i + 1]]
            if who.size:
                np.subtract.at(rates[e], who, ends.rate[ends.first[i] : ends.first[i + 1]])
                np.subtract.at(many[e], who, 1)
                rates[e, who] = np.where(many[e, who] > 0, np.maximum(rates[e, who], 0.0), 0.0)
        if i and hops[i - 1] > 0:
            move = kept.get(int(which[i - 1]))
            if move is None:
                move = everybody.factors(hops[i - 1 : i])
                if uses[which[i - 1]] > 1 and len(kept) < _KEPT:
                    kept[int(which[i - 1])] = move
            everybody.move(move, [(everybody.row.get(e), rates[e]) for e in infused if many[e].any()])
        for e, by in enumerate(happening):
            joins, begins = by.joining, by.begins
            now = slice(joins.first[i], joins.first[i + 1])
            if now.start < now.stop:
                for mode, much in zip(modes, joins.modes, strict=True):
                    np.add.at(mode, joins.who[now], much[now])
                if joins.depot is not None:
                    np.add.at(everybody.state[everybody.row[e]], joins.who[now], joins.depot[now])
            now = slice(begins.first[i], begins.first[i + 1])
            if now.start < now.stop:
                np.add.at(rates[e], begins.who[now], begins.rate[now])
                np.add.at(many[e], begins.who[now], 1)
        add_up(modes, out[i])


def _distinct(hops: Floats) -> tuple[int, Index]:
    """How many distinct times there are between observations, and which each is, up to rounding."""
    turn = np.argsort(hops, kind="stable")
    noise = _NOISE * max(float(hops.sum()), 1.0)
    which = np.empty(hops.size, dtype=np.intp)
    which[turn] = np.cumsum(np.diff(hops[turn], prepend=hops[turn[:1]]) > noise)
    return int(which.max(initial=-1)) + 1, which
