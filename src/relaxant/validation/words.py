"""How the pages on the models put things: numbers of few digits, text that is safe in Markdown, doses, sources, tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from relaxant.knowledge.cards import Model, Published
from relaxant.knowledge.schema import Cited, Source
from relaxant.pharmacology.cards.published import LIKE, Reproduced
from relaxant.quantities import plain_number, shown_unit

Sources = Mapping[str, Source]
_DIGITS = 3
_ONLY_JUST = 0.9  # of what is allowed
KINDS = {
    "parameters": "parameter",
    "relations": "dependence",
    "correlations": "correlation",
    "effects": "effect",
    "residuals": "measurement error",
    "bounds": "limit of use/limits of use",
    "targets": "target range",
    "reproduces": "published number",
}
"""The cited entries of a model, and what they are called."""


def count(number: int, what: str) -> str:
    """How many: ``count(2, "limit of use/limits of use")``; without the second a plural in s."""
    singular, _, plural = what.partition("/")
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def plain(value: float) -> str:
    """A number that a card states, as it states it."""
    return plain_number(value, 6)


def rounded(value: float) -> str:
    """To four digits, by way of nine: the last bits of a machine never decide."""
    return plain_number(float(f"{value:.9g}"))


def amount(value: float, unit: str) -> str:
    """A number with its unit, as a page shows it."""
    shown = shown_unit(unit)
    return f"{rounded(value)} {shown}".rstrip()


def percent(share: float) -> str:
    """A signed percentage with one decimal place, halves to even after nine digits."""
    made = (Decimal(f"{share:.9g}") * 100).quantize(Decimal("0.1"))
    return f"{made:+} %" if made else "0.0 %"


def share_of(share: float) -> str:
    """A share as a percentage."""
    return f"{plain_number(float(f'{share * 100:.9g}'), _DIGITS)} %"


def safe(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    for mark in "\\*|<~`":
        text = text.replace(mark, "&lt;" if mark == "<" else f"\\{mark}")
    return " ".join(text.split())


def bullets(lead: str, items: Iterable[str], *, made: bool = False) -> list[str]:
    """A list under a lead sentence; nothing for no items. ``made`` items are Markdown already."""
    lines = [f"- {item if made else safe(item)}" for item in items]
    return [*([lead] if lead else []), "\n".join(lines)] if lines else []


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def address_of(source: Source) -> str | None:
    """Where a source can be opened; ``None`` for one without an address."""
    address = source.address
    return address.replace(" ", "%20").replace("(", "%28").replace(")", "%29") if address else None


def cited_at(cited: Cited, sources: Sources) -> str:
    """A source with its link, and the place in it."""
    source = sources.get(cited.source)
    address = address_of(source) if source else None
    name = f"[{cited.source}]({address})" if address else cited.source
    return f"{name}, {safe(cited.place)}"


def seen(cited: Cited) -> str:
    """Whether anybody saw the number in its source."""
    return "yes" if cited.verified else "**not seen**"


def link(model: Model) -> str:
    """A link to the page of a model."""
    return f"[{safe(model.title)}]({model.model}.md)"


def only_just(r: Reproduced) -> bool:
    """Whether a number holds with most of what is allowed used."""
    return _ONLY_JUST < r.used <= 1


def allowed(r: Reproduced) -> str:
    """How far a number may be off: the range that counts as the same, the range that was published, or the tolerance of a number used."""
    if r.between is not None:
        return f"{amount(r.between[0], r.unit)} to {amount(r.between[1], r.unit)}, as published"
    return f"{1 / LIKE:.2f} to {LIKE:.2f} times" if r.tolerance is None else share_of(r.tolerance)


def missed(r: Reproduced) -> str:
    """A number that the card does not reproduce, with the reason."""
    return f"{safe(r.title)}, {percent(r.error)} with {allowed(r)} allowed. {safe(sentence(r.misses or 'no reason is given'))}"


def sentence(text: str) -> str:
    """A text as a sentence: a capital first, one full stop last."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def size_of(r: Reproduced) -> float:
    """How far off, whichever way."""
    return abs(r.error)


def given(model: Model, number: Published) -> str:
    """The doses of a published number and its person, in words."""
    out: list[str] = []
    if number.dose is not None:
        per = "/kg" if number.dose_per_kg else ""
        drug = f"{number.drug} " if number.drug else ""
        form = f" ({number.form})" if number.form else ""
        out.append(f"{drug}{amount(number.dose, number.dose_unit)}{per} {number.route}{form}")
    if number.infused_over:
        out.append(f"over {plain(number.infused_over)} {model.time}")
    if number.every:
        out.append(f"every {plain(number.every)} {model.time}, {number.count} doses")
    for later in number.also:
        per = "/kg" if later.dose_per_kg else ""
        out.append(f"then {later.drug or ''} {amount(later.dose, later.dose_unit)}{per} {later.route} at {plain(later.at)} {model.time}".replace("  ", " "))  # fmt: skip
    if number.fed is not None:
        out.append("with food" if number.fed else "fasting")
    if number.during:
        out.append(f"during {number.during}")
    units = {r.on: r.unit for r in model.relations} | {b.covariate: b.unit for b in model.bounds if b.unit}
    for name, text in number.covariates.items():
        word = name.replace("_", " ")
        if text in ("true", "false"):
            out.append(f"{word}: {'yes' if text == 'true' else 'no'}")
        else:
            out.append(f"{word} {text} {shown_unit(units.get(name, ''))}".rstrip())
    return ", ".join(out)


def link_within(title: str, path: str) -> str:
    """A link to another page of this folder."""
    return f"[{safe(title)}]({path})"
