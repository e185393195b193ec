"""What trials say, as blocks of a page: verdicts, a forest plot and a table for each outcome, and every trial in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from relaxant.evidence.compared_trials import Evidence, OutcomeFound, TrialSaid
from relaxant.evidence.outcomes import PLACEBO, Apart, Contrast, Share
from relaxant.evidence.summaries import Net, Pool, Summary, can_pool
from relaxant.knowledge.load import Knowledge
from relaxant.quantities import plain_number
from relaxant.report.blocks import Bullets, Cell, Line, Saying, Table, Words
from relaxant.report.citations import Mark
from relaxant.report.forest import Forest, ForestRow, Group
from relaxant.rules.reasons import Cited
from relaxant.rules.wording import capital

Blocks = Iterator[Line | Bullets | Table | Forest]
_DIGITS, _PERCENT = 3, 2
_AUTHOR = re.compile(r"([a-z]+)-(\d{4})(?:-|\Z)")
_TWO = 2
_NOUGHT, _SMALL, _TEN, _GREAT, _PLACES = 1e-9, 0.1, 10, 100, 6


class Evidencing:
    """Turns evidence into blocks; ``cite`` numbers the sources, ``names`` is what the country calls the agents."""

    def __init__(
        self, knowledge: Knowledge, names: Mapping[str, str], cite: Callable[[Cited], Mark], *, side_by_side: bool
    ) -> None:
        self.side = side_by_side
        self.words: Words = knowledge.words("compare")["evidence"]
        self.not_verified = str(knowledge.words("compare")["not_verified"])
        self.outcomes: Words = knowledge.words("evidence")["outcomes"]
        self.conditions = {c.condition: c.title for c in knowledge.conditions.values()}
        self.names = {**names, PLACEBO: str(knowledge.words("evidence")["placebo"])}
        self.cite = cite

    def blocks(self, found: Evidence, own: Sequence[str] = ()) -> Blocks:
        """The verdicts, and the outcomes with their plots and tables; with the conditions of a person (``own``) those in them first."""
        if not found.trials:
            yield Line(Saying(self.words["none"]))
        for pair in found.pairs:
            label = self.words["verdict"].format(one=self.names[pair.agent], other=self.names[pair.against])
            yield Bullets(capital(label), (Saying(pair.verdict),))
        if not can_pool():
            yield Line(Saying(self.words["no_library"]))
        near = [
            o for o in found.outcomes if any(set(c.conditions) & set(own) for c in o.contrasts if c.value is not None)
        ]
        far = [o for o in found.outcomes if o not in near]
        for outcome in near:
            yield from self.outcome(outcome)
        if own and any(c.value is not None for o in far for c in o.contrasts):
            yield Line(Saying(self.words["others" if near else "others_alone"]), strong=True)
        for outcome in far:
            yield from self.outcome(outcome)
        alone = [c for o in found.outcomes for c in o.contrasts if c.value is None]
        if alone:
            yield self.alone(alone)

    def trials(self, found: Evidence) -> Blocks:
        """Every trial in words: first those of one beside another."""
        for key, chosen in (
            ("trials_beside", [t for t in found.trials if t.beside and not t.review]),
            ("trials_placebo", [t for t in found.trials if not t.beside and not t.review]),
            ("trials_reviews", [t for t in found.trials if t.review]),
        ):
            if chosen:
                yield Line(Saying(self.words[key]), strong=True)
                yield Bullets("", tuple(map(self.trial, chosen)))

    # ------------------------------------------------------------ an outcome

    def outcome(self, found: OutcomeFound) -> Blocks:
        """One outcome: its plot, the table of its numbers, what was pooled. Nothing where no comparison has a value."""
        valued = [c for c in found.contrasts if c.value is not None]
        if not valued:
            return
        title = str(self.outcomes[found.outcome]["title"])
        for ratio in (True, False):
            own = [c for c in valued if (c.scale != "mean difference") == ratio]
            if own:
                yield self.forest(title, found, own, ratio)
                yield self.table(title, own, found)
                derived = dict.fromkeys(text for c in own for text in c.derived)
                if derived:
                    yield Bullets(self.words["assumed_heading"], tuple(map(Saying, derived)))
        for summary in found.summaries:
            for pool in summary.pools:
                yield Line(self.pool(title, summary, pool))
        if found.net is not None:
            yield Line(Saying(self.net(found.net)))

    def forest(self, title: str, found: OutcomeFound, own: Sequence[Contrast], ratio: bool) -> Forest:
        groups = []
        for pair in dict.fromkeys((c.agent, c.against) for c in own):
            rows = [self.row(c) for c in own if (c.agent, c.against) == pair]
            rows += [
                self.pool_row(pool)
                for s in found.summaries
                if (s.agent, s.against) == pair
                for pool in s.pools
                if (pool.scale != "mean difference") == ratio
            ]
            groups.append(Group(title=capital(self.pair(*pair)), rows=tuple(rows)))
        sides = ["left", "right"] if found.better in ("fewer", "lower") else ["right", "left"]
        first, second = self.words[sides[0]], self.words[sides[1]]
        pairs = list(dict.fromkeys((c.agent, c.against) for c in own))
        one, other = (self.names[n] for n in pairs[0]) if len(pairs) == 1 else (self.words["first_side"], self.words["second_side"])  # fmt: skip
        said = {sides[0]: first.format(name=one), sides[1]: second.format(name=other)}
        effect = self.effects(own)
        return Forest(title=title, ratio=ratio, groups=tuple(groups), left=said["left"], right=said["right"], effect=effect)  # fmt: skip

    def effects(self, own: Sequence[Contrast]) -> str:
        """What the numbers are: risk ratios, differences, ratios as printed."""
        return " / ".join(dict.fromkeys(str(self.words["effects"][c.scale]) for c in own))

    def row(self, c: Contrast) -> ForestRow:
        assert c.value is not None
        return ForestRow(
            label=", ".join([self.trial_name(c), *([c.at] if c.at else [])]),
            value=c.value,
            low=c.low,
            high=c.high,
            shown=self.value(c.value, c.low, c.high),
            kind="in" if c.why_not is None else "out",
        )

    def pool_row(self, pool: Pool) -> ForestRow:
        label = self.words["pool"].format(condition=self.conditions[pool.condition])
        return ForestRow(label=label, value=pool.value, low=pool.low, high=pool.high, shown=self.value(pool.value, pool.low, pool.high), kind="pool")  # fmt: skip

    def table(self, title: str, own: Sequence[Contrast], found: OutcomeFound) -> Table:
        words = self.words
        found_as = words["found"].format(effect=self.effects(own))
        head: tuple[str, ...] = (words["trial"], words["first"], words["second"], found_as, words["pooled"])
        if not self.side:
            head = (words["trial"], f"{words['result']}; {found_as.lower()}", words["pooled"])
        return Table(words["caption"].format(title=title), head, tuple(self.cells(c, found) for c in own), prose=True)

    def cells(self, c: Contrast, found: OutcomeFound) -> tuple[Cell, ...]:
        marks = tuple(map(self.cite, c.sources))
        tags = () if c.verified else (self.not_verified,)
        trial = (Saying(c.title, (), marks), *((Saying(c.at),) if c.at else ()))
        sides = [self.sided(c.agent, c.share, c.mean), self.sided(c.against, c.share_against, c.mean_against)]
        pooled = (Saying(self.in_pool(c, found)),)
        if self.side:
            return trial, (Saying(sides[0]),), (Saying(sides[1]),), self.effect(c, tags), pooled
        both = Saying(self.words["both"].format(first=sides[0], second=sides[1]))
        return trial, (both, *self.effect(c, tags)), pooled

    def sided(self, agent: str, share: Share | None, mean: float | None) -> str:
        name = self.name(agent)
        return name if share is None and mean is None else f"{name}: {self.numbers(share, mean)}"

    def effect(self, c: Contrast, tags: tuple[str, ...]) -> Cell:
        assert c.value is not None
        shown = self.value(c.value, c.low, c.high)
        out = [Saying(self.words["p"].format(value=shown, p=c.p) if c.p and c.low is None else shown, tags)]
        if c.apart is not None:
            out.append(Saying(self.apart(c.apart)))
        out += map(Saying, c.text)
        return tuple(out)

    def in_pool(self, c: Contrast, found: OutcomeFound) -> str:
        if c.why_not is not None:
            return str(self.words["why"][c.why_not])
        pooled = any(c.trial in p.trials for s in found.summaries for p in s.pools if s.agent == c.agent)
        return str(self.words["in" if pooled else "in_alone"])

    def pool(self, title: str, summary: Summary, pool: Pool) -> Saying:
        words = self.words
        text = words["pool_says"].format(
            title=title,
            one=self.names[summary.agent],
            other=self.names[summary.against],
            condition=self.conditions[pool.condition],
            effect=words["effects"][pool.scale].lower(),
            value=_effect(pool.value),
            low=_effect(pool.low),
            high=_effect(pool.high),
            tau2=_number(pool.tau2),
            i2=_number(100 * pool.i2, _PERCENT),
            q=_number(pool.q),
            freedom=pool.freedom,
        )
        if pool.prediction is not None:
            low, high = map(_effect, pool.prediction)
            text = f"{text} {words['prediction'].format(low=low, high=high)}"
        if len(pool.trials) == _TWO:
            value, low, high = map(_effect, pool.common)
            text = f"{text} {words['two'].format(value=value, low=low, high=high)}"
        return Saying(text)

    def net(self, net: Net) -> str:
        effects = ", ".join(
            self.words["net_effect"].format(name=self.name(e.agent), value=_effect(e.value), low=_effect(e.low), high=_effect(e.high))
            for e in net.effects
        )  # fmt: skip
        return str(self.words["net"]).format(
            condition=self.conditions[net.condition],
            reference=self.name(net.reference),
            effects=effects,
            tau2=_number(net.tau2),
            i2=_number(100 * net.i2, _PERCENT),
            q=_number(net.q),
            freedom=net.freedom,
        )

    # ------------------------------------------------------------ numbers without a comparison, and trials

    def alone(self, own: Sequence[Contrast]) -> Table:
        words = self.words
        rows: dict[tuple[str, str, str], tuple[Cell, ...]] = {}
        for c in own:
            for agent, share, mean in ((c.agent, c.share, c.mean), (c.against, c.share_against, c.mean_against)):
                if share is not None or mean is not None:
                    rows[c.outcome, c.trial, agent] = (
                        (Saying(str(self.outcomes[c.outcome]["title"])),),
                        (Saying(c.title, (), tuple(map(self.cite, c.sources))),),
                        (
                            Saying(
                                self.sided(agent, share, mean),
                                () if c.verified else (self.not_verified,),
                            ),
                        ),
                        (Saying(words["why"][c.why_not]),) if c.why_not else (),
                    )
        head = (words["alone_outcome"], words["trial"], words["alone_group"], words["pooled"])
        return Table(words["alone_caption"], head, tuple(rows.values()), prose=True)

    def trial(self, t: TrialSaid) -> Saying:
        words = self.words
        people = words["people"].format(n=t.n) if t.n is not None else ""
        text = words["trial_line"].format(
            title=t.title, year=t.year, people=people, design=words["designs"][t.design], says=t.says
        )
        bias = words["bias"].format(overall=words["risks"][t.risk_of_bias], by=t.judged_by)
        tags = () if t.verified else (self.not_verified,)
        return Saying(f"{text} {bias}", tags, (self.cite(t.source),))

    # ------------------------------------------------------------ small words

    def name(self, agent: str) -> str:
        return self.names.get(agent, agent)

    def pair(self, one: str, other: str) -> str:
        return str(self.words["against"]).format(one=self.name(one), other=self.name(other))

    def trial_name(self, c: Contrast) -> str:
        """The first author and the year where the trial's id has them, else its title; and in whom."""
        named = _AUTHOR.match(c.trial)
        name = f"{named[1].capitalize()} {named[2]}" if named else c.title
        conditions = ", ".join(self.conditions[x] for x in c.conditions)
        return str(self.words["label"]).format(name=name, conditions=conditions)

    def value(self, value: float, low: float | None, high: float | None) -> str:
        if low is None or high is None:
            return str(self.words["no_interval"]).format(value=_effect(value))
        return str(self.words["interval"]).format(value=_effect(value), low=_effect(low), high=_effect(high))

    def numbers(self, share: Share | None, mean: float | None) -> str:
        if share is not None:
            return str(self.words["share"]).format(
                count=share.count, n=share.n, percent=plain_number(round(share.percent, 1))
            )
        return str(self.words["mean"]).format(mean=_number(mean)) if mean is not None else ""

    def apart(self, apart: Apart) -> str:
        turned = apart.points < 0
        ends = sorted(-x if turned else x for x in (apart.low, apart.high))
        key = "apart_none" if abs(apart.points) < _NOUGHT else "apart_fewer" if turned else "apart"
        low, high = (_number(x, _PERCENT) for x in ends)
        return str(self.words[key]).format(points=_number(abs(apart.points), _PERCENT), low=low, high=high)


def _effect(value: float) -> str:
    """A ratio or difference, to two places; to two digits where it is small, and to none where it is great.

    >>> _effect(0.7712), _effect(-3.425), _effect(0.00512), _effect(544.1), _effect(23.33)
    ('0.77', '−3.42', '0.0051', '544', '23.3')
    """
    size = abs(value)
    if size < _SMALL:
        return _number(value, _PERCENT)
    places = 0 if size >= _GREAT else 1 if size >= _TEN else 2
    return plain_number(round(value, places), _PLACES).replace("-", "−")


def _number(value: float, digits: int = _DIGITS) -> str:
    """A number to so many digits, its minus a sign that no line breaks.

    >>> _number(-0.51234), _number(11.06, 2), _number(1e-17)
    ('−0.512', '11', '0')
    """
    if abs(value) < _NOUGHT:
        return "0"
    rounded = float(f"{value:.{digits}g}")
    return plain_number(rounded, digits).replace("-", "−")
