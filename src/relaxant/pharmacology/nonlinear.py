"""Kinetics that no linear network has: drugs that bind each other, flows that saturate, through a library's solver of stiff equations.

The solver is LSODA as SciPy carries it (extra ``relaxant[nonlinear]``); it is started anew at every dose and every end of an
infusion, where the right side jumps. One person at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError, RelaxantError
from relaxant.knowledge.cards import Model
from relaxant.pharmacology.model import linear_part

Floats = NDArray[np.float64]
_RELATIVE, _ABSOLUTE = 1e-9, 1e-12  # of each compartment, and of the largest amount given


def available() -> bool:
    """Whether the solver is installed."""
    return find_spec("scipy") is not None


def integrate(
    model: Model,
    parameters: Mapping[str, Floats],
    given: Sequence[tuple[float, str, float, float]],
    times: Floats,
    *,
    during: Sequence[str] = (),
    areas: bool = False,
) -> dict[str, Floats]:
    """What is in each compartment at each time, for one person: amounts, concentrations at effect sites, areas where asked for.

    ``given``: (time, compartment, amount, duration), a duration of 0 for at once. ``times`` ascend; an observation at the time of
    a dose is taken after it. Raises :class:`InputError` for parameters of more than one person, :class:`RelaxantError` without SciPy
    or where the solver gives up.
    """
    if not available():
        raise RelaxantError("this card needs an equation solver: install relaxant[nonlinear]")
    if any(v.size != 1 for v in parameters.values()):
        raise InputError("parameters", len(parameters), "they are of several people", "integrate one person at a time")
    from scipy.integrate import solve_ivp  # half a second to load: only where it is used

    network = linear_part(model, parameters, during=during, areas=areas)
    matrix = network.rates[:, :, 0]
    place = {name: i for i, name in enumerate(network.names)}
    one = {name: float(v[0]) for name, v in parameters.items()}
    volume = {c.compartment: one[c.volume] for c in model.compartments if c.volume}
    bindings = [
        (place[b.one], place[b.other], place[b.complex], one[b.off] / one[b.dissociation] if b.dissociation else one[str(b.on)], one[b.off], volume[b.one], volume[b.other])
        for b in model.bindings
    ]  # fmt: skip
    saturable = [
        (place[f.giver], None if f.to is None else place[f.to], f.ratio, one[f.rate] if f.rate else one[str(f.clearance)] / volume[f.giver], one[f.saturable] * volume[f.giver])
        for f in model.flows
        if f.saturable and (f.during is None or f.during in during)
    ]  # fmt: skip
    removals = [
        (place[c.compartment], place[c.removed_by], one[c.removal], volume[c.removed_by])
        for c in model.compartments
        if c.removal and c.removed_by
    ]
    running = np.zeros(len(place))

    def change(_: float, state: Floats) -> Floats:
        out = matrix @ state + running
        for free, binder, bound, on, off, own, others in bindings:
            joined = on * (state[free] / own) * (state[binder] / others) * others - off * state[bound]
            out[free] -= joined
            out[binder] -= joined
            out[bound] += joined
        for giver, to, ratio, rate, half in saturable:
            flux = rate * state[giver] / (1 + state[giver] / half)
            out[giver] -= flux
            if to is not None:
                out[to] += flux * ratio
        for site, remover, rate, own in removals:
            out[site] -= rate * (state[remover] / own) * state[site]
        return np.asarray(out)

    marks = sorted({t for t, _, _, _ in given} | {t + d for t, _, _, d in given if d > 0})
    scale = max((amount for _, _, amount, _ in given), default=1.0) or 1.0
    state, out = np.zeros(len(place)), np.zeros((len(place), times.size))
    for i, mark in enumerate(marks):
        for time, into, amount, duration in given:
            if time == mark and duration == 0:
                state[place[into]] += amount
            if duration > 0 and time == mark:
                running[place[into]] += amount / duration
            if duration > 0 and time + duration == mark:
                running[place[into]] -= amount / duration
        end = marks[i + 1] if i + 1 < len(marks) else max(mark, float(times[-1]) if times.size else mark)
        inside = (times >= mark) & ((times < end) | (i + 1 == len(marks)))
        asked = np.unique(np.append(times[inside], end))
        if end == mark:
            out[:, inside] = state[:, None]
            continue
        solved = solve_ivp(
            change, (mark, end), state, method="LSODA", t_eval=asked, rtol=_RELATIVE, atol=_ABSOLUTE * scale
        )
        if not solved.success:
            raise RelaxantError(f"{model.model}: the solver stopped at {solved.t[-1]:g}: {solved.message}")
        out[:, inside] = solved.y[:, np.searchsorted(asked, times[inside])]
        state = solved.y[:, -1].copy()
    return {name: np.maximum(out[i], 0.0) for name, i in place.items()}
