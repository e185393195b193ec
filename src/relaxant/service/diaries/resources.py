"""A diary as FHIR: each score an Observation, each entry a QuestionnaireResponse with its doses and its note; :mod:`relaxant.io.fhir_scales` reads it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from relaxant.io.scale_names import plain as plain_words
from relaxant.io.scale_names import scale_names
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.scales import Scale
from relaxant.report.blocks import Words
from relaxant.report.fhir.parts import bundle_of, person, plain, quantity, subject, uid_of
from relaxant.report.plan.page import PlanHead
from relaxant.report.shown import clean
from relaxant.rules.wording import capital
from relaxant.service.diaries.columns import Columns
from relaxant.service.diaries.diaries import Diary
from relaxant.service.diaries.entries import Kept
from relaxant.service.diaries.exports import dose_of
from relaxant.service.store.times import day_of

_CATEGORY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "survey"}]}
_LOINC = "http://loinc.org"


def diary_bundle(diary: Diary, entries: Sequence[Kept], knowledge: Knowledge, now: datetime) -> dict[str, Any]:
    """The diary as a collection. The person is a Patient with nothing in it."""
    words, label = knowledge.words("diary_page"), diary.label or knowledge.words("respond")["no_label"]
    head = PlanHead(label=clean(label), labels="", as_of=day_of(now), as_of_text="", person="", country="", language="en", basis=knowledge.sha256, whose=diary.diary, stamp=())  # fmt: skip
    resources = [person(head, knowledge.words("plan"))]
    for entry in entries:
        resources += _observations(entry, head, knowledge)
        resources.append(_questionnaire(entry, diary.columns, head, knowledge, words["fhir"]))
    return bundle_of("diary", head, resources)


def _observations(entry: Kept, head: PlanHead, knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    for name, value in entry.said.scores.items():
        scale = knowledge.responses.scales[name]
        yield {
            "resourceType": "Observation",
            "id": uid_of(head, "score", entry.day.isoformat(), entry.part or "", name),
            "status": "final",
            "category": [_CATEGORY],
            "code": _code(scale, knowledge),
            "subject": subject(head),
            "effectiveDateTime": entry.day.isoformat(),
            **{f"value{kind}": said for kind, said in _value(scale, value).items()},
        }


def _questionnaire(entry: Kept, columns: Columns, head: PlanHead, knowledge: Knowledge, words: Words) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for name, value in entry.said.scores.items():
        scale = knowledge.responses.scales[name]
        answer = {f"value{kind}": said for kind, said in _value(scale, value).items()}
        items.append({"linkId": scale.scale, "text": _name(scale, knowledge), "answer": [answer]})
    for medicine in columns.medicines:
        said = entry.said.doses.get(medicine.agent)
        if said is None:
            continue
        dose, answers = dose_of(entry, medicine), list[dict[str, Any]]()
        if isinstance(said, str) and said in ("planned", "other"):
            answers.append({"valueString": words[said]})
        if dose is not None:
            answers.append({"valueQuantity": quantity(dose, medicine.unit)})
        link = f"dose-{medicine.agent.replace(' ', '-')}"
        items.append({"linkId": link, "text": words["dose"].format(name=capital(medicine.agent)), "answer": answers})
    if note := clean(entry.said.note):
        items.append({"linkId": "note", "text": words["note"], "answer": [{"valueString": note}]})
    return {
        "resourceType": "QuestionnaireResponse",
        "id": uid_of(head, "entry", entry.day.isoformat(), entry.part or ""),
        "status": "completed",
        "subject": subject(head),
        "authored": entry.day.isoformat(),
        "item": items,
    }


def _code(scale: Scale, knowledge: Knowledge) -> dict[str, Any]:
    codes = [{"system": _LOINC, "code": code} for code in scale.loinc]
    return {"text": _name(scale, knowledge), **({"coding": codes} if codes else {})}


def _name(scale: Scale, knowledge: Knowledge) -> str:
    """The first name that a record may use for it: a common word alone might mean anything there."""
    proper = scale_names(knowledge).proper
    return next((n for n in (scale.title, *scale.names) if proper.get(plain_words(n)) is scale), scale.title)


def _value(scale: Scale, value: float) -> dict[str, Any]:
    if scale.levels:
        return {"Integer": int(value)}
    return {"Quantity": {"value": plain(value), "unit": scale.unit}}
