"""The page of one model: whom it was measured in, published against computed, what misses, parameters, limits of use, sources."""

from __future__ import annotations

from collections.abc import Iterator

from relaxant.knowledge.cards import Bounds, Model, Parameter, Published, Relation
from relaxant.knowledge.schema import Cited, Source, SourceRef
from relaxant.pharmacology.cards.published import Reproduced
from relaxant.quantities import shown_unit
from relaxant.validation.words import (
    KINDS,
    Sources,
    address_of,
    allowed,
    amount,
    bullets,
    cited_at,
    count,
    given,
    missed,
    only_just,
    percent,
    plain,
    safe,
    seen,
    sentence,
    share_of,
    size_of,
    table,
)

_SEEN = {
    "text": "read in its own text",
    "mirror": "read in a copy or a transcription",
    "abstract": "only the abstract was read",
    "excerpt": "only an excerpt was read",
    "not seen": "not seen",
}
_FORMS = {
    "power": "({x} / {reference}) to the power {coefficient}",
    "linear": "1 + {coefficient} × ({x} - {reference})",
    "exponential": "exp({coefficient} × ({x} - {reference}))",
    "factor": "{coefficient} if {x}",
    "hyperbolic": "(2 × {x} / ({x} + {reference})) to the power {coefficient}",
    "decline": "1 / (1 + {x} / {reference})",
    "affine": "{intercept} + {coefficient} × {x}",
    "maturation": "{x} to the power {coefficient} over itself plus {reference} to that power",
    "above": "{coefficient} from {reference} up",
    "below": "{coefficient} below {reference}",
}
_LEVELS = {"any": "any level", "auc": "area under the curve"}


def page(model: Model, found: list[Reproduced], drawn: Published, sources: Sources) -> str:
    parts = [
        f"# {safe(model.title)}",
        f"Model `{model.model}` for {safe(', '.join(model.agents))}. Amounts are of {safe(model.moiety)}. [All models](README.md).",
        f"**Measured in:** {safe(model.people)}." + (f" They had: {safe(', '.join(model.conditions))}." if model.conditions else ""),
        _verdict(found),
        f"![{safe(f'Computed course: {given(model, drawn)}')}]({model.model}.svg)",
        "## Published against computed",
        "The computed person is the model's typical one, with what the column *Dose and person* adds. *Independent* numbers had no part in making the model; the others were used to make it or solved from its own equations, and only show that it was put together as intended. Every independent number is allowed the same: 0.80 to 1.25 times what was published, or the range where only a range was published.",
        table(
            ("Published number", "Measure", "Dose and person", "Published", "Computed", "Difference", "Allowed", "Kind", "Source"),
            [_compared(model, n, r, sources) for n, r in zip(model.reproduces, found, strict=True)],
        ),
        *bullets("Remarks on these numbers:", (f"{n.title}: {n.note}" for n in model.reproduces if n.note)),
        "## What misses",
        *(bullets("", model.limits) or ["The model states no limits."]),
        *bullets("How it came to be:", model.history),
        "## Parameters",
        "The interval is the published 95 % confidence interval. CV: coefficient of variation. **Not seen** marks a number that nobody has seen in the source itself.",
        table(
            ("Parameter", "What it is", "Value", "Interval", "Spread between people", "Seen in the source", "Source", "Remark"),
            [_parameter(p, sources) for p in model.parameters],
        ),
        *_relations(model, sources),
        "## Whom it may be used for",
        "Within *studied* the curve stands. From there to *drawn to* it is drawn with more spread and a warning; beyond, a sentence stands in its place.",
        table(
            ("What", "Studied", "Drawn to", "Added spread", "Reason", "Seen in the source", "Source"),
            [_bound(b, sources) for b in model.bounds],
        ) if model.bounds else "The model states no bounds.",
        *_targets(model, sources),
        "## Sources",
        *bullets("", (_described(sources[i], i) for i in _cited(model) if i in sources), made=True),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _verdict(found: list[Reproduced]) -> str:
    independent = sum(r.independent for r in found)
    worst = max(found, key=size_of)
    out = [
        f"**Checked against:** {count(sum(not r.ours for r in found), 'published number')}, {independent} of them independent. Worst difference: {percent(worst.error)} ({safe(worst.title)})."
    ]
    if not independent:
        out.append("**Not validated:** no number is independent of the model.")
    for r in found:
        if not r.holds:
            out.append(f"**NOT REPRODUCED:** {missed(r)}")
        elif only_just(r):
            out.append(f"Holds only just: {safe(r.title)}, {percent(r.error)} with {allowed(r)} allowed.")
    return "\n".join(f"{line}  " for line in out).rstrip()


def _compared(model: Model, number: Published, found: Reproduced, sources: Sources) -> tuple[str, ...]:
    unit = number.unit
    return (
        safe(number.title),
        safe(_measure(model, number)),
        safe(given(model, number)),
        amount(number.value, unit) + ("" if number.verified else " (**not seen**)"),
        amount(found.computed, unit),
        percent(found.error) + ("" if found.holds else " **NOT REPRODUCED**"),
        allowed(found),
        "our own solution" if number.ours else "independent" if number.independent else "not independent",
        cited_at(number, sources),
    )


def _measure(model: Model, number: Published) -> str:
    output = next(((o.title, o.unit) for o in model.outputs if o.output == number.output), None)
    title, unit = output or next((e.description, e.unit) for e in model.effects if e.effect == number.output)
    window = f" from {plain(number.window[0])} to {plain(number.window[1])} {model.time}" if number.window else ""
    match number.measure:
        case "time below":
            since = f", counted from {plain(number.window[0])} {model.time}" if number.window else ""
            return f"time until back above {amount(number.level or 0.0, unit)}{since}; {title}"
        case "at":
            return f"level at {plain(number.at or 0.0)} {model.time}; {title}"
        case "auc":
            return f"area under the curve{window}; {title}"
        case "auc to infinity":
            return f"area under the whole curve; {title}"
        case "accumulation":
            return f"peak after the last dose over that after the first; {title}"
        case _:
            return f"{number.measure}{window}; {title}"


def _parameter(p: Parameter, sources: Sources) -> tuple[str, ...]:
    interval = f"{plain(p.low)} to {plain(p.high)}" if p.low is not None and p.high is not None else ""
    spread = []
    if p.iiv_cv is not None:
        spread.append(f"CV {share_of(p.iiv_cv)}")
    if p.iiv_sd is not None:
        spread.append(f"SD of the logarithm {plain(p.iiv_sd)}")
    if p.iov_cv is not None:
        spread.append(f"between occasions CV {share_of(p.iov_cv)}")
    remarks = ["held fixed"] if p.fixed else []
    remarks += [f"computed: {p.derived}"] if p.derived else []
    remarks += [p.note] if p.note else []
    return (
        f"`{p.parameter}`",
        safe(p.description),
        amount(p.value, p.unit),
        interval or "none given",
        "; ".join(spread) or "none given",
        seen(p),
        cited_at(p, sources),
        safe("; ".join(remarks)),
    )


def _relations(model: Model, sources: Sources) -> list[str]:
    if not model.relations:
        return []
    rows = [
        (f"`{r.parameter}`", safe(_form(r)), _added(r.band_cv), seen(r), cited_at(r, sources), safe("; ".join(filter(None, (r.derived, r.note)))))
        for r in model.relations
    ]  # fmt: skip
    head = ("Parameter", "Multiplied by", "Added spread", "Seen in the source", "Source", "Remark")
    return ["### What the parameters depend on", table(head, rows)]


def _form(r: Relation) -> str:
    x, unit = r.on.replace("_", " "), shown_unit(r.unit)
    if r.form == "category":
        return f"by {x}: " + ", ".join(f"{level} {plain(value)}" for level, value in r.levels.items())
    reference = f"{plain(r.reference or 0.0)} {unit}".rstrip()
    text = _FORMS[r.form].format(x=x, reference=reference, coefficient=plain(r.coefficient), intercept=plain(r.intercept or 0.0))  # fmt: skip
    text = text.replace(" + -", " - ")
    held = [f"at least {plain(r.least)}" if r.least is not None else "", f"at most {plain(r.most)}" if r.most is not None else ""]  # fmt: skip
    return f"{text}, {x} taken as {' and '.join(filter(None, held))} {unit}".rstrip() if any(held) else text


def _bound(b: Bounds, sources: Sources) -> tuple[str, ...]:
    reason = safe("; ".join(filter(None, (b.reason, b.note))))
    return (
        b.covariate.replace("_", " "),
        _range(b, b.studied),
        _range(b, b.extrapolate_to),
        _added(b.widen_cv),
        reason,
        seen(b),
        cited_at(b, sources),
    )


def _range(b: Bounds, ends: tuple[float, float]) -> str:
    if not b.unit and set(ends) <= {0.0, 1.0}:
        return {(0.0, 0.0): "without only", (1.0, 1.0): "with only"}.get(ends, "without and with")
    return safe(f"{plain(ends[0])} to {plain(ends[1])} {shown_unit(b.unit)}".rstrip())


def _targets(model: Model, sources: Sources) -> list[str]:
    if not model.targets:
        return ["## Levels to aim at", "The model records no published range of levels or effect."]
    rows = [
        (safe(t.target), t.kind, f"{_LEVELS.get(t.measure, t.measure)} {_between(t.low, t.high)} {shown_unit(t.unit)}", safe(t.text), seen(t), cited_at(t, sources))
        for t in model.targets
    ]  # fmt: skip
    return ["## Levels to aim at", table(("What", "Kind", "Range", "In words", "Seen in the source", "Source"), rows)]


def _cited(model: Model) -> list[str]:
    """The sources of a card, in the order of the alphabet."""
    entries: Iterator[Cited | SourceRef] = (c for kind in (*KINDS, "sources") for c in getattr(model, kind))
    return sorted({c.source for c in entries})


def _described(source: Source, name: str) -> str:
    address = address_of(source)
    title = f"[{safe(source.title)}]({address})" if address else safe(source.title)
    return f"`{name}`: {title}. {_SEEN[source.seen].capitalize()}." + (
        f" {safe(sentence(source.note))}" if source.note else ""
    )


def _between(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"not below {plain(low)}" if low is not None else f"not above {plain(high or 0.0)}"
    return f"{plain(low)} to {plain(high)}"


def _added(cv: float | None) -> str:
    return f"CV {share_of(cv)}" if cv else "none"
