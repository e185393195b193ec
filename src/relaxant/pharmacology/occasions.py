"""Parameters that change on the way: what somebody has in them when an occasion ends goes on under the next one's parameters.

Within an occasion (or while a covariate holds) parameters are constant. At its start the amounts stay and the rates, clearances and
volumes are new; what a dose brings (bioavailability, lag) goes by the occasion in which it was taken. So nothing is superposed
across a change: amounts are propagated, exactly through the network for a linear card, through the equation solver otherwise. That
is how the field's programs read an occasion column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError
from relaxant.knowledge.cards import Effect, Model, Output
from relaxant.pharmacology.course import GivenDose, entry_of, places_of, volume_of
from relaxant.pharmacology.effects import moderator_of, response, with_moderator
from relaxant.pharmacology.model import amount_in, factor_of, is_linear, network_of
from relaxant.pharmacology.network import Period, amounts
from relaxant.pharmacology.nonlinear import integrate
from relaxant.pharmacology.schedule import Dose, schedule

Floats = NDArray[np.float64]


class Holding(msgspec.Struct, frozen=True):
    """From ``start`` on these parameters hold, (people,) each."""

    start: float
    parameters: Mapping[str, Floats]


def courses_through(
    model: Model,
    holding: Sequence[Holding],
    doses: Sequence[GivenDose],
    wanted: Sequence[tuple[Output | Effect, Floats]],
    *,
    during: Sequence[str] = (),
) -> list[Floats]:
    """Each wanted output or effect at its times, in its own unit; shapes (times, people). ``holding`` are in order of time.

    The first holds from the beginning; lag and duration are the first person's, one at a time where they differ. Raises
    :class:`InputError` for a steady dose of a card that binds or saturates, and as :func:`relaxant.pharmacology.course.course`.
    """
    effects = [chosen for chosen, _ in wanted if isinstance(chosen, Effect)]
    for effect in effects:
        if effect.form == "turnover":
            raise InputError("occasions", effect.effect, "a response with a turnover is followed under parameters that stay", "leave occasions and changes out")  # fmt: skip
        model = with_moderator(model, effect)
    starts = np.array([h.start for h in holding[1:]])
    given = [one for dose in doses for one in _in_parts(model, holding, starts, dose)]
    times = np.unique(np.concatenate([at for _, at in wanted]))
    moderators = [m for effect in effects if (m := moderator_of(effect)) is not None]
    places = list(dict.fromkeys([*(c for o, _ in wanted for c in places_of(o)), *moderators]))
    states = _linear(model, holding, given, times, places, during) if is_linear(model) else _solved(model, holding, given, times, places, during)  # fmt: skip
    return [_measured(model, holding, starts, chosen, at, {c: v[np.searchsorted(times, at)] for c, v in states.items()}) for chosen, at in wanted]  # fmt: skip


def _measured(
    model: Model,
    holding: Sequence[Holding],
    starts: Floats,
    chosen: Output | Effect,
    at: Floats,
    states: Mapping[str, Floats],
) -> Floats:
    """An output of the states at its times, each by the parameters that hold then."""
    made = np.array(sum(states[c] for c in places_of(chosen)), dtype=np.float64)
    volume, stretch = volume_of(model, chosen.of), np.searchsorted(starts, at, side="right")
    for i, held in enumerate(holding):
        here = stretch == i
        if volume is not None:
            made[here] = made[here] / held.parameters[volume]
        if isinstance(chosen, Effect):
            moderator = moderator_of(chosen)
            made[here] = response(chosen, held.parameters, made[here], None if moderator is None else states[moderator][here])  # fmt: skip
    return made / factor_of(chosen.unit, model)


class _Part(msgspec.Struct, frozen=True):
    """Doses that one occasion's parameters bring in: by which entry, into where, what reaches of them."""

    dose: Dose
    into: str
    reaching: Floats


def _in_parts(model: Model, holding: Sequence[Holding], starts: Floats, dose: GivenDose) -> list[_Part]:
    way = entry_of(model, dose)
    amount = amount_in(model, dose.amount, dose.unit, way)
    every = dose.every or 0.0
    taken = dose.time + np.arange(dose.count) * every
    stretch = np.searchsorted(starts, taken, side="right")
    out = []
    for i in np.unique(stretch).tolist():
        parameters, those = holding[i].parameters, taken[stretch == i]
        lag = float(parameters[way.lag][0]) if way.lag else 0.0
        own = float(parameters[way.duration][0]) if way.duration else 0.0
        name = f"{model.inputs.index(way)} in {i}"
        steady = dose.steady and bool(stretch[0] == i)
        made = Dose(time=float(those[0]) + lag, amount=amount, entry=name, duration=dose.infused_over or own, every=dose.every if those.size > 1 or steady else None, count=int(those.size), steady=steady)  # fmt: skip
        out.append(_Part(made, way.into, parameters[way.bioavailability] if way.bioavailability else np.ones(1)))
    return out


def _linear(
    model: Model,
    holding: Sequence[Holding],
    given: Sequence[_Part],
    times: Floats,
    places: Sequence[str],
    during: Sequence[str],
) -> dict[str, Floats]:
    periods = [
        Period(-np.inf if i == 0 else h.start, network_of(model, h.parameters, during=during))
        for i, h in enumerate(holding)
    ]
    entries = {p.dose.entry: (p.into, p.reaching) for p in given}
    apart = [[p.dose] for p in given if p.dose.steady]
    apart.append([p.dose for p in given if not p.dose.steady])
    wanted = {c: {c: 1.0} for c in places}
    found = [amounts(periods, entries, schedule(doses, times), wanted) for doses in apart if doses]
    return {c: np.asarray(sum(f[c] for f in found)) for c in places}


def _solved(
    model: Model,
    holding: Sequence[Holding],
    given: Sequence[_Part],
    times: Floats,
    places: Sequence[str],
    during: Sequence[str],
) -> dict[str, Floats]:
    """One person after the other; at each change what is in the body is given anew to the next parameters."""
    if any(p.dose.steady for p in given):
        raise InputError("doses", model.model, "a card that binds or saturates is followed from the first dose", "give the doses one by one")  # fmt: skip
    people = max(v.size for v in holding[0].parameters.values())
    out = {c: np.zeros((times.size, people)) for c in places}
    edges = [-np.inf, *(h.start for h in holding[1:]), np.inf]
    for person in range(people):
        state: dict[str, float] = {}
        doses = [
            (p.dose.time + i * (p.dose.every or 0.0), p.into, p.dose.amount * float(p.reaching[person % p.reaching.size]), p.dose.duration)
            for p in given
            for i in range(p.dose.count)
        ]  # fmt: skip
        for held, start, end in zip(holding, edges, edges[1:], strict=False):
            own = {n: v[person : person + 1] if v.size > 1 else v for n, v in held.parameters.items()}
            part = [(start, c, a, 0.0) for c, a in state.items() if a > 0]
            for time, into, amount, duration in doses:
                first, last = max(time, start), min(time + duration, end)
                if duration == 0 and start <= time < end:
                    part.append((time, into, amount, 0.0))
                elif duration > 0 and last > first:
                    part.append((first, into, amount * (last - first) / duration, last - first))
            here = np.flatnonzero((times >= start) & (times < end))
            asked = times[here] if end == np.inf else np.append(times[here], end)
            if part and asked.size:
                found = integrate(model, own, part, asked, during=during)
                for c in places:
                    out[c][here, person] = found[c][: here.size]
                state = {c: float(v[-1]) for c, v in found.items()}
    return out
