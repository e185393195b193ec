"""One line a medicine: what several resources say of the same medicine, brought together without losing a medicine.

Two resources are about the same medicine when they share a code of a public system of medicines, or their words, and no
such code contradicts it. To merge two medicines would hide one, so doubt keeps both; a merge is always said.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec

from relaxant.io.fhir_medicines import Said
from relaxant.io.fhir_named import Named
from relaxant.io.fhir_resources import Notes
from relaxant.patient import Line

_PRODUCT_SYSTEMS = ("RxNorm", "NDC", "UNII", "ATC")
_ATC_SUBSTANCE = 7  # characters: a shorter ATC code is a class of substances, not one


def reconcile(said: list[Said], last_day: date | None, notes: Notes) -> tuple[list[Line], list[Line]]:
    """The medicines (taken, or no longer taken), and those being weighed, each in a fixed order."""
    said = sorted(said, key=_order)
    weighed = [_line(s, s.dosage, s.start, None, s.change) for s in said if s.role == "weighed"]
    lines, over, entries = list[Line](), list[Line](), 0
    for group in _groups([s for s in said if s.role != "weighed"]):
        if (line := _over_since_unknown(group, last_day)) is not None:
            over.append(line)
            entries += len(group)
        else:
            lines += _resolved(group, last_day, notes)
    for line in over:
        notes.add(
            f"“{line.said}”",
            f"stopped or completed on a day the record does not give ({_count(len(over), 'medicine')}, "
            f"{_count(entries, 'entry', 'entries')}); listed as no longer taken, each by its newest entry",
        )
    return _unique(lines + over), _unique(weighed)


def _count(number: int, one: str, more: str | None = None) -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"


def _order(s: Said) -> tuple[Any, ...]:
    return (
        s.named.said.casefold(),
        -s.seen,
        s.ref,
        s.kind,
        s.role,
        _signature(s.dosage),
        str(s.named),
        str(s.start),
        str(s.stop),
    )


def _unique(lines: list[Line]) -> list[Line]:
    kept = {
        msgspec.json.encode(msgspec.structs.replace(line, by=None), order="deterministic"): line
        for line in reversed(lines)
    }
    return sorted(
        kept.values(), key=lambda line: (line.said.casefold(), str(line.start), str(line.stop), line.by or "")
    )


def _keys(named: Named) -> list[tuple[str, str]]:
    """What a second resource on the same medicine would share: its words, or a code of one substance or product."""
    keys = [("said", named.said.casefold())]
    for code in named.codes:
        if code.system not in _PRODUCT_SYSTEMS or (code.system == "ATC" and len(code.code) != _ATC_SUBSTANCE):
            continue
        keys.append((code.system, code.code.replace("-", "") if code.system == "NDC" else code.code))
        if code.display:
            keys.append(("said", code.display.casefold()))
    return list(dict.fromkeys(keys))


class _Group:
    """Resources on one medicine; ``rxnorm`` and ``strength`` are what would contradict another."""

    def __init__(self, first: Said) -> None:
        self.members = [first]
        self.rxnorm = {c.code for c in first.named.codes if c.system == "RxNorm"}
        self.strength = first.named.strength

    def admits(self, other: Said) -> bool:
        theirs = {c.code for c in other.named.codes if c.system == "RxNorm"}
        same_code = not theirs or not self.rxnorm or theirs <= self.rxnorm or self.rxnorm <= theirs
        return same_code and (self.strength is None or other.named.strength in (None, self.strength))

    def add(self, other: Said) -> None:
        self.members.append(other)
        self.rxnorm |= {c.code for c in other.named.codes if c.system == "RxNorm"}
        self.strength = self.strength or other.named.strength


def _groups(said: list[Said]) -> list[list[Said]]:
    """By shared key, the most fully coded first so that a vague line joins a precise one and never bridges two."""
    groups, known = list[_Group](), dict[tuple[str, str], list[_Group]]()
    for item in sorted(said, key=lambda s: (-len(s.named.codes), s.named.strength is None, *_order(s))):
        keys = _keys(item.named)
        home = next((g for key in keys for g in known.get(key, []) if g.admits(item)), None)
        if home is None:
            home = _Group(item)
            groups.append(home)
        else:
            home.add(item)
        for key in keys:
            there = known.setdefault(key, [])
            if home not in there:
                there.append(home)
    return [sorted(group.members, key=lambda s: (-s.seen, s.ref, *_order(s))) for group in groups]


def _taken(group: list[Said]) -> list[Said]:
    return [s for s in group if s.role == "taken" or (s.role == "supplied" and s.stop is None)]


def _over(group: list[Said], last_day: date | None) -> list[tuple[date, Said]]:
    """Those with a stop, and its day: it was seen, or foreseen for a day that the record has reached."""
    stops = [(s.stop, s) for s in group if s.stop is not None]
    return [(stop, s) for stop, s in stops if not (s.planned and last_day is not None and stop > last_day)]


def _over_since_unknown(group: list[Said], last_day: date | None) -> Line | None:
    """The line of a medicine that is no longer taken, where no stop in the record is the last word on it."""
    if _taken(group):
        return None
    over = _over(group, last_day)
    if over:
        last_stop, closed = max(stop for stop, _ in over), [s for _, s in over]
        if not any(s.seen_on is not None and s.seen_on > last_stop for s in group if s not in closed):
            return None
    line = _line(group[0], _best_dosage(group), group[0].start, None)
    return msgspec.structs.replace(line, active=False)


def _resolved(group: list[Said], last_day: date | None, notes: Notes) -> list[Line]:
    """The line or lines of one medicine that is taken or has a known stop, its resources newest first."""
    taken = _taken(group)
    for s in taken:
        if s.ends is not None and last_day is not None and s.ends < last_day:
            notes.add(s.ref, f"active by the record, and its dosing ended on {s.ends}; it is read as taken")
        if s.role == "supplied":
            notes.add(s.ref, "how long this supply lasts is not said; read as taken now")
    if taken:
        return _current(taken, group, notes)
    over = _over(group, last_day)
    stop, newest = max(over, key=lambda item: (item[0], item[1].seen, item[1].ref))
    start, given = newest.start, [s for _, s in over if s.role == "given"]
    if newest.role == "given":
        start = min((s.start for s in given if s.start), default=start)
        if last_day is not None and stop >= last_day - timedelta(days=1):
            notes.add(newest.ref, f"“{newest.named.said}” was given on {stop}, as the record ends; read as taken now")
            return _current([*given], group, notes)
        notes.add(
            newest.ref,
            f"“{newest.named.said}” was last given on {stop} and nothing says that it goes on; read as ended then",
        )
    elif newest.role == "supplied":
        notes.add(newest.ref, f"the last supply of “{newest.named.said}” lasts until {stop}; read as ended then")
    elif newest.planned:
        notes.add(
            newest.ref,
            f"“{newest.named.said}” was stopped on a day the record does not give; "
            f"its planned end, {stop}, is read instead",
        )
    _merged(newest, group, notes)
    return [_line(newest, _best_dosage([s for day, s in over if day == stop]), start, stop)]


def _current(taken: list[Said], group: list[Said], notes: Notes) -> list[Line]:
    """What is taken now: one line, or one for each order where active orders differ in dose, as a split dose does."""
    different = dict[str, Said]()
    for s in taken:
        if s.kind == "MedicationRequest" and _informs(s.dosage) == 2:
            different.setdefault(_signature(s.dosage), s)
    if len(different) > 1:
        kept = list(different.values())
        for s in kept:
            notes.add(
                s.ref,
                f"one of {len(kept)} active orders of “{s.named.said}” with different doses; each is read as taken, "
                "stop those that were replaced",
            )
        for s in group:
            if s not in kept:
                notes.add(
                    s.ref, f"the same medicine as {kept[0].ref} (“{kept[0].named.said}”); the orders are read instead"
                )
        return [_line(s, s.dosage, s.start, None) for s in kept]
    newest = taken[0]
    dosage = _best_dosage(taken)
    for s in taken:
        if _informs(s.dosage) == 2 and _signature(s.dosage) != _signature(dosage):
            notes.add(s.ref, f"gives another dose of “{s.named.said}” than {newest.ref}; the newer one is read")
    _merged(newest, group, notes)
    named = max(
        (s.named for s in taken), key=lambda n: (len(n.codes), n.strength is not None, n == newest.named, n.said)
    )
    base = msgspec.structs.replace(newest, named=named if set(newest.named.codes) <= set(named.codes) else newest.named)
    return [_line(base, dosage, min((s.start for s in taken if s.start), default=None), None)]


def _merged(kept: Said, group: list[Said], notes: Notes) -> None:
    for s in group:
        if s is not kept:
            notes.add(s.ref, f"the same medicine as {kept.ref} (“{kept.named.said}”); read as one line")


def _best_dosage(said: list[Said]) -> tuple[dict[str, Any], ...]:
    """The newest of the most informative dosages."""
    return max(said, key=lambda s: (_informs(s.dosage), s.seen, s.ref)).dosage


def _informs(dosage: tuple[dict[str, Any], ...]) -> int:
    """2 for words, or a dose and a timing; 1 for either alone; 0 for neither."""
    best = 0
    for item in dosage:
        timing = item.get("timing")
        timed = isinstance(timing, dict) and bool(timing.get("repeat") or timing.get("code"))
        best = max(best, 2 if item.get("text") else timed + bool(item.get("doseAndRate")))
    return best


def _signature(dosage: tuple[dict[str, Any], ...]) -> str:
    bare = [{k: v for k, v in item.items() if k not in ("sequence", "id", "extension")} for item in dosage]
    return msgspec.json.encode(bare, order="deterministic").decode()


def _line(
    s: Said, dosage: tuple[dict[str, Any], ...], start: date | None, stop: date | None, change: Any = None
) -> Line:
    named = s.named
    return Line(
        said=named.said,
        drug=named.drug,
        codes=named.codes,
        form=named.form,
        strength=named.strength,
        dosage=dosage,
        start=start,
        stop=stop,
        change=change,
        by=s.ref,
    )
