"""Which cards are mammillary, depots before a central compartment that exchanges with up to two others, and their closed form.

Whatever leaves the central compartment and never comes back counts as a way out, a metabolite's compartment included; clearances of several
ways out add up.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from relaxant.knowledge.cards import Flow, Model
from relaxant.pharmacology.cards.model import is_linear
from relaxant.pharmacology.kinetics.disposition import (
    Disposition,
    one_compartment,
    three_compartments,
    two_compartments,
)

Floats = NDArray[np.float64]
Form = tuple[Disposition, dict[str, Floats | None]]
"""How a drug leaves a compartment, and the absorption rate of each place that feeds it (``None``: straight into it)."""
_MOST_PERIPHERAL = 2


def closed_form(model: Model, parameters: Mapping[str, Floats], of: str) -> Form | None:
    """The disposition of a compartment and the absorption rate of each place that feeds it; ``None`` where the card is more than that."""
    volumes = {c.compartment: c.volume for c in model.compartments}
    if not is_linear(model) or volumes.get(of) is None:
        return None
    feeding = _feeding(model, of)
    leaving: list[Floats] = []
    exchanges: list[tuple[Floats, Floats]] = []
    depots: dict[str, Floats | None] = {of: None}
    peripheral: set[str] = set()
    for flow in model.flows:
        if flow.during or flow.giver not in feeding:
            continue
        if flow.giver == of and flow.to not in feeding:
            leaving.append(_leaving(flow, parameters, volumes[of]))
            continue
        if flow.fraction or flow.other_fraction or flow.stages:
            return None
        if flow.both_ways:
            far = flow.to if flow.giver == of else flow.giver if flow.to == of else None
            if far is None or volumes.get(far) is None or flow.clearance is None:
                return None
            exchanges.append((parameters[flow.clearance], parameters[str(volumes[far])]))
            peripheral.add(far)
        elif flow.to == of and flow.rate and volumes.get(flow.giver) is None and flow.ratio == 1.0:
            if flow.giver in depots:
                return None
            depots[flow.giver] = parameters[flow.rate]
        else:
            return None
    if not leaving or len(exchanges) > _MOST_PERIPHERAL or any(f.giver in peripheral and f.to is None for f in model.flows):  # fmt: skip
        return None
    volume, clearance = parameters[str(volumes[of])], np.asarray(sum(leaving))
    if not exchanges:
        return one_compartment(clearance, volume), depots
    if len(exchanges) == 1:
        return two_compartments(clearance, volume, *exchanges[0]), depots
    return three_compartments(clearance, volume, *exchanges[0], *exchanges[1]), depots


def _feeding(model: Model, of: str) -> set[str]:
    """The compartment and all from which anything ever comes into it."""
    found: set[str] = set()
    new = {of}
    while new:
        found |= new
        new = {f.giver for f in model.flows if f.to in found} | {f.to for f in model.flows if f.both_ways and f.to and f.giver in found}  # fmt: skip
        new -= found
    return found


def _leaving(flow: Flow, parameters: Mapping[str, Floats], volume: str | None) -> Floats:
    """The clearance of a way out."""
    out = parameters[flow.clearance] if flow.clearance else parameters[str(flow.rate)] * parameters[str(volume)]
    if flow.fraction:
        out = out * parameters[flow.fraction]
    return out * (1 - parameters[flow.other_fraction]) if flow.other_fraction else out
