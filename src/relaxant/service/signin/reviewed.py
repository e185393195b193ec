"""That somebody who is signed in saw a review."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from relaxant.service.audit.kinds import Kind
from relaxant.service.audit.people import pseudonym
from relaxant.service.audit.record import record
from relaxant.service.audit.seldom import seldom
from relaxant.service.house import House
from relaxant.service.signin.sealed import found_under
from relaxant.service.signin.sessions import COOKIE, Person, launched


async def note_review(request: Request, house: House, person: Person) -> None:
    """Adds it to the audit before the review is shown, once in a quarter of an hour of a session: the page makes a review at every change of an input.
    In a session that a record has opened it stands under that person's pseudonym; of whom else a review is the service does not know."""
    with seldom(house, Kind.REVIEWED, found_under(request.cookies[COOKIE]).hex()) as due:
        if not due:
            return
        held = await run_in_threadpool(launched, request, house) if person.launched else None

        def noted(connection: Connection) -> None:
            whose = None if held is None else pseudonym(connection, house.store.secret, held.fhir, held.patient)
            record(connection, Kind.REVIEWED, person.word, whose, {}, at=house.now())

        await house.store.written(noted)
