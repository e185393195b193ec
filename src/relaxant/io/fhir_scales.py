"""Scores of scales in a FHIR record: Observations, their components, and totals in questionnaires that were answered.

Every dated score is kept, because it is the change between visits that says something. Questions of a scale are never summed here: a
questionnaire gives its total, or a scale that is one question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from relaxant.errors import InputError
from relaxant.io.fhir_observations import components, noted_when
from relaxant.io.fhir_resources import (
    EMPTY,
    Concept,
    Day,
    Notes,
    Resource,
    Valued,
    code_word,
    coded,
    concept,
    noted_day,
    number,
    objects,
    one,
    plain,
    reference_name,
    words,
)
from relaxant.io.scale_names import SYSTEMS, Named, ScaleNames, has_side, looks_like_one
from relaxant.io.scale_score import Score, has_own_unit, score
from relaxant.knowledge.scales import Scale, number_of
from relaxant.patient import Code, Measured
from relaxant.quantities import plain_number

_MOST_OF_ONE, _MOST = 100, 2000
_DEEPEST = 20
_WRONG = ("entered-in-error", "cancelled")
_TOTALS = {"total", "score", "total score", "sum", "sum score", "overall score", "result"}
_WEIGHTS = ("ordinalvalue", "itemweight")
_WHOLE = re.compile(r"-?\d+")


class Scored(msgspec.Struct):
    """The scores as observations of a patient file, and from how many resources of each kind."""

    observations: list[dict[str, Any]] = []
    of_observations: int = 0
    of_questionnaires: int = 0


class _Answer(msgspec.Struct, frozen=True):
    """What was answered: ways to say it, the surest first, each a set that has to agree; ``bare`` where it is a number without a unit."""

    ways: tuple[tuple[str, ...], ...]
    bare: bool = False


def scale_scores(observed: list[Resource], answered: list[Resource], names: ScaleNames, notes: Notes) -> Scored:
    """The scores of scales in Observations and QuestionnaireResponses, oldest first, each scale and site once a day for one score."""
    found: list[Measured] = []
    seen = names.seen
    out = Scored()
    for resource in observed:
        try:
            own = list(_of_observation(resource, names, notes))
        except (ValueError, RecursionError):
            if seen.get(bytes(resource.code), _NOTHING)[0] is not None:
                notes.add(reference_name(resource), "it could not be read; no score is taken from it")
            continue
        found += own
        out.of_observations += bool(own)
    for resource in answered:
        ref = reference_name(resource)
        try:
            own = list(_of_questionnaire(resource, ref, names, notes))
        except (ValueError, RecursionError):
            notes.add(ref, "it could not be read; no score is taken from it")
            continue
        found += own
        out.of_questionnaires += bool(own)
    out.observations = [msgspec.to_builtins(m) for m in _kept(found, notes)]
    return out


def _kept(found: list[Measured], notes: Notes) -> list[Measured]:
    """One of the same score of a day; the newest where there are more than a course of treatment can hold."""
    once = {(m.name, m.site or "", str(m.date or ""), m.value, m.text): m for m in reversed(found)}
    groups: dict[tuple[str, str], list[Measured]] = {}
    for m in sorted(once.values(), key=lambda m: (m.name, m.site or "", str(m.date or ""), m.by or "")):
        groups.setdefault((m.name, m.site or ""), []).append(m)
    kept: list[Measured] = []
    for (name, _), group in groups.items():
        room = min(_MOST_OF_ONE, _MOST - len(kept))
        if len(group) > room:
            notes.add(
                "Observation", f"{len(group) - room} older scores of {name} are left out; the newest {room} are read"
            )
        kept += group[len(group) - room :]
    return kept


# ---------------------------------------------------------------- Observation


def _of_observation(resource: Resource, names: ScaleNames, notes: Notes) -> Iterator[Measured]:
    whole, other = _seen(resource.code, names)
    parts: list[tuple[Named, Valued]] = []
    if resource.component is not EMPTY:
        for part in components(resource.component):
            named = _part_named(coded(part.code), whole, names)
            if named is not None:
                parts.append((named, part))
            elif whole is not None:
                said = coded(part.code).name or "without a name"
                notes.add(reference_name(resource), f"its part “{said}” is no scale that is known; it is not used")
    if whole is not None and (not parts or _has_value(resource)):
        parts.insert(0, (whole, resource))
    if not parts:
        if other is not None:
            notes.add(reference_name(resource), f"“{other}” is no scale that is known; it is not used as one")
        return
    ref, status = reference_name(resource), code_word(resource.status)
    if status in _WRONG:
        notes.add(ref, f"the record marks this score as {status}; it is not used")
        return
    site = concept(plain(resource.body_site)).name if resource.body_site is not EMPTY else None
    when = noted_when(resource, ref, notes)
    for named, part in parts:
        answer = _answer_of(
            one(part.value_quantity),
            one(part.value_integer),
            one(part.value_string),
            one(part.value_codeable_concept),
            named.scale,
        )
        measured = _measured(ref, named, answer, site, when, coded(part.code), notes)
        if measured is not None:
            yield measured


_NOTHING: tuple[Named | None, str | None] = (None, None)
_MOST_SEEN = 2048


def _seen(code: msgspec.Raw, names: ScaleNames) -> tuple[Named | None, str | None]:
    """The scale that a code names; where it names none, its words if they look like one. The same bytes are looked at once."""
    raw = bytes(code)
    known = names.seen.get(raw)
    if known is None:
        what = coded(code)
        named = _named(what, names)
        known = named, None if named is not None else _unknown(what)
        if len(raw) <= _MOST_SEEN and len(names.seen) < _MOST_SEEN:
            names.seen[raw] = known
    return known


def _unknown(what: Concept) -> str | None:
    """What of a name looks like a scale, a marker or an MRI and is none that is known."""
    standard = any(c.system in SYSTEMS for c in what.codes)
    return next((w for w in _words_of(what) if looks_like_one(w, coded=standard)), None)


def _has_value(part: Valued) -> bool:
    return any(
        v is not EMPTY
        for v in (part.value_quantity, part.value_integer, part.value_string, part.value_codeable_concept)
    )


def _part_named(what: Concept, whole: Named | None, names: ScaleNames) -> Named | None:
    """The scale of a component, by its own code or words, or by its words after a name of the scale that it is a part of."""
    if (named := _named(what, names)) is not None or whole is None:
        return named
    for said in _words_of(what):
        for name in (whole.scale.title, *whole.scale.names):
            if (named := names.by_words(f"{name} {said}")) is not None:
                return named
    return None


def _named(what: Concept, names: ScaleNames) -> Named | None:
    """The scale of a code; of words only where no code of LOINC or SNOMED CT says what it is."""
    standard = [c for c in what.codes if c.system in SYSTEMS]
    for code in standard or what.codes:
        if code.system in (*SYSTEMS, "") and (scale := names.by_code(code.code)) is not None:
            return Named(scale)
    if standard:
        return None
    return next((n for said in _words_of(what) if (n := names.by_words(said, record=True)) is not None), None)


def _words_of(what: Concept) -> list[str]:
    return [said for said in dict.fromkeys((what.text, *(c.display for c in what.codes))) if said]


# ---------------------------------------------------------------- QuestionnaireResponse


class _Above(msgspec.Struct, frozen=True):
    """What stands above an item: the scale that its group or its questionnaire names, and the site."""

    named: Named | None = None
    site: str | None = None


def _of_questionnaire(resource: Resource, ref: str, names: ScaleNames, notes: Notes) -> Iterator[Measured]:
    url = words(one(resource.questionnaire)) or ""
    whole = _by_key(url.split("|")[0].rstrip("/").rsplit("/", 1)[-1], names)
    untotalled: dict[str, None] = {} if whole is None else {whole.scale.title: None}
    scores: list[tuple[Named, _Answer, str | None, Concept]] = []
    for item, above in _items(plain(resource.item), _Above(whole), names, 0):
        own = _item_named(item, names)
        named = own or (above.named if _is_total(item) else None)
        answers = objects(item.get("answer"))
        asked = words(item.get("text")) or words(item.get("linkId"), 100) or ""
        if named is None and above.named is None and answers and looks_like_one(asked):
            notes.add(ref, f"its question “{asked}” is no scale that is known; it is not used")
        if named is None or not answers:
            if own is not None:
                untotalled[own.scale.title] = None
            continue
        untotalled.pop(named.scale.title, None)
        if len(answers) > 1:
            notes.add(ref, f"it has {len(answers)} answers for one score of {named.scale.title}; none is used")
            continue
        given = answers[0]
        decimal = given.get("valueDecimal", given.get("valueInteger"))
        answer = _answer_of(
            given.get("valueQuantity"), decimal, given.get("valueString"), given.get("valueCoding"), named.scale
        )
        site = above.site if named.scale.sided else None
        scores.append((named, answer, site, concept(item.get("code"))))
    for title in untotalled:
        notes.add(ref, f"answers to questions are not summed here, and no total of {title} was found; enter the total")
    if not scores:
        return
    status = code_word(resource.status)
    if status in _WRONG:
        notes.add(ref, f"the record marks this questionnaire as {status}; it is not used")
        return
    if status not in ("completed", "amended"):
        notes.add(ref, f"the status of this questionnaire is {status or 'missing'}; its score is used")
    when = noted_day(one(resource.authored), ref, "authored", notes)
    for named, answer, site, what in scores:
        measured = _measured(ref, named, answer, site, when, what, notes)
        if measured is not None:
            yield measured


def _items(value: Any, above: _Above, names: ScaleNames, depth: int) -> Iterator[tuple[dict[str, Any], _Above]]:
    """Every item at any depth, under items or under answers, with what stands above it."""
    if depth > _DEEPEST:
        return
    for item in objects(value):
        yield item, above
        text = words(item.get("text"))
        site = text if text and has_side(text) and _item_named(item, names) is None else above.site
        within = _Above(_item_named(item, names) or above.named, site)
        yield from _items(item.get("item"), within, names, depth + 1)
        for answer in objects(item.get("answer")):
            yield from _items(answer.get("item"), within, names, depth + 1)


def _item_named(item: Mapping[str, Any], names: ScaleNames) -> Named | None:
    """The scale of an item: by its code, its words, or its link, which may be a code or a scale's id."""
    if (named := _named(concept(item.get("code")), names)) is not None:
        return named
    text = words(item.get("text"))
    if text and (named := names.by_words(text, record=True)) is not None:
        return named
    link = words(item.get("linkId"), 100) or ""
    return _by_key(link.strip("/").rsplit("/", 1)[-1], names)


def _by_key(key: str, names: ScaleNames) -> Named | None:
    if (scale := names.by_code(key)) is not None:
        return Named(scale)
    return names.by_words(key, record=True) or names.by_words(key.replace("-", " "), record=True) if key else None


def _is_total(item: Mapping[str, Any]) -> bool:
    said = (words(item.get("text")), words(item.get("linkId"), 100))
    return any(s is not None and " ".join(re.findall(r"[a-z]+", s.casefold())) in _TOTALS for s in said)


# ---------------------------------------------------------------- what was answered


def _answer_of(quantity: Any, plain_one: Any, text: Any, choice: Any, scale: Scale) -> _Answer:
    """The ways in which a value says its score."""
    if isinstance(quantity, dict):
        value, shown = number(quantity.get("value")), words(quantity.get("unit"), 60)
        units = tuple(dict.fromkeys(u for u in (shown, words(quantity.get("code"), 60)) if u))
        if value is None or words(quantity.get("comparator"), 5):
            bound = f"{words(quantity.get('comparator'), 5) or ''}{quantity.get('value')}"
            return _Answer(((words(bound, 100) or "",),))
        return _Answer(
            tuple((f"{plain_number(value, 12)} {u}",) for u in units) or ((plain_number(value, 12),),), not units
        )
    if (value := number(plain_one)) is not None:
        return _Answer(((plain_number(value, 12),),), True)
    if isinstance(text, str) and (said := words(text, 200)):
        return _Answer(((said,),))
    if choice is None:
        return _Answer(())
    answer = concept(choice)
    own = tuple(_words_of(answer))
    weights = tuple(plain_number(w, 12) for w in _weights(choice)) if _counts_evenly(scale) else ()
    return _Answer(tuple(way for way in (own, () if own else tuple(c.code for c in answer.codes), weights) if way))


def _weights(choice: Any) -> Iterator[float]:
    """What a choice counts, where its extension says so (http://hl7.org/fhir/StructureDefinition/ordinalValue)."""
    codings = objects(choice.get("coding")) if isinstance(choice, dict) and "coding" in choice else objects(choice)
    for extension in (e for coding in codings for e in objects(coding.get("extension"))):
        name = str(extension.get("url") or "").rsplit("/", 1)[-1].casefold()
        if name in _WEIGHTS and (value := number(extension.get("valueDecimal"))) is not None:
            yield value


def _counts_evenly(scale: Scale) -> bool:
    """Whether the levels are whole numbers: otherwise records number them in different ways, and a number alone is not enough."""
    return all(_WHOLE.fullmatch(level.said) for level in scale.levels)


def _measured(
    ref: str, named: Named, answer: _Answer, site: str | None, when: Day | None, what: Concept, notes: Notes
) -> Measured | None:
    """The score as an observation of a patient file; ``None``, with a sentence, where there is none to use."""
    scale = named.scale
    if not answer.ways:
        notes.add(ref, f"this score of {scale.title} has no value that can be read")
        return None
    if answer.bare and has_own_unit(scale):
        notes.add(
            ref, f"this score of {scale.title} has no unit, and may be something else than {scale.unit}; it is not used"
        )
        return None
    found = _scored(ref, answer, scale, notes)
    if found is None:
        return None
    if when is None:
        notes.add(ref, f"this score of {scale.title} has no date")
    code = next((c for c in what.codes if c.code in (*scale.loinc, *scale.snomed)), Code(system="", code=""))
    numeric = not scale.levels or _WHOLE.fullmatch(found.said) is not None
    value = next((number_of(v) for v in scale.levels if v.said == found.said), None) if scale.levels else found.value
    return Measured(
        name=scale.title,
        value=value if numeric else None,
        unit=scale.unit if numeric and has_own_unit(scale) else None,
        text=None if numeric else found.said,
        date=when.date if when else None,
        site=site or named.site,
        code=code.code or None,
        system=code.system or None,
        by=ref,
    )


def _scored(ref: str, answer: _Answer, scale: Scale, notes: Notes) -> Score | None:
    """The score that the first way gives that gives one; two that differ give none."""
    fault: InputError | None = None
    for way in answer.ways:
        found: dict[Score, None] = {}
        for said in way:
            try:
                found[score(ref, said, scale)] = None
            except InputError as error:
                fault = fault or error
        if len(found) > 1:
            notes.add(ref, f"its words say two levels of {scale.title}; it is not used")
            return None
        if found:
            return next(iter(found))
    if fault is not None:
        notes.add(ref, f"{fault.came} is not used: {fault.why}")
    return None
