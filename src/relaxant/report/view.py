"""What a page shows of a review: the one view model that every renderer draws, so that all say the same in one order.

Here a :class:`relaxant.reviewing.Review` becomes words in their final order, sources numbered as they are first cited and
text made harmless to display. All words come from ``wording/<language>/report.yaml``; a renderer adds layout and
nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from relaxant.facts.names import what_is
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.knowledge.schema import TIERS, Tier
from relaxant.medicines.dictionary import display_name
from relaxant.planning.options import Options
from relaxant.predicted import ShownPrediction
from relaxant.quantities import plain_number
from relaxant.report.citations import Citations, Mark, SourceView
from relaxant.report.cited_once import Shown, cited_once
from relaxant.report.course_view import CourseView, course_view
from relaxant.report.options_view import options_section
from relaxant.report.plan_page import PlanHead, PlanView, Section, TakenView
from relaxant.report.plan_view import plan_view
from relaxant.report.shown import clean, counted, title_of
from relaxant.reviewing import Fact, Review, ShownMedicine, Watch
from relaxant.rules.findings import Finding, Unchecked, packs_of
from relaxant.rules.reasons import Cited, Effect
from relaxant.rules.wording import capital

Words = Mapping[str, Any]

_HASH_SHOWN = 12
_MONTHS = 12
_ROUNDING = 1e-3  # months, so that 7 of them, a broken number of years, are 7


class Part(msgspec.Struct, frozen=True):
    """One labelled part of a finding (``do``, ``why``, ``sure`` ...): its lines, then its citations."""

    key: str
    label: str
    lines: tuple[str, ...]
    marks: tuple[Mark, ...] = ()


class FindingView(msgspec.Struct, frozen=True):
    """A finding: tier in word and shape, its summary and its parts in reading order. A folded one shows its summary. ``about`` says, for
    machines, of what kind it is: the title of its first rule."""

    tier: Tier
    word: str
    about: str
    summary: str
    tags: tuple[str, ...]
    parts: tuple[Part, ...]
    numbers: tuple[int, ...]
    folded: bool


class NotChecked(msgspec.Struct, frozen=True):
    """A medicine that was not recognised, with the names it may have meant."""

    said: str
    lines: tuple[str, ...]


class Missing(msgspec.Struct, frozen=True):
    """An input that would settle checks."""

    name: str
    tier: Tier
    word: str
    checks: str
    agents: str


class MedicineView(msgspec.Struct, frozen=True):
    """A medicine line as said, as read, and what it is here."""

    said: str
    read_as: str
    role: str
    remarks: tuple[str, ...]


class FactView(msgspec.Struct, frozen=True):
    """A fact with its value and how it was found; for an unknown one, ``value`` is what would settle it."""

    title: str
    value: str
    method: str = ""
    inputs: str = ""
    note: str = ""
    numbers: tuple[int, ...] = ()

    @property
    def how(self) -> tuple[str, ...]:
        """Method, inputs and note, as far as there are any."""
        return tuple(text for text in (self.method, self.inputs, self.note) if text)


class WatchView(msgspec.Struct, frozen=True):
    """Something to monitor. ``due`` says the day and what the record shows, as far as there is something to say; ``day`` is whether it names one."""

    agent: str
    what: str
    due: str
    day: bool
    overdue: bool
    at: str
    act: str
    mark: Mark
    tags: tuple[str, ...]


class SuitView(msgspec.Struct, frozen=True):
    """What a medicine, or several together, are to a condition: who, the status in words, what is known, citations."""

    who: str
    status: str
    lines: tuple[str, ...]
    marks: tuple[Mark, ...]
    tags: tuple[str, ...]


class View(msgspec.Struct, frozen=True):
    """A page in words, top to bottom. ``words`` holds the headings."""

    words: Words
    language: str
    head: PlanHead
    page_title: str
    label: str
    labels: str
    as_of: str
    person: str
    stamp_short: str
    tiers: tuple[tuple[Tier, str, int, str], ...]
    glance: tuple[str, ...]
    not_checked_lead: str
    not_checked: tuple[NotChecked, ...]
    findings: tuple[FindingView, ...]
    folded_findings: tuple[FindingView, ...]
    folded_findings_lead: str
    nothing: tuple[str, ...]
    unchecked_lead: str
    unchecked: tuple[Missing, ...]
    unchecked_folded: tuple[Missing, ...]
    unchecked_more: str
    suits: tuple[SuitView, ...]
    course_words: Words
    options: tuple[Section, ...]
    courses: tuple[CourseView, ...]
    plans: tuple[PlanView, ...]
    plan_heading: str
    medicines: tuple[MedicineView, ...]
    said: tuple[tuple[str, str], ...]
    facts: tuple[FactView, ...]
    unknown_facts: tuple[FactView, ...]
    follow_words: Words
    monitoring: tuple[WatchView, ...]
    limits: tuple[str, ...]
    sources: tuple[SourceView, ...]
    orders: str
    stamp: tuple[tuple[str, str], ...]


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
        head = self.head()
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
            medicines=tuple(self.medicine(m) for m in review.medicines),
            said=self.said(),
            facts=tuple(self.fact(f) for f in review.facts if not f.unknown),
            unknown_facts=tuple(self.unknown(f) for f in review.facts if f.unknown),
            follow_words=self.follow_words,
            monitoring=self.watches(),
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
        partly = sum(m.status == "partly read" for m in self.review.medicines)
        words = self.words["glance"]
        counts = (("unrecognised", unread, 1), ("partly", partly, 1), ("unchecked", unmade, total))
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
        grave, waiting = self.grave_of_unread()
        odd += [counted(words["grave"], waiting, what=self.listed(grave), tier=self.words["tier"][TIERS[0]])] if grave else []  # fmt: skip
        return (
            *refused,
            *odd,
            *(
                counted(words[key], count, all=total)
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

    def option(self, options: Options) -> Section:
        section = options_section(options, self.citations.mark, self.plan_words)
        return msgspec.structs.replace(section, blocks=cited_once(section.blocks))

    # ------------------------------------------------------------ curve

    def course(self, prediction: ShownPrediction) -> CourseView:
        return course_view(
            prediction,
            self.course_words,
            clean,
            lambda cited: self.cited(cited).number,
            str(self.words["not_verified_short"]),
        )

    # ------------------------------------------------------------ basis

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

    def said(self) -> tuple[tuple[str, str], ...]:
        """The conditions and allergies as they were said."""
        words, patient = self.words["facts"], self.review.patient

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
        known = self.knowledge.sources.get(fact.source)
        if known is None:
            return ()
        url = known.url or (f"https://doi.org/{known.doi}" if known.doi else None)
        return (self.cited(Cited(id=known.id, title=known.title, place="", url=url)).number,)

    def unknown(self, fact: Fact) -> FactView:
        words = self.words["facts"]
        title = self.fact_title(fact)
        if fact.low is not None or fact.high is not None:
            title = words["known_so_far"].format(title=title, text=clean(fact.text))
        needs = [self.title(s) for s in fact.settled_by]
        settled = words["itself"] if needs == [clean(fact.title)] else self.listed(needs) or words["nothing_settles"]
        return FactView(title, settled, note=clean(fact.note or ""))

    def watches(self) -> tuple[WatchView, ...]:
        """What to follow, each place in a source named once."""
        shown, out = Shown(), list[WatchView]()
        for one in map(self.watch, self.review.monitoring):
            (mark,) = shown.marks((one.mark,))
            out.append(msgspec.structs.replace(one, mark=mark))
        return tuple(out)

    def watch(self, watch: Watch) -> WatchView:
        words = self.follow_words
        acts = [
            words["act_now" if a.holds else "act_last" if a.at_last else "act"].format(at=clean(a.at), do=clean(a.do))
            for a in watch.acts
        ]
        return WatchView(
            clean(watch.agent),
            clean(watch.what),
            self.due(watch) if watch.dated else "",
            watch.due is not None,
            watch.overdue,
            capital(clean(watch.at)) if watch.due is not None else clean(watch.at),
            " ".join(acts) or clean(watch.act),
            self.cited(watch.source),
            () if watch.verified else (self.words["not_verified_short"],),
        )

    def due(self, watch: Watch) -> str:
        """When it is due, what the record shows, and what would make that certain; empty where none of these is known."""
        words, parts, open_by = self.follow_words, [], watch.settled_by
        same_day = watch.due is not None and watch.measured and not watch.not_before and watch.due == watch.last_done
        if same_day and watch.last_value is not None and watch.due is not None:
            told, value = words["again" if watch.overdue else "again_today"], clean(watch.last_value)
            days = {"date": watch.due, "value": value}
            parts.append(counted(told, watch.overdue_days, **days) if watch.overdue else told.format(**days))
        elif watch.due is None:
            if watch.not_before and not watch.start_known:
                parts.append(words["no_day"].format(input=self.title(open_by[-1])))
                open_by = open_by[:-1]
        elif watch.not_before:
            passed = watch.due.isoformat() <= self.review.stamp.as_of
            parts.append(words["allowed" if passed else "not_before"].format(date=watch.due))
        elif watch.overdue:
            parts.append(counted(words["overdue" if watch.measured else "past"], watch.overdue_days, date=watch.due))
        elif not watch.start_known:
            parts.append(words["unknown"].format(date=watch.due, input=self.title(open_by[-1])))
            open_by = open_by[:-1]
        elif watch.due.isoformat() == self.review.stamp.as_of:
            parts.append(words["today"].format(date=watch.due))
        else:
            parts.append(words["ahead"].format(date=watch.due))
        if watch.then:
            dates = self.listed(day.isoformat() for day in watch.then)
            if not watch.not_before:
                parts[-1] = words["then"].format(due=parts[-1], dates=dates)
            elif watch.due is not None and watch.due.isoformat() <= self.review.stamp.as_of:
                parts.append(words["after_session"].format(dates=dates))
        if watch.lacking:
            parts.append(words["lacking"].format(names=self.listed(map(clean, watch.lacking))))
        if watch.last_value is not None and not same_day:
            key = "on_record" if watch.last_done is None else "last"
            parts.append(words[key].format(date=watch.last_done, value=clean(watch.last_value)))
        elif watch.last_value is None and watch.measured and not watch.lacking:
            parts.append(words["never"])
        if open_by:
            parts.append(words["settled_by"].format(inputs=self.listed(self.title(s) for s in open_by)))
        return capital(str(words["between"]).join(parts))

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
