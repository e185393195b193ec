"""What a person's other medicines, smoking, genes and meals make of a relaxant's exposure, each as ratios inside the curve.

A measured change stands before an estimated one. Where neither can be had the change is listed as not quantified, with the reason:
it is never taken for none. A measured ratio of AUC is parted into what reaches the circulation and what the circulation loses: a
half-life ratio gives the clearance; without one, the ratio of peaks gives what reaches; without that, the well-stirred liver
parts it by the share that is lost on the first pass. What is estimated here feeds no rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from relaxant.facts.inputs import systemic
from relaxant.facts.members import role_members
from relaxant.knowledge.cards import Model
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.partners import Exposure
from relaxant.knowledge.pathways import Mechanism
from relaxant.knowledge.phenotypes import phenotype_of
from relaxant.knowledge.schema import SourceRef
from relaxant.pharmacology.exposure.contributions import (
    Shares,
    Strength,
    by_mouth,
    clearance_ratio,
    contributions,
    measured,
    shares,
    spread_of_pair,
    strength,
    ways_out,
)
from relaxant.pharmacology.exposure.parting import exposed, scaled, split, stirred, together
from relaxant.pharmacology.exposure.takings import FOREVER, SMOKE, Taking
from relaxant.pharmacology.spread.normal import NORMAL_90

Kind = Literal["interaction", "smoking", "genotype", "food", "formulation"]
Grade = Literal["measured", "estimated", "label", "unquantified"]
_GRADES: dict[str, Grade] = {"study": "measured", "trial": "measured", "case report": "measured"}


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """How a change works on one enzyme at its full effect: the activity left as an oral dose meets it and as the circulation does.

    ``turnover`` is the enzyme's half-life in hours; none for what has no turnover.
    """

    enzyme: str
    mechanism: Mechanism
    oral: float
    systemic: float
    turnover: float | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that changes the exposure, at its full effect and alone.

    ``auc_ratio`` is ``reaching`` over the clearance's ratio; ``low`` and ``high`` are the 90% interval of the mean ratio, ``log_sd`` the standard
    deviation of a person's own. ``ratios`` are on the card's clearances. ``acts`` say by which enzymes; ``aside`` are the factors on the oral and
    the systemic clearance that no known enzyme explains. ``half_life`` (h) is the partner's; none acts at once. ``starts`` and ``stops`` are
    days from now. ``on_card`` marks what the card's own covariates already carry, ``state`` whether they carry it as present.
    ``notes`` and ``reason`` are keys of the words in ``wording/en/exposure.yaml``.
    """

    by: str
    kind: Kind
    grade: Grade
    auc_ratio: float | None = None
    low: float | None = None
    high: float | None = None
    reaching: float = 1.0
    ratios: dict[str, float] = msgspec.field(default_factory=dict)
    log_sd: float = 0.0
    metabolite: float | None = None
    sources: tuple[SourceRef, ...] = ()
    verified: bool = True
    notes: tuple[str, ...] = ()
    reason: str | None = None
    enzymes: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    aside: tuple[float, float] = (1.0, 1.0)
    half_life: float | None = None
    starts: float = -FOREVER
    stops: float = FOREVER
    on_card: bool = False
    state: bool = True


def changes(
    card: Model,
    knowledge: Knowledge,
    takings: Sequence[Taking],
    *,
    smoking: Taking | None = None,
    genotype: Mapping[str, str] | None = None,
    fed: bool | None = None,
    form: str | None = None,
    covariates: Mapping[str, object] | None = None,
    measured_pairs: bool = True,
    without: tuple[str, str] | None = None,
) -> tuple[Change, ...]:
    """Every change of the card's exposure by these, the measured before the estimated, and what could not be quantified.

    ``smoking`` is a taking of ``tobacco smoke``; ``genotype`` maps a gene to alleles or a status; ``form`` is the relaxant's own. ``covariates``
    are those given to the card: what it carries by them is marked ``on_card``. ``measured_pairs`` off and ``without`` (ingredient, partner)
    leave measured pairs out, to test the method. Raises :class:`InputError` for days that contradict each other.
    """
    world = _World(card, knowledge, dict(covariates or {}), measured_pairs, without)
    found: list[Change] = []
    for taking in takings:
        found += _of_taking(world, taking, "interaction")
    if smoking is not None:
        found += _of_taking(world, msgspec.structs.replace(smoking, ingredient=SMOKE), "smoking")
    for gene, said in (genotype or {}).items():
        found += _of_genotype(world, gene, said)
    if fed:
        found += _of_product(world, "food", "food", form)
    if form is not None:
        found += _of_product(world, "formulation", form, None)
    return tuple(found)


class _World:
    """The card with all that is asked of the knowledge again and again."""

    def __init__(self, card: Model, knowledge: Knowledge, covariates: dict[str, object], pairs: bool, without: tuple[str, str] | None) -> None:  # fmt: skip
        self.card, self.knowledge, self.covariates = card, knowledge, covariates
        self.pairs, self.without = pairs, without
        self.weights = ways_out(card)
        self.known = contributions(card, knowledge)
        self.shares: Shares = shares(card, knowledge, without=without)
        self.oral = by_mouth(card)
        self.turnover = {e.enzyme: e.half_life for e in knowledge.pathways.enzymes}
        row = next((a for a in knowledge.pathways.availabilities if a.ingredient == card.ingredient), None)
        self.lost = 1 - row.value if row else 0.0
        self.lost_width = (row.high - row.low) / (2 * NORMAL_90) if row else 0.0

    def carries(self, on: str) -> bool:
        """Whether the card's own relations move with this covariate and were given it."""
        return on in self.covariates and any(r.on == on for r in self.card.relations)

    def pairs_of(self, partner: str, daily_mg: float | None = None) -> tuple[Exposure, ...]:
        if not self.pairs or (self.card.ingredient, partner) == self.without:
            return ()
        return measured(self.card.ingredient, partner, self.knowledge, daily_mg=daily_mg)

    def ratios(self, acts: Sequence[Act], aside: tuple[float, float]) -> tuple[float, dict[str, float]]:
        """What reaches the circulation and each clearance, with these acts together and the factors aside."""
        first = {a.enzyme: a.oral for a in acts}
        later = {a.enzyme: a.systemic for a in acts}
        return together(self.weights, self.shares.value, first, later, aside, 1.0, by_mouth=self.oral)

    def whole(self, reaching: float, ratios: Mapping[str, float], mouth: float) -> float:
        """The ratio of the AUC on this card: that of a dose by mouth, or for an injection what the circulation loses alone."""
        if self.oral or not self.weights:
            return mouth
        return exposed(reaching, ratios, self.weights)


# ---------------------------------------------------------------- other medicines and smoke


def _of_taking(world: _World, taking: Taking, kind: Kind) -> list[Change]:
    starts, stops = taking.span
    partner = taking.ingredient
    if taking.route is not None and not systemic(taking.route):
        said = _roles_of(world, taking, named=True)
        enzymes = tuple(e for e in said if any(c.enzyme == e for c in world.known))
        cited = tuple(dict.fromkeys(ref for e in enzymes for ref in said[e]))
        return [_unquantified(partner, kind, "route_not_studied", enzymes, cited)] if enzymes else []
    on_card = kind == "smoking" and world.carries("smoker")
    state = bool(world.covariates.get("smoker")) if on_card else True
    pairs = world.pairs_of(partner, taking.daily_mg)
    found = [_measured(world, pairs, kind, partner, taking.daily_mg)] if pairs else _estimated(world, taking, kind)
    half_life, note = _lasting(world, partner)
    return [
        c if c.grade == "unquantified" else
        msgspec.structs.replace(c, on_card=on_card, state=state, starts=starts, stops=stops, half_life=half_life, notes=(*c.notes, *note))
        for c in found
    ]  # fmt: skip


def _unquantified(by: str, kind: Kind, reason: str, enzymes: tuple[str, ...], sources: tuple[SourceRef, ...]) -> Change:
    return Change(by=by, kind=kind, grade="unquantified", reason=reason, enzymes=enzymes, sources=sources)


def _lasting(world: _World, partner: str) -> tuple[float | None, tuple[str, ...]]:
    """A partner's half-life in hours and what is to be said of it; none for smoke, whose enzyme decides."""
    row = next((p for p in world.knowledge.pathways.precipitants if p.ingredient == partner), None)
    if partner == SMOKE:
        return None, ()
    if row is None or row.half_life is None:
        return world.knowledge.policy("exposure_half_life_unknown"), ("time_unknown",)
    return row.half_life, () if row.verified else ("time_not_seen",)


def _measured(world: _World, rows: Sequence[Exposure], kind: Kind, by: str, daily_mg: float | None = None) -> Change:
    """One change from the measured rows of a pair, weighed by their people."""
    knowledge, notes = world.knowledge, []
    unknown = knowledge.policy("exposure_people_unknown")
    weights = [float(r.n or unknown) for r in rows]
    whole = sum(weights)
    ratio = math.exp(sum(w * math.log(r.auc_ratio) for w, r in zip(weights, rows, strict=True)) / whole)
    spreads = [spread_of_pair(r, knowledge) for r in rows]
    within = math.sqrt(sum((w / whole * se) ** 2 for w, (_, se) in zip(weights, spreads, strict=True)))
    between = math.sqrt(
        sum(w * math.log(r.auc_ratio / ratio) ** 2 for w, r in zip(weights, rows, strict=True)) / whole / len(rows)
    )
    se = math.hypot(within, between)
    person = math.hypot(max(sd for sd, _ in spreads), between)
    window = knowledge.policy("exposure_dose_window")
    if daily_mg and any(r.daily_mg and not 1 / window < r.daily_mg / daily_mg < window for r in rows):
        notes.append("other_dose")
    error, enzymes = knowledge.policy("exposure_split_error"), {c.enzyme for c in world.known}
    clearance, split_sd, how = split(rows, ratio, lost=world.lost, error=error, enzymes=enzymes)
    notes += [how] if how else []
    acts, aside = _acts_for(world, rows[0].through, by, 1 / ratio, clearance, kind)
    reaching, ratios = world.ratios(acts, aside)
    if reaching * (1 - world.lost) > 1 + 1e-9 and reaching > 1 and world.lost:
        notes.append("more_than_whole")
    ratio = world.whole(reaching, ratios, ratio)
    grades: list[Grade] = [_GRADES.get(knowledge.sources[r.source].kind, "label") for r in rows]
    metabolite = next((r.metabolite for r in rows if r.metabolite), None)
    return Change(
        by=by, kind=kind, grade="measured" if "measured" in grades else "label", auc_ratio=ratio, low=ratio * math.exp(-NORMAL_90 * se),
        high=ratio * math.exp(NORMAL_90 * se), reaching=reaching, ratios=ratios, log_sd=math.hypot(person, split_sd), metabolite=metabolite,
        sources=tuple(dict.fromkeys(SourceRef(source=r.source, place=r.place) for r in rows)), verified=all(r.verified for r in rows),
        notes=tuple(notes), enzymes=tuple(a.enzyme for a in acts), acts=acts, aside=aside,
    )  # fmt: skip


def _acts_for(
    world: _World, through: Sequence[str], by: str, first: float, loss: float, kind: Kind
) -> tuple[tuple[Act, ...], tuple[float, float]]:
    """The activities left that make these ratios of oral and systemic clearance, and the factors that the enzymes cannot make."""
    enzymes = [e for e in through if any(e == k[1] and world.weights.get(k[0]) for k in world.shares.value)]
    if not enzymes:
        return (), (first, loss)
    strengths = {e: strength(by, e, world.knowledge, without=(world.card.ingredient, by)) for e in enzymes}
    own = {e: s.left if s is not None else 0.5 for e, s in strengths.items()}
    row = next((p for p in world.knowledge.pathways.precipitants if p.ingredient == by), None)
    oral, aside_oral = scaled(world.weights, world.shares.value, own, first)
    later, aside_later = scaled(world.weights, world.shares.value, own, loss)
    acts = []
    for e in enzymes:
        named = row.mechanisms.get(e) if row else None
        mechanism: Mechanism = "induction" if first > 1 else named if named and named != "induction" else "reversible"
        if kind == "genotype":
            mechanism = "reversible"
        acts.append(Act(enzyme=e, mechanism=mechanism, oral=oral[e], systemic=later[e], turnover=world.turnover.get(e)))
    return tuple(acts), (aside_oral, aside_later)


def _estimated(world: _World, taking: Taking, kind: Kind) -> list[Change]:
    partner, knowledge = taking.ingredient, world.knowledge
    on_parent = [c for c in world.known if c.parameter in world.weights]
    roles = _roles_of(world, taking)
    found: list[Strength] = []
    unknown: dict[str, str] = {}
    for enzyme in dict.fromkeys(c.enzyme for c in on_parent):
        known = strength(partner, enzyme, knowledge, daily_mg=taking.daily_mg, without=world.without)
        acts_here = known is not None or enzyme in roles
        if not acts_here:
            continue
        if not any(c.enzyme == enzyme and c.share is not None for c in on_parent):
            unknown[enzyme] = "share_unknown"
        elif known is None:
            unknown[enzyme] = "strength_unknown"
        else:
            found.append(known)
    out: list[Change] = []
    if found:
        out.append(_estimate(world, partner, kind, found, partial=bool(unknown)))
    for reason in dict.fromkeys(unknown.values()):
        enzymes = tuple(e for e, why in unknown.items() if why == reason)
        cited = [SourceRef(source=c.source, place=c.place) for c in on_parent if c.enzyme in enzymes]
        cited += [ref for e in enzymes for ref in roles.get(e, ())]
        out.append(_unquantified(partner, kind, reason, enzymes, tuple(dict.fromkeys(cited))))
    return out


def _roles_of(world: _World, taking: Taking, *, named: bool = False) -> dict[str, tuple[SourceRef, ...]]:
    """The enzymes on which the partner is known to act by its roles or its mechanism, with who says so; ``named``: by roles that name its route."""
    row = next((p for p in world.knowledge.pathways.precipitants if p.ingredient == taking.ingredient), None)
    out: dict[str, tuple[SourceRef, ...]] = {}
    if row is not None and not named:
        out = {e: (SourceRef(source=row.source, place=row.place),) for e in row.mechanisms}
    for enzyme in world.knowledge.pathways.enzymes:
        for role in (*enzyme.inhibitors, *enzyme.inducers):
            members = role_members(world.knowledge, role).ingredients if role in world.knowledge.roles else {}
            if taking.ingredient not in members:
                continue
            routes, lasts = members[taking.ingredient]
            if named and routes is None:
                continue
            if routes is not None and taking.route is not None and taking.route not in routes:
                continue
            if taking.stopped_days is not None and taking.stopped_days > lasts + 5 * (enzyme.half_life or 0) / 24:
                continue
            cited = [SourceRef(source=m.source, place=m.place) for m in world.knowledge.roles[role].members if taking.ingredient in m.ingredients]  # fmt: skip
            out[enzyme.enzyme] = tuple(dict.fromkeys((*out.get(enzyme.enzyme, ()), *cited)))
    return out


def _estimate(world: _World, by: str, kind: Kind, found: Sequence[Strength], *, partial: bool) -> Change:
    method = world.knowledge.policy("exposure_method_error")

    def log_ratio(strengths: Mapping[str, float], own: Mapping[tuple[str, str], float]) -> float:
        return -math.log(max(clearance_ratio(world.weights, own, strengths, 1.0), 1e-6))

    best = {s.enzyme: s.left for s in found}
    middle = log_ratio(best, world.shares.value)
    moved = [log_ratio({**best, s.enzyme: s.moved(1.0)}, world.shares.value) - middle for s in found]
    moved += [log_ratio(best, axis) - middle for axis in world.shares.axes]
    se = math.sqrt(method**2 + sum(m * m for m in moved))
    loss = stirred(math.exp(-middle), world.lost)
    own, aside = scaled(world.weights, world.shares.value, best, loss)
    acts = tuple(
        Act(enzyme=s.enzyme, mechanism=s.mechanism, oral=s.left, systemic=own[s.enzyme], turnover=world.turnover.get(s.enzyme))
        for s in found
    )  # fmt: skip
    reaching, ratios = world.ratios(acts, (1.0, aside))
    ratio = world.whole(reaching, ratios, math.exp(middle))
    notes = [n for n, yes in (("other_dose", not all(s.at_dose for s in found)), ("partial", partial), ("split_by_first_pass", world.lost > 0)) if yes]  # fmt: skip
    cited = tuple(dict.fromkeys((*world.shares.sources, *(r for s in found for r in s.sources))))
    between = world.knowledge.policy("exposure_between_people") * min(1.0, abs(middle))
    parted = world.lost_width * min(1.0, abs(middle))
    return Change(
        by=by, kind=kind, grade="estimated", auc_ratio=ratio, low=ratio * math.exp(-NORMAL_90 * se), high=ratio * math.exp(NORMAL_90 * se),
        reaching=reaching, ratios=ratios, log_sd=math.sqrt(se**2 + between**2 + parted**2), sources=cited, notes=tuple(notes),
        enzymes=tuple(best), acts=acts, aside=(1.0, aside),
    )  # fmt: skip


# ---------------------------------------------------------------- genes, meals, forms


def _of_genotype(world: _World, gene: str, said: str) -> list[Change]:
    concerned = [c for c in world.known if c.enzyme == gene]
    if not concerned:
        return []
    phenotype = phenotype_of(gene, said, world.knowledge.pathways)
    if phenotype is None:
        return [_unquantified(f"{gene} {said}", "genotype", "genotype_unknown", (gene,), ())]
    by = f"{gene} {phenotype.phenotype}"
    cited = (SourceRef(source=phenotype.source, place=phenotype.place),)
    if phenotype.activity == 1:
        return []
    key, level = f"genotype:{gene}", phenotype.phenotype
    known = any(level in r.levels for r in world.card.relations if r.on == key)
    on_card = known and world.covariates.get(key) == level
    pairs = world.pairs_of(by)
    if pairs:
        return [msgspec.structs.replace(_measured(world, pairs, "genotype", by), on_card=on_card)]
    if phenotype.activity is None:
        return [_unquantified(by, "genotype", "activity_unknown", (gene,), cited)]
    if all(c.share is None for c in concerned):
        return [_unquantified(by, "genotype", "share_unknown", (gene,), cited)]
    left = max(phenotype.activity, 0.0)
    width = 0.0
    if phenotype.low is not None and phenotype.high is not None and left > 0:
        size = [1 / max(a, 1e-3) - 1 for a in (phenotype.low, phenotype.high)]
        width = math.log(max(size[0], 1e-3) / max(size[1], 1e-3)) / (2 * NORMAL_90)
    own = Strength(enzyme=gene, left=left, log_se=width, mechanism="reversible", studies=0, at_dose=True, sources=cited)
    return [msgspec.structs.replace(_estimate(world, by, "genotype", [own], partial=False), on_card=on_card)]


def _of_product(world: _World, kind: Literal["food", "formulation"], partner: str, form: str | None) -> list[Change]:
    rows = [e for e in world.pairs_of(partner) if e.kind == kind and (e.form is None or form is None or e.form == form)]
    if not rows or not world.oral:
        return []
    by_input = (
        any(i.fed is not None for i in world.card.inputs)
        if kind == "food"
        else any(i.form == partner for i in world.card.inputs)
    )
    on_card = by_input or (kind == "food" and world.carries("fed"))
    return [msgspec.structs.replace(_measured(world, rows, kind, partner), on_card=on_card)]
