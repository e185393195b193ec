"""A comparison of relaxants in words: the one view that text and HTML draw.

On a page of HTML the agents stand in columns; in text each part names them one under the other. All words come from
``wording/<language>/compare.yaml`` and from the knowledge; sources are numbered in the order in which they are cited.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec

from relaxant.evidence.comparison import Comparison
from relaxant.evidence.origin import origin
from relaxant.evidence.pieces import Day
from relaxant.evidence.profile import HalfLife, Interactions, Pieces, Profile, Said
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.schema import TIERS
from relaxant.knowledge.schema import Cited as Known
from relaxant.medicines.dictionary import display_name
from relaxant.planning.option import UsualDose
from relaxant.planning.plan import Product
from relaxant.quantities import plain_number
from relaxant.report.blocks import Bullets, Cell, Line, Saying, Table, Words
from relaxant.report.citations import Citations
from relaxant.report.compare.citations import Citing, once
from relaxant.report.compare.evidence import Evidencing
from relaxant.report.compare.licence import merged
from relaxant.report.compare.page import PARTS, CompareView, Part
from relaxant.report.compare.person import Personal
from relaxant.report.compare.reactions import Reacting, known_of_some, whose
from relaxant.report.forest import Forest
from relaxant.report.plan import words as say
from relaxant.report.shown import clean, counted

Blocks = Sequence[Line | Bullets | Table | Forest]
_HASH_SHOWN = 12
_SHOWN = 3  # sayings of one part of one agent; the rest is counted
_NAMED = 3  # rules and partners named
_LICENCE = "licence"
_ROWS: dict[str, tuple[str, ...]] = {
    "mechanism": ("mechanism", _LICENCE, "boxed warning", "contraindication", "scheduling"),
    "dosing": ("dosing", "daily maximum", "single maximum", "course maximum", "products"),
    "kinetics": ("half-life", "clearance", "pharmacokinetics", "pharmacogenomics"),
    "factors": ("renal", "hepatic", "elderly", "paediatric", "pregnancy", "lactation", "driving"),
    "monitoring": ("monitoring",),
    "stopping": ("withdrawal", "taper"),
}
_LISTED_WHOLE = ("monitoring",)
_SUITS = ("licensed", "supported", "off label")


def compare_view(comparison: Comparison, *, knowledge: Knowledge | None = None, side_by_side: bool = False, parts: Collection[str] = PARTS) -> CompareView:  # fmt: skip
    """The page of a comparison: of its :data:`PARTS` those that are asked for. With ``side_by_side`` the agents stand in columns."""
    return _Page(comparison, knowledge or load_knowledge(), side_by_side).view(parts)


class _Page:
    def __init__(self, comparison: Comparison, knowledge: Knowledge, side: bool) -> None:
        self.made, self.knowledge, self.side = comparison, knowledge, side
        self.words: Words = knowledge.words("compare")
        self.report: Words = knowledge.words("report")
        self.plan: Words = knowledge.words("plan")
        self.citing = Citing(knowledge, Citations(knowledge, self.report))
        self.cite = self.citing.mark
        self.names = {p.agent: p.name for p in comparison.profiles}
        self.evidencing = Evidencing(knowledge, self.names, self.cite, side_by_side=side)

    def view(self, asked: Collection[str]) -> CompareView:
        made, words = self.made, self.words
        names = self.listed([p.name for p in made.profiles])
        hashed = made.stamp.knowledge_sha256[:_HASH_SHOWN]
        labels = words["labels"][made.jurisdiction].format(country=made.country)
        # each is made as it is asked for: sources are numbered as they are cited here
        parts = tuple(part for key in PARTS if key in asked for part in self.part(key))
        return CompareView(
            language="en",
            kind=words["kind"],
            title=words["title"].format(names=names),
            page_title=words["page_title"].format(names=names),
            labels=labels,
            of=self.of(),
            basis=words["basis"].format(
                engine=made.stamp.engine, date=made.stamp.knowledge_date, hash=hashed
            ),
            banners=tuple(self.banners()),
            parts=parts,
            sources=self.citing.listed(),
            short=self.citing.short(),
            source_words=self.report["sources"],
            stamp_heading=words["stamp_heading"],
            stamp=(
                (words["stamp"]["engine"], f"relaxant {made.stamp.engine}"),
                (words["stamp"]["knowledge"], words["knowledge"].format(date=made.stamp.knowledge_date, hash=made.stamp.knowledge_sha256)),
                (words["stamp"]["countries"], labels),
            ),
        )  # fmt: skip

    def banners(self) -> Iterator[str]:
        """What stands above all: units that do not convert, and what is not sold."""
        apart = self.made.units_apart
        if apart is not None:
            yield self.words["units_apart"].format(text=apart.text, title=apart.source.title)
        for p in self.made.profiles:
            if p.not_sold:
                yield self.words["not_sold"].format(name=p.name, why=p.not_sold)

    def of(self) -> str:
        if self.made.as_of is None:
            return ""
        label = clean(self.made.label or "") or self.report["no_label"]
        return str(self.words["for"]).format(label=label, as_of=self.made.as_of)

    def part(self, key: str) -> Iterator[Part]:
        """A part by its key; nothing where this comparison has none."""
        self.citing.beside.clear()  # what a place names is cited where it stands
        heading, blocks = self.blocks(key)
        if blocks:
            yield Part(key, heading, once(self.citing.shown(blocks)))

    def blocks(self, key: str) -> tuple[str, Blocks]:
        """The heading of a part and what stands under it."""
        words, person = self.words, self.made.person
        match key:
            case "person":
                if person is None:
                    return "", ()
                personal = Personal(self.knowledge, self.names, self.cite, self.day, self.usual, self.amount)
                return words["person"]["heading"], tuple(personal.blocks(person))
            case "glance":
                return words["glance"]["heading"], (self.glance(),)
            case "evidence":
                own = person.conditions if person is not None else ()
                return words["evidence"]["heading"], tuple(self.evidencing.blocks(self.made.evidence, own))
            case "trials":
                return words["evidence"]["trials"], tuple(self.evidencing.trials(self.made.evidence))
            case "reactions":
                return words["reactions"]["heading"], tuple(self.reactions())
            case "interactions":
                return words["interactions"]["heading"], tuple(self.interactions())
            case "limits":
                limits = words["limits"]
                return limits["heading"], (Bullets("", tuple(Saying(text) for text in limits["lines"])),)
            case _:
                rows = [row for name in _ROWS[key] for row in self.part_rows(name)]
                return words["sections"][key], tuple(self.laid(rows))

    # ------------------------------------------------------------ columns of agents

    def rows(self, caption: str, first: str, rows: Sequence[tuple[str, Sequence[Cell]]]) -> Table:
        """A table with the agents in columns."""
        head = (first, *(p.name for p in self.made.profiles))
        return Table(caption, head, tuple(((Saying(title),), *cells) for title, cells in rows), prose=True)

    def laid(self, rows: Sequence[tuple[str, Sequence[Cell]]]) -> Iterator[Line | Bullets | Table]:
        """Parts of the agents, each with its title: in columns, or one agent under the other."""
        empty: Cell = (Saying(self.words["nothing"]),)
        rows = [(title, [cell or empty for cell in cells]) for title, cells in rows if any(cells)]
        if self.side:
            if rows:
                yield self.rows(self.words["by_agent"], self.words["row"], rows)
            return
        for title, cells in rows:
            yield Line(Saying(title), strong=True)
            for p, cell in zip(self.made.profiles, cells, strict=True):
                yield Bullets(p.name, cell)

    def part_rows(self, name: str) -> Iterator[tuple[str, Sequence[Cell]]]:
        """The rows of one part: what each is for and not for, or what is stated of it."""
        words, profiles = self.words["licence"], self.made.profiles
        if name == _LICENCE:
            yield words["suits"], [self.licence(p, True) for p in profiles]
            yield words["against"], [self.licence(p, False) for p in profiles]
            return
        yield self.words["parts"][name], [self.topic(p, name) for p in profiles]

    def licence(self, p: Profile, suits: bool) -> Cell:
        chosen = [one for one in p.suits if (one.status in _SUITS) == suits]
        statuses, words = self.report["suits"]["statuses"], self.words["licence"]
        return tuple(
            Saying(
                words["line"].format(conditions=", ".join(m.conditions), status=statuses[m.status], text=m.text(words["also"])),
                self.tags(m.verified),
                tuple(map(self.cite, m.sources)),
            )
            for m in merged(chosen)
        )  # fmt: skip

    def topic(self, p: Profile, name: str) -> Cell:
        said = p.said(name)
        shown = said if name in _LISTED_WHOLE else said[:_SHOWN]
        out = [self.said(s) for s in shown]
        if name == "half-life":
            out = [*map(self.measured, p.half_lives[:_SHOWN]), *out]
        more = len(said) - len(shown) + (max(0, len(p.half_lives) - _SHOWN) if name == "half-life" else 0)
        if more:
            out.append(Saying(counted(self.words["shown_more"], more, agent=p.agent)))
        return tuple(out)

    def said(self, said: Said) -> Saying:
        tags = (*(() if said.adults else (self.words["adults_not"],)), *self.tags(said.verified))
        return Saying(said.text, tags, (self.cite(said.source),))

    def tags(self, verified: bool) -> tuple[str, ...]:
        return () if verified else (self.words["not_verified"],)

    # ------------------------------------------------------------ at a glance

    def glance(self) -> Table:
        words = self.words["glance"]
        makers: dict[str, Callable[[Profile], Cell]] = {
            words["class"]: lambda p: (Saying(p.drug_class),),
            words["licence"]: lambda p: self.for_what(p, "licensed"),
            words["supported"]: lambda p: self.for_what(p, "supported"),
            words["usual"]: self.doses,
            words["pieces"]: self.pieces,
            words["half_life"]: self.half_life,
            words["clearance"]: lambda p: tuple(map(self.said, p.said("clearance"))) or self.nothing(),
            words["danger"]: self.dangers,
            words["stop"]: self.stop,
        }
        rows = [(title, [make(p) for p in self.made.profiles]) for title, make in makers.items()]
        return self.rows(
            words["caption"],
            words["row"],
            list(known_of_some(rows, (words["none"], self.words["person"]["pieces_none"]))),
        )

    def nothing(self) -> Cell:
        return (Saying(self.words["glance"]["none"]),)

    def for_what(self, p: Profile, status: str) -> Cell:
        licensed = {f.condition for f in p.suits if f.status == _SUITS[0]}
        titles = list(dict.fromkeys(f.condition for f in p.suits if f.status == status and (status == _SUITS[0] or f.condition not in licensed)))  # fmt: skip
        return (Saying(", ".join(titles)),) if titles else self.nothing()

    def doses(self, p: Profile) -> Cell:
        words, out = self.words["glance"], list[Saying]()
        if p.usual is not None:
            out.append(self.usual(p.usual, "usual_span", "usual_high", "usual_one", words))
        if p.start is not None and p.most is not None:
            key = "start" if p.start == p.most else "most" if p.start < p.most else "falls"
            text = words[key].format(start=self.amount(p.start, p.unit), most=self.amount(p.most, p.unit))
            marks = (self.cite(p.steps.source),) if p.steps is not None else ()
            out.append(Saying(text, self.tags(p.steps is None or p.steps.verified), marks))
        return tuple(out) or (Saying(words["no_dose"]),)

    def amount(self, value: float, unit: str) -> str:
        """A dose with its unit, in the singular for one of a thing."""
        return say.amount(value, self.plan["units_one"].get(unit, unit) if value == 1 else unit)

    def usual(self, usual: UsualDose, span: str, high: str, one: str, words: Words) -> Saying:
        key = high if usual.low is None else one if usual.low == usual.high else span
        text = words[key].format(low=say.exact(usual.low or 0), high=say.amount(usual.high, usual.unit))
        return Saying(text, self.tags(usual.verified), (self.cite(usual.source),))

    def pieces(self, p: Profile) -> Cell:
        words, made = self.words["glance"], p.pieces
        if made is None:
            return (Saying(self.words["person"]["pieces_none"]),)
        if all(say.is_dose(x, self.plan) for x in made.products):
            return (Saying(words["pieces_same"].format(unit=made.unit)),)
        text = words["pieces_usual" if made.at == "usual" else "pieces_most"].format(
            count=_span(made.low, made.high) + (" mL" if made.liquid else ""),
            daily=_amounts(made),
            products=self.products(made.products),
        )
        return (Saying(text, (), tuple(dict.fromkeys(self.cite(x.source) for x in made.products))),)

    def products(self, products: Sequence[Product]) -> str:
        return ", ".join(dict.fromkeys(say.product_name(x, self.plan) for x in products))

    def day(self, first: Day, top: Day) -> str:
        """Pieces at first and at the top."""
        words = self.words["person"]
        kind = "volume" if top.liquid else "piece"
        products = self.products(tuple(dict.fromkeys((*first.products, *top.products))))
        if first.count == top.count:
            return str(words[f"{kind}_one"]).format(low=say.exact(top.count), products=products)
        return str(words[f"{kind}_span"]).format(
            low=say.exact(first.count), high=say.exact(top.count), products=products
        )

    def measured(self, h: HalfLife) -> Saying:
        """A half-life with whose it is."""
        text = self.words["half_life"].format(value=plain_number(h.value), unit=h.unit, title=h.title)
        return Saying(text, (whose(h.origin, self.words["origins"]), *self.tags(h.verified)), (self.cite(h.source),))

    def half_life(self, p: Profile) -> Cell:
        """The label's value first where one gives it, then what was measured."""
        usual = [h for h in p.half_lives if h.usual]
        of_label = [h for h in usual if h.origin.kind == "label"][:1]
        said = [s for s in p.said("half-life") if s.adults]
        stated = [s for s in said if self.knowledge.sources[s.source.id].kind == "label"][:1] if not of_label else []
        others = [h for h in usual if h.origin.kind != "label"][:1]
        cell = [*map(self.measured, of_label), *map(self.stated, stated), *map(self.measured, others)]
        return tuple(cell) or tuple(map(self.stated, said[:1])) or tuple(map(self.measured, p.half_lives[:1])) or self.nothing()  # fmt: skip

    def stated(self, said: Said) -> Saying:
        """A statement with whose it is."""
        known = self.knowledge.sources[said.source.id]
        value = Known(source=known.id, place="", jurisdiction=said.jurisdictions)
        made = self.said(said)
        return msgspec.structs.replace(made, tags=(whose(origin(value, self.made.jurisdiction, self.knowledge), self.words["origins"]), *made.tags))  # fmt: skip

    def dangers(self, p: Profile) -> Cell:
        named = [r for i in p.interactions for r in i.rules if r.tier == TIERS[0]]
        return (
            tuple(Saying(clean(r.title), self.tags(r.verified), (self.cite(r.source),)) for r in named)
            or self.nothing()
        )

    def stop(self, p: Profile) -> Cell:
        words = self.words["glance"]
        first = p.said("taper")[:1]
        if not first:
            return tuple(map(self.said, p.said("withdrawal")[:1])) or self.nothing()
        return (Saying(words["stepwise"]), *map(self.said, first))

    # ------------------------------------------------------------ reactions and other medicines

    def reactions(self) -> Iterator[Line | Table]:
        words = self.words["reactions"]
        rows, folded = Reacting(self.words, self.made.profiles, self.cite).rows()
        yield Line(Saying(words["lead"]))
        if rows:
            yield self.rows(words["caption"], words["reaction"], rows)
        if folded:
            yield Line(Saying(counted(words["folded"], folded)))

    def interactions(self) -> Iterator[Line | Table]:
        words = self.words["interactions"]
        yield Line(Saying(words["lead"]))
        kinds = [k for k in words["kinds"] if any(i.kind == k for p in self.made.profiles for i in p.interactions)]
        rows = [(words["kinds"][k], [self.rules(self.of_kind(p, k)) for p in self.made.profiles]) for k in kinds]
        rows.append((words["exposed"], [self.exposed(p) for p in self.made.profiles]))
        yield self.rows(words["caption"], words["kind"], rows)

    def of_kind(self, p: Profile, kind: str) -> Interactions | None:
        return next((i for i in p.interactions if i.kind == kind), None)

    def rules(self, found: Interactions | None) -> Cell:
        words = self.words["interactions"]
        if found is None:
            return (Saying(words["none"]),)
        counts = [(t, sum(r.tier == t for r in found.rules)) for t in TIERS]
        text = ", ".join(words["counted"].format(count=n, tier=t) for t, n in counts if n)
        gravest = [r for r in found.rules if r.tier == found.rules[0].tier]
        named = [
            Saying(
                words["gravest"].format(tier=r.tier, title=clean(r.title)),
                self.tags(r.verified),
                (self.cite(r.source),),
            )
            for r in gravest[:_NAMED]
        ]
        more = [Saying(words["more"].format(count=len(gravest) - _NAMED))] if len(gravest) > _NAMED else []
        return (Saying(text), *named, *more)

    def exposed(self, p: Profile) -> Cell:
        words = self.words["interactions"]
        return tuple(
            Saying(
                words["unchanged" if e.auc_ratio == 1 else "exposure"].format(partner=display_name(e.partner, self.made.jurisdiction), ratio=plain_number(e.auc_ratio)),
                self.tags(e.verified),
                (self.cite(e.source),),
            )
            for e in p.exposed[:_NAMED]
        ) or (Saying(words["exposed_none"]),)  # fmt: skip

    def listed(self, names: Sequence[str]) -> str:
        return names[0] if len(names) == 1 else self.words["and"].format(most=", ".join(names[:-1]), last=names[-1])


def _span(low: float, high: float) -> str:
    return say.exact(low) if low == high else f"{say.exact(low)} to {say.exact(high)}"


def _amounts(made: Pieces) -> str:
    high = say.amount(made.daily_high, made.unit)
    return high if made.daily_low == made.daily_high else f"{say.exact(made.daily_low)} to {high}"
