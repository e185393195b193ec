"""The routes of the diary: the person's under ``/diary``, the clinic's under ``/diaries``."""

from __future__ import annotations

from typing import Any

from starlette.routing import BaseRoute

from relaxant.response.response import Response
from relaxant.service.diaries import clinic, forms, patient
from relaxant.service.diaries.told import Made, Shown, Summary, Whole, Written
from relaxant.service.house import House, route, slow
from relaxant.service.operation import CSS, CSV, FHIR, FORM, HTML, JSON, PDF, Body, Operation

_FILES = {kind.partition(";")[0]: bytes for kind in patient.FILES.values()}
_FIELDS = {clinic.Wanted: forms.WANTED, clinic.Change: forms.PLANNED, clinic.Days: forms.LASTS}
_ERASED = Operation(
    takes={FORM: forms.SURE}, bare=True, gives={204: None, 303: None}, refuses=(404, 422), whom="people"
)
_DONE: dict[int, Body | None] = {200: {JSON: Whole}, 303: None}


def routes(house: House) -> list[BaseRoute]:
    """Every route of the diary."""
    one = "/diaries/{diary}"
    return [
        route("/diary/", house, patient.page, said=Operation(gives={200: {HTML: str}})),
        route("/diary/mine", house, slow(patient.mine), said=_link({JSON: Shown}, {})),
        route("/diary/entries", house, patient.write, ("POST",), _link({JSON: Written}, {JSON: patient.Sent}, 422)),
        route("/diary/words.json", house, patient.words, said=Operation(gives={200: {JSON: dict[str, Any]}})),
        route(
            "/diary/{file}",
            house,
            patient.file,
            said=Operation(slots={"file": tuple(patient.FILES)}, gives={200: _FILES}, refuses=(404,)),
        ),
        route("/diaries", house, slow(clinic.every), said=_clinic({200: {JSON: tuple[Summary, ...], HTML: str}})),
        route("/diaries", house, clinic.make, ("POST",), _clinic({201: {JSON: Made, HTML: str}}, clinic.Wanted)),
        route("/diaries/style.css", house, clinic.style, said=Operation(gives={200: {CSS: str}})),
        route(one, house, slow(clinic.one), said=_clinic({200: {JSON: Whole, HTML: str}}, None, 404)),
        route(one, house, clinic.erase, ("DELETE",), _clinic({204: None, 303: None}, None, 404)),
        route(f"{one}/erase", house, clinic.erase, ("POST",), _ERASED),
        route(f"{one}/plan", house, clinic.plan, ("POST",), _clinic(_DONE, clinic.Change, 404)),
        route(f"{one}/renew", house, clinic.renew, ("POST",), _clinic(_DONE, clinic.Days, 404, bare=True)),
        route(f"{one}/revoke", house, clinic.revoke, ("POST",), _clinic(_DONE, None, 404)),
        route(
            f"{one}/link",
            house,
            clinic.link,
            ("POST",),
            _clinic({200: {JSON: Made, HTML: str}}, clinic.Days, 404, bare=True),
        ),
        route(f"{one}/diary.csv", house, slow(clinic.csv), said=_clinic({200: {CSV: str}}, None, 404)),
        route(f"{one}/diary.pdf", house, slow(clinic.pdf), said=_clinic({200: {PDF: bytes}}, None, 404, 422)),
        route(f"{one}/fhir.json", house, slow(clinic.fhir), said=_clinic({200: {FHIR: dict[str, Any]}}, None, 404)),
        route(f"{one}/answer.json", house, slow(clinic.answer), said=_clinic({200: {JSON: Response}}, None, 404, 422)),
    ]


def _link(gives: Body, takes: Body, *refuses: int) -> Operation:
    """For whoever has the code of a link."""
    return Operation(takes=takes, gives={200: gives}, refuses=(404, 410, *refuses), whom="link")


def _clinic(gives: dict[int, Body | None], takes: Any = None, *refuses: int, bare: bool = False) -> Operation:
    """For the clinic; what is taken as JSON comes from the pages as a form."""
    return Operation(
        takes={} if takes is None else {JSON: takes, FORM: _FIELDS[takes]},
        bare=bare,
        gives=gives,
        refuses=(*refuses, *(() if takes is None else (422,))),
        whom="people",
    )
