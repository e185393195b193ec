"""What differs between relaxants for one person, as blocks of a page: findings, licence, dose, tablets a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from relaxant.evidence.person import ForOne, OwnDose, Persons
from relaxant.evidence.pieces import Day
from relaxant.knowledge.load import Knowledge
from relaxant.planning.option import UsualDose
from relaxant.report.blocks import Bullets, Cell, Line, Saying, Table, Words
from relaxant.report.citations import Mark
from relaxant.report.compare.licence import merged
from relaxant.report.shown import clean, counted, title_of
from relaxant.rules.findings import Finding
from relaxant.rules.reasons import Cited


class Personal:
    """Turns what was found for a person into blocks; ``day`` says pieces, ``usual`` a usual dose, ``amount`` a dose."""

    def __init__(
        self,
        knowledge: Knowledge,
        names: Mapping[str, str],
        cite: Callable[[Cited], Mark],
        day: Callable[[Day, Day], str],
        usual: Callable[[UsualDose, str, str, str, Words], Saying],
        amount: Callable[[float, str], str],
    ) -> None:
        self.knowledge, self.names, self.cite, self.day, self.usual = knowledge, names, cite, day, usual
        self.amount = amount
        self.page: Words = knowledge.words("compare")
        self.words: Words = self.page["person"]
        self.titles: Words = knowledge.words("facts")
        self.statuses: Words = knowledge.words("report")["suits"]["statuses"]

    def blocks(self, found: Persons) -> Iterator[Line | Bullets | Table]:
        """Findings that differ, what is common to all, then licence, dose and tablets."""
        words = self.words
        yield Line(Saying(" ".join([words["lead"], *self.said_before(found)])))
        for one in found.each:
            own = tuple(self.finding(f) for f in one.findings if f.id in one.differing)
            yield Bullets(self.names[one.agent], own or (Saying(words["no_findings"]),))
        shared = tuple(self.finding(s.finding) for s in found.shared)
        first = self.names[found.each[0].agent] if found.each else ""
        label = words["shared"].format(name=first) if shared else words["shared_plain"]
        yield Bullets(label, shared or (Saying(words["shared_none"]),))
        makers: dict[str, Callable[[ForOne], Cell]] = {
            words["suits"]: self.suits,
            words["dose"]: lambda o: tuple(self.dose(o.dose)),
            words["pieces"]: lambda o: self.pieces(o.dose),
            words["held"]: lambda o: self.held(o.dose),
            words["open"]: self.open,
        }
        rows = tuple(((Saying(title),), *(make(one) for one in found.each)) for title, make in makers.items())
        head = (words["row"], *(self.names[o.agent] for o in found.each))
        yield Table(words["caption"], head, rows, prose=True)

    def said_before(self, found: Persons) -> Iterator[str]:
        taken = [self.names[a] for a in found.taken]
        if taken:
            names = taken[0] if len(taken) == 1 else self.page["and"].format(most=", ".join(taken[:-1]), last=taken[-1])
            yield self.words["taken" if len(taken) == 1 else "taken_several"].format(names=names[:1].upper() + names[1:])  # fmt: skip
        for said in found.left_out:
            yield self.words["left_out"].format(said=clean(said))

    def finding(self, f: Finding) -> Saying:
        text = self.words["finding"].format(tier=f.tier, text=clean(f.summary))
        return Saying(text, self.tags(f.verified), tuple(self.cite(s) for s in f.sources[:1]))

    def tags(self, verified: bool) -> tuple[str, ...]:
        return () if verified else (self.page["not_verified"],)

    # ------------------------------------------------------------ rows

    def suits(self, one: ForOne) -> Cell:
        cell = tuple(
            Saying(
                self.words["suit"].format(
                    status=self.statuses[m.status], condition=clean(", ".join(m.conditions)), text=m.text(self.page["licence"]["also"])
                ),
                self.tags(m.verified),
                tuple(map(self.cite, m.sources)),
            )
            for m in merged(one.suits)
        )  # fmt: skip
        return cell or (Saying(self.words["suits_none"]),)

    def dose(self, dose: OwnDose) -> Iterator[Saying]:
        words = self.words
        taken = dose.daily_now is not None
        if dose.daily_now is not None:
            yield Saying(words["now"].format(now=self.amount(dose.daily_now, dose.unit)))
        if dose.refused is not None:
            yield Saying(words["refused"].format(why=clean(dose.refused)))
        elif dose.first_daily is not None and dose.top_daily is not None:
            first, top = self.amount(dose.first_daily, dose.unit), self.amount(dose.top_daily, dose.unit)
            if not dose.days:
                yield Saying(words["rises_one" if taken else "one"].format(first=first))
            else:
                key = "rises" if taken else "falls" if dose.top_daily < dose.first_daily else "steps"
                yield Saying(counted(words[key], dose.days, first=first, top=top))
        elif not taken:
            yield Saying(words["no_plan"])
        if dose.steps is not None:
            yield Saying(dose.steps.text, self.tags(dose.steps.verified), (self.cite(dose.steps.source),))
        if dose.usual is not None:
            said = self.usual(dose.usual, "usual", "usual_high", "usual_one", words)
            text = f"{said.text} {words['below']}" if dose.usual.reached is False else said.text
            yield Saying(text, said.tags, said.marks)

    def pieces(self, dose: OwnDose) -> Cell:
        if dose.first_pieces is None or dose.top_pieces is None:
            return (Saying(self.words["pieces_none"]),)
        if dose.first_pieces.count == dose.first_daily and dose.top_pieces.count == dose.top_daily:
            return (Saying(self.page["glance"]["pieces_same"].format(unit=dose.unit)),)  # its pieces are the unit
        sources = {p.source: None for d in (dose.first_pieces, dose.top_pieces) for p in d.products}
        return (Saying(self.day(dose.first_pieces, dose.top_pieces), (), tuple(map(self.cite, sources))),)

    def held(self, dose: OwnDose) -> Cell:
        bounds = {b.why: b for b in dose.bounds}
        return tuple(Saying(clean(b.why), self.tags(b.verified), (self.cite(b.source),)) for b in bounds.values()) or (
            Saying(self.words["held_none"]),
        )

    def open(self, one: ForOne) -> Cell:
        names = dict.fromkeys((*one.dose.needs, *one.open))
        titles = [clean(title_of(n, self.titles, self.knowledge.labs)) for n in names]
        return (Saying(", ".join(titles)),) if titles else (Saying(self.words["open_none"]),)
