"""Each medicine line to ingredients, regimen and role: `status` says whether it is taken, `reconcile` what is weighed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.medicines.codes import lookup_code
from relaxant.medicines.dictionary import Dictionary, Entry, Ingredient, display_name, open_dictionary
from relaxant.medicines.dose.units import BY_STRENGTH, MASS
from relaxant.medicines.dose.words import say, wording
from relaxant.medicines.dose_lines import read_dose, regimen_from_parts
from relaxant.medicines.kept import Kept
from relaxant.medicines.local import dictionary_of
from relaxant.medicines.medicine import Medicine, RoleInReview, Status
from relaxant.medicines.misspelt import MOST_SEARCHED, Suggestion, long_enough, possible_medicines
from relaxant.medicines.names import NameReading, read_name
from relaxant.medicines.read_back import read_back
from relaxant.medicines.reconcile import Order, orders_of, reconcile
from relaxant.medicines.regimen import Regimen, Strength
from relaxant.medicines.status import QUERY_COUNTED, Taken, taken_said
from relaxant.patient import Change, Line, Patient
from relaxant.quantities import Quantity, convert

# Routes as the product lists write them -> the words that dose lines use.
ROUTES = {
    "respiratory (inhalation)": "inhaled", "inhalation": "inhaled", "endotracheal": "inhaled", "intrabronchial": "inhaled",
    "auricular (otic)": "otic", "intratympanic": "otic", "conjunctival": "ophthalmic", "intraocular": "ophthalmic", "intravitreal": "ophthalmic",
    "cutaneous": "topical", "dental": "topical", "periodontal": "topical", "occlusive dressing technique": "topical", "irrigation": "topical",
    "percutaneous": "transdermal", "nasogastric": "enteral tube", "intragastric": "enteral tube", "intraspinal": "intrathecal",
    "subarachnoid": "intrathecal", "intravascular": "intravenous", "parenteral": "injection", "not applicable": None,
}  # fmt: skip
COMBINATION = "two numbers beside a combination product are its strengths, not a range: the amount was not used."
CODE_OTHER = "the code {code} stands for {other}, the words for {said}: the words were used; check which is meant"
STRENGTH_OTHER = "the code is of a product of {code}, the words say {words}: neither was used as the strength"
_PATCH_SIZE = re.compile(r"\b(clonidine|catapres)[\s-]*TTS[\s-]*[123]\b", re.I)
"""The 2 of TTS-2 is the size of the patch, not a number of patches."""
_ONLY_STRENGTH = re.compile(r"[\d.,]+\s*(?:mg|mcg|micrograms?|g)\s*(?:(?:film[- ]coated\s+)?(?:tab|cap)\w*)?", re.I)
_STRENGTH = re.compile(r"([\d.]+)\s*([a-zA-Zµμ%]+)(?:\s*/\s*(?:([\d.]+)\s*)?([a-zA-Z]+))?")


def read_medicines(patient: Patient, knowledge: Knowledge) -> tuple[Medicine, ...]:
    """Every line of the patient: current, stopped, considered. The order is that of the file, considered items last.

    What is weighed is searched first for names close to those that are not known, then what is taken, up to :data:`MOST_SEARCHED` names.
    """
    left = MOST_SEARCHED

    def read(line: Line, role: RoleInReview, order: Order | None = None) -> Medicine:
        nonlocal left
        medicine = read_line(line, role, patient, knowledge, order, search=left > 0)
        left -= medicine.searched or 0
        return medicine

    weighed = [
        (read(line, "considering", order), order)
        for line in patient.considering
        for order in _orders(line, dictionary_of(knowledge))
    ]
    current = [_stopped(read(line, "current"), patient) for line in patient.medicines or ()]
    return tuple(reconcile(current, weighed, lambda m, regimen: _said_again(m, regimen, patient.country)))


def _orders(line: Line, dictionary: Dictionary) -> list[Order]:
    """What a weighed line asks for; a line in parts, or with its change said, is one order as it stands."""
    if line.change is not None or line.drug is not None:
        return [Order(line.drug or line.said, line.change)]
    return orders_of(line.said, dictionary)


def _said_again(medicine: Medicine, regimen: Regimen, country: str) -> str:
    return read_back(" + ".join(display_name(i.name, country) for i in medicine.ingredients), regimen)


def _stopped(medicine: Medicine, patient: Patient) -> Medicine:
    start, stop = medicine.regimen.start, medicine.regimen.stop
    if start is not None and start > patient.as_of:
        why = f"it starts on {start}, after the day of the review; it is counted as taken"
        status: Status = "partly read" if medicine.status == "read" else medicine.status
        medicine = msgspec.structs.replace(
            medicine, why=f"{medicine.why} {why}" if medicine.why else why, status=status
        )
    if (stop is not None and stop <= patient.as_of) or medicine.over:
        return msgspec.structs.replace(medicine, role="stopped")
    return medicine


_READ: dict[tuple[Line, RoleInReview, Order | None, date, str, str, bool], Medicine] = {}
_MOST_REMEMBERED = 8192
_LONGEST_REMEMBERED = 1000  # bytes of a line as JSON; thousands of longer ones would fill the memory


def read_line(
    line: Line,
    role: RoleInReview,
    patient: Patient,
    knowledge: Knowledge,
    order: Order | None = None,
    *,
    search: bool = True,
) -> Medicine:
    """One line as a medicine. What cannot be placed is kept in ``not_understood`` and never dropped; without ``search`` no close names are looked for.

    A ward writes the same lines again and again: each is read once for a day, a country and a knowledge.
    """
    if line.dosage:  # a record's own tree, hardly ever the same twice
        return _read_line(line, role, patient, knowledge, order, search)
    key = (line, role, order, patient.as_of, patient.country, knowledge.sha256, search)
    known = _READ.get(key)
    if known is None:
        if len(msgspec.json.encode(line)) > _LONGEST_REMEMBERED:
            return _read_line(line, role, patient, knowledge, order, search)
        if len(_READ) >= _MOST_REMEMBERED:
            _READ.clear()
        known = _READ[key] = _read_line(line, role, patient, knowledge, order, search)
    return known


def _read_line(
    line: Line, role: RoleInReview, patient: Patient, knowledge: Knowledge, order: Order | None, search: bool
) -> Medicine:
    order = order or Order(line.drug or line.said, line.change)
    if order.refused:
        return Medicine(said=line.said, status="unrecognised", role=role, why=order.refused, by=line.by)
    words, change = order.words, order.change
    taken = _taken(line, words, patient) if role == "current" else Taken(words)
    dictionary = dictionary_of(knowledge)
    entry, name, disagree = _named(line, _PATCH_SIZE.sub(r"\1 TTS", taken.words), search, dictionary)
    if taken.allergy:
        return _allergy(line, name, taken, patient)
    form, release = entry.form if entry else name.form, entry.release if entry else name.release
    strength_said = (entry.strength if entry else None) or name.strength
    if entry and (other := _other_strength(entry, name)):
        disagree, strength_said = (*disagree, other), None
    strength = _strength(strength_said)
    ingredients = entry.ingredients if entry else name.ingredients
    if change == "stop":
        regimen = Regimen(duration_days=order.days)
    elif line.dosage:
        from relaxant.medicines.dosage import read_dosage  # loaded only for records that have FHIR Dosage

        regimen = read_dosage([dict(d) for d in line.dosage], form=form, strength=strength)
    elif line.drug is not None or line.codes:
        regimen = regimen_from_parts(
            dose=line.dose,
            route=line.route,
            frequency=line.frequency,
            form=line.form or form,
            strength=line.strength or (strength_said if len(ingredients) < 2 else None),
            rate=line.rate,
            max_daily=line.max_daily,
            as_needed=line.as_needed,
            duration=line.duration,
            as_of=patient.as_of,
        )
        rest = name.rest if line.drug is not None and not entry else ""
        if rest.strip() and regimen.strength is None and len(ingredients) < 2:  # "... solution 5 mg/5 mL" in the name
            regimen = msgspec.structs.replace(regimen, strength=read_dose(rest, form=form).strength)
        if rest.strip() and line.dose is None and line.frequency is None:
            regimen = read_dose(
                rest, form=form, strength=strength if len(ingredients) < 2 else None, as_of=patient.as_of
            )
    else:
        regimen = read_dose(
            name.rest, form=form, strength=strength if len(ingredients) < 2 else None, as_of=patient.as_of
        )
    if len(ingredients) > 1 and any(d.low != d.high and d.unit != "tablet" for d in regimen.doses):
        regimen = msgspec.structs.replace(regimen, doses=(), daily=None, problems=(*regimen.problems, COMBINATION))
    if order.dose_unknown:
        regimen = msgspec.structs.replace(regimen, doses=(), daily=None, problems=())
    if more := (*disagree, *order.problems):
        regimen = msgspec.structs.replace(regimen, problems=(*regimen.problems, *more))
    if taken.stop is not None:
        regimen = msgspec.structs.replace(regimen, stop=taken.stop)
    regimen = _completed(regimen, line, form, release, strength, (entry.route if entry else None) or name.route_hint)
    if regimen.problems:
        regimen = _without_false_alarm(regimen, ingredients)
    agents, wrong_route = _agents(ingredients, regimen.route, knowledge)
    if taken.query and not agents:
        taken = msgspec.structs.replace(taken, over=False, why=QUERY_COUNTED)
    if agents and (unusable := tuple(_unusable(regimen, agents[0], ingredients, patient.country, knowledge))):
        regimen = msgspec.structs.replace(regimen, problems=(*regimen.problems, *unusable))
    if agents and regimen.route is None:
        regimen = msgspec.structs.replace(regimen, route=knowledge.agents[agents[0]].routes[0])
    of_dose = read_dose(name.rest, as_of=patient.as_of).unread if change == "stop" else regimen.unread
    unread = of_dose if entry else _by_neither(name.unread, of_dose)
    second = tuple(word for word, _ in possible_medicines(unread, dictionary, search=search)) if unread else ()
    beside = len(long_enough(unread))
    searched = None if name.searched is None or (beside and not search) else name.searched + beside
    status: Status = (
        "unrecognised" if not ingredients else "partly read" if unread or regimen.problems or taken.why else "read"
    )
    shown = " + ".join(display_name(i.name, patient.country) for i in ingredients)
    return Medicine(
        said=line.said,
        status=status,
        role=role,
        change=change,
        ingredients=tuple(sorted(ingredients, key=lambda i: i.name)),
        agents=agents,
        read_as=_read_as(shown, regimen, change, order.tail) if ingredients else "",
        regimen=regimen,
        suggestions=() if ingredients else name.suggestions or _meanings(name, patient.country),
        searched=searched,
        why=_why(None if entry and line.drug is None else name, regimen, bool(ingredients), taken.why),
        not_understood=second,
        route_not_licensed=wrong_route,
        beside=change == "start",
        over=line.active is False or taken.over,
        doubtful=taken.doubtful,
        by=line.by,
    )


def _unusable(
    regimen: Regimen, agent: str, ingredients: Sequence[Ingredient], country: str, knowledge: Knowledge
) -> Iterator[str]:
    """What is said of doses of a relaxant that tell no amount in its own unit: in another measure, or in pieces or mL of an unknown strength."""
    own = knowledge.agents[agent].dose_unit
    name = " + ".join(display_name(i.name, country) for i in ingredients)
    units = dict.fromkeys(d.unit.partition("/")[0] for d in regimen.doses if d.high is not None)
    for unit in units:
        if unit in BY_STRENGTH and unit != own.removesuffix("s"):
            yield say("strength_unsaid", other=name, said=unit, read=own)
        elif {unit, own} & MASS.keys() and "units" in (unit, own):
            yield say("other_measure", other=name, said=unit, read=own)


def _by_neither(name: Sequence[str], dose: Sequence[str]) -> tuple[str, ...]:
    """The words that neither the reader of the name nor the reader of the dose could place."""
    placed_nowhere = {word for words in dose for word in words.casefold().split()}
    return tuple(dict.fromkeys(word for words in name for word in words.split() if word.casefold() in placed_nowhere))


def _without_false_alarm(regimen: Regimen, ingredients: Sequence[Ingredient]) -> Regimen:
    """The regimen without the question for the unit where every ingredient is one that goes into the spine in mg."""
    in_mg = {name.strip() for name in wording()["spinal_in_mg"].split(",")}
    if not ingredients or not all(i.name.partition(" ")[0] in in_mg or i.name in in_mg for i in ingredients):
        return regimen
    asked = say("intrathecal_mg", said="mg")
    return msgspec.structs.replace(regimen, problems=tuple(p for p in regimen.problems if p != asked))


def _read_as(shown: str, regimen: Regimen, change: Change | None, tail: str) -> str:
    return f"stop {shown} {tail}".strip() if change == "stop" else read_back(shown, regimen)


def _taken(line: Line, words: str, patient: Patient) -> Taken:
    """What the line's words, or those of its parts and of its record, say of its being taken."""
    taken = taken_said(words, patient.as_of)
    texts = (line.dose, line.frequency, line.as_needed, line.duration, *(d.get("text") for d in line.dosage))
    for text in texts if not (taken.over or taken.why) else ():
        if isinstance(text, str) and (said := taken_said(text, patient.as_of)).over:
            return msgspec.structs.replace(said, words=words)
    return taken


def _allergy(line: Line, name: NameReading, taken: Taken, patient: Patient) -> Medicine:
    shown = " + ".join(display_name(i.name, patient.country) for i in name.ingredients)
    return Medicine(
        said=line.said,
        status="partly read",
        role="stopped",
        read_as=f"an allergy to {shown}, not a medicine that is taken" if shown else "an allergy, not a medicine",
        why=taken.why,
        searched=name.searched,
        over=True,
        allergy_to=tuple(sorted(i.name for i in name.ingredients)),
        by=line.by,
    )


def _named(
    line: Line, words: str, search: bool, dictionary: Dictionary
) -> tuple[Entry | None, NameReading, tuple[str, ...]]:
    """What the codes say, if any is known and certain; what the words say; and where the two disagree."""
    name = _read_name(words, search, dictionary)
    used: Entry | None = None
    disagree: dict[str, None] = {}
    for code in line.codes:
        entry = lookup_code(code.system, code.code, dictionary)
        if entry is None or not entry.ingredients:
            continue
        said = {i.name for i in name.ingredients}
        if said and said != {i.name for i in entry.ingredients}:
            stands_for = " + ".join(i.name for i in entry.ingredients)
            disagree[CODE_OTHER.format(code=code.code, other=stands_for, said=" + ".join(sorted(said)))] = None
        elif used is None:
            used = entry
    return used, name, tuple(disagree)


def _other_strength(entry: Entry, name: NameReading) -> str | None:
    """Where the code's strength is not the one that the words give: both are said, and neither is used."""
    words = name.strength or (name.rest if _ONLY_STRENGTH.fullmatch(name.rest) else None)
    by_code, by_words = _strength(entry.strength), _strength(words)
    if by_code is None or by_words is None or by_code.per != by_words.per:
        return None
    in_unit = convert(Quantity(by_words.value, by_words.unit), by_code.unit)
    if in_unit is None or abs(in_unit - by_code.value) <= 1e-6 * by_code.value:
        return None
    return STRENGTH_OTHER.format(code=entry.strength, words=words)


def _read_name(words: str, search: bool, dictionary: Dictionary) -> NameReading:
    return (
        _read_shipped(words, search) if dictionary is open_dictionary() else read_name(words, dictionary, search=search)
    )


@Kept
def _read_shipped(words: str, search: bool) -> NameReading:
    return read_name(words, search=search)


def _strength(text: str | None) -> Strength | None:
    if not text or " / " in text:
        return None
    match = _STRENGTH.search(text.replace("MG", "mg").replace("ML", "mL"))
    if match is None or match[2] == "%":
        return None
    value, per = float(match[1]), match[4]
    if per is None:
        return Strength(value=value, unit=match[2])
    return Strength(value=value / float(match[3] or 1), unit=match[2], per="mL" if per.casefold() == "ml" else per)


def _completed(
    regimen: Regimen, line: Line, form: str | None, release: str | None, strength: Strength | None, route: str | None
) -> Regimen:
    """The regimen with what the name, the code and the line's own dates say."""
    return msgspec.structs.replace(
        regimen,
        form=regimen.form or line.form or form,
        release=regimen.release
        or release
        or ("immediate" if (regimen.form or form) in ("tablet", "capsule") else None),
        strength=regimen.strength or strength,
        route=regimen.route or (ROUTES.get(route, route) if route else None),
        start=line.start or regimen.start,
        stop=line.stop or regimen.stop,
        site=regimen.site or line.site,
    )


def _agents(ingredients: Sequence[Ingredient], route: str | None, knowledge: Knowledge) -> tuple[tuple[str, ...], bool]:
    """The agents that these ingredients are by this route, and whether one has no product for the route."""
    found, wrong = [], False
    for ingredient in ingredients:
        own = [a for a in knowledge.agents.values() if a.ingredient == ingredient.name]
        if not own or any(route in a.elsewhere for a in own):
            continue
        fits = [a for a in own if route in a.routes] if route else [a for a in own if a.default_route] or own[:1]
        if not fits:
            fits, wrong = [a for a in own if a.default_route] or own[:1], True
        found += [a.agent for a in fits]
    return tuple(sorted(set(found))), wrong


_EVEN = 0.5


def _meanings(name: NameReading, country: str) -> tuple[Suggestion, ...]:
    """What a name may mean that is sold with different ingredients; none is likelier than another."""
    return tuple(Suggestion(" + ".join(display_name(i.name, country) for i in one), _EVEN) for one in name.alternatives)


def _why(name: NameReading | None, regimen: Regimen, understood: bool, taken: str | None) -> str | None:
    """``name``: how the words were read; ``None`` where a code alone was given and understood."""
    parts = [taken] if taken else []
    parts += [name.why] if name and name.why and not (understood and name.status == "read") else []
    return " ".join([*parts, *regimen.problems]) or None
