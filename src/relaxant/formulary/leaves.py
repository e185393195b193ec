"""The pages of the formulary in words: an agent, a condition, a rule, and the lists of them with the coverage of every question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relaxant.formulary.agent_page import AgentPage, Line, Reference, agent_page, seen_words
from relaxant.formulary.condition_page import ConditionPage, condition_page, conditions_spoken_of
from relaxant.formulary.rule_page import RulePage, rule_page
from relaxant.knowledge.agents import EVERY_AGENT, SUITABILITIES
from relaxant.knowledge.jurisdictions import JURISDICTIONS, holds_in
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.questions import QUESTIONS, answers
from relaxant.knowledge.schema import TIERS, Jurisdiction
from relaxant.report.citations import Mark, safe_url
from relaxant.report.reference.leaf import Grid, Items, Leaf, LeafPart, Paragraph, Run, Sentence, SourceList, Target


class _Cited:
    """The sources of a page, numbered as they are first cited."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge, self.sources = knowledge, dict[str, Reference]()

    def mark(self, source: Reference) -> Mark:
        self.sources.setdefault(source.id, source)
        return Mark(list(self.sources).index(source.id) + 1, source.place)

    def part(self) -> tuple[LeafPart, ...]:
        if not self.sources:
            return ()
        listed = tuple((s.id, source_sentence(s, self.knowledge)) for s in self.sources.values())
        return (LeafPart("sources", self.knowledge.words("formulary")["rule"]["sources"], (SourceList(listed),)),)


def source_sentence(source: Reference, knowledge: Knowledge) -> Sentence:
    """A source's title, which leads to it, its date, and how much of it was seen."""
    return (Run(source.title, url=safe_url(source.url)), Run(seen_words(source, knowledge)))


# ---------------------------------------------------------------- lists


def index_leaf(knowledge: Knowledge) -> Leaf:
    """The first page of the documentation's formulary: everything that there is."""
    words = knowledge.words("formulary")
    parts = (
        *agents_leaf(knowledge).parts,
        LeafPart("conditions", words["conditions"], conditions_leaf(knowledge).lead),
        *rules_leaf(knowledge).parts,
    )
    return Leaf(target=Target("agents"), title=words["title"], lead=_lead(words["lead"]), parts=parts)


def agents_leaf(knowledge: Knowledge) -> Leaf:
    """The relaxants by family, and how many of the questions are answered under which labels."""
    words = knowledge.words("formulary")
    rows = {(row.agent, row.jurisdiction): row for row in knowledge.coverage}
    parts = []
    for family, title in words["families"].items():
        lines = []
        for agent in sorted((a for a in knowledge.agents.values() if a.family == family), key=lambda a: a.agent):
            cells = []
            for jurisdiction in JURISDICTIONS:
                row = rows.get((agent.agent, jurisdiction))
                answered = sum(any(holds_in(v, jurisdiction) for v in answers(agent, q)) for q in QUESTIONS)
                none = row is None or row.not_sold
                cells.append("–" if row is None or none else f"{answered}/{len(QUESTIONS)}, {row.verified_on}")
            name = Run(agent.agent, page=Target("agents", agent.agent))
            lines.append(((name,), (Run(agent.drug_class),), *((Run(c),) for c in cells)))
        grid = Grid(title, (words["relaxant"], words["class"], *JURISDICTIONS), tuple(lines))
        parts.append(LeafPart(family.replace(" ", "-"), title, (grid,)))
    return Leaf(target=Target("agents"), title=words["relaxants"], lead=_lead(words["lead"]), parts=tuple(parts))


def conditions_leaf(knowledge: Knowledge) -> Leaf:
    """The conditions that the formulary speaks of, by title."""
    named = conditions_spoken_of(knowledge)
    entries = tuple((Run(knowledge.conditions[c].title, page=Target("conditions", c)),) for c in named)
    title = knowledge.words("formulary")["conditions"]
    return Leaf(target=Target("conditions"), title=title, lead=(Items(entries),))


def rules_leaf(knowledge: Knowledge) -> Leaf:
    """The rules by tier, the gravest first."""
    words, parts = knowledge.words("formulary"), []
    for tier in TIERS:
        own = sorted((r for r in knowledge.rules.values() if r.tier == tier), key=lambda r: r.title)
        entries = tuple((Run(r.title, page=Target("rules", r.rule)),) for r in own)
        parts.append(LeafPart(f"rules-{tier.lower()}", words["rules_of"].format(tier=tier), (Items(entries),)))
    return Leaf(target=Target("rules"), title=words["rules"], parts=tuple(parts))


def _lead(text: str) -> tuple[Paragraph, ...]:
    return (Paragraph((Run(text),)),)


# ---------------------------------------------------------------- one relaxant


def agent_leaf(knowledge: Knowledge, name: str, jurisdiction: Jurisdiction | None = None) -> Leaf:
    """The page of an agent, of every jurisdiction or of one. Raises :class:`KeyError` for a name that is no agent."""
    page, words, cited = agent_page(knowledge, name, jurisdiction), knowledge.words("formulary"), _Cited(knowledge)
    parts = []
    for section in page.sections:
        entries = [_line(line, words, cited) for line in section.lines]
        entries += [(Run(f"{where}: {words['silent'].format(why=why)}"),) for where, why in section.silent]
        parts.append(LeafPart(section.question.replace(" ", "-"), section.title, (Items(tuple(entries)),)))
    if page.rules:
        rules = tuple((Run(r.title, page=Target("rules", r.rule)), Run(f" ({r.tier})")) for r in page.rules)
        parts.append(LeafPart("rules", words["rules"], (Items(rules),)))
    if page.models:
        models = tuple((Run(model, "code"),) for model in page.models)
        parts.append(LeafPart("models", words["models"], (Items(models),)))
    lead = Items(tuple((Run(f"{name}: {text}"),) for name, text in _facts(page, words)))
    return Leaf(target=Target("agents", name), title=page.agent, lead=(lead,), parts=(*parts, *cited.part()))


def _facts(page: AgentPage, words: dict[str, Any]) -> list[tuple[str, str]]:
    facts = [
        (words["class"], page.drug_class),
        (words["family"], words["families"][page.family]),
        (words["ingredient"], page.ingredient),
        (words["routes"], ", ".join(page.routes)),
    ]
    if page.names:
        facts.append((words["also_called"], ", ".join(f"{name} ({where})" for where, name in page.names.items())))
    if codes := [*([f"RxNorm {page.rxcui}"] if page.rxcui else []), *(f"ATC {code}" for code in page.atc)]:
        facts.append((words["codes"], ", ".join(codes)))
    for row in page.checked:
        unsold, checked = words["not_sold"], words["checked_on"]
        said = unsold.format(why=row.not_sold) if row.not_sold else checked.format(date=row.verified_on)
        facts.append((row.jurisdiction, said))
    return facts


def _line(line: Line, words: dict[str, Any], cited: _Cited) -> Sentence:
    note = f" {words['note'].format(text=line.note)}" if line.note else ""
    text = (*_where(line.jurisdictions), Run(line.text), *_flag(line.verified, words))
    return (*text, Run(f"{note} "), cited.mark(line.source))


def _where(jurisdictions: Sequence[Jurisdiction]) -> Sentence:
    return (Run(", ".join(jurisdictions), "strong"), Run(" ")) if jurisdictions else ()


def _flag(verified: bool, words: dict[str, Any]) -> Sentence:
    return () if verified else (Run(" "), Run(f"({words['not_verified']})", "soft"))


# ---------------------------------------------------------------- one condition


def condition_leaf(knowledge: Knowledge, name: str, jurisdiction: Jurisdiction | None = None) -> Leaf:
    """The page of a condition, of every jurisdiction or of one. Raises :class:`KeyError` for an id that is no condition."""
    page, cited = condition_page(knowledge, name, jurisdiction), _Cited(knowledge)
    words, report = knowledge.words("formulary"), knowledge.words("report")
    facts = [f"{words['also_called']}: {', '.join(page.names)}"] if page.names else []
    if codes := [*(f"ICD-10-CM {c}" for c in page.icd10cm), *(f"SNOMED CT {c}" for c in page.snomed)]:
        facts.append(f"{words['codes']}: {', '.join(codes)}")
    parts = []
    for status in SUITABILITIES:
        entries = []
        for one in (s for s in page.suited if s.status == status):
            of = f" ({words['said_of'].format(condition=one.through)})" if one.through else ""
            agent = Run(one.agent, page=Target("agents", one.agent))
            text = Run(f"{of}: {one.text} ({report['evidence'][one.evidence]})")
            flag = _flag(one.verified, words)
            entries.append((*_where(one.jurisdictions), agent, text, *flag, Run(" "), cited.mark(one.source)))
        if entries:
            heading = report["suits"]["statuses"][status].capitalize()
            parts.append(LeafPart(status.replace(" ", "-"), heading, (Items(tuple(entries)),)))
    if page.together:
        parts.append(LeafPart("together", words["together"], (Items(_together(page, knowledge, cited)),)))
    lead = (Items(tuple((Run(fact),) for fact in facts)),) if facts else ()
    return Leaf(target=Target("conditions", name), title=page.title, lead=lead, parts=(*parts, *cited.part()))


def _together(page: ConditionPage, knowledge: Knowledge, cited: _Cited) -> tuple[Sentence, ...]:
    words, report = knowledge.words("formulary"), knowledge.words("report")
    suits, out = report["suits"], []
    for pair in page.together:
        evidence = report["evidence"][pair.evidence] if pair.evidence else suits["nobody"]
        said = " ".join(f"{suits[key]}: {getattr(pair, key)}" for key in ("used_for", "benefit", "harm"))
        marks = [piece for source in pair.sources for piece in (Run(" "), cited.mark(source))]
        parts = Run(suits["and"].join(pair.parts), "strong")
        out.append((parts, Run(f" ({evidence}): {said}"), *_flag(pair.verified, words), *marks))
    return tuple(out)


# ---------------------------------------------------------------- one rule


def rule_leaf(knowledge: Knowledge, name: str) -> Leaf:
    """The page of a rule. Raises :class:`KeyError` for a name that is no rule."""
    page, report = rule_page(knowledge, name), knowledge.words("report")
    own = knowledge.words("formulary")["rule"]
    verified = report["verified"] if page.verified else report["not_verified"]
    said = own["lead"].format(tier=page.tier, evidence=report["evidence"][page.evidence], verified=verified)
    if pack := knowledge.local.get(f"rules {name}"):
        said = f"{said} {report['findings']['local'].format(packs=pack)}"
    lead = Run(said)
    parts = [
        LeafPart("summary", own["summary"], (_spoken(page.summary, own),)),
        LeafPart("action", own["action"], (_spoken(page.action, own),)),
        LeafPart("consequence", own["consequence"], (Paragraph((Run(page.consequence),)),)),
        LeafPart("mechanism", own["mechanism"], (Paragraph((Run(page.mechanism),)),)),
    ]
    if page.alternatives:
        parts.append(LeafPart("alternatives", own["alternatives"], (_items(page.alternatives),)))
    if page.changes:
        changes = [own["change"].format(tier=c.tier or page.tier, why=c.why, when=c.when) for c in page.changes]
        parts.append(LeafPart("changes", own["changes"], (_items(changes),)))
    listed = tuple(
        (
            s.source.id,
            (*source_sentence(s.source, knowledge), Run(f", {s.source.place}{f': {s.says}' if s.says else ''}")),
        )
        for s in page.sources
    )
    parts += [
        LeafPart("sources", own["sources"], (SourceList(listed, numbered=False),)),
        LeafPart("cases", own["cases"], (_items([f"{case}: {outcome}" for case, outcome in page.cases]),)),
    ]  # fmt: skip
    blocks = (Paragraph((lead,)), Items(tuple(_conditions_of(page, own))))
    return Leaf(target=Target("rules", name), title=page.title, lead=blocks, parts=tuple(parts))


def _conditions_of(page: RulePage, own: dict[str, Any]) -> list[Sentence]:
    """For whom, when and with what the rule is tested."""
    named: list[Run] = []
    for agent in page.agents:
        every = agent == EVERY_AGENT
        run = Run(own["every_agent"]) if every else Run(agent, page=Target("agents", agent))
        named += [*([Run(", ")] if named else []), run]
    where = (Run(f" ({', '.join(page.jurisdictions)})"),) if page.jurisdictions else ()
    situations = ", ".join(own["situation_words"][s] for s in page.situations)
    out: list[Sentence] = [
        (Run(f"{own['agents']}: "), *named, *where),
        (Run(f"{own['situations']}: {situations}"),),
    ]
    if page.partner:
        out.append((Run(f"{own['partner']}: {page.partner}"),))
    if page.when or page.partner:
        out.append((Run(f"{own['when']}: {page.when or own['always']}"),))
    return out


def _spoken(spoken: Sequence[tuple[str, str]], own: dict[str, Any]) -> Items | Paragraph:
    """One text, or a text for each situation."""
    if len(spoken) == 1 and not spoken[0][0]:
        return Paragraph((Run(spoken[0][1]),))
    return _items([f"{own['situation_words'][s]}: {text}" for s, text in spoken])


def _items(texts: Sequence[str]) -> Items:
    return Items(tuple((Run(text),) for text in texts))
