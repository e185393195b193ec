"""A review in words: the one view that every format draws, so that all say the same in one order.

Here a :class:`relaxant.reviewing.Review` becomes words in their final order, sources numbered as they are first cited and
text made harmless to display. All words come from ``wording/<language>/report.yaml``; a renderer adds layout and
nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from relaxant.facts.names import what_is
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.schema import TIERS
from relaxant.medicines.dictionary import display_name
from relaxant.medicines.medicine import no_relaxant
from relaxant.planning.option import Options
from relaxant.predicted import ShownPrediction
from relaxant.quantities import plain_number
from relaxant.report.blocks import Words
from relaxant.report.citations import Citations, Mark
from relaxant.report.cited_once import Shown
from relaxant.report.plan.page import PlanHead, PlanView, TakenView
from relaxant.report.plan.view import plan_view
from relaxant.report.review.basis import BasisView
from relaxant.report.review.course import CourseView, course_view
from relaxant.report.review.follow import follow_view
from relaxant.report.review.options import OptionsView, options_view
from relaxant.report.review.page import FindingView, Missing, NotChecked, Part, SuitView, View
from relaxant.report.shown import clean, counted, title_of
from relaxant.reviewing import Review, ShownMedicine
from relaxant.rules.findings import Finding, Unchecked, packs_of
from relaxant.rules.reasons import Cited, Effect
from relaxant.shown_facts import Fact

_HASH_SHOWN = 12
_MONTHS = 12
_ROUNDING = 1e-3  # months, so that 7 of them, a broken number of years, are 7
_NAMED, _SHORT = (
    3,
    80,
)  # medicines read in part that the first lines name, characters of each; of more they say how many


def head_of(review: Review, *, knowledge: Knowledge | None = None) -> PlanHead:
    """What stands on top of the plans of a review: label, labels used, day, person and stamp."""
    return _Page(review, knowledge or load_knowledge()).head()


def view_of(review: Review, *, knowledge: Knowledge | None = None) -> View:
    """The page of a review, in the words of its language."""
    return _Page(review, knowledge or load_knowledge()).view()


class _Page:
    """Holds the words and numbers the sources in the order in which the page cites them."""

    def __init__(self, review: Review, knowledge: Knowledge) -> None:
        self.review, self.knowledge = review, knowledge
        self.words: Words = knowledge.words("report", review.stamp.language)
        self.titles: Words = knowledge.words("facts", review.stamp.language)
        self.course_words: Words = knowledge.words("prediction", review.stamp.language)
        self.plan_words: Words = knowledge.words("plan", review.stamp.language)
        self.citations = Citations(knowledge, self.words)
        self.follow_words: Words = knowledge.words("follow", review.stamp.language)

    def view(self) -> View:
        review, words = self.review, self.words
        head, basis = self.head(), BasisView(self.knowledge, self.cited, review.stamp.language)
        unread = [m for m in review.medicines if m.status == "unrecognised"]
        total, unmade = len(review.checks), sum(c.outcome == "could not check" for c in review.checks)
        findings = [self.finding(f) for f in review.findings]
        folded = tuple(f for f in findings if f.folded)
        return View(
            words=words,
            language=head.language,
            head=head,
            page_title=words["page_title"].format(label=head.label, as_of=head.as_of.isoformat()),
            label=head.label,
            labels=head.labels,
            as_of=head.as_of_text,
            person=head.person,
            stamp_short=head.basis,
            tiers=tuple(
                (t, words["tier"][t], sum(f.tier == t for f in findings), words["tier_means"][t]) for t in TIERS
            ),
            glance=self.glance(len(unread), total, unmade),
            not_checked_lead=counted(words["not_checked"]["lead"], len(unread)),
            not_checked=tuple(self.not_checked(m) for m in unread),
            findings=tuple(f for f in findings if not f.folded),
            folded_findings=folded,
            folded_findings_lead=counted(words["findings"]["folded"], len(folded)),
            nothing=self.nothing(total, unmade),
            unchecked_lead=counted(words["unchecked"]["lead"], unmade, all=total)
            if unmade
            else words["unchecked"]["none"].format(all=total)
            if total
            else "",
            unchecked=tuple(self.missing(u) for u in review.unchecked if not u.folded),
            **self.folded_missing(),
            suits=self.suits(),
            course_words=self.course_words,
            options=tuple(map(self.option, review.options)),
            courses=tuple(self.course(p) for p in review.prediction),
            plans=self.plans(head),
            plan_heading=self.plan_words["in_a_review"] if review.plan else "",
            medicines=tuple(basis.medicine(m) for m in review.medicines),
            said=basis.said(review),
            facts=tuple(basis.fact(f) for f in review.facts if not f.unknown),
            unknown_facts=tuple(basis.unknown(f) for f in review.facts if f.unknown),
            follow_words=self.follow_words,
            monitoring=follow_view(review, self.knowledge, self.cited),
            limits=tuple(clean(text) for text in review.limits),
            sources=self.citations.listed(),
            orders=words["stamp"]["orders"],
            stamp=head.stamp,
        )

    def head(self) -> PlanHead:
        """For whom and as of when: the top of the page, and of every plan."""
        words, stamp = self.words, self.review.stamp
        label = clean(str(self.review.patient.get("label") or ""))
        return PlanHead(
            label=label or words["no_label"],
            labels=words["labels"][self.jurisdiction()].format(country=clean(stamp.country)),
            as_of=date.fromisoformat(stamp.as_of),
            as_of_text=words["as_of"].format(date=stamp.as_of),
            person=self.person(),
            country=stamp.country,
            language=stamp.language,
            taken=tuple(self.taken(m) for m in self.review.medicines if m.change != "stop"),
            tube=self.review.patient.get("swallowing") == "tube",
            basis=words["stamp_short"].format(
                engine=stamp.engine,
                date=stamp.knowledge.date,
                knowledge=stamp.knowledge.sha256[:_HASH_SHOWN],
                input=stamp.input_sha256[:_HASH_SHOWN],
            ),
            whose=label or stamp.input_sha256,
            stamp=self.stamp(),
            labelled=bool(label),
        )

    # ------------------------------------------------------------ words

    def listed(self, names: Iterable[str]) -> str:
        return str(self.words["between_parts"]).join(names)

    def named(self, name: str, value: str) -> str:
        return str(self.words["name_value"]).format(name=name, value=value)

    def title(self, name: str) -> str:
        """The name of an input or fact as a reader knows it."""
        return clean(title_of(name, self.titles, self.knowledge.labs))

    def jurisdiction(self) -> str:
        """Whose labels and names hold in the country."""
        country = self.review.stamp.country
        return country if country in ("US", "UK") else "EU"

    def taken(self, medicine: ShownMedicine) -> TakenView:
        """A medicine of the list, for machines. What is weighed is to stop one is no medicine of its own."""
        routes = self.knowledge.words("regimen", self.review.stamp.language)["phrases"]["route"]
        known = [self.knowledge.agents[a] for a in medicine.agents]
        names = (
            *medicine.agents,
            *(i.name for i in medicine.ingredients),
            *(n for a in known for n in a.names.values()),
        )
        route = medicine.regimen.route or ""
        return TakenView(
            role=medicine.role,
            said=clean(medicine.said),
            text=clean(medicine.read_as),
            name=self.listed(display_name(i.name, self.jurisdiction()) for i in medicine.ingredients),
            agents=medicine.agents,
            codes=tuple((i.name, i.rxcui) for i in medicine.ingredients),
            names=tuple(dict.fromkeys(names)),
            regimen=medicine.regimen,
            route=routes.get(route, route),
        )

    # ------------------------------------------------------------ sources

    def cited(self, cited: Cited) -> Mark:
        return self.citations.mark(cited)

    # ------------------------------------------------------------ top

    def known_fact(self, name: str) -> Fact | None:
        return next((f for f in self.review.facts if f.name == name and not f.unknown and f.agent is None), None)

    def person(self) -> str:
        words, patient = self.words["person"], self.review.patient
        age, weight = self.known_fact("age"), self.known_fact("weight")
        if age is None:
            age_text = words["unknown_age"]
        elif not isinstance(age.value, float) or age.unit != "years":
            age_text = clean(age.text)
        elif age.value >= 2:
            age_text = words["years"].format(count=math.floor(age.value))
        else:
            age_text = words["months"].format(count=math.floor(age.value * _MONTHS + _ROUNDING))
        sex = self.words["sex"].get(str(patient.get("sex")), words["unknown_sex"])
        return self.listed((sex, age_text, clean(weight.text) if weight else words["unknown_weight"]))

    def glance(self, unread: int, total: int, unmade: int) -> tuple[str, ...]:
        words = self.words["glance"]
        partly = [
            self.words["quoted"].format(text=clean(m.said)) for m in self.review.medicines if m.status == "partly read"
        ]
        few = len(partly) <= _NAMED and all(len(name) <= _SHORT for name in partly)
        counts = (
            ("unrecognised", unread, 1),
            ("partly_named" if few else "partly", len(partly), 1),
            ("unchecked", unmade, total),
        )
        refused = [
            words["refused"].format(plan=clean(p.title), why=clean(p.refused)) for p in self.review.plan if p.refused
        ]
        unknown = [clean(name) for name in self.review.unread_conditions]
        odd = [counted(words["conditions"], len(unknown), names=self.listed(unknown))] if unknown else []
        near = [
            words["unclear_name"].format(said=clean(c.said), may_be=clean(c.may_be))
            for c in self.review.unclear_conditions
        ]
        odd += [counted(words["unclear"], len(near), names=self.listed(near))] if near else []
        beside = [self.words["quoted"].format(text=clean(m.said)) for m in self.review.medicines if no_relaxant(m)]
        odd += [counted(words["beside"], len(beside), names=self.listed(beside))] if beside else []
        grave, waiting = self.grave_of_unread()
        odd += [counted(words["grave"], waiting, what=self.listed(grave), tier=self.words["tier"][TIERS[0]])] if grave else []  # fmt: skip
        return (
            *refused,
            *odd,
            *(
                counted(words[key], count, all=total, names=self.listed(partly))
                for key, count, shown in counts
                if shown and (count or key == "unchecked")
            ),
        )

    def not_checked(self, medicine: ShownMedicine) -> NotChecked:
        words = self.words["not_checked"]
        names = [
            words["name"].format(name=clean(s.name), percent=plain_number(100 * s.confidence, 2))
            for s in medicine.suggestions
        ]
        why = [clean(medicine.why)] if medicine.why else []
        meant = [words["meant"].format(names=words["or"].join(names))] if names else [] if why else [words["no_name"]]
        return NotChecked(clean(medicine.said), (*meant, *why))

    # ------------------------------------------------------------ findings

    def nothing(self, total: int, unmade: int) -> tuple[str, ...]:
        words = self.words["findings"]
        if self.review.findings:
            return ()
        if not total:
            return (words["no_checks"], words["none_means"])
        grave, waiting = self.grave_of_unread()
        if grave:
            tier = self.words["tier"][TIERS[0]]
            said = counted(words["none_but"], waiting, checks=total, what=self.listed(grave), tier=tier)
            return (said, words["none_means"])
        return (words["none"].format(checks=total, open=unmade), words["none_means"])

    def grave_of_unread(self) -> tuple[list[str], int]:
        """What was said and not understood that checks of the gravest tier wait for, and how many checks."""
        review = self.review
        unread = {what_is(m.said) for m in review.medicines if m.status == "unrecognised"}
        unread |= {"conditions"} if review.unclear_conditions else set()
        waiting = [u for u in review.unchecked if u.worst_tier == TIERS[0] and u.settled_by in unread]
        return [self.title(u.settled_by) for u in waiting], sum(u.checks for u in waiting)

    def finding(self, finding: Finding) -> FindingView:
        words = self.words["findings"]
        marks = tuple(self.cited(c) for c in finding.sources)
        because: dict[str, dict[str, None]] = {}
        between = str(self.words["between_parts"])
        for fact in finding.because:
            values = clean(fact.value).split(between) if self.is_verb(fact.fact) else [clean(fact.value)]
            because.setdefault(clean(fact.fact), {}).update(dict.fromkeys(values))
        why = [clean(f"{finding.consequence} {finding.mechanism}")]
        if because:
            why.append(
                words["because"].format(
                    facts=words["because_between"].join(self.because(n, self.listed(v)) for n, v in because.items())
                )
            )
        if finding.modified:
            why.append(words["modified"].format(why=clean(finding.modified)))
        if finding.effect:
            why.append(self.effect(finding.effect))
        if finding.frequency:
            why.append(words["frequency"].format(text=clean(finding.frequency)))
        local = packs_of(finding, self.knowledge)
        grade = words["grade"].format(
            grade=self.words["evidence"][finding.evidence],
            verified=self.words["verified" if finding.verified else "not_verified"],
        )
        parts = (
            Part("do", words["do"], (clean(finding.action),)),
            Part("why", words["why"], tuple(line for line in why if line)),
            Part(
                "sure",
                words["sure"],
                (
                    grade,
                    counted(words["rules"], len(finding.rules), names=self.listed(map(clean, finding.rules))),
                    *((words["local"].format(packs=self.listed(map(clean, local))),) if local else ()),
                ),
                marks,
            ),
            Part("instead", words["instead"], tuple(clean(a) for a in finding.alternatives)),
            Part("also", words["also"], tuple(clean(a) for a in finding.also)),
        )
        return FindingView(
            tier=finding.tier,
            word=self.words["tier"][finding.tier],
            about=clean(self.title_of_rule(finding)),
            summary=clean(finding.summary),
            tags=() if finding.verified else (self.words["not_verified_short"],),
            parts=tuple(p for p in parts if p.lines or p.marks),
            numbers=tuple(sorted({m.number for m in marks})),
            folded=finding.folded,
        )

    def title_of_rule(self, finding: Finding) -> str:
        """Of what kind a finding is; its summary where the rule is not of this knowledge."""
        rule = next((self.knowledge.rules[r] for r in finding.rules if r in self.knowledge.rules), None)
        return rule.title if rule is not None else finding.summary

    def is_verb(self, fact: str) -> bool:
        """Whether a fact that made a rule fire is said by a verb (``takes``) and lists names."""
        return bool(fact == self.knowledge.words("values", self.review.stamp.language)["takes"])

    def because(self, fact: str, value: str) -> str:
        words = self.words["findings"]
        return (
            str(words["because_verb"]).format(verb=fact, value=value) if self.is_verb(fact) else self.named(fact, value)
        )

    def effect(self, effect: Effect) -> str:
        key = {
            (True, True): "effect_between",
            (False, True): "effect_up_to",
            (True, False): "effect_from",
            (False, False): "effect",
        }[effect.low is not None, effect.high is not None]
        numbers = {"ratio": effect.auc_ratio, "low": effect.low, "high": effect.high}
        return str(self.words["findings"][key]).format(
            **{k: plain_number(v, 3) for k, v in numbers.items() if v is not None}
        )

    # ------------------------------------------------------------ what could not be checked

    def missing(self, unchecked: Unchecked) -> Missing:
        return Missing(
            name=self.title(unchecked.settled_by),
            tier=unchecked.worst_tier,
            word=self.words["tier"][unchecked.worst_tier],
            checks=counted(self.words["unchecked"]["row"], unchecked.checks),
            agents=self.listed(map(clean, unchecked.agents)),
        )

    def folded_missing(self) -> dict[str, Any]:
        words = self.words["unchecked"]
        folded = tuple(self.missing(u) for u in self.review.unchecked if u.folded)
        names = self.listed(m.name for m in folded)
        more = words["only"].format(names=names) if len(folded) == len(self.review.unchecked) else ""
        return {
            "unchecked_folded": folded,
            "unchecked_more": (more or counted(words["more"], len(folded), names=names)) if folded else "",
        }

    # ------------------------------------------------------------ suitability

    def suits(self) -> tuple[SuitView, ...]:
        words, review, shown = self.words["suits"], self.review, Shown()
        beside = {
            (o.agent, s.condition, s.text)
            for group in review.options
            for o in group.options
            if o.suits
            for s in o.support
        }
        alone = [
            SuitView(
                clean(one.agent),
                words["status"].format(
                    status=words["other_age"] if one.other_age else words["statuses"][one.status],
                    condition=clean(one.condition),
                    evidence=self.words["evidence"][one.evidence],
                ),
                (clean(one.text),),
                shown.marks((self.cited(one.source),)),
                self.unverified(one.verified),
            )
            for one in review.suitability
            if (one.agent, one.condition, one.text) not in beside  # which the options say
        ]
        together = [
            SuitView(
                clean(words["together"].format(names=words["and"].join(one.together))),
                words["together_for"].format(
                    condition=clean(one.condition),
                    evidence=self.words["evidence"][one.evidence] if one.evidence else words["nobody"],
                ),
                tuple(
                    self.named(words[name], clean(text))
                    for name, text in (("used_for", one.used_for), ("benefit", one.benefit), ("harm", one.harm))
                ),
                shown.marks(self.cited(c) for c in one.sources),
                self.unverified(one.verified),
            )
            for one in review.combinations
        ]
        return (*alone, *together)

    def unverified(self, verified: bool) -> tuple[str, ...]:
        return () if verified else (self.words["not_verified_short"],)

    def plans(self, head: PlanHead) -> tuple[PlanView, ...]:
        """The plans; what is said of all of them (no orders) stands above the first."""
        views = [plan_view(p, head, knowledge=self.knowledge, cite=self.citations.mark) for p in self.review.plan]
        return (*views[:1], *(msgspec.structs.replace(v, above=v.banners[1:]) for v in views[1:]))

    def option(self, options: Options) -> OptionsView:
        return options_view(options, self.citations.mark, self.plan_words)

    # ------------------------------------------------------------ curve

    def course(self, prediction: ShownPrediction) -> CourseView:
        return course_view(
            prediction,
            self.course_words,
            lambda cited: self.cited(cited).number,
            str(self.words["not_verified_short"]),
        )

    # ------------------------------------------------------------ stamp

    def stamp(self) -> tuple[tuple[str, str], ...]:
        words, stamp = self.words["stamp"], self.review.stamp
        rows = [
            (words["engine"], stamp.engine),
            (
                words["knowledge"],
                words["knowledge_text"].format(date=stamp.knowledge.date, sha256=stamp.knowledge.sha256),
            ),
            (words["packs"], self.listed(stamp.knowledge.packs)),
            (words["input"], words["input_text"].format(sha256=stamp.input_sha256)),
            (words["as_of"], stamp.as_of),
            (words["country"], stamp.country),
            (words["language"], stamp.language),
            (words["time_zone"], stamp.time_zone),
        ]
        return tuple((name, clean(value)) for name, value in rows if value)
