"""A ratio of exposure parted into what reaches the circulation and what the circulation loses, and back."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from relaxant.knowledge.partners import Exposure
from relaxant.pharmacology.exposure.contributions import Key, Level, clearance_ratio

_LEAST, _MOST = 1e-9, 1e6
_HALVINGS = 60  # of a logarithm: to the last digit
_NEAR = 1.25  # of the clearance that other ways carry: an enzyme that leaves no more is as good as held


def together(
    weights: Mapping[str, float],
    own: Mapping[tuple[str, str], float],
    oral: Mapping[str, Level],
    systemic: Mapping[str, Level],
    aside: tuple[Level, Level],
    whole: Level,
    *,
    by_mouth: bool = True,
) -> tuple[Level, dict[str, Level]]:
    """What reaches the circulation and the ratio on each clearance, from the activities that an oral dose and the circulation meet."""
    ratios = {p: clearance_ratio({p: 1.0}, own, systemic, whole) for p in sorted({p for p, _ in own} | set(weights))}
    for name in weights:
        ratios[name] = ratios[name] * aside[1]
    if not by_mouth:
        return whole, ratios
    loss = clearance_ratio(weights, own, systemic, whole) * aside[1]
    return loss / (clearance_ratio(weights, own, oral, whole) * aside[0]), ratios


def exposed(reaching: Level, ratios: Mapping[str, Level], weights: Mapping[str, float]) -> Level:
    """The ratio of the AUC: what reaches the circulation over what is left of the clearances that the drug leaves by."""
    loss = [w * ratios[p] for p, w in weights.items()]
    return reaching / sum(loss[1:], loss[0]) if loss else reaching


def split(
    rows: Sequence[Exposure], ratio: float, *, lost: float, error: float, enzymes: Collection[str]
) -> tuple[float, float, str | None]:
    """The ratio on the whole clearance that measured rows tell of, how uncertain the split is, and how it was made.

    ``lost`` is the share of a dose lost before it reaches the circulation, ``enzymes`` those known to clear the drug.
    """
    if rows[0].kind in ("food", "formulation"):
        return 1.0, 0.0, None
    told = [(0.0 if r.route == "intravenous" else math.log(r.auc_ratio / float(r.half_life_ratio or 1)), float(r.n or 1)) for r in rows if r.half_life_ratio or r.route == "intravenous"]  # fmt: skip
    if told:
        return math.exp(sum(x * n for x, n in told) / sum(n for _, n in told)) / ratio, 0.0, None
    error *= min(1.0, abs(math.log(ratio)))
    peaks = [math.log(r.cmax_ratio) for r in rows if r.cmax_ratio]
    if peaks:
        low, high = sorted((0.0, math.log(ratio)))
        return math.exp(min(max(sum(peaks) / len(peaks), low), high)) / ratio, error, "split_by_peak"
    if not set(rows[0].through) & set(enzymes):
        return 1.0, error, "split_unknown"
    return stirred(1 / ratio, lost), error * lost, "split_by_first_pass" if lost else None


def stirred(left: float, lost: float) -> float:
    """The systemic clearance's ratio of a well-stirred liver whose intrinsic clearance is ``left`` of what it was."""
    return left / (1 - lost + lost * left)


def scaled(
    weights: Mapping[str, float], shares: Mapping[Key, float], own: Mapping[str, float], target: float
) -> tuple[dict[str, float], float]:
    """The activities, in the proportion of ``own`` strengths, with which the clearance is ``target`` of what it was, and the rest."""

    def at(size: float) -> dict[str, float]:
        if target > 1:
            return {e: 1 + size * (left - 1 if left > 1 else 1.0) for e, left in own.items()}
        return {e: 1 / (1 + size * (1 / max(left, 1e-3) - 1 if left < 1 else 1.0)) for e, left in own.items()}

    def made(size: float) -> float:
        return clearance_ratio(weights, shares, at(size), 1.0)

    low, high = _LEAST, _MOST
    if target < 1 and made(high) > target:
        # Not as none left: an inhibitor that left nothing would never wash out. As the strengths, or near to what other ways carry.
        found, _ = scaled(weights, shares, own, min(made(1.0), _NEAR * made(high)))
        return found, target / clearance_ratio(weights, shares, found, 1.0)
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        if (made(middle) < target) == (target > 1):
            low = middle
        else:
            high = middle
    found = at(math.sqrt(low * high)) if target != 1 else dict.fromkeys(own, 1.0)
    return found, 1.0
