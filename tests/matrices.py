"""Many models at once in NumPy's extended precision: the matrix exponential of each whole rate matrix, shifted so that nothing is subtracted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Extended = np.longdouble
EPS = float(np.finfo(Extended).eps)
_TERMS = 22  # of the exponential of something of at most one half: the next is under 1e-28


def exponentials(rates: np.ndarray, times: np.ndarray) -> np.ndarray:
    """exp(rates * time) of each of (models, size, size), in extended precision. Off the diagonal nothing is negative."""
    size = rates.shape[1]
    scaled = rates * times[:, None, None]
    diagonal = np.einsum("bii->bi", scaled)
    shift = -diagonal.min(axis=1)
    largest = float(np.abs(scaled).sum(axis=1).max(initial=0.0)) + float(shift.max(initial=0.0))
    doublings = max(0, int(np.ceil(np.log2(max(largest, 1e-300)))) + 1)
    scaled, shift = scaled / Extended(2) ** doublings, shift / Extended(2) ** doublings
    np.einsum("bii->bi", scaled)[:] += shift[:, None]
    np.maximum(scaled, 0, out=scaled)
    made = np.broadcast_to(np.eye(size, dtype=Extended), scaled.shape).copy()
    term = made.copy()
    for k in range(1, _TERMS):
        term = term @ scaled / k
        made += term
    made *= np.exp(-shift)[:, None, None]
    for _ in range(doublings):
        made = made @ made
    return made


def central(models: Sequence[tuple[Sequence[tuple[float, float]], float, float, float, Sequence[tuple[float, str, float, float]], Sequence[float]]]) -> list[np.ndarray]:  # fmt: skip
    """The central concentration of each mammillary model at its times.

    A model is (exchange rates to and back of each peripheral, rate out, volume, absorption rate, events, times); an event (time, ``gut`` or
    ``vein``, amount, duration), before an observation at its time.
    """
    size = 6  # gut, centre, two peripherals, and what runs into the gut and into the centre
    rates = np.zeros((len(models), size, size), dtype=Extended)
    for m, (exchange, leaving, _, absorption, _, _) in enumerate(models):
        rates[m, 0, 0], rates[m, 1, 0] = -absorption, absorption
        rates[m, 1, 1] = -Extended(leaving) - sum((Extended(to) for to, _ in exchange), start=Extended(0))
        for i, (to, back) in enumerate(exchange):
            rates[m, 2 + i, 1], rates[m, 1, 2 + i], rates[m, 2 + i, 2 + i] = to, back, -Extended(back)
        rates[m, 0, 4] = rates[m, 1, 5] = 1
    marks = [sorted({Extended(t) for t in times} | {Extended(t) for t, *_ in events} | {Extended(t) + Extended(d) for t, _, _, d in events}) for *_, events, times in models]  # fmt: skip
    state = np.zeros((len(models), size), dtype=Extended)
    seen: list[dict[float, np.longdouble]] = [{} for _ in models]
    for k in range(max(map(len, marks))):
        steps = np.array([own[k] - own[k - 1] if 0 < k < len(own) else Extended(0) for own in marks], dtype=Extended)
        if k:
            state = (exponentials(rates, steps) @ state[:, :, None])[:, :, 0]
        for m, own in enumerate(marks):
            if k >= len(own):
                continue
            state[m, 4:] = 0
            for time, place, amount, duration in models[m][4]:
                into = 0 if place == "gut" else 1
                if duration == 0 and Extended(time) == own[k]:
                    state[m, into] += amount
                if duration > 0 and Extended(time) <= own[k] < Extended(time) + Extended(duration):
                    state[m, 4 + into] += Extended(amount) / Extended(duration)
            seen[m][float(own[k])] = state[m, 1] / Extended(models[m][2])
    return [np.array([seen[m][t] for t in models[m][5]]) for m in range(len(models))]
