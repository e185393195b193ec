"""Options in words: one table of what suits, side by side, and a list of what fell out, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from relaxant.planning.options import Option, Options
from relaxant.report import plan_words as say
from relaxant.report.citations import Mark
from relaxant.report.plan_page import Block, Bullets, Cell, Line, Saying, Section, Table
from relaxant.report.shown import clean, counted
from relaxant.rules.reasons import Cited

Words = Mapping[str, Any]
Cite = Callable[[Cited], Mark]


def options_section(options: Options, cite: Cite, words: Words) -> Section:
    """The options for one goal."""
    own = words["options"]
    suited = [o for o in options.options if o.suits]
    fell_out = [o for o in options.options if not o.suits]
    lead = own["lead"].format(
        conditions=str(words["between"]).join(map(clean, options.conditions)), text=clean(options.text)
    )
    blocks: list[Block] = [Line(Saying(lead)), Line(Saying(own["order"]))]
    if suited:
        rows = tuple(_row(o, cite, own) for o in suited)
        blocks.append(
            Table(
                own["caption"],
                tuple(own["head"][k] for k in ("agent", "for", "dose", "pieces", "harms", "open")),
                rows,
                prose=True,
            )
        )
        blocks.append(Line(Saying(own["range"].format(text=clean(suited[0].range)))))
    else:
        blocks.append(Line(Saying(own["none"]), strong=True))
    if fell_out:
        blocks.append(Line(Saying(own["out"]), strong=True))
        blocks += [Bullets(clean(o.agent), tuple(Saying(clean(w)) for w in o.why_not)) for o in fell_out]
    return Section("options", own["heading"].format(goal=clean(options.goal)), tuple(blocks))


def _row(option: Option, cite: Cite, words: Words) -> tuple[Cell, ...]:
    return (
        (Saying(clean(option.agent), (words["taken"],) if option.taken else ()),),
        tuple(_support(option, cite, words)),
        (_dose(option, words),),
        (_pieces(option, words),),
        tuple(Saying(f"{h.tier}: {clean(h.summary)}") for h in option.harms) or (Saying(words["no_harm"]),),
        (Saying(words["asks"].format(names=", ".join(clean(n.replace("_", " ")) for n in option.open))),)
        if option.open
        else (),
    )


def _support(option: Option, cite: Cite, words: Words) -> list[Saying]:
    return [
        Saying(
            words["support"].format(
                status=words["statuses"][s.status], condition=clean(s.condition), text=clean(s.text)
            ),
            () if s.verified else (words["not_verified"],),
            (cite(s.source),),
        )
        for s in option.support
    ]


def _dose(option: Option, words: Words) -> Saying:
    if option.first_daily is None or option.top_daily is None:
        return Saying(words["no_steps"])
    first, top = (say.amount(v, option.unit) for v in (option.first_daily, option.top_daily))
    if not option.days:
        return Saying(words["one_step"].format(first=first))
    return Saying(counted(words["steps"], option.days, first=first, top=top))


def _pieces(option: Option, words: Words) -> Saying:
    if option.pieces_low is None or option.pieces_high is None:
        return Saying("")
    key = "volume" if option.liquid else "pieces"
    low, high = say.exact(option.pieces_low), say.exact(option.pieces_high)
    return Saying(words[f"{key}_one"].format(low=low) if low == high else words[key].format(low=low, high=high))
