"""The page of a screen: who was looked at, what was found, and what could not be checked; one file, no script, nothing fetched, fit for paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from relaxant.cohort import shown_counts as of
from relaxant.cohort.asked import shown_agent
from relaxant.cohort.hiding import Cell
from relaxant.cohort.over_time_view import over_time_view, period_words
from relaxant.cohort.preparing import Prepared
from relaxant.cohort.shown_counts import Counts, Text
from relaxant.cohort.summary_tables import More, Row, Table, Tier
from relaxant.cohort.tally import INPUTS, SEXES, STOPPED, TAKING, Tally, age_bands
from relaxant.cohort.vocabulary import Left
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import TIERS
from relaxant.patient import jurisdiction_of
from relaxant.report.html import page_file, template
from relaxant.report.shown import clean, counted, title_of
from relaxant.rules.tiers import RANK
from relaxant.rules.wording import capital
from relaxant.version import __version__

_FOLDER = Path(__file__).parent
_TEMPLATE, _STYLES, _STYLE = "summary.html.j2", ("review.css",), "summary.css"
_RULES, _NEEDS, _LEFT, _HASH = 20, 12, 15, 8


def summary_html(
    prepared: Prepared, tally: Tally, knowledge: Knowledge, *, source: str, engine: str, small_counts: bool = False
) -> str:
    """The page as HTML. Numbers of persons too small to be shown are hidden unless ``small_counts``. The same screen gives the same text."""
    from markupsafe import Markup  # with jinja2 loaded only for a page

    words = knowledge.words("screen") if prepared.period is None else period_words(knowledge)
    least = 0 if small_counts else int(knowledge.policy("screen_small_count"))
    counts = Counts(tally, age_bands(knowledge), words, least)
    view = _View(prepared, tally, knowledge, counts, source, engine, least, words).whole()
    style = Markup("\n".join((*map(page_file, _STYLES), page_file(_STYLE, _FOLDER))))
    return template(_TEMPLATE, _FOLDER).render(view=view, words=words, style=style)


def _as_of(prepared: Prepared) -> str:
    """How the day of a screen is said: as one that was asked for, one after all data, or the data's last."""
    if prepared.last is not None and prepared.as_of > prepared.last:
        return "after"
    return "said" if prepared.as_of_said else "last"


class _View:
    """What stands on the page, in order."""

    def __init__(
        self, prepared: Prepared, tally: Tally, knowledge: Knowledge, counts: Counts, source: str, engine: str, least: int, words: dict[str, Any]
    ) -> None:  # fmt: skip
        self._prepared, self._tally, self._knowledge, self._counts = prepared, tally, knowledge, counts
        self._source, self._engine, self._least = clean(source), engine, least
        self._words = words
        self._tier_words: dict[str, str] = knowledge.words("report")["tier"]

    def whole(self) -> dict[str, Any]:
        """Everything by name, as the template asks for it."""
        words, prepared, counts = self._words, self._prepared, self._counts
        day = prepared.as_of.isoformat()
        if prepared.period is not None:
            day = str(words["days"]).format(first=prepared.period.first, last=prepared.period.last)
        jurisdiction = jurisdiction_of(prepared.country)
        means = self._knowledge.words("report")["tier_means"]
        nobody = not self._tally.relaxant
        return {
            "language": "en",
            "title": str(words["title"]).format(source=self._source, day=day),
            "heading": str(words["heading"]).format(persons=counts.text(of.PERSONS).words),
            "source": self._source,
            "as_of": str(words["as_of"][_as_of(prepared)]).format(day=day, last=prepared.last),
            "labels": str(words["labels"][jurisdiction]).format(country=prepared.country),
            "stamp_short": str(words["stamp_short"]).format(
                engine=__version__, date=self._knowledge.date, knowledge=self._knowledge.sha256[:_HASH]
            ),
            "tiers": [
                {
                    "tier": self._tier(tier),
                    "count": counts.text(("worst", tier)),
                    "nil": not counts["worst", tier],
                    "means": means[tier],
                }
                for tier in TIERS
            ],
            "glance": self._glance(nobody),
            "by_tier": self._by_tier(),
            "over_time": over_time_view(prepared, self._tally, self._knowledge, counts, words),
            "rules": self._rules(),
            "attrition": self._attrition(),
            "people": self._people(),
            "unchecked": self._unchecked(),
            "known": None if nobody else self._known(),
            "left": [self._left(one) for one in self._lost()[:_LEFT]],
            "left_lines": self._left_lines(),
            "rows": self._unused_rows(),
            "agents": self._agents(),
            "not_found": self._not_found(),
            "basis": self._basis(),
            "stamp": self._stamp(day),
        }

    def _seen(self, cell: Cell) -> int:
        """A count by which rows may be ordered: the order tells nothing of those that are not shown."""
        return self._counts.visible(cell) or 0

    def _tier(self, tier: str) -> Tier:
        return Tier(tier, self._tier_words[tier])

    def _glance(self, nobody: bool) -> list[str]:
        words, text = self._words["glance"], self._counts.text
        if nobody:
            return [str(words["nobody"]).format(agents=len(self._knowledge.agents))]
        said = {
            name: text(cell).words
            for name, cell in (
                ("relaxant", of.RELAXANT),
                ("persons", of.PERSONS),
                ("now", of.NOW),
                ("stopped", of.STOPPED_LATELY),
                ("found", of.FINDINGS),
                ("unchecked", of.UNCHECKED),
            )
        }
        return [str(words[key]).format(**said) for key in ("relaxant", "found")]

    # ------------------------------------------------------------ tables

    def _drawn(self, rows: Iterable[tuple[Row, Sequence[Cell]]], longest: int | None = None) -> tuple[Row, ...]:
        """Rows with their bars: each as long as its count is to the longest; none for a count that is not shown."""
        rows = list(rows)
        shown = [[self._counts.visible(cell) for cell in cells] for _, cells in rows]
        most = longest or max((count for line in shown for count in line if count), default=0)
        return tuple(
            msgspec.structs.replace(
                row, bar=() if None in line else tuple(round(100 * (c or 0) / most, 2) for c in line)
            )
            if most
            else row
            for (row, _), line in zip(rows, shown, strict=True)
        )

    def _among_relaxant(self, name: str, cell: Cell, **more: Any) -> tuple[Row, Sequence[Cell]]:
        cells = (self._counts.text(cell), self._counts.share(cell, of.RELAXANT))
        return Row(name=name, cells=cells, **more), (cell,)

    def _folded(self, table: Table, most: int, summary: dict[str, str]) -> Table:
        """The table with its rows past so many folded."""
        if len(table.rows) <= most + 1:
            return table
        rest = table.rows[most:]
        more = More(
            summary=counted(summary, len(rest)),
            caption=table.caption,
            head=table.head,
            rows=rest,
            tagged=table.tagged,
            plain=table.plain,
        )
        return msgspec.structs.replace(table, rows=table.rows[:most], more=more)

    def _by_tier(self) -> Table:
        words = self._words["found"]
        rows = [self._among_relaxant("", ("worst", tier), tier=self._tier(tier)) for tier in TIERS]
        nothing, _ = self._among_relaxant(words["none"], of.NOTHING)
        return Table(
            caption=words["tiers"],
            head=(words["tier"], words["head"]["persons"], words["head"]["share"]),
            rows=(*self._drawn(rows), nothing),
        )

    def _rules(self) -> Table | None:
        words, tally, rules = self._words["found"], self._tally, self._knowledge.rules
        gravest: dict[str, int] = {}
        for rule, tier, *_ in tally.found:
            gravest[rule] = min(RANK[tier], gravest.get(rule, len(TIERS)))
        order = sorted(tally.rules, key=lambda rule: (gravest[rule], -self._seen(("rule", rule)), rule))
        rows = [
            self._among_relaxant(
                rules[rule].title,
                ("rule", rule),
                tier=self._tier(TIERS[gravest[rule]]),
                small=", ".join(
                    part
                    for part in (
                        rule,
                        self._knowledge.local.get(f"rules {rule}"),
                        None if rules[rule].verified else words["not_verified"],
                    )
                    if part
                ),
            )
            for rule in order
        ]
        if not rows:
            return None
        table = Table(
            caption=words["rules"],
            head=(words["rule"], words["head"]["persons"], words["head"]["share"]),
            rows=self._drawn(rows),
            tagged=words["tier_head"],
        )
        return self._folded(table, _RULES, words["more"])

    def _attrition(self) -> Table:
        words, counts = self._words["attrition"], self._counts
        steps: list[tuple[str, Cell, str]] = [
            (words["persons"], of.PERSONS, "whole"),
            *((str(words["rejected"]).format(why=why), ("rejected", why), "") for why in sorted(self._tally.rejected)),
            (words["no_relaxant"], of.NO_RELAXANT, ""),
            (words["relaxant"], of.RELAXANT, "whole"),
            *(
                (words[name], cell, "within")
                for name, cell in (
                    ("now", of.NOW),
                    ("stopped", of.STOPPED_LATELY),
                    ("checked", of.CHECKED),
                    ("unchecked", of.UNCHECKED),
                    ("findings", of.FINDINGS),
                )
            ),
        ]
        rows = [
            (Row(name=name, cells=(counts.text(cell), counts.share(cell, of.PERSONS)), kind=kind), (cell,))
            for name, cell, kind in steps
        ]
        head = words["head"]
        return Table(
            caption=words["caption"], head=(head["what"], head["persons"], head["share"]), rows=self._drawn(rows)
        )

    def _people(self) -> Table:
        words, counts = self._words["people"], self._counts
        rows = []
        for kind, names, title in (
            ("sex", SEXES, lambda one: words["sex"][one]),
            ("age", age_bands(self._knowledge), self._age),
        ):
            for one in names:
                cells = [(name, kind, one) for name in ("all", "with", "found")]
                if counts[cells[0]]:
                    texts = (*map(counts.text, cells), counts.share(cells[2], cells[1]))
                    rows.append((Row(name=title(one), cells=texts), cells[1:]))
        head = words["head"]
        return Table(
            caption=words["caption"],
            head=(head["who"], head["persons"], head["relaxant"], head["found"], head["share"]),
            rows=self._drawn(rows),
        )

    def _age(self, band: str) -> str:
        words = self._words["people"]["age"]
        return str(words.get(band) or words["known"]).format(age=band)

    def _unchecked(self) -> Table | None:
        words, counts = self._words["unchecked"], self._counts
        titles, labs = self._knowledge.words("facts"), self._knowledge.labs
        rows = []
        wanting = self._tally.wanting
        for need in sorted(wanting, key=lambda n: (wanting[n].worst, -self._seen(("need", n)), n)):
            one, cell = wanting[need], ("need", need)
            checks = Text("") if counts.visible(cell) is None else Text(counts.written(one.checks))
            row = Row(
                name=clean(title_of(need, titles, labs)),
                cells=(counts.text(cell), checks),
                tier=self._tier(TIERS[one.worst]),
            )
            rows.append((row, (cell,)))
        if not rows:
            return None
        head = words["head"]
        table = Table(
            caption=words["caption"],
            head=(head["need"], head["persons"], head["checks"]),
            rows=self._drawn(rows),
            tagged=head["tier"],
            plain=True,
        )
        return self._folded(table, _NEEDS, words["more"])

    def _known(self) -> Table:
        words, titles = self._words["unchecked"], self._knowledge.words("facts")
        rows = [
            self._among_relaxant(words["inputs"].get(name) or title_of(name, titles, self._knowledge.labs), ("known", name))
            for name in INPUTS
        ]  # fmt: skip
        head = words["head_known"]
        longest = self._counts.visible(of.RELAXANT)
        return Table(
            caption=words["known"],
            head=(words["input"], head["persons"], head["share"]),
            rows=self._drawn(rows, longest),
        )

    # ------------------------------------------------------------ what was not understood

    def _lost(self) -> list[Left]:
        return [one for one in self._prepared.left if one.lost]

    def _left(self, one: Left) -> dict[str, Any]:
        code = " ".join(part for part in (one.vocabulary, one.code) if part and part != one.name)
        return {
            "what": clean(one.name or one.code or ""),
            "code": clean(code) if one.name else "",
            "kind": one.domain,
            "rows": self._counts.number(one.rows),
            "why": one.why,
        }

    def _left_lines(self) -> list[str]:
        words, lost = self._words["left"], self._lost()
        out = [counted(words["more"], len(lost) - _LEFT)] if len(lost) > _LEFT else []
        if unasked := len(self._prepared.left) - len(lost):
            out.append(counted(words["unasked"], unasked))
        return out

    def _unused_rows(self) -> list[str]:
        words, prepared, number = self._words["left"], self._prepared, self._counts.number
        out = [capital(str(words["missing"]).format(**one._asdict())) for one in prepared.missing]
        out += [
            str(words["row"]).format(table=table, why=why, count=number(count).words)
            for table, why, count in prepared.unusable
        ]
        for name, count in (("again", prepared.again), ("implausible", prepared.implausible)):
            if count:
                said = number(count).words
                out.append(str(words[name]["one" if said == "1" else "other"]).format(count=said))
        return out

    # ------------------------------------------------------------ which relaxants

    def _agents(self) -> Table | None:
        words, counts, tally = self._words["agents"], self._counts, self._tally
        agents = dict.fromkeys(agent for agent, _ in tally.agents)
        cells = {agent: [("agent", agent, situation) for situation in (TAKING, STOPPED)] for agent in agents}
        order = sorted(agents, key=lambda agent: (*(-self._seen(cell) for cell in cells[agent]), agent))
        rows = [
            (Row(name=self._agent(agent), cells=tuple(map(counts.text, cells[agent]))), cells[agent][:1])
            for agent in order
        ]
        if not rows:
            return None
        head = words["head"]
        return Table(
            caption=words["caption"], head=(head["agent"], head["now"], head["stopped"]), rows=self._drawn(rows)
        )

    def _agent(self, agent: str) -> str:
        return shown_agent(agent, self._knowledge, self._prepared.country)

    def _not_found(self) -> str | None:
        found = {agent for agent, _ in self._tally.agents}
        names = sorted(self._agent(agent) for agent in self._knowledge.agents if agent not in found)
        return counted(self._words["agents"]["not_found"], len(names), names=", ".join(names)) if names else None

    # ------------------------------------------------------------ what it rests on

    def _basis(self) -> list[str]:
        words = self._words["basis"]
        hidden = str(words["hidden"]).format(most=self._least - 1) if self._least else str(words["shown"])
        return [hidden, words["once"], words["unknown"], *self._taken(), *self._packs()]

    def _taken(self) -> list[str]:
        """What counts as taken: of a registry's supplies on a day; a record says it itself, and of a period it is known."""
        if self._prepared.vocabulary is None or self._prepared.period is not None:
            return []
        gap, back = (int(self._knowledge.policy(name)) for name in ("registry_gap_days", "registry_days_back"))
        return [str(self._words["basis"]["taken"]).format(gap=gap, back=back)]

    def _packs(self) -> list[str]:
        """What the packs of the place are, and which rules they silence."""
        words, knowledge = self._words["basis"], self._knowledge
        if not knowledge.packs:
            return []
        silenced = (
            str(words["silenced"]).format(title=gone.title, rule=gone.silence.rule, why=gone.silence.why)
            for gone in knowledge.silenced
        )
        return [str(words["packs"]).format(packs=", ".join(knowledge.packs)), *silenced]

    def _stamp(self, day: str) -> list[tuple[str, str]]:
        names: dict[str, str] = self._words["basis"]["stamp"]
        values = {
            "engine": __version__,
            "knowledge": ", ".join((self._knowledge.date, *self._knowledge.packs)),
            "sha256": self._knowledge.sha256,
            "source": self._source,
            "by": self._engine,
            "as_of": day,
            "country": self._prepared.country,
        }
        return [(names[key], value) for key, value in values.items()]
