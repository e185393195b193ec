"""An event table followed one person and one record at a time, by matrix exponentials of compartments: slow, and plain to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.linalg import expm

Row = Mapping[str, float]


def rates(gut: float, muscle: float, cl: float, v: float, exchanges: Sequence[tuple[float, float]]) -> np.ndarray:
    """The rate matrix of two absorbing places, the central compartment and its peripherals."""
    size = 3 + len(exchanges)
    out = np.zeros((size, size))
    out[0, 0], out[2, 0] = -gut, gut
    out[1, 1], out[2, 1] = -muscle, muscle
    out[2, 2] = -cl / v
    for i, (q, other) in enumerate(exchanges):
        out[2, 2] -= q / v
        out[3 + i, 2], out[2, 3 + i], out[3 + i, 3 + i] = q / v, q / other, -q / other
    return out


def _moved(matrix: np.ndarray, state: np.ndarray, running: np.ndarray, time: float) -> np.ndarray:
    size = len(state)
    wide = np.zeros((size + 1, size + 1))
    wide[:size, :size], wide[:size, size] = matrix, running
    return (expm(wide * time) @ np.append(state, 1.0))[:size]


def followed(
    rows: Sequence[Row],
    parameters: Callable[[Row], tuple[np.ndarray, float, Sequence[float]]],
    doses_to_steady: int = 5000,
) -> list[float]:
    """The concentration at each observation of one person. ``parameters`` of a row: rate matrix, volume, what reaches by compartment."""
    matrix, volume, reaching = parameters(rows[0])
    places = (0, 2, 1)  # compartment 1 is the gut, 2 the vein, 3 the muscle
    state, running = np.zeros(len(matrix)), np.zeros(len(matrix))
    pending: list[
        tuple[float, str, int, float, float]
    ] = []  # time, what, place, amount or rate, rate of an infusion to come
    now, out = rows[0]["TIME"], []

    def until(time: float) -> None:
        nonlocal state, now
        state = _moved(matrix, state, running, time - now)
        now = time

    def give(place: int, amount: float, rate: float, share: float) -> None:
        if rate:
            running[place] += rate * share
            pending.append((now + amount / rate, "end", place, rate * share, 0.0))
        else:
            state[place] += amount * share

    for row in rows:
        while pending and min(pending)[0] <= row["TIME"] and row["EVID"] not in (3, 4):
            each = min(pending)
            pending.remove(each)
            until(each[0])
            if each[1] == "end":
                running[each[2]] = (
                    max(running[each[2]] - each[3], 0.0)
                    if any(p[1] == "end" and p[2] == each[2] for p in pending)
                    else 0.0
                )
            else:
                give(each[2], each[3], each[4], reaching[places.index(each[2])])
        if row["EVID"] in (3, 4):
            state, running, now = np.zeros_like(state), np.zeros_like(running), row["TIME"]
            pending.clear()
        until(row["TIME"])
        matrix, volume, reaching = parameters(row)
        if row["EVID"] in (1, 4):
            place = places[int(row["CMT"]) - 1]
            share, amount, rate, every = reaching[int(row["CMT"]) - 1], row["AMT"], row["RATE"], row["II"]
            if row["SS"] == 1:
                state, running = np.zeros_like(state), np.zeros_like(running)
                pending.clear()
            unit = np.zeros_like(state)
            unit[place] = share
            if row["SS"] and not amount:
                state += np.linalg.solve(-matrix, unit * rate)
                running[place] += rate * share
                pending.append((np.inf, "end", place, rate * share, 0.0))
            elif row["SS"]:
                lasts = amount / rate if rate else 0.0
                still = max(int(np.ceil(lasts / every)) - 1, 0)
                for k in range(1, still + 1):
                    state += _moved(matrix, np.zeros_like(state), unit * rate, k * every)
                    running[place] += rate * share
                    pending.append((now + lasts - k * every, "end", place, rate * share, 0.0))
                one = _moved(matrix, np.zeros_like(state), unit * rate, lasts) if rate else unit * amount
                one = expm(matrix * ((still + 1) * every - lasts)) @ one
                cycle = expm(matrix * every)
                for _ in range(doses_to_steady):
                    state += one
                    one = cycle @ one
            if amount:
                give(place, amount, rate, share)
            pending += [(now + k * every, "dose", place, amount, rate) for k in range(1, int(row["ADDL"]) + 1)]
        if row["EVID"] == 0:
            out.append(float(state[2] / volume))
    return out
