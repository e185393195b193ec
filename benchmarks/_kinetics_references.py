"""What a skilled person writes in an hour, for the same work: a NumPy recursion on a grid, Numba loops for any times and any events, a JAX scan.

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


def jax_any_times():
    """One compiled scan over all marks of time, in double precision, each distinct step's exponentials made once. ``None`` without JAX."""
    try:
        import jax
    except ImportError:
        return None
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def walk(rates, sizes, steps, step_of, amounts):
        decays = jnp.exp(-rates[None] * steps[:, None, None])

        def move(state, mark):
            which, amount = mark
            state = state * decays[which] + sizes * amount
            return state, state.sum(axis=0)

        return jax.lax.scan(move, jnp.zeros_like(rates), (step_of, amounts))[1]

    def prepared(times, dose_times, amounts):
        """The marks of a regimen: distinct steps, which leads to each mark, what is given there, which marks are observations."""
        marks = np.unique(np.concatenate((times, dose_times)))
        given = np.zeros(marks.size)
        np.add.at(given, np.searchsorted(marks, dose_times), amounts)
        steps, which = np.unique(np.diff(marks, prepend=marks[0]).round(9), return_inverse=True)
        return jnp.asarray(steps), jnp.asarray(which), jnp.asarray(given), jnp.asarray(np.searchsorted(marks, times))

    def run(rates, sizes, made):
        steps, which, given, seen = made
        return walk(rates, sizes, steps, which, given)[seen].block_until_ready()

    return jnp.asarray, prepared, run
