"""What a skilled person writes in an hour, for the same work: a NumPy recursion on a grid, Numba loops for any times and any events.

They use the plain modal solution (sums that may cancel) and check nothing, which is what such code does.
"""

from __future__ import annotations

import math

import numpy as np


def modes(cl, v1, q, v2, ka, compartments):
    """Rates and amplitudes of one unit given by mouth; rows are modes, the absorption last."""
    if compartments == 1:
        k = cl / v1
        a = ka / v1 / (ka - k)
        return np.stack((k, ka)), np.stack((a, -a))
    k10, k12, k21 = cl / v1, q / v1, q / v2
    total = k10 + k12 + k21
    root = np.sqrt(total * total - 4 * k10 * k21)
    alpha, beta = (total + root) / 2, (total - root) / 2
    a = ka / v1 * (k21 - alpha) / ((ka - alpha) * (beta - alpha))
    b = ka / v1 * (k21 - beta) / ((ka - beta) * (alpha - beta))
    return np.stack((alpha, beta, ka)), np.stack((a, b, -(a + b)))


def numpy_grid(rates, sizes, step, points, every, dose, out):
    """Doses on the grid, every so many points: states multiplied along, summed, one row a time."""
    decays = np.exp(-rates * step)
    given = sizes * dose
    state = np.zeros_like(rates)
    multiply, add = np.multiply, np.add
    for i in range(points):
        if i % every == 0 and i < points - 1:
            add(state, given, out=state)
        row = out[i]
        add(state[0], state[1], out=row)
        for mode in state[2:]:
            add(row, mode, out=row)
        multiply(state, decays, out=state)
    return out


def numba_references():
    """Two compiled loops: any shared times, and everybody's own events. ``None`` without Numba."""
    try:
        import numba
    except ImportError:
        return None

    @numba.njit
    def any_times(rates, sizes, times, dose_times, amounts, out):
        count = rates.shape[0]
        state, decay = np.zeros(count), np.zeros(count)
        for s in range(rates.shape[1]):
            state[:] = 0.0
            now, last, d = min(dose_times[0], times[0]), -1.0, 0
            for i in range(times.size):
                while d < dose_times.size and dose_times[d] <= times[i]:
                    step = dose_times[d] - now
                    if step > 0:
                        for j in range(count):
                            state[j] *= math.exp(-rates[j, s] * step)
                    now = dose_times[d]
                    for j in range(count):
                        state[j] += sizes[j, s] * amounts[d]
                    d += 1
                step = times[i] - now
                if step > 0:
                    if step != last:
                        for j in range(count):
                            decay[j] = math.exp(-rates[j, s] * step)
                        last = step
                    for j in range(count):
                        state[j] *= decay[j]
                now = times[i]
                total = 0.0
                for j in range(count):
                    total += state[j]
                out[i, s] = total
        return out

    @numba.njit
    def own_events(rates, sizes, first, times, doses, amounts, out):
        count = rates.shape[0]
        state = np.zeros(count)
        seen = 0
        for s in range(rates.shape[1]):
            state[:] = 0.0
            now = times[first[s]]
            for i in range(first[s], first[s + 1]):
                step = times[i] - now
                if step > 0:
                    for j in range(count):
                        state[j] *= math.exp(-rates[j, s] * step)
                    now = times[i]
                if doses[i]:
                    for j in range(count):
                        state[j] += sizes[j, s] * amounts[i]
                else:
                    total = 0.0
                    for j in range(count):
                        total += state[j]
                    out[seen] = total
                    seen += 1
        return out

    return any_times, own_events
