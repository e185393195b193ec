"""What the review page answers: the form as it now stands, its review, what changed, what is asked next, or why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from relaxant.errors import InputError
from relaxant.io.patient_file import read_patient
from relaxant.io.read import read_bytes, something_to_review
from relaxant.knowledge.load import Knowledge
from relaxant.patient import Patient
from relaxant.reviewing import Review, review
from relaxant.service.house import House
from relaxant.service.pages.asked import Question, answered, question
from relaxant.service.pages.fields import SOURCE, Fields, fields_of, file_of, place_of
from relaxant.service.pages.given import Given
from relaxant.service.pages.moved import Moved, Seen, moved, seen_of
from relaxant.service.pages.read_back import ReadLine, chosen, read_back

FILE, RECORD = "file", "record"  # what a refusal is about that is of no field


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why the input cannot be used, at the field it is about."""

    field: str
    line: int | None
    came: str
    why: str
    would_do: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """All that a page shows. Without ``review`` either nothing is said yet or it was ``refused``. ``filled``: the form was changed here."""

    fields: Fields
    filled: bool = False
    patient: Patient | None = None
    review: Review | None = None
    refused: Refused | None = None
    lines: tuple[ReadLine, ...] = ()
    moved: Moved = Moved()
    seen: tuple[Seen, ...] | None = None
    question: Question | None = None


def answer(given: Given, house: House) -> Answer:
    """The answer to a request. An input that cannot be used is ``refused`` and everything that was typed stays. A file on its own, without a form that
    could be gone on with, says something to review."""
    fields, knowledge = given.fields, house.knowledge
    words = knowledge.words("page")
    alone = not given.form and not given.source
    if given.file.strip() or alone:
        try:
            patient = read_bytes(
                given.file, knowledge, today=house.now().date(), name=given.name, country=_country(given, house)
            )
        except InputError as error:
            field = RECORD if given.source else FILE
            return Answer(fields=fields, refused=_refused(error, field, None), seen=given.seen)
        if alone:
            try:
                something_to_review(patient)
            except InputError as error:
                return Answer(fields=fields, refused=_refused(error, error.field, None))
        filled = fields_of(patient)
        return _reviewed(patient, filled.with_text(SOURCE, given.source), None, knowledge, words, filled=True)
    if given.answer:
        fields = answered(fields, given.asked_field, given.asked_name, given.answer)
    if given.skip and given.skip not in fields.skipped:
        fields = msgspec.structs.replace(fields, skipped=(*fields.skipped, given.skip))
    if fields.empty:
        return Answer(fields=fields)
    try:
        patient = patient_of(fields, house)
        if given.choose:
            before = review(patient, knowledge=knowledge, predict=False, plan=False)
            field, number, name = _choice(given.choose)
            fields = chosen(fields, field, number, name, before.medicines)
            patient = patient_of(fields, house)
    except InputError as error:
        place = place_of(error.field, fields)
        return Answer(fields=fields, refused=_refused(error, place.field, place.line), seen=given.seen)
    return _reviewed(patient, fields, given.seen, knowledge, words, filled=fields is not given.fields)


def _country(given: Given, house: House) -> str | None:
    """Whose labels hold for a record, which says nothing of that: those of the form, else the service's own. A patient file says it itself."""
    record = given.file.lstrip()[:1] in (b"{", b"[") and b'"resourceType"' in given.file
    return given.fields.said("country") or house.settings.country if record else None


def patient_of(fields: Fields, house: House) -> Patient:
    """The patient that a form says. Raises :class:`InputError`."""
    return read_patient(file_of(fields), house.knowledge, today=house.now().date())


def _reviewed(
    patient: Patient,
    fields: Fields,
    seen: Iterable[Seen] | None,
    knowledge: Knowledge,
    words: dict[str, Any],
    *,
    filled: bool,
) -> Answer:
    made = review(patient, knowledge=knowledge)
    return Answer(
        fields=fields,
        filled=filled,
        patient=patient,
        review=made,
        lines=read_back(fields, made.medicines, words["read"]),
        moved=moved(None if seen is None else tuple(seen), made.findings, words["moved"]),
        seen=seen_of(made.findings),
        question=question(made, fields, knowledge),
    )


def _refused(error: InputError, field: str, line: int | None) -> Refused:
    return Refused(field=field, line=line, came=error.came, why=error.why, would_do=error.would_do)


def _choice(text: str) -> tuple[str, int, str]:
    """``medicines:3:ciprofloxacin``."""
    field, _, rest = text.partition(":")
    number, _, name = rest.partition(":")
    return field, int(number) if number.isascii() and number.isdigit() else 0, name
