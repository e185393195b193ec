"""What the report says of alerts and of calibration: the files of measurements, put into words and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from relaxant.knowledge.schema import TIERS
from relaxant.validation.measured import Diaries, File, Load, diaries, drawn, loads, remarks
from relaxant.validation.words import count, safe, table

_LOUDEST, _HEAVIEST = 5, 10
_ALL = "all"
_LISTS = "tests/data/interaction_lists.tsv"
_NOTHING = "nothing changed"
_OWN = "drawn from the model itself"
_DUE = {"80%": 0.8, "95%": 0.95}
_BETTER, _WORSE, _T_TEST, _WEEK = 2, 4, 6, 7  # places in a row of shares


def _share(value: float) -> str:
    return f"{100 * value:.1f}%"


def _from(file: File) -> str:
    return f"[{file.name}]({file.name})" + (f" ({file.made})" if file.made else ", which gives itself no date")


# ---------------------------------------------------------------- alerts


def alerts(file: File | None, root: Path) -> list[str]:
    """What the report says of how often a review speaks."""
    found = [load for load in loads(file) if _ALL in load.rows]
    out = _load(file, found) if file and found else ["The load of alerts is not measured: `alerts.txt` has no such table."]  # fmt: skip
    return [
        *out,
        "### Precision",
        "**There is no figure.** Nobody has judged, finding by finding, which alerts on real people were right and worth an interruption, so neither precision nor the share that clinicians override is known. The ratio to a pair list above is load, not precision: an alert that is not made may have been needed.",
        *_lists(root),
    ]  # fmt: skip


def _load(file: File, found: Sequence[Load]) -> list[str]:
    each = max(found, key=lambda load: len(load.rows))
    heaviest = sorted((n for n in each.rows if n != _ALL), key=lambda n: -sum(each.rows[n][:2]))[:_HEAVIEST]
    rows = [(safe(load.heading), *map(_mean, load.rows[_ALL][:4]), _share(load.rows[_ALL][4]), _mean(load.rows[_ALL][5]), "" if load.ratio is None else f"{load.ratio:g}") for load in found]  # fmt: skip
    return [
        f"From {_from(file)}. Means a person and relaxant:",
        table(("People", *TIERS, "With DANGER or CHANGE", "Alerts of a plain pair list", "DANGER and CHANGE that name another medicine, to that list"), rows),
        "These people are synthetic and take few medicines, so the figures say more of age and conditions than of interactions; what their records cannot hold (kidney function, alcohol, tobacco) stays open and is not in the table. No figure exists for people as a spasticity clinic sees them.",
        f"The {_HEAVIEST} relaxants with most DANGER and CHANGE a person, of the first list:",
        table(("Relaxant", *TIERS, "With DANGER or CHANGE", "Alerts of a plain pair list"), [(n, *map(_mean, each.rows[n][:4]), _share(each.rows[n][4]), _mean(each.rows[n][5])) for n in heaviest]),
        "The rules that speak loudest, a person and relaxant: " + ", ".join(f"`{rule}` {often:.4f}" for rule, often in each.loudest[:_LOUDEST]) + ".",
    ]  # fmt: skip


def _mean(value: float) -> str:
    return f"{value:.3f}"


def _lists(root: Path) -> list[str]:
    path = root / _LISTS
    if not path.is_file():
        return ["Published lists of interactions: not at hand."]
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    of = Counter(line.partition("\t")[0] for line in lines[1:])
    named = ", ".join(f"{pairs} of {name}" for name, pairs in of.items())
    return [
        f"What is known of the other side, alerts that are missed: of two published lists (`{_LISTS}`: {named}) every pair with a relaxant of ours is found, at DANGER or CHANGE where the list calls it critical or of high priority, or a rule's sources say why it is rated otherwise (`tests/test_interaction_lists.py`). How many of those are disputed is not counted."
    ]


# ---------------------------------------------------------------- calibration


def calibration(responses: File | None, populations: File | None, picture: str) -> list[str]:
    """What the report says of calibration; ``picture`` is the file of its picture."""
    return [*_answers(responses, picture), *_people(populations)]


def _answers(file: File | None, picture: str) -> list[str]:
    found = [t for t in diaries(file) if t.rows]
    out = ["### Answers to diaries (`relaxant respond`)"]
    if file is None or not found:
        return [*out, "Not measured: `responses.txt` has no such table."]
    nothing = [(name, row) for t in found if t.situation != _OWN for name, row in t.rows.items() if name.startswith(_NOTHING)]  # fmt: skip
    own = [row for t in found if t.situation == _OWN for row in t.rows.values()]
    off = max((abs(row[i] - due) for row in own for i, due in enumerate(_DUE.values())), default=0.0)
    out += [
        f"From {_from(file)}: made-up diaries whose truth is known, {min(t.each for t in found):,} of each kind. With that many a coverage of 80% scatters by {_share(2 * (0.8 * 0.2 / min(t.each for t in found)) ** 0.5)} (two standard errors).",
        f"![How often intervals hold the truth]({picture})",
        table(("Scale and diaries", "Kinds", *(f"The {due} interval holds the truth in" for due in _DUE)), [_coverage(t) for t in found]),
    ]  # fmt: skip
    if own:
        out.append(f"Of diaries drawn from the model itself the intervals are off by at most {100 * off:.1f} points. Diaries of people whom the model does not describe show how far that carries: marks right of their line are intervals that are wider than need be, and **marks left of it are intervals that say too much**.")  # fmt: skip
    if nothing:
        spans = {title: _span([row[i] for _, row in nothing]) for title, i in (("answer", _BETTER), ("t-test", _T_TEST), ("seven-day rule", _WEEK), ("worse", _WORSE))}  # fmt: skip
        out.append(f"Where nothing changed BETTER is said of {spans['answer']} of people; a t-test says it of {spans['t-test']}, a rule on the mean of seven days of {spans['seven-day rule']}. WORSE is said of {spans['worse']}.")  # fmt: skip
    out += [f"The file says: {safe(said.strip('()'))}." for said in remarks(file)]
    out.append("No diary of a patient was read: the made-up people start in bad weeks, slip, miss days and wax and wane, as far as we thought of it.")  # fmt: skip
    return out


def _coverage(t: Diaries) -> tuple[str, ...]:
    return (
        safe(f"{t.scale}: {t.situation}"),
        str(len(t.rows)),
        *(_span([row[i] for row in t.rows.values()]) for i in range(len(_DUE))),
    )


def _span(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return _share(low) if low == high else f"{100 * low:.1f} to {_share(high)}"


def _people(file: File | None) -> list[str]:
    out = ["### Virtual people"]
    found = drawn(file)
    if file is None or not found:
        return [*out, "Not measured: `populations.txt` has no comparison with what was published."]
    rows = []
    for p in found:
        worst = max(p.rows, key=lambda name: abs(p.rows[name][2]), default="")
        said = f"{safe(worst)}, {100 * p.rows[worst][2]:+.1f}% ({100 * p.rows[worst][3]:.0f}% allowed)" if worst else ""
        rows.append((safe(p.title), f"{p.holds} of {p.of}", said))
    return [
        *out,
        f"From {_from(file)}: {count(sum(p.of for p in found), 'number')} measured or published of people, beside people drawn. The tables that people are drawn from come mostly from the same surveys, so this is a test of the drawing more than of the tables.",
        table(("Population", "Within what is allowed", "Worst difference"), rows),
        "### Bands and probabilities of curves",
        "Not measured: no file compares the models' bands (5th to 95th percentile of people) with a measured spread. They are made of the published variability that the models carry.",
    ]  # fmt: skip
