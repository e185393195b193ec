"""The addresses of the CDS service: discovery, a call, feedback (https://cds-hooks.hl7.org/2.0/)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy import Connection
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from relaxant.errors import RelaxantError
from relaxant.patient import Patient
from relaxant.reviewing import Checked, checked
from relaxant.service.cds.card import Answer
from relaxant.service.cds.cards import Made, Place, order_cards, patient_cards
from relaxant.service.cds.catalogue import ORDERS, SERVICES, Services, hooks_of, services
from relaxant.service.cds.feedback import Report, read_report, reason_of
from relaxant.service.cds.fetch import fetched, may_ask
from relaxant.service.cds.kept import Answered, Told, answer, show
from relaxant.service.cds.record import Record, gathered, patient_of, person_of
from relaxant.service.cds.request import Call, PatientView, hook_of, read_call
from relaxant.service.cds.together import Together
from relaxant.service.house import House, beside, route
from relaxant.service.operation import JSON, Operation
from relaxant.service.problems import Problem, problem_of
from relaxant.service.problems import answer as refusal
from relaxant.service.tokens.caller import Use, caller, calling

_LARGE = 128 * 1024  # bytes of a record that is worked on beside the loop, so that others are not kept waiting
_MANY = 30  # medicines of which the same holds: a name that is not known is looked for among all, and an order may be reviewed again
_LONG = 20  # answers that are kept beside the loop
_encode = msgspec.json.Encoder().encode
_SLOTS = {"service": tuple(dict.fromkeys(name for name, _ in SERVICES))}
_CALL = Operation(
    slots=_SLOTS, takes={JSON: Call}, gives={200: {JSON: Answer}}, refuses=(400, 404, 412, 415, 422), whom="client"
)
_FEEDBACK = Operation(
    slots=_SLOTS, takes={JSON: Report}, gives={200: None}, refuses=(400, 404, 415, 422), whom="client"
)
_Handler = Callable[[Request, House], Awaitable[Response]]


def routes(house: House) -> list[BaseRoute]:
    """Discovery, the services and their feedback, each with CORS for the origins that the settings name."""
    found = _encode(services(house.knowledge))

    async def discovery(_request: Request, _house: House) -> Response:
        return Response(found, media_type=JSON)

    return [
        _open("/cds-services", house, discovery, ("GET",), Operation(gives={200: {JSON: Services}})),
        _open("/cds-services/{service}", house, _call, ("POST",), _CALL),
        _open("/cds-services/{service}/feedback", house, _feedback, ("POST",), _FEEDBACK),
    ]


async def _call(request: Request, house: House) -> Response:
    """A hook fired. The token's one use is spent with the cards, in one write."""
    async with calling(request, house) as use:
        return await _answered(request, house, use)


async def _answered(request: Request, house: House, use: Use) -> Response:
    together = _together(house)
    with together.on_the_way():
        service = str(request.path_params["service"])
        hooks = hooks_of(service)
        if not hooks:
            raise Problem(404, "there is no such service")
        body = await _body(request)
        call = read_call(body)
        if hook_of(call) not in hooks:
            raise Problem(400, f"this service is for {' and '.join(hooks)}", field="hook")
        record = gathered(call)
        if may_ask(call, house):
            await use.spent()  # nobody else is asked anything for a token that came before
            record = gathered(call, await fetched(call, record.given, house, request.scope["state"]["share"]))
        person_of(record, call.context.patient_id)
        patient = _patient(record, house) if sum(map(len, record.entries)) <= _LARGE else None
    if patient is None or len(patient.medicines or ()) + len(patient.considering) > _MANY:
        await use.spent()  # what may take longer than milliseconds is not begun for a token that came before
        made = await beside(reviewed, call, record, house)  # and holds up nobody else
    else:
        made = _cards(call, record, await together.checked(patient), house)
    told = Told(
        service=service,
        hook=hook_of(call),
        by=use.by.name,
        patient=call.context.patient_id,
        server=_server(call),
        now=house.now(),
        again=service != ORDERS,
    )
    shown = await use.written(lambda connection: show(connection, house.store.secret, made, told))
    for one in shown:
        for rule in one.rules or (one.finding,):
            house.measured.cards.labels(rule, one.card.indicator).inc()
    return Response(_encode(Answer(cards=tuple(one.card for one in shown))), media_type=JSON)


def reviewed(call: Call, record: Record, house: House) -> list[Made]:
    """The cards of a call, before any is left out because it was answered."""
    return _cards(call, record, _checked(_patient(record, house), house), house)


def _patient(record: Record, house: House) -> Patient:
    return patient_of(record, house.knowledge, today=house.now().date(), country=house.settings.country)


def _checked(patient: Patient, house: House) -> Checked:
    return checked(patient, knowledge=house.knowledge)


def _together(house: House) -> Together:
    known: Together = house.kept.setdefault("cds.together", Together(house.knowledge))
    return known


def _cards(call: Call, record: Record, found: Checked, house: House) -> list[Made]:
    place = Place(knowledge=house.knowledge, base=house.settings.base, launch=_launch(call, house))
    if isinstance(call, PatientView):
        return patient_cards(found, record, place)
    return order_cards(found, record, place)


async def _feedback(request: Request, house: House) -> Response:
    """What became of cards."""
    by, service = (await caller(request, house)).name, str(request.path_params["service"])
    if not hooks_of(service):
        raise Problem(404, "there is no such service")
    now = house.now()
    system = Place(knowledge=house.knowledge, base=house.settings.base).system("override-reason")
    known = frozenset(house.knowledge.words("cds")["overrides"])
    given = [(one, reason_of(one, system, known)) for one in read_report(await _body(request), now)]

    def kept(connection: Connection) -> list[Answered]:
        return answer(connection, given, service=service, by=by, now=now)

    new = await (beside(house.store.write, kept) if len(given) > _LONG else house.store.written(kept))
    for one in new:
        for rule in one.rules:
            house.measured.feedback.labels(rule, one.outcome).inc()
    return Response(status_code=200)


# ---------------------------------------------------------------- parts


def _server(call: Any) -> str:
    return (call.fhir_server or "").rstrip("/")


async def _body(request: Request) -> bytes:
    """The body, which has to be said to be JSON: a page of another origin cannot send that without being asked first."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON and not kind.endswith("+json"):
        raise Problem(415, "the body has to be application/json")
    return await request.body()


def _launch(call: Any, house: House) -> str | None:
    """Where the review page is launched by SMART, if the client's server is one that may."""
    server = _server(call)
    known = server and any(records.fhir.rstrip("/") == server for records in house.settings.smart)
    return f"{house.settings.base}/launch" if known else None


def _open(path: str, house: House, handler: _Handler, methods: tuple[str, ...], said: Operation) -> Route:
    """A route that pages of the listed origins may call; refusals, too, go out with the headers that let such a page read them."""

    async def answered(request: Request, house: House) -> Response:
        try:
            if request.method not in methods and request.method != "HEAD":
                raise Problem(405, "this address is called otherwise", headers={"allow": ", ".join(methods)})
            return await handler(request, house)
        except Problem as problem:
            return _refused(problem, request)
        except RelaxantError as error:
            return _refused(problem_of(error), request)

    made = route(path, house, answered, methods, said)
    made.methods = {*(made.methods or ()), "OPTIONS"}
    made.app = CORSMiddleware(
        made.app,
        allow_origins=house.settings.origins,
        allow_methods=methods,
        allow_headers=("authorization", "content-type"),
    )
    return made


def _refused(problem: Problem, request: Request) -> Response:
    return refusal(problem, request_id=str(request.scope.get("state", {}).get("request_id", "")))
