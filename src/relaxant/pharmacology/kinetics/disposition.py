"""How a drug leaves the central compartment: one to three compartments as a sum of exponentials with positive weights.

A unit bolus into the central compartment of a mammillary model leaves ``sum_j weights_j * exp(-rates_j * t)`` of itself there.
Rates and weights are all positive, so everything that follows from them is computed by adding positive numbers, and no digits
are lost, however near to each other the rates lie.

Shapes: ``rates`` and ``weights`` are (modes, subjects), ``volume`` is (subjects,). Units are the caller's, the same throughout:
litres and hours give rates in 1/h.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relaxant.errors import InputError

Floats = NDArray[np.float64]


class Disposition(msgspec.Struct, frozen=True):
    """The exponentials of the central compartment and the volume that turns an amount into a concentration.

    ``others`` are the peripheral volumes (peripheral compartments, subjects), ``vectors`` the orthonormal modes of three compartments
    (subjects, compartments, modes); both are asked for where a person's parameters change on the way (:func:`basis`).
    """

    rates: Floats
    weights: Floats
    volume: Floats
    others: Floats | None = None
    vectors: Floats | None = None

    @property
    def subjects(self) -> int:
        """How many people these are."""
        return int(self.volume.size)


def one_compartment(clearance: ArrayLike, volume: ArrayLike) -> Disposition:
    """One compartment. Raises :class:`InputError` where clearance or volume is not a positive number.

    >>> one_compartment(10, 50).rates
    array([[0.2]])
    """
    cl, v = _positive(clearance=clearance, volume=volume)
    return Disposition((cl / v)[None], np.ones((1, v.size)), v)


def two_compartments(
    clearance: ArrayLike, volume: ArrayLike, exchange: ArrayLike, peripheral_volume: ArrayLike
) -> Disposition:
    """Two compartments with an intercompartmental clearance. Raises :class:`InputError` as :func:`one_compartment`."""
    cl, v, q, v2 = _positive(clearance=clearance, volume=volume, exchange=exchange, peripheral_volume=peripheral_volume)
    leaving, back, forth = cl / v, q / v2, q / v
    # The roots of x^2 - (leaving + forth + back) x + leaving * back: the difference of the squares is a sum of positives.
    apart = np.sqrt((leaving + forth - back) ** 2 + 4 * forth * back)
    fast = (leaving + forth + back + apart) / 2
    slow = leaving * back / fast
    # (fast - back) * (back - slow) = forth * back: the larger factor is computed, the smaller follows without cancellation.
    ahead = leaving + forth - back
    fast_less_back = np.where(ahead >= 0, (ahead + apart) / 2, 2 * forth * back / (apart - ahead))
    back_less_slow = forth * back / fast_less_back
    return Disposition(np.stack((fast, slow)), np.stack((fast_less_back / apart, back_less_slow / apart)), v, v2[None])


def three_compartments(
    clearance: ArrayLike,
    volume: ArrayLike,
    exchange: ArrayLike,
    peripheral_volume: ArrayLike,
    second_exchange: ArrayLike,
    second_volume: ArrayLike,
) -> Disposition:
    """Three compartments, both peripheral ones in exchange with the central one. Raises :class:`InputError` as above."""
    cl, v, q2, v2, q3, v3 = _positive(
        clearance=clearance,
        volume=volume,
        exchange=exchange,
        peripheral_volume=peripheral_volume,
        second_exchange=second_exchange,
        second_volume=second_volume,
    )
    arrow = np.zeros((v.size, 3, 3))
    # Scaled by the roots of the volumes the rate matrix is symmetric: its eigenvectors are orthogonal, their squares the weights.
    arrow[:, 0, 0], arrow[:, 1, 1], arrow[:, 2, 2] = (cl + q2 + q3) / v, q2 / v2, q3 / v3
    arrow[:, 0, 1] = arrow[:, 1, 0] = -q2 / np.sqrt(v * v2)
    arrow[:, 0, 2] = arrow[:, 2, 0] = -q3 / np.sqrt(v * v3)
    rates, vectors = np.linalg.eigh(arrow)
    rates = _polished(rates, cl / v, (q2 / v, q2 / v2), (q3 / v, q3 / v3))
    weights = vectors[:, 0, :] ** 2
    return Disposition(np.ascontiguousarray(rates.T), np.ascontiguousarray(weights.T), v, np.stack((v2, v3)), vectors)


def basis(disposition: Disposition) -> Floats:
    """What a unit of each mode is in each compartment, as an amount: (compartments, modes, subjects).

    Modes are the orthonormal ones of the rate matrix made symmetric, so amounts turn back into modes by the transpose of the same
    table over the volumes: ``sum_i basis[i, j] * amount_i / volume_i``. An amount is thus handed from one set of parameters
    to the next without loss.
    """
    volumes = (
        disposition.volume[None] if disposition.others is None else np.stack((disposition.volume, *disposition.others))
    )
    count = len(disposition.rates)
    if disposition.vectors is not None:
        vectors = disposition.vectors.transpose(1, 2, 0)
    elif count == 1:
        vectors = np.ones((1, 1, disposition.subjects))
    elif count == 2 and disposition.others is not None:
        fast, slow = np.sqrt(disposition.weights)
        vectors = np.stack((np.stack((fast, slow)), np.stack((-slow, fast))))
    else:
        raise InputError("disposition", f"{count} modes", "its peripheral volumes are not known", "make it by two_compartments or three_compartments")  # fmt: skip
    return np.asarray(vectors * np.sqrt(volumes)[:, None])


def _polished(rates: Floats, leaving: Floats, *branches: tuple[Floats, Floats]) -> Floats:
    """The slowest rate to full relative precision: the product of all three is known exactly."""
    product = leaving * branches[0][1] * branches[1][1]
    rates = rates.copy()
    rates[:, 0] = product / (rates[:, 1] * rates[:, 2])
    return rates


def _positive(**values: ArrayLike) -> tuple[Floats, ...]:
    """The values as (subjects,) arrays of one length, each a positive finite number."""
    arrays = [np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in values.values()]
    for name, array in zip(values, arrays, strict=True):
        if array.ndim != 1 or not ((array > 0) & (array < np.inf)).all():
            raise InputError(name, str(array), "it is not a positive number for every person", "give numbers above 0")
    if len({array.size for array in arrays}) > 1:
        arrays = list(np.broadcast_arrays(*arrays))
    return tuple(arrays)
