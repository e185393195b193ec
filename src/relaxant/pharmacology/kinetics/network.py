"""Any linear network of compartments, exact: metabolites, effect sites, cerebrospinal fluid, transit chains, dialysis for a while.

The rate matrix of such a network has nothing negative off its diagonal. Shifted by its largest rate it is wholly nonnegative, and
its exponential is then made by a Taylor polynomial and repeated squaring of nonnegative matrices: sums of positive numbers, so
that every entry keeps its own relative precision, the smallest as the largest (the method of Xue and Ye and of Shao, Gao and
Xue for essentially nonnegative matrices). The relative error grows with the rate times the step, by about one bit a doubling:
under 1e-11 up to a rate times a step of ten thousand.

Rates may change at any time (a dialysis session, an inhibitor started, a child that grew): each stretch of time has its own rates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.pharmacology.kinetics.schedule import Schedule

Floats = NDArray[np.float64]
_SMALL = 0.5  # the largest rate times time that the polynomial is used for; above, by squaring
_TOGETHER = 1000  # subjects at a time: their tables stay in the cache
_FACTORIALS = [1.0]
for _k in range(1, 17):
    _FACTORIALS.append(_FACTORIALS[-1] * _k)


class Network(msgspec.Struct, frozen=True):
    """Rates between compartments: ``rates[to, giver]`` of shape (compartments, compartments, subjects), in 1/time.

    Off the diagonal what one unit of the giver sends on; on it minus what leaves. A card makes one: :func:`relaxant.pharmacology.cards.model.network_of`.
    """

    names: tuple[str, ...]
    rates: Floats

    @property
    def subjects(self) -> int:
        """How many people these are."""
        return int(self.rates.shape[2])


def reached(rates: Floats) -> NDArray[np.bool_]:
    """Where anything can ever come from where: the pattern of the exponential."""
    pattern = np.asarray((rates != 0).any(axis=2)) | np.eye(len(rates), dtype=bool)
    for k in range(len(rates)):
        pattern |= np.outer(pattern[:, k], pattern[k])
    return pattern


def exponential(rates: Floats, time: float) -> Floats:
    """exp(rates * time) of each subject, componentwise accurate. ``rates`` as in :class:`Network`, no negative off the diagonal."""
    if rates.shape[2] > _TOGETHER:
        parts = range(0, rates.shape[2], _TOGETHER)
        return np.concatenate([exponential(rates[:, :, at : at + _TOGETHER], time) for at in parts], axis=2)
    diagonal = np.arange(len(rates))
    scaled = _by_subject(rates) * time
    shift = -scaled[:, diagonal, diagonal].min(axis=1)
    largest = float(shift.max(initial=0.0))
    doublings = max(0, int(np.ceil(np.log2(largest / _SMALL)))) if largest > _SMALL else 0
    scaled /= 2.0**doublings
    shift = shift / 2.0**doublings
    scaled[:, diagonal, diagonal] += shift[:, None]
    np.maximum(scaled, 0.0, out=scaled)
    # exp by a polynomial of degree 16 in powers of the fourth (Paterson and Stockmeyer): six products.
    powers = [np.zeros_like(scaled), scaled]
    powers[0][:, diagonal, diagonal] = 1.0
    for _ in range(3):
        powers.append(powers[-1] @ scaled)
    made = powers[0] / _FACTORIALS[16]
    for block in (12, 8, 4, 0):
        made = made @ powers[4]
        for k in range(4):
            made += powers[k] / _FACTORIALS[block + k]
    made *= np.exp(-shift)[:, None, None]
    for _ in range(doublings):
        made = made @ made
    return np.ascontiguousarray(made.transpose(1, 2, 0))


def _by_subject(rates: Floats) -> Floats:
    """Subjects first: a product of such tables is one call."""
    return np.ascontiguousarray(rates.transpose(2, 0, 1))


class Period(msgspec.Struct, frozen=True):
    """From ``start`` on these rates hold."""

    start: float
    network: Network


def amounts(
    periods: Sequence[Period],
    entries: Mapping[str, tuple[str, Floats | float]],
    prepared: Schedule,
    wanted: Mapping[str, Mapping[str, Floats | float]],
) -> dict[str, Floats]:
    """What is in the network at each observation time: by name a (times, subjects) array of each ``wanted`` output.

    ``entries``: where each entry of the schedule delivers and what reaches it. An output is a weighted sum of compartments:
    ``{"concentration": {"central": 1 / volume}}``. The periods are in order of time; the first holds from the beginning. Observation
    times, doses and changes of rates may fall anywhere. Raises :class:`InputError` for an entry or compartment that is not there.
    """
    names = periods[0].network.names
    if any(p.network.names != names for p in periods):
        raise InputError("periods", names, "the compartments differ between periods", "use the same names in each")
    for entry in prepared.entries:
        if entry not in entries or entries[entry][0] not in names:
            raise InputError("entry", entry, "it leads into no compartment", f"use {', '.join(entries)}")
    subjects = max(
        *(p.network.subjects for p in periods),
        *(np.size(reaching) for _, reaching in entries.values()),
        *(np.size(w) for output in wanted.values() for w in output.values()),
        1,
    )
    place = {name: i for i, name in enumerate(names)}
    running = _infused(prepared)
    weights = {n: [(place[c], w) for c, w in output.items()] for n, output in wanted.items()}
    out = {name: np.zeros((prepared.times.size, subjects)) for name in wanted}
    moves = _Moves(periods, [place[entries[e][0]] for e in running])
    state = np.zeros((len(names) + len(running), subjects))
    for k, stretch in enumerate(prepared.stretches):
        for i, amount, duration, interval in stretch.steady:
            state[: len(names)] = _steady(moves, entries, prepared.entries[i], place, amount, duration, interval, stretch.start, subjects)  # fmt: skip
        for i, amount in stretch.bolus:
            into, reaching = entries[prepared.entries[i]]
            state[place[into]] += amount * reaching
        state[len(names) :] = 0.0
        for i, rate in stretch.running:
            name = prepared.entries[i]
            state[len(names) + running.index(name)] += rate * entries[name][1]
        now = state
        elapsed = stretch.start
        for at in range(stretch.first, stretch.last):
            time = stretch.start + float(prepared.lengths[prepared.offset_of[at]])
            now, elapsed = moves.moved(now, elapsed, time), time
            for name, parts in weights.items():
                out[name][at] = sum(now[i] * weight for i, weight in parts)
        if k + 1 < len(prepared.stretches):
            state = moves.moved(now, elapsed, prepared.stretches[k + 1].start)
    for name, values in out.items():
        if prepared.order is not None:
            out[name] = np.empty_like(values)
            out[name][prepared.order] = values
    return out


def _infused(prepared: Schedule) -> list[str]:
    """The entries by which an infusion ever runs."""
    return [prepared.entries[i] for i in sorted({i for s in prepared.stretches for i, _ in s.running})]


class _Moves:
    """The exponentials of each distinct step of each period, made once. Infusions are compartments that empty into theirs for ever."""

    def __init__(self, periods: Sequence[Period], infused: Sequence[int]) -> None:
        self._starts = [p.start for p in periods]
        self._rates = [_with_infusions(p.network.rates, infused) for p in periods]
        self._made: dict[tuple[int, float], Floats] = {}

    def over(self, period: int, length: float) -> Floats:
        """The transition over a length within one period."""
        key = (period, float(f"{length:.12g}"))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = exponential(self._rates[period], key[1])
        return made

    def at(self, time: float) -> int:
        """The period that holds from a time on."""
        return max(0, sum(start <= time for start in self._starts[1:]))

    def moved(self, state: Floats, start: float, end: float) -> Floats:
        """The state at ``end``, from that at ``start``, through every change of rates between."""
        while start < end:
            period = self.at(start)
            until = min(end, *(s for s in self._starts[1:] if s > start), end)
            state = _times(self.over(period, until - start), state)
            start = until
        return state


def _with_infusions(rates: Floats, infused: Sequence[int]) -> Floats:
    size = len(rates)
    wide = np.zeros((size + len(infused), size + len(infused), rates.shape[2]))
    wide[:size, :size] = rates
    for k, into in enumerate(infused):
        wide[into, size + k] = 1.0
    return wide


def _times(move: Floats, state: Floats) -> Floats:
    """Matrix times vector of each subject."""
    return np.asarray((move * state[None]).sum(axis=1))


def _steady(
    moves: _Moves,
    entries: Mapping[str, tuple[str, Floats | float]],
    entry: str,
    place: Mapping[str, int],
    amount: float,
    duration: float,
    interval: float,
    time: float,
    subjects: int,
) -> Floats:
    """The limit of many doses just before the next: one interval's yield, doubled until nothing is added."""
    period, size = moves.at(time), len(place)
    into, reaching = entries[entry]
    whole = moves.over(period, interval)[:size, :size]
    dose = np.zeros((size, subjects))
    if duration > 0:
        rates = _with_infusions(moves._rates[period][:size, :size], [place[into]])
        during = exponential(rates, duration)[:size, size]
        dose += during * (amount / duration) * reaching
        yielded = _times(moves.over(period, interval - duration)[:size, :size], dose) if interval > duration else dose
    else:
        dose[place[into]] += amount * reaching
        yielded = _times(whole, dose)
    # What leaves nowhere (the area under a curve) has no steady state: it starts at nothing.
    gathers = (moves._rates[period][:size, :size].diagonal() == 0).all(axis=0)
    whole = np.where(gathers[:, None, None], 0.0, whole)
    yielded = np.where(gathers[:, None], 0.0, yielded)
    for _ in range(64):
        more = _times(whole, yielded)
        if (more <= yielded * np.finfo(np.float64).eps / 4).all():
            break
        yielded = yielded + more
        whole = np.ascontiguousarray((_by_subject(whole) @ _by_subject(whole)).transpose(1, 2, 0))
    return yielded
