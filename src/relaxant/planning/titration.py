"""Starting and raising: the label's stages, within what bounds the doses of this person, in products that exist."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import msgspec

from relaxant.facts.facts import Facts
from relaxant.knowledge.plans import BY_WEIGHT, IMMEDIATE, Titration
from relaxant.planning.calendar import Calendar, Rung, Stock, calendar, merged, stock
from relaxant.planning.course import course_days, days_left, ended, judged_days
from relaxant.planning.day_shape import in_times, other_times
from relaxant.planning.dose import Room, most_taken, room, why_refused
from relaxant.planning.other_form import other_form
from relaxant.planning.parts import Grains
from relaxant.planning.plan import Kind, Plan
from relaxant.planning.product_notes import product_notes
from relaxant.planning.products import product_groups, swallows_no_tablets, whole_only
from relaxant.planning.rungs import Climb, Staged, least_rise, present_days, rungs, staged
from relaxant.planning.said import amount, asked_before, days_said, gates, missed, policy, withdrawal
from relaxant.planning.tablets import GRAIN, grains
from relaxant.planning.which_titration import Fit, chosen_fit, fits
from relaxant.quantities import plain_number
from relaxant.rules.findings import Finding
from relaxant.rules.wording import shown_agent_name


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a titration is asked for: from which doses a day (grains) that are taken ``since`` a day (``None``: not known), up to which daily
    dose, with which product, sold in which country. ``order`` are the doses of a day (grains) of the order that is weighed, at its times;
    ``placed`` where it names no time and they are ours. ``taken`` is the form that is taken now, as said. ``shown`` is the day from which the present
    dose is shown up to ``first``, where that comes later. ``release`` and ``country`` are ``None`` where nobody said; ``titration`` names the one to follow, by its id."""

    first: date
    before: Grains = {}
    since: date | None = None
    goal: float | None = None
    order: Grains = {}
    placed: bool = False
    form: str | None = None
    taken: str | None = None
    shown: date | None = None
    release: str | None = None
    country: str | None = None
    titration: str | None = None


class Found(msgspec.Struct, frozen=True):
    """A calendar, and the most in a day (grains) up to which it goes because coarser products could not begin; infinite where they could."""

    calendar: Calendar
    cap: float


class TooCoarse(msgspec.Struct, frozen=True):
    """That products do not make even the labelled first dose: the most of it at one time, and the least that they make, both in grains."""

    first: float
    least: float


def titration_plan(
    agent: str, facts: Facts, findings: Sequence[Finding], wanted: Wanted, row: int = 0, *, kind: Kind = "titration"
) -> Plan:
    """The dated steps by which one person starts an agent, or raises it from what is taken; refused where a DANGER stands, where a
    bound says never, or where no source gives steps for this person.

    Raises :class:`KeyError` where a titration is named that does not fit the person.
    """
    if wanted.since is not None and wanted.since > wanted.first:  # a day to come: since when it is taken is not known
        wanted = msgspec.structs.replace(wanted, since=None)
    stands, found = room(agent, facts, row), fits(agent, facts, row)
    made = _begun(agent, facts, stands, wanted, row, kind)
    if why := why_refused(stands, agent, findings, facts):
        return msgspec.structs.replace(made, refused=why)
    if not found:
        return _refused(made, "no_schedule", agent, facts)
    most = most_taken(stands)
    if wanted.before and most is not None and sum(wanted.before.values()) > most * GRAIN:
        return _refused(made, "above_already", agent, facts)
    release = _asked_release(agent, facts, found, wanted)
    fit, needs = chosen_fit(found, release=release, form=wanted.form, goal=wanted.goal, named=wanted.titration)
    made = msgspec.structs.replace(made, needs_first=tuple(dict.fromkeys((*made.needs_first, *needs))))
    if fit is None:
        return _refused(made, needs[0] if needs else "no_release", agent, facts)
    chosen = fit.titration
    if chosen.unit.endswith(BY_WEIGHT) and not facts.column("weight").settled(row):
        made = msgspec.structs.replace(made, needs_first=tuple(dict.fromkeys((*made.needs_first, "weight"))))
        return _refused(made, "weight", agent, facts)
    labelled = staged(chosen, agent, facts, row)
    own_times = in_times(labelled, wanted.order, wanted.before, stands.share, placed=wanted.placed)
    stages = labelled if own_times is None else own_times
    stays = present_days(stages, stands, wanted.before)
    if stays and wanted.since is None:
        need = facts.knowledge.words("planning")["need"]["since"].format(agent=shown_agent_name(agent, facts))
        made = msgspec.structs.replace(made, needs_first=(*made.needs_first, need))
    if stays:  # since an unknown day counts as since today: a rise too late harms less than one too early
        ready = (wanted.since or wanted.first) + timedelta(days=math.ceil(stays))
        wanted = msgspec.structs.replace(wanted, first=max(wanted.first, ready), shown=wanted.first)
    result = in_products(agent, facts, chosen, stages, stands, wanted, row, labelled=labelled)
    if result == "too_small":
        return msgspec.structs.replace(made, refused=_why_none(stages, stands, wanted, agent, facts))
    if isinstance(result, str):
        return _refused(made, result, agent, facts)
    told = tuple(policy(f.titration, facts, chosen=f is fit) for f in (fit, *(f for f in found if f is not fit)))
    if isinstance(result, TooCoarse):
        return msgspec.structs.replace(_too_coarse(made, result, agent, facts), policies=told)
    course = course_days(agent, chosen, facts, row)
    last = _last_day(course, wanted)
    if last is not None and last < wanted.first:
        return msgspec.structs.replace(made, refused=_course_said("refused", course, last, agent, facts))
    whole = result.calendar.steps
    if last is not None and course is not None:
        stage = stays or stages[0].days or 0.0
        looks = chosen.reconsider_days if wanted.before and chosen.reconsider_from == "highest dose" else None
        judged = judged_days(course, stage, facts, looks)
        if wanted.before and days_left(wanted.first, last) < judged:
            return msgspec.structs.replace(made, refused=_too_late(judged, wanted.first, last, agent, facts))
        result = msgspec.structs.replace(result, calendar=ended(result.calendar, last, facts, judged))
    cut = len(result.calendar.steps) < len(whole)
    return msgspec.structs.replace(
        made,
        why=_why(made.why, chosen, result, wanted, agent, facts, cut=cut),
        policies=told,
        products=result.calendar.products,
        steps=result.calendar.steps,
        supply=result.calendar.supply,
        last_dose=last,
        first_do=asked_before(agent, findings, facts),
        gates=gates(agent, "titration", facts, row),
        withdrawal=withdrawal(agent, facts),
        missed=missed(agent, facts, row),
        notes=(
            *_course_notes(course, last, agent, facts),
            *_waits(stays, wanted, facts),
            *_notes(chosen, result, stages, wanted, agent, facts, course=math.inf if course is None else course),
        ),
    )


def _asked_release(agent: str, facts: Facts, found: Sequence[Fit], wanted: Wanted) -> str | None:
    """The release that the titration has to be written for. What is said to be released at once, where nothing such is sold, says nothing."""
    if wanted.release == IMMEDIATE and all(g[0].modified_release for g in product_groups(agent, facts)):
        return None
    if wanted.release is None:
        return next(f.titration.release for f in found)
    return wanted.release


def _begun(agent: str, facts: Facts, stands: Room, wanted: Wanted, row: int, kind: Kind) -> Plan:
    words, name = facts.knowledge.words("planning"), shown_agent_name(agent, facts)
    title = words["titles"]["raise" if wanted.before and kind == "titration" else kind]
    return Plan(
        id=f"{kind}:{agent}",
        kind=kind,
        agents=(name,),
        title=title.format(agent=name),
        why=words["why"]["titration"].format(agent=name),
        unit=facts.knowledge.agents[agent].dose_unit,
        needs_first=stands.needs(facts.seldom_asked(row)),
        bounds=stands.bounds,
    )


def _refused(made: Plan, why: str, agent: str, facts: Facts) -> Plan:
    text = facts.knowledge.words("planning")["refused"][why].format(agent=shown_agent_name(agent, facts))
    return msgspec.structs.replace(made, refused=text)


def _too_coarse(made: Plan, result: TooCoarse, agent: str, facts: Facts) -> Plan:
    words, unit = facts.knowledge.words("planning")["refused"], facts.knowledge.agents[agent].dose_unit
    first, least = amount(result.first / GRAIN, unit), amount(result.least / GRAIN, unit)
    return msgspec.structs.replace(made, refused=words["too_coarse"].format(first=first, least=least))


def _why_none(stages: Sequence[Staged], stands: Room, wanted: Wanted, agent: str, facts: Facts) -> str:
    """Why products make no dose: the source's steps are at their end, the limits leave nothing above what is taken, or what is left is too little."""
    words, unit = facts.knowledge.words("planning")["refused"], facts.knowledge.agents[agent].dose_unit
    first, top = stages[0].total / GRAIN, max(s.total for s in stages) / GRAIN
    now, allowed = sum(wanted.before.values()) / GRAIN, min(top * stands.share, stands.daily)
    if not now:
        left = min(
            first * stands.share,
            stands.start_daily,
            stands.daily,
            len(stages[0].doses) * min(stands.start, stands.single),
        )
        key, first = "too_small", left
    else:
        key = "source_ends" if top <= now else "nothing_above" if allowed <= now else "no_dose_between"
    slots = {"first": first, "top": top if key == "source_ends" else allowed, "now": now}
    return str(words[key].format(**{name: amount(value, unit) for name, value in slots.items()}))


def in_products(
    agent: str,
    facts: Facts,
    chosen: Titration,
    stages: Sequence[Staged],
    stands: Room,
    wanted: Wanted,
    row: int,
    *,
    labelled: Sequence[Staged] = (),
) -> Found | TooCoarse | str:
    """The calendar of ``stages`` in the first kind of product that makes every labelled dose (of the ``labelled`` stages, where those are
    others), else in the one that makes the finest.

    Where a person's doses are too small for it the other kinds follow, in the same order for everybody. Each of them goes no higher than the
    smallest dose of those before it: whoever has room enough for these takes at least as much from the first day on, so that less room
    never gives more.
    """
    tube = swallows_no_tablets(facts, row)
    groups = product_groups(agent, facts, liquid_first=tube, form=wanted.form or wanted.taken, modified=chosen.release != IMMEDIATE, country=wanted.country)  # fmt: skip
    groups = [g for g in groups if chosen.form in (None, g[0].form)]
    usable = [g for g in groups if not (tube and whole_only(g))]
    if not usable:
        return "whole" if groups else "no_products"
    labelled = labelled or stages
    largest = max(max(s.doses.values()) for s in (*labelled, *stages)) / GRAIN
    before, parts = sum(wanted.before.values()), max(len(s.doses) for s in stages)
    cap = math.inf
    for held in _ordered([stock(group, largest, facts) for group in usable], labelled, facts):
        goal = math.inf if wanted.goal is None else wanted.goal * GRAIN
        climb = Climb(before=wanted.before, stands=stands, most=min(goal, cap), falls=chosen.falls)
        own = merged(rungs(stages, climb, held))
        if own:
            own[-1] = Rung(doses=own[-1].doses, days=None, bounds=own[-1].bounds)
            made = _from_now(agent, own, held, wanted, facts) or calendar(agent, own, held, wanted.first, before, facts)
            return Found(_forward(made), cap) if made else "no_products"
        cap = min(cap, least_rise(climb, held, parts))
    first = max(stages[0].doses.values())
    pieces = [stock(group, max(largest, *(p.strength for p in group)), facts).amounts for group in usable]
    least = min((amounts[0] for amounts in pieces if amounts), default=0)
    return TooCoarse(first, least) if not before and first < least else "too_small"


def _ordered(stocks: Sequence[Stock], stages: Sequence[Staged], facts: Facts) -> list[Stock]:
    """Those that make every labelled dose, in their order, but of solid forms the one with few pieces at a time; then the finest. By the
    labelled doses alone, so that what bounds a person's doses never changes what they are rounded to."""
    labelled, comfortable = (
        {a for s in stages for a in s.doses.values()},
        facts.knowledge.policy("plan_pieces_comfortable"),
    )
    exact = [s for s in stocks if labelled <= set(s.amounts)]
    rest = [s for s in stocks if s not in exact]

    def many(held: Stock) -> float:
        return sum(max(0.0, min(w.pieces for w in held.ways[round(a)]) - comfortable) for a in labelled)

    if exact:
        alike = [s for s in exact if s.products[0].liquid == exact[0].products[0].liquid]
        exact = [*sorted(alike, key=many), *(s for s in exact if s not in alike)]
    return [*exact, *sorted(rest, key=lambda s: s.amounts[0] if s.amounts else math.inf)]


def _from_now(agent: str, own: Sequence[Rung], held: Stock, wanted: Wanted, facts: Facts) -> Calendar | None:
    """The calendar with the days up to its first rise, at the present dose in the form of the rises: one form from the first day on. ``None``
    where no day lies between, or these products do not make the present dose."""
    days = 0 if wanted.shown is None else (wanted.first - wanted.shown).days
    if wanted.shown is None or not days or not all(dose in held.ways for dose in wanted.before.values()):
        return None
    now = Rung(doses=wanted.before, days=days)
    return calendar(agent, [now, *own], held, wanted.shown, now.total, facts)


def _forward(made: Calendar) -> Calendar:
    """Nobody goes back from a lower step to a higher one."""
    steps = tuple(s if s.changed > 0 or s.back_to is None else msgspec.structs.replace(s, back_to=None) for s in made.steps)  # fmt: skip
    return msgspec.structs.replace(made, steps=steps)


def _last_day(course: float | None, wanted: Wanted) -> date | None:
    """The last day of a course; ``None`` where it has no end, or where since when the medicine is taken is not known."""
    begun = wanted.since if wanted.before else wanted.first
    return None if course is None or begun is None else begun + timedelta(days=math.floor(course) - 1)


def _course_said(key: str, course: float | None, last: date, agent: str, facts: Facts) -> str:
    words, name = facts.knowledge.words("planning")["course"], shown_agent_name(agent, facts)
    return str(words[key].format(agent=name, days=days_said(course or 0, facts), last=last.isoformat()))


def _too_late(judged: float, first: date, last: date, agent: str, facts: Facts) -> str:
    words, name = facts.knowledge.words("planning")["course"]["too_late"], shown_agent_name(agent, facts)
    need = days_said(math.ceil(judged), facts)
    return str(words.format(agent=name, last=last.isoformat(), first=first.isoformat(), need=need))


def _course_notes(course: float | None, last: date | None, agent: str, facts: Facts) -> Iterator[str]:
    """How long it is taken at most; of what is known to be lowered, that this comes first."""
    if course is None:
        return
    if last is None:
        words, name = facts.knowledge.words("planning")["course"], shown_agent_name(agent, facts)
        yield words["unknown"].format(agent=name, days=days_said(course, facts))
        return
    yield _course_said("ends", course, last, agent, facts)
    if any(agent in taper.agents for taper in facts.knowledge.plans.tapers.values()):
        yield _course_said("lower", course, last, agent, facts)


def _why(why: str, chosen: Titration, found: Found, wanted: Wanted, agent: str, facts: Facts, *, cut: bool = False) -> str:  # fmt: skip
    words, unit = facts.knowledge.words("planning")["why"], facts.knowledge.agents[agent].dose_unit
    steps = found.calendar.steps
    parts, top = [why], steps[-1].daily
    if steps[-1].daily < steps[0].daily:
        first = amount(steps[0].daily, unit)
        parts.append(
            words["falls"].format(first=first, days=days_said(steps[0].days or 0, facts), top=amount(top, unit))
        )
    elif wanted.goal is not None and top >= wanted.goal:
        parts.append(words["goal"].format(goal=amount(wanted.goal, unit)))
    elif wanted.goal is not None and cut:
        parts.append(words["course_ends"].format(goal=amount(wanted.goal, unit), top=amount(top, unit)))
    elif wanted.goal is not None and top * GRAIN >= found.cap:
        parts.append(words["product_ends"].format(goal=amount(wanted.goal, unit), top=amount(top, unit)))
    elif wanted.goal is not None and not steps[-1].bounds:
        parts.append(words["schedule_ends"].format(goal=amount(wanted.goal, unit), top=amount(top, unit)))
    elif wanted.goal is not None:
        parts.append(words["capped"].format(goal=amount(wanted.goal, unit), top=amount(top, unit)))
    elif len(steps) > 1:
        parts.append(words["no_goal"].format(top=amount(top, unit)))
    beyond = bool(steps[-1].bounds) and top < (chosen.target_low or 0)  # nobody held below it is told of the usual dose
    if chosen.target_high is not None and chosen.target_unit and not beyond:
        its = chosen.target_unit.removesuffix("/day")
        low, high = chosen.target_low, amount(chosen.target_high, its)
        parts.append(words["target_high"].format(high=high) if low in (None, chosen.target_high) else words["target"].format(low=plain_number(low), high=high))  # fmt: skip
    return " ".join(parts)


def _notes(chosen: Titration, found: Found, stages: Sequence[Staged], wanted: Wanted, agent: str, facts: Facts, *, course: float = math.inf) -> tuple[str, ...]:  # fmt: skip
    words, made = facts.knowledge.words("planning")["notes"], found.calendar
    out: list[str] = []
    if wanted.before:
        modified = chosen.release != IMMEDIATE
        out += other_form(agent, wanted.taken or wanted.form, made.products, facts, modified=modified)
    if chosen.as_needed:
        out.append(words["as_needed"])
    labelled = {grains(a / GRAIN) for s in stages for a in s.doses.values()}
    if any(grains(take.amount) not in labelled for step in made.steps if step.changed for take in step.takes):
        out.append(words["rounded"])
    if any(step.changed < 0 for step in made.steps):
        out.append(words["falls"])
    last = {take.at: take.amount for take in made.steps[-1].takes}
    less = course < math.inf and made.steps[-1].daily < (wanted.goal or 0)
    if wanted.order and not less and other_times(last, wanted.order, placed=wanted.placed):
        out.append(words["other_times"])
    if found.cap < math.inf:
        cap = amount(found.cap / GRAIN, facts.knowledge.agents[agent].dose_unit)
        out.append(words["finer"].format(form=made.products[0].form, cap=cap))
    spans = {(s.days_least, s.days) for s in chosen.stages if s.days_least is not None and s.days is not None}
    if len(made.steps) > 1:
        out += [
            words["slow_end"].format(least=plain_number(a), days=days_said(b, facts)) for a, b in sorted(spans) if a < b
        ]
    if chosen.reconsider_days is not None and chosen.reconsider_days < course:
        out.append(words["reconsider"][chosen.reconsider_from].format(days=days_said(chosen.reconsider_days, facts)))
    if whole_only(made.products):
        out.append(words["whole"])
    return (*out, *product_notes(made, facts, wanted.country))


def _waits(stays: float, wanted: Wanted, facts: Facts) -> Iterator[str]:
    """How long the present dose stands at least before a rise, and from when."""
    words = facts.knowledge.words("planning")["notes"]
    if stays and wanted.since is None:
        yield words["stays_unknown"].format(days=days_said(math.ceil(stays), facts))
    elif stays and wanted.since is not None and wanted.first == wanted.since + timedelta(days=math.ceil(stays)):
        since, first = wanted.since.isoformat(), wanted.first.isoformat()
        yield words["stays"].format(days=days_said(math.ceil(stays), facts), since=since, first=first)
