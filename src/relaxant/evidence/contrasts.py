"""Trials with arms as contrasts against each trial's first arm, with the covariance that a common arm makes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from relaxant.errors import InputError

Floats = NDArray[np.float64]
_HALF = 0.5


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """An arm for pooling: a treatment with ``value`` (a log odds, a log risk, a mean) and its sampling ``variance``."""

    treatment: str
    value: float
    variance: float


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """Contrasts of trials. ``y``: (m,); ``V``: their covariance; ``R``: 1, and 1/2 between contrasts of one trial; ``X``: (m, treatments but the
    reference), in the order of ``treatments``; ``trials``: which trial a contrast is of."""

    y: Floats
    V: Floats
    R: Floats
    X: Floats
    treatments: tuple[str, ...]
    reference: str
    trials: tuple[int, ...]


def log_odds(count: float, n: float, *, add: float = 0.0) -> tuple[float, float]:
    """The log odds of events and its variance, with ``add`` added to each cell. Raises :class:`InputError` for an empty cell."""
    events, others = _cell("events", count + add), _cell("people without", n - count + add)
    return float(np.log(events / others)), 1 / events + 1 / others


def log_risk(count: float, n: float, *, add: float = 0.0) -> tuple[float, float]:
    """The log risk of events and its variance, with ``add`` added to each cell. Raises :class:`InputError` where there is no event."""
    events, all_of_them = _cell("events", count + add), n + 2 * add
    return float(np.log(events / all_of_them)), 1 / events - 1 / all_of_them


def log_risks(counts: Sequence[tuple[int, int]]) -> list[tuple[float, float]]:
    """The log risk and its variance in the arms of one trial, of each the events and the people.

    A half is added to each cell where an arm has no event, or everybody in two arms has one: without it a logarithm or a spread is missing.
    """
    bare = any(count == 0 for count, _ in counts) or sum(count == n for count, n in counts) > 1
    return [log_risk(count, n, add=_HALF if bare else 0.0) for count, n in counts]


def _cell(what: str, count: float) -> float:
    if count <= 0:
        raise InputError(what, count, "a cell without anybody has no logarithm", "add a half to each cell of the trial")
    return count


def network(trials: Sequence[Sequence[Group]], reference: str) -> Network:
    """The contrasts of trials of two arms or more. Raises :class:`InputError` for one that has a treatment twice or fewer than two."""
    treatments = tuple(sorted({g.treatment for trial in trials for g in trial} - {reference}))
    place = {name: i for i, name in enumerate(treatments)}
    y, rows, blocks, owner = [], [], [], []
    for number, trial in enumerate(trials):
        named = [g.treatment for g in trial]
        if len(named) < 2 or len(set(named)) < len(named):
            raise InputError("trials", ", ".join(named), "a trial compares two treatments or more", "pool arms of one treatment first")  # fmt: skip
        base, *others = trial
        for group in others:
            row = np.zeros(len(treatments))
            for name, sign in ((group.treatment, 1.0), (base.treatment, -1.0)):
                if name != reference:
                    row[place[name]] += sign
            y.append(group.value - base.value)
            rows.append(row)
            owner.append(number)
        blocks.append(base.variance + np.diag([g.variance for g in others]))
    return Network(
        y=np.array(y),
        V=_blocks(blocks),
        R=_blocks([np.where(np.eye(len(b)) == 1, 1.0, _HALF) for b in blocks]),
        X=np.array(rows),
        treatments=treatments,
        reference=reference,
        trials=tuple(owner),
    )


def _blocks(blocks: Sequence[Floats]) -> Floats:
    size = sum(len(b) for b in blocks)
    out, at = np.zeros((size, size)), 0
    for block in blocks:
        out[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return out
