"""Options in words: one table of what suits, side by side, and a list of what fell out, each with its reason. For a terminal, where a table of many runs
to hundreds of lines, the best suited few are whole and every other that suits has a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec

from relaxant.facts.suitability import SUITS
from relaxant.knowledge.agents import SUITABILITIES
from relaxant.knowledge.schema import TIERS
from relaxant.planning.option import Harm, Option, Options, Reason
from relaxant.planning.plan import Told
from relaxant.report.blocks import Block, Bullets, Cell, Line, Saying, Section, Table, Words
from relaxant.report.citations import Mark
from relaxant.report.cited_once import cited_once
from relaxant.report.plan import words as say
from relaxant.report.shown import clean, counted
from relaxant.rules.reasons import Cited

Cite = Callable[[Cited], Mark]
_HUNDRED = 100
_WHOLE, _FEW = 4, 3  # so many that suit are all shown whole; of more the best suited few


class OptionsView(msgspec.Struct, frozen=True):
    """The options for one goal: ``whole``, and in ``short`` with a line for each that suits after the best suited few."""

    whole: Section
    short: Section


def options_view(options: Options, cite: Cite, words: Words) -> OptionsView:
    """The options for one goal. ``cite`` numbers the sources, ``words`` are those of plans."""
    own = {**words["options"], "units_one": words["units_one"]}
    suited = [o for o in options.options if o.suits]
    fell_out = [o for o in options.options if not o.suits]
    lead = own["assumed" if options.assumed else "lead"].format(
        conditions=str(words["between"]).join(map(clean, options.conditions)), text=clean(options.text)
    )
    before: list[Block] = [Line(Saying(lead))]
    table: list[Block] = []
    in_short = table
    if suited:
        before.append(Line(Saying(own["order"].format(text=clean(options.order)), (), (cite(options.source),))))
        common = _asked_of_all(suited)
        if common:
            before.append(Line(Saying(own["ask_of_all"].format(names=_names(common)))))
        head = tuple(own["head"][k] for k in ("agent", "for", "dose", "harms", "open"))
        rows = tuple(_row(o, common, cite, own) for o in suited)
        table.append(Table(own["caption"], head, rows, prose=True))
        if len(suited) > _WHOLE:
            in_short = [
                Table(own["caption"], head, rows[:_FEW], prose=True),
                Line(Saying(own["more"].format(count=len(suited) - _FEW)), strong=True),
                Bullets("", tuple(_in_short(o, common, own) for o in suited[_FEW:])),
            ]
    else:
        before.append(Line(Saying(own["none"]), strong=True))
    after: list[Block] = []
    if fell_out:
        after.append(Line(Saying(own["out"]), strong=True))
        after.append(Bullets("", tuple(_fell_out(fell_out, cite, own))))
    heading = own["heading"].format(goal=clean(options.goal))

    def section(shown: Sequence[Block]) -> Section:
        return Section("options", heading, cited_once((*before, *shown, *after)))

    return OptionsView(whole=section(table), short=section(in_short))


def _asked_of_all(suited: Sequence[Option]) -> tuple[str, ...]:
    """What is to be asked before any of them."""
    if len(suited) == 1:
        return ()
    return tuple(n for n in suited[0].open if all(n in o.open for o in suited))


def _names(names: Sequence[str]) -> str:
    return ", ".join(clean(n.replace("_", " ")) for n in names)


def _row(option: Option, common: tuple[str, ...], cite: Cite, words: Words) -> tuple[Cell, ...]:
    asks = [n for n in option.open if n not in common]
    return (
        tuple(_medicine(option)),
        (*_places(option, cite, words), *_support(option, cite, words)),
        tuple(_dose(option, cite, words)),
        (*(_harm(h, cite, words) for h in option.harms), *(_told(t, cite, words, "say") for t in option.say))
        or (Saying(words["no_harm"]),),
        (Saying(words["asks"].format(names=_names(asks))),) if asks else (),
    )


def _in_short(option: Option, common: tuple[str, ...], words: Words) -> Saying:
    """What suits, in a line: where it stands, its dose here, how much speaks against it and is to be asked first."""
    own = words["short"]
    parts = [_standing(option, words)]
    if option.taken is not None:
        parts.append(clean(option.taken.text).rstrip("."))
    elif option.first_daily is not None and option.top_daily is not None:
        first, top = (_amount(v, option.unit, words) for v in (option.first_daily, option.top_daily))
        parts.append(own["dose_one" if first == top else "dose"].format(first=first, top=top))
    against = Counter(h.tier for h in option.harms)
    counts = [own["against"].format(tier=tier, count=against[tier]) for tier in TIERS if against[tier]]
    parts += [", ".join(counts)] if counts else []
    asks = [n for n in option.open if n not in common]
    parts += [counted(own["asks"], len(asks))] if asks else []
    speaking = [s for s in option.support if s.status in SUITS]
    elsewhere = (words["elsewhere"],) if speaking and all(s.elsewhere for s in speaking) else ()
    verified = all(known.verified for known in option.places[:1] or option.support[:1])
    return Saying(
        own["line"].format(agent=clean(option.agent), parts="; ".join(parts)), (*elsewhere, *_tags(verified, words))
    )


def _standing(option: Option, words: Words) -> str:
    """Where a guideline puts it; where none does, what the best of its labels says."""
    own = words["short"]
    if option.places:
        place = option.places[0]
        key = "after" if place.after else "named" if place.line is None else "place"
        return str(own[key].format(line=place.line))
    best = min((s.status for s in option.support), key=SUITABILITIES.index, default=None)
    return str(own["unplaced"]) if best is None else str(words["statuses"][best]).lower()


def _medicine(option: Option) -> Iterator[Saying]:
    yield Saying(clean(option.agent))
    if option.taken is not None:
        yield Saying(clean(option.taken.text))
    yield from (Saying(clean(text)) for text in option.history)


def _tags(verified: bool, words: Words) -> tuple[str, ...]:
    return () if verified else (words["not_verified"],)


def _places(option: Option, cite: Cite, words: Words) -> Iterator[Saying]:
    for place in option.places:
        key = "after" if place.after else "named" if place.line is None else "line"
        text = words[key].format(line=place.line, text=clean(place.text))
        yield Saying(text, _tags(place.verified, words), (cite(place.source),))


def _support(option: Option, cite: Cite, words: Words) -> Iterator[Saying]:
    placed, said = {p.source.id for p in option.places}, set[tuple[str, str]]()
    for s in option.support:
        if (s.status, s.source.id) in said:
            continue  # the same source says the same of it twice
        said.add((s.status, s.source.id))
        short = s.source.id in placed and s.status != "licensed"  # its place gives the words
        text = words["support_short" if short else "support"].format(
            status=words["statuses"][s.status], condition=clean(s.condition), text=clean(s.text)
        )
        tags = (words["elsewhere"],) if s.elsewhere else ()
        yield Saying(text, (*tags, *_tags(s.verified, words)), (cite(s.source),))


def _harm(harm: Harm, cite: Cite, words: Words) -> Saying:
    return Saying(
        f"{harm.tier}: {clean(harm.summary)}",
        _tags(harm.verified, words),
        tuple(cite(s) for s in harm.sources[:1]),
    )


def _told(told: Told, cite: Cite, words: Words, key: str) -> Saying:
    return Saying(words[key].format(text=clean(told.text)), _tags(told.verified, words), (cite(told.source),))


def _dose(option: Option, cite: Cite, words: Words) -> Iterator[Saying]:
    """The steps, the pieces, what holds them down, what is usual and what is useful."""
    if option.first_daily is not None and option.top_daily is not None:
        yield Saying(" ".join((_steps(option, words), _pieces(option, words))).strip())
    elif option.taken is None and not option.regimen:
        yield Saying(words["no_dose"])
    elif option.taken is None and not option.injected:
        yield Saying(words["no_steps"])
    for told in option.regimen if option.taken is None or option.first_daily is not None else ():
        yield Saying(clean(told.text), _tags(told.verified, words), (cite(told.source),))
    for bound in {b.why: b for b in option.bounds}.values():
        text = words["held"].format(why=clean(bound.why))
        yield Saying(text, _tags(bound.verified, words), (cite(bound.source),))
    if (course := option.course) is not None:
        short = course.reached is not None and course.reached != option.top_daily
        reached = _amount(course.reached or 0.0, option.unit, words)
        text = words["course" if short else "course_plain"].format(text=clean(course.text), reached=reached)
        yield Saying(text, _tags(course.verified, words), (cite(course.source),))
    if (usual := option.usual) is not None:
        high = say.amount(usual.high, usual.unit)
        if usual.low is None:
            text = words["usual_high"].format(high=high)
        elif usual.low == usual.high:
            text = words["usual_one"].format(high=high)
        else:
            text = words["usual"].format(low=say.exact(usual.low), high=high)
        if usual.reached is False:
            text = f"{text} {words['below_usual']}"
        yield Saying(text, _tags(usual.verified, words), (cite(usual.source),))
    for useful in option.useful:
        yield Saying(clean(useful.text), _tags(useful.verified, words), (cite(useful.source),))
        for chance in useful.chances:
            text = words["chances"].format(
                daily=say.amount(chance.daily, option.unit),
                average=_in_hundred(chance.average, words),
                always=_in_hundred(chance.always, words),
            )
            yield Saying(text)


def _in_hundred(share: float, words: Words) -> str:
    """Of a hundred people; what a sample of people cannot tell from none or all is not written as that."""
    count = round(_HUNDRED * share)
    return str(
        words["few"] if count < 1 else words["nearly_all"] if count >= _HUNDRED else words["about"].format(count=count)
    )


def _steps(option: Option, words: Words) -> str:
    first, top = (_amount(v, option.unit, words) for v in (option.first_daily or 0.0, option.top_daily or 0.0))
    if not option.days:
        return str(words["raised_one" if option.taken else "one_step"].format(first=first))
    falls = (option.top_daily or 0.0) < (option.first_daily or 0.0)
    return counted(
        words["raised" if option.taken else "falls" if falls else "steps"], option.days, first=first, top=top
    )


def _amount(value: float, unit: str, words: Words) -> str:
    return say.amount(value, words["units_one"].get(unit, unit) if value == 1 else unit)


def _pieces(option: Option, words: Words) -> str:
    if option.pieces_low is None or option.pieces_high is None or option.pieces_high == option.top_daily:
        return ""  # none, or the pieces are the unit
    low, high = say.exact(option.pieces_low), say.exact(option.pieces_high)
    if low != high:
        return str(words["volume" if option.liquid else "pieces"].format(low=low, high=high))
    if option.liquid:
        return str(words["volume_one"].format(low=low))
    return str(words["pieces_one"]["one" if low == "1" else "other"].format(count=low))


def _fell_out(options: Sequence[Option], cite: Cite, words: Words) -> Iterator[Saying]:
    """Each that fell out with its reasons; those with the same ones together."""
    together: dict[tuple[str, ...], list[Option]] = {}
    for option in options:
        together.setdefault(tuple(r.text for r in option.why_not), []).append(option)
    for own in together.values():
        names = ", ".join(" ".join((clean(o.agent), *_now(o, words))) for o in own)
        reasons = own[0].why_not
        history = dict.fromkeys(clean(text) for o in own for text in o.history)
        text = words["fell_out"].format(names=names, why=" ".join((*(clean(r.text) for r in reasons), *history)))
        yield Saying(text, _tags(all(r.verified for r in reasons), words), tuple(_marks(reasons, cite)))


def _now(option: Option, words: Words) -> tuple[str, ...]:
    return (words["taken_now"],) if option.taken is not None else ()


def _marks(reasons: Sequence[Reason], cite: Cite) -> Iterator[Mark]:
    yield from dict.fromkeys(cite(s) for r in reasons for s in r.sources[:1])
