"""The routes of the diary: the person's under ``/diary``, the clinic's under ``/diaries``."""

from __future__ import annotations

from starlette.routing import BaseRoute

from relaxant.service.diaries import clinic, patient
from relaxant.service.house import House, route, slow


def routes(house: House) -> list[BaseRoute]:
    """Every route of the diary."""
    one = "/diaries/{diary}"
    return [
        route("/diary/", house, patient.page),
        route("/diary/mine", house, slow(patient.mine)),
        route("/diary/entries", house, patient.write, ("POST",)),
        route("/diary/words.json", house, patient.words),
        route("/diary/{file}", house, patient.file),
        route("/diaries", house, slow(clinic.every)),
        route("/diaries", house, clinic.make, ("POST",)),
        route("/diaries/style.css", house, clinic.style),
        route(one, house, slow(clinic.one)),
        route(one, house, clinic.erase, ("DELETE",)),
        route(f"{one}/erase", house, clinic.erase, ("POST",)),
        route(f"{one}/plan", house, clinic.plan, ("POST",)),
        route(f"{one}/renew", house, clinic.renew, ("POST",)),
        route(f"{one}/revoke", house, clinic.revoke, ("POST",)),
        route(f"{one}/link", house, clinic.link, ("POST",)),
        route(f"{one}/diary.csv", house, slow(clinic.csv)),
        route(f"{one}/diary.pdf", house, slow(clinic.pdf)),
        route(f"{one}/fhir.json", house, slow(clinic.fhir)),
        route(f"{one}/answer.json", house, slow(clinic.answer)),
    ]
