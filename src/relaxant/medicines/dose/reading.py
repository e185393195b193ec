"""One dose line while it is read from left to right: what has been understood, and what must be said of it."""

from __future__ import annotations

from datetime import date
from typing import Final

from relaxant.medicines.dose.line import Line, days_spelled, normalised
from relaxant.medicines.dose.units import COUNTED
from relaxant.medicines.dose.words import say
from relaxant.medicines.regimen import Amount, Strength

_DIRECTION: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_OTHER_PUMPS: Final = frozenset({"syringe", "insulin", "feeding", "feed", "proton", "pca", "breast", "iv", "infusion"})


class Clause:
    """One amount with its times."""

    low: float | None = None
    high: float | None = None
    unit: str | None = None
    every: str | None = None
    prn = False
    days: float | None = None
    said = ""
    form_after = False
    pieces: tuple[float | None, float | None] | None = None
    """How many pieces or mL the amount was counted in, where it was."""
    volume = False
    """Said in mL beside its mass."""
    one: tuple[float | None, float | None] | None = None
    """The mass as it was said before pieces of it were counted."""
    joined = False
    """Said together with the clause before it ("and", "+")."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.ats: list[str] = []

    def scheduled(self) -> bool:
        return self.every is not None or bool(self.ats)

    def like(self) -> Clause:
        other = Clause(self.step)
        other.low, other.high, other.unit, other.said, other.volume = (
            self.low,
            self.high,
            self.unit,
            self.said,
            self.volume,
        )
        return other


class Reading:
    """The state of reading one line; ``kind``, ``meaning``, ``keyword``, ``start`` and ``end`` are the line's own."""

    route: str | None = None
    implied_route: str | None = None
    release: str | None = None
    site: str | None = None
    start_day: date | None = None
    stop_day: date | None = None
    rate: Amount | None = None
    total: Amount | None = None
    max_daily: Amount | None = None
    max_doses: float | None = None
    days: float | None = None
    step = 1
    fresh = False
    """The next thing said begins a new clause."""
    paren = False
    """Inside parentheses, where an amount says the one before again."""
    taking = False
    dividing = False
    changing = ""
    changed_from = False
    rate_next = False
    weekdays: frozenset[str] = frozenset()
    pump = False
    """A pump was named that is none for the skin, the stomach or insulin."""
    open_low = open_high = False
    """The least, or the most, in a day cannot be known."""

    def __init__(self, text: str, form: str | None, strength: Strength | None, as_of: date | None) -> None:
        source = days_spelled(normalised(text))
        line = Line(source.lower())
        self.line = line.text
        self.source = source if len(source) == len(line.text) else line.text
        self.kind, self.meaning, self.keyword = line.kind, line.meaning, line.keyword
        self.start, self.end, self.risk, self.count = line.start, line.end, line.risk, line.count
        self.form, self.strength, self.as_of = form, strength, as_of
        self.clauses: list[Clause] = []
        self.replaced: list[Clause] = []
        self.loose: list[tuple[date | None, str]] = []
        self.notes: dict[str, None] = {}
        self.problems: dict[str, None] = {}
        self.unread: list[tuple[int, int]] = []
        self.tainted = not text.isascii() and not _DIRECTION.isdisjoint(text)
        if self.tainted:
            self.problem("direction_marks")
        if "it" in line.text or "i.t" in line.text or "pump" in line.text:
            self._find_spine()

    def _find_spine(self) -> None:
        """``IT`` as the route it abbreviates, and the word ``pump``."""
        shouted = self.source.isupper()
        for i in range(self.count):
            raw = self.raw(i)
            if raw == "pump" or raw.endswith(" pump"):
                self.pump = self.pump or (self.kind[i] == "note" and self.raw(i - 1) not in _OTHER_PUMPS)
            elif raw in {"it", "i.t.", "i.t"} and self.kind[i] in {"noise", "x"} and self.keyword[i - 1] != "take":
                sentence = self.kind[i + 1] in {"x", "noise"}
                written = self.source[self.start[i] : self.end[i]].isupper() and not shouted and not sentence
                beside = self.meaning[i + 2] == "micrograms" or self.raw(i + 1) == "pump"
                if written or beside or "." in raw or (self.kind[i + 1] == "end" and self.kind[i - 1] == "time"):
                    self.kind[i], self.meaning[i], self.keyword[i] = "route", "intrathecal", ""

    def said(self, i: int, j: int) -> str:
        """The words from one thing up to another, as they were written."""
        return self.source[self.start[i] : self.end[j - 1]] if j > i else ""

    def raw(self, i: int) -> str:
        """The words of one thing as they were written, in lower case."""
        return self.line[self.start[i] : self.end[i]]

    def problem(self, key: str, **words: str) -> None:
        clipped = {name: word[:80] + "…" if len(word) > 81 else word for name, word in words.items()}
        self.problems[say(key, **clipped)] = None

    def note(self, i: int, j: int, lead: str = "") -> None:
        text = self.said(i, j).strip(" ,;:()-")
        if text:
            self.notes[lead + text] = None

    def skip_unread(self, i: int, j: int) -> None:
        start, end = self.start[i], self.end[j - 1]
        if self.unread and not self.line[self.unread[-1][1] : start].strip():
            self.unread[-1] = (self.unread[-1][0], end)
        else:
            self.unread.append((start, end))

    def warn_if_risky(self, i: int) -> None:
        key = self.risk.get(i)
        if key is not None:
            self.problem(key, said=self.said(i, i + 1), read="")

    def clause(self) -> Clause:
        """The clause that what is said next belongs to."""
        if not self.clauses or self.fresh:
            return self.begin_clause()
        return self.clauses[-1]

    def begin_clause(self) -> Clause:
        self.fresh = False
        self.clauses.append(Clause(self.step))
        return self.clauses[-1]

    def last(self) -> Clause | None:
        """The clause before, whether or not what comes next belongs to it."""
        return self.clauses[-1] if self.clauses else None

    def current(self) -> Clause | None:
        """The clause that is still being said."""
        return self.clauses[-1] if self.clauses and not self.fresh else None

    def has_dose(self) -> bool:
        return any(clause.unit is not None for clause in self.clauses)

    def piece(self) -> str:
        """What a bare count counts: the form of the product where it is known."""
        return self.form if self.form is not None and self.form in COUNTED else "piece"
