"""What a review rests on, in words: the list as it was read, what was said of conditions and allergies, what was found of facts and what was not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from relaxant.knowledge.load import Knowledge
from relaxant.report.blocks import Words
from relaxant.report.citations import Mark
from relaxant.report.review.page import FactView, MedicineView
from relaxant.report.shown import clean, title_of
from relaxant.reviewing import Review, ShownMedicine
from relaxant.rules.reasons import Cited, cited
from relaxant.shown_facts import Fact


class BasisView:
    """Turns medicines and facts into words; ``cite`` numbers the sources of the page."""

    def __init__(self, knowledge: Knowledge, cite: Callable[[Cited], Mark], language: str) -> None:
        self.knowledge, self.cite = knowledge, cite
        self.words: Words = knowledge.words("report", language)
        self.titles: Words = knowledge.words("facts", language)

    def listed(self, names: Iterable[str]) -> str:
        return str(self.words["between_parts"]).join(names)

    def named(self, name: str, value: str) -> str:
        return str(self.words["name_value"]).format(name=name, value=value)

    def title(self, name: str) -> str:
        """The name of an input or fact as a reader knows it."""
        return clean(title_of(name, self.titles, self.knowledge.labs))

    def remarks(self, medicine: ShownMedicine) -> tuple[str, ...]:
        words, regimen = self.words["medicines"], medicine.regimen
        unread = list(dict.fromkeys((*regimen.unread, *medicine.not_understood)))
        out = (
            [
                words["not_understood"].format(
                    words=self.listed(self.words["quoted"].format(text=clean(u)) for u in unread)
                )
            ]
            if unread
            else []
        )
        return (*out, *(words["remark"].format(text=clean(p)) for p in regimen.problems))

    def medicine(self, medicine: ShownMedicine) -> MedicineView:
        words = self.words["medicines"]
        role = words["roles"][medicine.role]
        if medicine.stop_weighed:
            role = words["stop_weighed"]
        elif medicine.replaced:
            role = words["replaced"]
        elif medicine.change:
            role = words["role_change"].format(role=role, change=words["changes"][medicine.change])
        if medicine.status == "unrecognised":
            return MedicineView(clean(medicine.said), words["statuses"]["unrecognised"], role, ())
        said = [p for p in medicine.regimen.problems if medicine.why and p in medicine.why]
        remarks: list[str] = [words["statuses"][medicine.status]] if medicine.status == "partly read" else []
        if medicine.why:
            remarks.append(clean(medicine.why))
        return MedicineView(
            clean(medicine.said),
            clean(medicine.read_as) or words["unread"],
            role,
            (*remarks, *(r for r in self.remarks(medicine) if not any(clean(p) in r for p in said))),
        )

    def said(self, review: Review) -> tuple[tuple[str, str], ...]:
        """The conditions and allergies as they were said."""
        words, patient = self.words["facts"], review.patient

        def condition(one: Mapping[str, Any]) -> str:
            codes: Sequence[Mapping[str, Any]] = one.get("codes") or ()
            return clean(str(one.get("name") or self.listed(str(c.get("display") or c.get("code")) for c in codes)))

        def allergy(one: Mapping[str, Any]) -> str:
            return clean(words["reaction"].format(**one) if one.get("reaction") else str(one.get("to")))

        out = []
        for key, write in (("conditions", condition), ("allergies", allergy)):
            listed = patient.get(key)
            out.append(
                (words[key], words["unsaid"] if listed is None else self.listed(map(write, listed)) or words["none"])
            )
        return tuple(out)

    def fact_title(self, fact: Fact) -> str:
        title = clean(fact.title)
        return (
            str(self.words["facts"]["of_agent"]).format(agent=clean(fact.agent), title=title) if fact.agent else title
        )

    def fact(self, fact: Fact) -> FactView:
        words = self.words["facts"]
        value = clean(fact.text)
        if fact.items:
            value = self.named(value, self.listed(map(clean, fact.items)))
        inputs = ""
        if any(self.title(i) != clean(fact.title) for i in fact.inputs):
            inputs = words["inputs"].format(inputs=self.listed(self.title(i) for i in fact.inputs))
        return FactView(
            self.fact_title(fact), value, clean(fact.method), inputs, clean(fact.note or ""), self.fact_source(fact)
        )

    def fact_source(self, fact: Fact) -> tuple[int, ...]:
        if fact.source not in self.knowledge.sources:
            return ()
        return (self.cite(cited(self.knowledge, fact.source, "")).number,)

    def unknown(self, fact: Fact) -> FactView:
        words = self.words["facts"]
        title = self.fact_title(fact)
        if fact.low is not None or fact.high is not None:
            title = words["known_so_far"].format(title=title, text=clean(fact.text))
        needs = [self.title(s) for s in fact.settled_by]
        settled = words["itself"] if needs == [clean(fact.title)] else self.listed(needs) or words["nothing_settles"]
        return FactView(title, settled, note=clean(fact.note or ""))
