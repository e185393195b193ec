"""Measured changes of exposure against what the contribution-ratio method gives without them.

Each measured pair is left out of everything that the method learns from, and predicted. The same is done with the probe drugs that the
method learns from. The same knowledge gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.partners import Exposure
from relaxant.pharmacology.exposure.contributions import contributions, first_card, strength, ways_out
from relaxant.pharmacology.exposure.exposure import Change, changes
from relaxant.pharmacology.exposure.takings import SMOKE, Taking
from relaxant.pharmacology.spread.normal import NORMAL_90
from relaxant.validation.words import table

_WITHIN = (1.25, 2.0)


class Predicted(msgspec.Struct, frozen=True, kw_only=True):
    """A measured ratio and what the method gives without it; none where it cannot, with the reason's key."""

    drug: str
    partner: str
    regimen: str
    measured: float
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    verified: bool = True
    partial: bool = False
    reason: str = ""

    @property
    def fold(self) -> float:
        """How many times the prediction lies above the measurement (below 1: under it)."""
        return (self.ratio or math.nan) / self.measured


def leave_one_out(knowledge: Knowledge) -> tuple[Predicted, ...]:
    """Every measured change by another medicine, smoke or genes of a relaxant with a card, predicted without its pair."""
    out: list[Predicted] = []
    for row in knowledge.exposures:
        if row.kind in ("interaction", "smoking", "genotype"):
            out.append(_predicted(row, knowledge))
    return tuple(out)


def _predicted(row: Exposure, knowledge: Knowledge) -> Predicted:
    given = Predicted(
        drug=row.agent, partner=row.partner, regimen=row.regimen or "", measured=row.auc_ratio, verified=row.verified
    )
    card = first_card(row.agent, knowledge)
    if card is None:
        return msgspec.structs.replace(given, reason="no share of its clearance is known")
    if any(c.source == row.source for c in contributions(card, knowledge) if c.parameter in ways_out(card)):
        return msgspec.structs.replace(given, reason="the share of the enzyme was computed from this very ratio")
    pair = (row.agent, row.partner)
    if row.kind == "genotype":
        gene, _, status = row.partner.partition(" ")
        found = changes(card, knowledge, [], genotype={gene: status}, measured_pairs=False, without=pair)
    else:
        taking = Taking(ingredient=row.partner, daily_mg=row.daily_mg)
        smoke = taking if row.partner == SMOKE else None
        found = changes(card, knowledge, [] if smoke else [taking], smoking=smoke, measured_pairs=False, without=pair)
    known = next((c for c in found if c.auc_ratio is not None), None)
    if known is None:
        return msgspec.structs.replace(given, reason=_why(found))
    return msgspec.structs.replace(
        given, ratio=known.auc_ratio, low=known.low, high=known.high, partial="partial" in known.notes
    )


def _why(found: Sequence[Change]) -> str:
    if not found:
        return "not known to act on an enzyme that clears it"
    words = {
        "strength_unknown": "no other study says how strongly it acts",
        "share_unknown": "no share of that enzyme is known",
    }
    return words.get(str(found[0].reason), str(found[0].reason))


def probes_left_out(knowledge: Knowledge) -> tuple[Predicted, ...]:
    """Every published ratio of a probe drug, predicted from what the partner does to the other probes of the enzyme."""
    probes = {c.ingredient: c for c in knowledge.pathways.contributions if c.parameter is None and c.share}
    out: list[Predicted] = []
    method = knowledge.policy("exposure_method_error")
    for row in knowledge.pathways.probe_ratios:
        probe = probes[row.victim]
        enzyme, share = probe.enzyme, probe.share
        dose = f"{row.daily_mg:g} mg a day" if row.daily_mg else ""
        given = Predicted(
            drug=row.victim, partner=row.partner, regimen=dose, measured=row.auc_ratio, verified=row.verified
        )
        if row.source == probe.source and row.place.startswith(probe.place):
            out.append(msgspec.structs.replace(given, reason="the probe's share was computed from this very ratio"))
            continue
        known = strength(row.partner, enzyme, knowledge, daily_mg=row.daily_mg, without=(row.victim, row.partner))
        if known is None or share is None:
            out.append(msgspec.structs.replace(given, reason="no other probe was studied with it"))
            continue
        ratio = 1 / (share * known.left + 1 - share)
        se = math.hypot(method, math.log(ratio * (share * known.moved(1.0) + 1 - share)))
        out.append(msgspec.structs.replace(given, ratio=ratio, low=ratio * math.exp(-NORMAL_90 * se), high=ratio * math.exp(NORMAL_90 * se)))  # fmt: skip
    return tuple(out)


def figures(found: Sequence[Predicted]) -> dict[str, float]:
    """How the predictions did: their number, the mean error and its spread (factors), shares within 1.25-fold and 2-fold and in the interval."""
    logs = [math.log(p.fold) for p in found if p.ratio is not None]
    if not logs:
        return {"predicted": 0}
    inside = [p for p in found if p.ratio is not None and (p.low or 0) <= p.measured <= (p.high or math.inf)]
    mean = sum(logs) / len(logs)
    return {
        "predicted": len(logs),
        "bias": math.exp(mean),
        "error": math.exp(math.sqrt(sum(x * x for x in logs) / len(logs))),
        "worst": math.exp(max(map(abs, logs))),
        **{f"within {w:g}": sum(abs(x) <= math.log(w) + 1e-12 for x in logs) / len(logs) for w in _WITHIN},
        "in the interval": len(inside) / len(logs),
    }


def page(knowledge: Knowledge) -> str:
    """The page."""
    every = leave_one_out(knowledge)
    own = [p for p in every if p.ratio is not None and p.verified]
    probes = probes_left_out(knowledge)
    unseen = [p for p in every if p.ratio is not None and not p.verified]
    missing = [p for p in every if p.ratio is None]
    worst = max(own, key=lambda p: abs(math.log(p.fold)))
    parts = [
        "# Changes of exposure: what the method gives without the pair, against what was measured",
        "Made by `python -m relaxant.validate` from the knowledge alone. The method (shares of a clearance by enzyme, and what a partner leaves of the enzyme: Ohno 2007 and 2008) stands in only where nothing was measured. Here each measured pair is taken out of all that the method learns from and predicted.",
        "## Figures",
        table(
            ("", "Predicted", "Could not be", "Mean factor", "Typical error", "Worst", "Within 1.25-fold", "Within 2-fold", "In its 90% interval"),
            [
                _summary("Relaxants", own, sum(p.verified for p in missing)),
                _summary("Relaxants, partners whose every enzyme has a number", [p for p in own if not p.partial], 0),
                _summary("Probe drugs, from the other probes", [p for p in probes if p.ratio], sum(p.ratio is None for p in probes)),
                *(_summary(f"Probe drugs of {e}", [p for p in probes if p.ratio and p.drug in d], 0) for e, d in _by_enzyme(knowledge)),
            ],
        ),
        "The mean factor is predicted over measured (geometric mean), the typical error the root mean square of its logarithm as a factor. The method's own error (a policy number) was set so that the intervals of the probes hold about nine in ten: there the last column is no test, for the relaxants it is one in part.",
        "## Relaxants, pair by pair",
        _pairs(own),
        "Predicted in part: the partner acts on a further enzyme, and no probe shows how strongly; the prediction leaves that part out.",
        "### Measured ratios that nobody has seen in their source",
        _pairs(unseen) if unseen else "None.",
        "### Pairs that the method cannot predict",
        table(("Relaxant", "With", "Regimen", "Measured", "Why"), [(p.drug, p.partner, p.regimen, f"{p.measured:.3g}", p.reason) for p in missing]),
        "## What this says",
        f"- The worst is {worst.drug} with {worst.partner}: {worst.ratio:.3g} predicted, {worst.measured:.3g} measured. Where most of a dose is lost before it reaches the circulation, inhibitors meet it there in higher concentration than they meet the probe from which their strength is learned. The measured pair stands before the estimate for that reason.",
        "- Where two enzymes share a clearance (diazepam) the shares rest on few pairs, and leaving one out moves them.",
        "- An estimate is a reason to measure or to watch, not a dose. No rule uses it.",
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _by_enzyme(knowledge: Knowledge) -> list[tuple[str, set[str]]]:
    out: dict[str, set[str]] = {}
    for c in knowledge.pathways.contributions:
        if c.parameter is None:
            out.setdefault(c.enzyme, set()).add(c.ingredient)
    return sorted(out.items())


def _summary(title: str, found: Sequence[Predicted], missing: int) -> tuple[str, ...]:
    f = figures(found)
    if not f["predicted"]:
        return (title, "0", str(missing), *[""] * 6)
    return (title, f"{f['predicted']:g}", str(missing), f"{f['bias']:.2f}", f"{f['error']:.2f}", f"{f['worst']:.2f}", *(f"{f[k]:.0%}" for k in ("within 1.25", "within 2", "in the interval")))  # fmt: skip


def _pairs(found: Sequence[Predicted]) -> str:
    return table(
        ("Relaxant", "With", "Regimen", "Measured", "Predicted", "90% interval", "Predicted / measured", "In part"),
        [
            (p.drug, p.partner, p.regimen, f"{p.measured:.3g}", f"{p.ratio:.3g}", f"{p.low:.3g} to {p.high:.3g}", f"{p.fold:.2f}", "yes" if p.partial else "")
            for p in sorted(found, key=lambda p: (p.drug, abs(math.log(p.fold))))
        ],
    )  # fmt: skip
