"""The doses of a blocker in milligrams: which entry is for this person, by which weight, what of a finding is already in them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from relaxant.knowledge.blocks import PURPOSES, Block, BlockDose, BlockLess, BlockNote
from relaxant.planning.block_depth import depth_of
from relaxant.planning.block_person import RATE, Subject, current, holding, mass_of, ordered, rate_of, source_of
from relaxant.planning.block_weight import Open, Weighed, dosing_weight
from relaxant.planning.plan import Line
from relaxant.quantities import Quantity, compared, convert, plain_number, shown_unit, three_digits
from relaxant.rules.asked import outcome_of
from relaxant.rules.evaluate import FIRES, SILENT, UNKNOWN
from relaxant.rules.wording import capital, listed

_DIGITS = 3
_PER_KG = "/kg"
_MASS = "mg"
_BY_RULE = ("test", "reduced")
"""The purposes that stand where the usual doses are taken away; nobody lacks them otherwise."""
TIMED = ("intubation", "rapid sequence")
"""The purposes whose course is said."""
_FIRST = (*_BY_RULE, *TIMED)
_MUSCLE, _INFUSION, _REPEAT = "intramuscular", "infusion", "repeat"


class Given(msgspec.Struct, frozen=True):
    """A dose in mg: its entry, how much, whether it is cut to the most, and the entries that made it less."""

    entry: BlockDose
    amount: float
    unit: str
    capped: bool = False
    less: tuple[BlockLess, ...] = ()


class Reckoned(msgspec.Struct, frozen=True):
    """The lines of weight and doses, the doses in mg, the weight that they go by, and the inputs that are missing."""

    lines: tuple[Line, ...] = ()
    doses: tuple[Given, ...] = ()
    weight: Weighed | None = None
    needs: tuple[str, ...] = ()
    without: str = ""


def chosen(block: Block, subject: Subject) -> tuple[list[BlockDose], tuple[str, ...], tuple[str, ...]]:
    """The dose of each purpose for this person, the purposes without one, and what would settle which."""
    found: list[BlockDose] = []
    missing: list[str] = []
    needs: list[str] = []
    for purpose in PURPOSES:
        own = [d for d in holding(block.doses, subject.facts) if d.purpose == purpose]
        for dose in own:
            if dose.rules and subject.spoke(dose.rules) is None:
                continue
            outcome, open_to = outcome_of(dose.when, block.agent, subject.facts)
            if outcome == FIRES:
                found.append(dose)
                break
            if outcome == UNKNOWN and not dose.surely:
                needs += open_to
                break
        else:
            if purpose not in _BY_RULE and any(d.purpose == purpose for d in block.doses):
                missing.append(purpose)
    begun = bool(current(block.agent, subject))  # a first dose is none once the block is there
    if begun and depth_of(subject.facts).known:
        found = [d for d in found if d.purpose not in (*_FIRST, _MUSCLE)]
        missing = [purpose for purpose in missing if purpose not in (*_FIRST, _MUSCLE)]
    if subject.forbade(block.withheld_by) is not None:
        found, missing = [d for d in found if d.purpose in _BY_RULE and not begun], []
    return found, tuple(missing), tuple(dict.fromkeys(needs))


def lessened(block: Block, dose: BlockDose, subject: Subject) -> tuple[BlockDose, tuple[BlockLess, ...]]:
    """A dose as the findings leave it: a share of the usual amount, the least of several, the low end of its range, or as it is."""
    if dose.rules:
        return dose, ()  # its amount is for whom the rule speaks already
    own = tuple(
        e
        for e in holding(block.less, subject.facts)
        if dose.purpose in e.purposes and subject.spoke(e.rules) is not None
    )
    shares = [e.share for e in own if e.share is not None]
    low = dose.low if dose.low is not None else dose.usual
    if all(e.whole for e in own):
        return dose, own
    if not shares:
        return msgspec.structs.replace(dose, usual=low), own
    share = min(shares)
    ends = {
        "low": None if dose.low is None else dose.low * share,
        "usual": dose.usual * share,
        "high": None if dose.high is None else dose.high * share,
    }
    return msgspec.structs.replace(dose, **ends), own


def given(dose: BlockDose, per_kg: float, kg: float, less: tuple[BlockLess, ...] = ()) -> Given:
    """An amount by weight, a rate in mg/h, cut to the most in all."""
    amount, unit = Quantity(per_kg * kg, dose.unit.replace(_PER_KG, "", 1)), dose.unit.replace(_PER_KG, "", 1)
    wanted = _MASS if convert(amount, _MASS) is not None else RATE
    value = convert(amount, wanted)
    if value is None:
        raise AssertionError(f"the lint lets no dose in {unit} pass")
    if dose.most is not None and value > dose.most:
        return Given(dose, dose.most, wanted, capped=True, less=less)
    return Given(dose, value, wanted, less=less)


def amount_text(amount: float, unit: str) -> str:
    """An amount as it is read."""
    return f"{plain_number(amount, _DIGITS)} {shown_unit(unit)}"


def reckoned(block: Block, subject: Subject) -> Reckoned:
    """The weight and the doses of a blocker, or what is missing to reckon them."""
    words, facts = subject.words, subject.facts
    age, weight = facts.column("age"), dosing_weight(block, facts)
    doses, missing, needs = chosen(block, subject)
    nothing_known = _not_known(block, subject)
    if nothing_known is not None:
        note, open_to = nothing_known
        line = note_line(note, subject.words["dose"]["withheld_what"], subject)
        return Reckoned(lines=(line,), needs=open_to, without=note.text)
    if isinstance(weight, Open) or not age.settled(0):
        of_weight = weight.needs if isinstance(weight, Open) else ()
        lacking = tuple(dict.fromkeys((*age.settled_by(0), *of_weight, *needs)))
        return Reckoned(needs=lacking, without=_missing(lacking, subject))
    planned = [lessened(block, dose, subject) for dose in doses]
    amounts = tuple(given(dose, dose.usual, weight.kg, less) for dose, less in planned)
    lines = [_weight_line(weight, subject), *(_dose_line(own, weight, subject) for own in amounts)]
    lines += _withheld(block, subject)
    if missing:
        purposes = capital(listed([words["purposes"][p].lower() for p in missing], facts.knowledge.words("values")))
        text = words["dose"]["none"].format(purposes=purposes)
        lines.append(Line(what=purposes, how="", value=None, unit="", text=text))
    return Reckoned(tuple(lines), amounts, weight, needs)


def _missing(needs: tuple[str, ...], subject: Subject) -> str:
    named = listed(needs, subject.facts.knowledge.words("values"))
    return str(subject.words["missing"].format(needs=named))


def _not_known(block: Block, subject: Subject) -> tuple[BlockNote, tuple[str, ...]] | None:
    """The note by which nobody knows a dose for the person, or may not; and what would settle that."""
    for note in holding(block.not_known, subject.facts):
        outcome, open_to = outcome_of(note.when, block.agent, subject.facts)
        if outcome != SILENT:
            return note, open_to
    return None


def note_line(note: BlockNote, what: str, subject: Subject) -> Line:
    """What a note says, as a line."""
    return Line(
        what=what,
        how="",
        value=None,
        unit="",
        text=note.text,
        sources=source_of(note, subject.facts),
        verified=note.verified,
    )


def _weight_line(weight: Weighed, subject: Subject) -> Line:
    words, entry = subject.words, weight.of
    title = words["weights"][entry.weight]
    return Line(
        what=words["weight"]["what"],
        how=words["weight"]["how"].format(title=title, method=weight.method) if weight.method else title,
        value=three_digits(weight.kg),
        unit="kg",
        text=entry.why,
        sources=source_of(entry, subject.facts),
        verified=entry.verified,
    )


def _dose_line(own: Given, weight: Weighed, subject: Subject) -> Line:
    words, dose = subject.words, own.entry
    said = words["dose"]
    texts = [*dict.fromkeys(less.text for less in own.less), dose.text]
    if own.less and dose.low is None and not any(less.share or less.whole for less in own.less):
        texts = [said["no_less"]["first" if dose.purpose in _FIRST else "later"], dose.text]
    low, high = (None if per is None else given(dose, per, weight.kg) for per in (dose.low, dose.high))
    if low is not None and high is not None and low.amount < high.amount:
        span = plain_number(low.amount, _DIGITS), amount_text(high.amount, high.unit)
        texts.append(said["range"].format(low=span[0], high=span[1]))
    if own.capped:
        texts.append(said["capped"].format(most=plain_number(own.amount, _DIGITS)))
    for name, kg in weight.also.items():
        other = given(dose, dose.usual, kg)
        texts.append(
            said["also"].format(
                weight=words["weights"][name],
                kg=plain_number(kg, _DIGITS),
                amount=amount_text(other.amount, other.unit),
            )
        )
    return Line(
        what=words["purposes"][dose.purpose],
        how=said["how"].format(
            per=amount_text(dose.usual, dose.unit),
            kg=plain_number(weight.kg, _DIGITS),
            weight=words["weights"][weight.of.weight],
        ),
        value=three_digits(own.amount),
        unit=own.unit,
        text=" ".join(texts),
        sources=(*source_of(dose, subject.facts), *(s for e in own.less for s in source_of(e, subject.facts))),
        verified=dose.verified and all(e.verified for e in own.less),
    )


def _withheld(block: Block, subject: Subject) -> Iterator[Line]:
    finding = subject.forbade(block.withheld_by)
    if finding is not None:
        said = subject.words["dose"]
        yield Line(
            what=said["withheld_what"],
            how="",
            value=None,
            unit="",
            text=said["withheld"].format(summary=finding.summary, action=finding.action),
            sources=finding.sources,
            verified=finding.verified,
        )


# ---------------------------------------------------------------- what is weighed, and what was given


def ordered_lines(block: Block, reckoning: Reckoned, subject: Subject) -> Iterator[Line]:
    """Each order of the blocker that is weighed, beside the doses that are planned: its bolus, its rate, or both."""
    words = subject.words["ordered"]
    for medicine in ordered(block.agent, subject):
        rate = rate_of(medicine, subject)
        mass = mass_of(
            msgspec.structs.replace(medicine, regimen=msgspec.structs.replace(medicine.regimen, rate=None)), subject
        )
        first = (_MUSCLE,) if medicine.regimen.route == _MUSCLE else _FIRST
        if not any(d.entry.purpose in first for d in reckoning.doses):
            first = (_REPEAT,)
        amounts = [(v, unit, of) for v, unit, of in ((mass, _MASS, first), (rate, RATE, (_INFUSION,))) if v is not None]
        read = medicine.read_as or medicine.said
        if not amounts:
            yield Line(what=words["what"], how=read, value=None, unit="", text=words["unknown"])
        for value, unit, purposes in amounts:
            text = _compared(value, unit, purposes, reckoning, block, subject)
            yield Line(what=words["what"], how=read, value=three_digits(value), unit=unit, text=text)


def _compared(value: float, unit: str, purposes: tuple[str, ...], reckoning: Reckoned, block: Block, subject: Subject) -> str:  # fmt: skip
    """An order in mg or mg/h, held against the doses of some purposes that are planned in the same unit; a finding on the order speaks for it."""
    words, weight = subject.words["ordered"], reckoning.weight
    planned = [d for d in reckoning.doses if d.entry.purpose in purposes and d.unit == unit]
    per = ""
    if weight is not None and weight.actual:
        per = words["per"].format(per=_by_weight(value / weight.actual, unit, planned), kg=plain_number(weight.actual, _DIGITS))  # fmt: skip
    if weight is None or not planned:
        return f"{per} {words['nothing']}".strip()
    ends = [end for d in planned for end in _ends(d, weight)]
    low, high = plain_number(min(ends), _DIGITS), amount_text(max(ends), unit)
    span = high if three_digits(min(ends)) == three_digits(max(ends)) else words["span"].format(low=low, high=high)
    verdict = compared(value, min(ends), max(ends))
    slip = subject.spoke(block.slips) if verdict == "above" else None
    said = words[verdict].format(span=span) if slip is None else words["slip"].format(span=span, summary=slip.summary)
    return f"{per} {said}".strip()


def _by_weight(per_kg: float, unit: str, planned: list[Given]) -> str:
    """An order by kg: a rate in the unit of the planned one, a bolus in mg/kg."""
    if unit == _MASS or not planned:
        return amount_text(per_kg, f"{_MASS}/kg" if unit == _MASS else f"{_MASS}/kg/h")
    wanted = planned[0].entry.unit
    other = convert(Quantity(per_kg, unit), wanted.replace(_PER_KG, "", 1))
    return amount_text(per_kg, f"{_MASS}/kg/h") if other is None else amount_text(other, wanted)


def _ends(own: Given, weight: Weighed) -> Iterator[float]:
    """The amounts of a dose that are labelled, in mg: its ends by the dosing weight."""
    dose = own.entry
    for per in (dose.low, dose.usual, dose.high):
        if per is not None:
            yield given(dose, per, weight.kg).amount


def given_lines(agents: tuple[str, ...], subject: Subject) -> Iterator[Line]:
    """What of the blocker, of other blockers and of what reverses them is on the list already."""
    said = subject.words["given"]
    for agent in agents:
        for medicine in current(agent, subject):
            text = medicine.read_as or medicine.said
            yield Line(what=said["what"], how=said["how"], value=None, unit="", text=text)
