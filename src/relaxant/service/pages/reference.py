"""Pages of reference: relaxants, conditions, rules, sources, the evidence, comparisons and a search over them.

They hold nothing of any patient and depend on the knowledge, the engine and the address alone, so a cache may keep them if it asks before each use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from relaxant.errors import InputError
from relaxant.evidence.comparison import compare
from relaxant.evidence.named import FEWEST, MOST
from relaxant.formulary.condition_page import conditions_spoken_of
from relaxant.formulary.finding_pages import Found, Name, find, names, near
from relaxant.formulary.leaves import agent_leaf, agents_leaf, condition_leaf, conditions_leaf, rule_leaf, rules_leaf
from relaxant.formulary.source_leaf import Citing, citing, source_leaf
from relaxant.medicines.relaxants import agent_named
from relaxant.report.compare.html import compare_inside
from relaxant.report.compare.view import compare_view
from relaxant.report.reference.evidence_pages import evidence_leaves
from relaxant.report.reference.leaf import Kind, Leaf, Target, slug
from relaxant.report.reference.leaf_html import leaf_html
from relaxant.report.shown import counted
from relaxant.service.frame.header import header
from relaxant.service.frame.static import asset
from relaxant.service.frame.templates import own_file, template
from relaxant.service.house import House, route, slow
from relaxant.service.operation import CSS, HTML, Body, Operation, Query
from relaxant.service.pages.country import COUNTRIES, Country, country_of
from relaxant.service.problems import Problem
from relaxant.version import __version__

_REPORT_SHEETS, _OWN_SHEETS = ("review.css", "plan.css", "compare.css"), ("site.css", "reference.css")
_SHOWN = 50  # pages that a search lists
_MOST_TYPED = 100  # characters of a search
_HASH_SHOWN = 12
_SHOWN_AS = {HTML: str}
_COUNTRY = Query("country", "Whose labels are shown; `all` for all of them together.", of=COUNTRIES)
_FOUND = Operation(query=(Query("q", "What is looked for."), _COUNTRY), gives={200: _SHOWN_AS}, refuses=(422,))
_KEPT = {"cache-control": "public, no-cache"}
_KEPT_FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """What the pages are found by: names by their path for each kind, every name for the search, what cites a source; the evidence once it is asked for; ``made``:
    what, with its address, decides every byte of a page."""

    house: House
    slugs: Mapping[str, Mapping[str, str]]
    names: tuple[Name, ...]
    citing: Citing
    evidence: Callable[[], Mapping[str, Leaf]]
    made: str

    @property
    def words(self) -> dict[str, Any]:
        return self.house.knowledge.words("reference")


def routes(house: House) -> list[BaseRoute]:
    """The routes of the pages."""
    shelf = _shelf(house)

    def own(path: str, handler: Callable[[Request, Shelf], Response], *more: Query) -> BaseRoute:
        gives: dict[int, Body | None] = {200: _SHOWN_AS, 304: None}
        if "{" in path:
            gives |= {307: None, 404: _SHOWN_AS}
        if more:
            gives[422] = _SHOWN_AS
        said = Operation(query=(*more, _COUNTRY), gives=gives, refuses=(422,))
        return route(path, house, slow(lambda request, _: _asked(request, shelf, handler)), said=said)

    return [
        own("/agents", _agents),
        own("/agents/{name}", _agent),
        own("/conditions", _conditions),
        own("/conditions/{name}", _condition),
        own("/rules", _rules),
        own("/rules/{name}", _rule),
        own("/sources/{name}", _source),
        own("/evidence", _evidence),
        own("/evidence/{name}", _evidence),
        own("/compare", _compare, Query("agents", "A relaxant, two to four of them.", many=True)),
        route(
            "/search", house, slow(lambda request, _: _search(request, shelf)), said=_FOUND
        ),  # what was typed is kept nowhere
        route(
            "/static/reference/{name}",
            house,
            slow(_sheet),
            said=Operation(gives={200: {CSS: str}}, refuses=(404,)),
        ),
    ]


def _shelf(house: House) -> Shelf:
    known = house.knowledge
    slugs = {
        "agents": {slug(a): a for a in known.agents},
        "conditions": {slug(c): c for c in conditions_spoken_of(known)},
        "rules": {slug(r): r for r in known.rules},
        "sources": {slug(s): s for s in known.sources},
    }
    return Shelf(
        house=house,
        slugs=slugs,
        names=names(known),
        citing=citing(known),
        evidence=cache(lambda: evidence_leaves(known)),
        made=f"{__version__} {known.sha256} {house.settings.country} {_sheets()} {asset('icon.svg')}",
    )


# ---------------------------------------------------------------- answers


def _asked(request: Request, shelf: Shelf, handler: Callable[[Request, Shelf], Response]) -> Response:
    """The page, or that the caller's copy still stands."""
    asked = f"{shelf.made} {request.url.path}?{request.url.query}"
    tag = f'"{hashlib.sha256(asked.encode()).hexdigest()[:32]}"'
    headers = {**_KEPT, "etag": tag}
    if tag in {said.strip().removeprefix("W/") for said in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers=headers)
    response = handler(request, shelf)
    if response.status_code == 200:
        response.headers.update(headers)
    return response


def _page(file: str, request: Request, shelf: Shelf, country: Country, status: int = 200, **given: Any) -> Response:
    house, words = shelf.house, shelf.words
    known = house.knowledge
    stamp = words["stamp"].format(engine=__version__, date=known.date, hash=known.sha256[:_HASH_SHOWN])
    frame = {
        "words": words,
        "sheets": _sheets(),
        "site": header(request.url.path, known, query=country.query),
        "path": request.url.path,
        "typed": "",
        "most_typed": _MOST_TYPED,
        "country": country,
        "stamp": stamp,
        "address": _address(country),
    }
    return Response(template(file).render({**frame, **given}), status, media_type="text/html; charset=utf-8")


def _leaf(leaf: Leaf, request: Request, shelf: Shelf, country: Country) -> Response:
    words, target = shelf.words, leaf.target
    alone = f"/compare?{urlencode({'agents': target.name})}" if target.kind == "agents" and target.name else ""
    return _page(
        "leaf_page.html.j2",
        request,
        shelf,
        country,
        title=leaf.title,
        kind=words["kind"][target.kind] if target.name else "",
        inside=leaf_html(leaf, words=words, address=_address(country)),
        compare_with=f"{alone}&{country.query}".rstrip("&") if alone else "",
    )


def _address(country: Country) -> Callable[[Target], str]:
    def address(target: Target) -> str:
        path = f"/{target.kind}/{quote(slug(target.name))}" if target.name else f"/{target.kind}"
        return _with(path, country)

    return address


def _with(path: str, country: Country) -> str:
    return f"{path}?{country.query}" if country.query else path


# ---------------------------------------------------------------- one thing, or the list of its kind


def _agents(request: Request, shelf: Shelf) -> Response:
    return _leaf(agents_leaf(shelf.house.knowledge), request, shelf, _country(request, shelf, matters=False))


def _agent(request: Request, shelf: Shelf) -> Response:
    country = _country(request, shelf)
    if name := _named("agents", request, shelf):
        return _leaf(agent_leaf(shelf.house.knowledge, name, country.jurisdiction), request, shelf, country)
    try:
        meant = agent_named(request.path_params["name"].replace("-", " "), shelf.house.knowledge)
    except InputError:
        return _missing("agents", request, shelf)
    return RedirectResponse(_address(country)(Target("agents", meant)), 307)


def _conditions(request: Request, shelf: Shelf) -> Response:
    return _leaf(conditions_leaf(shelf.house.knowledge), request, shelf, _country(request, shelf, matters=False))


def _condition(request: Request, shelf: Shelf) -> Response:
    country = _country(request, shelf)
    if name := _named("conditions", request, shelf):
        return _leaf(condition_leaf(shelf.house.knowledge, name, country.jurisdiction), request, shelf, country)
    return _missing("conditions", request, shelf)


def _rules(request: Request, shelf: Shelf) -> Response:
    return _leaf(rules_leaf(shelf.house.knowledge), request, shelf, _country(request, shelf, matters=False))


def _rule(request: Request, shelf: Shelf) -> Response:
    if name := _named("rules", request, shelf):
        country = _country(request, shelf, matters=False)
        return _leaf(rule_leaf(shelf.house.knowledge, name), request, shelf, country)
    return _missing("rules", request, shelf)


def _source(request: Request, shelf: Shelf) -> Response:
    if name := _named("sources", request, shelf):
        country = _country(request, shelf, matters=False)
        return _leaf(source_leaf(shelf.house.knowledge, name, shelf.citing), request, shelf, country)
    return _missing("sources", request, shelf)


def _evidence(request: Request, shelf: Shelf) -> Response:
    leaf = shelf.evidence().get(request.path_params.get("name", ""))
    if leaf is None:
        return _missing("evidence", request, shelf)
    return _leaf(leaf, request, shelf, _country(request, shelf, matters=False))


def _named(kind: Kind, request: Request, shelf: Shelf) -> str | None:
    """The name that a path means; only as it is written in links, so that a page has one address."""
    return shelf.slugs[kind].get(request.path_params["name"])


def _country(request: Request, shelf: Shelf, *, matters: bool = True, every: bool = True) -> Country:
    return country_of(request, shelf.house, matters=matters, every=every)


# ---------------------------------------------------------------- a comparison


def _compare(request: Request, shelf: Shelf) -> Response:
    house, words = shelf.house, shelf.words
    country = _country(request, shelf, every=False)
    asked = [name for name in request.query_params.getlist("agents") if name.strip()]
    fault, inside, title, chosen, alike = "", "", words["compare"]["title"], list[str](), list[Found]()
    try:
        for name in asked:
            chosen.append(agent_named(name, house.knowledge))
        if len(asked) >= FEWEST:
            made = compare(asked, country=country.chosen, knowledge=house.knowledge)
            view = compare_view(made, knowledge=house.knowledge, side_by_side=True)
            inside, title = compare_inside(view), view.title
    except InputError as error:
        fault = words["compare"]["fault"].format(came=error.came, why=error.why)
        alike = near(asked[len(chosen)], shelf.names, house.knowledge, "agents") if len(chosen) < len(asked) else []
    families = [
        (family, sorted(a.agent for a in house.knowledge.agents.values() if a.family == key))
        for key, family in house.knowledge.words("formulary")["families"].items()
    ]
    agents = [*chosen, *([""] * MOST)][:MOST]
    return _page("compare_page.html.j2", request, shelf, country, 422 if fault else 200, title=title, fault=fault, near=alike, inside=inside, pages=[Target("agents", a) for a in chosen], agents=agents, families=families)  # fmt: skip


# ---------------------------------------------------------------- a search, and what is not there


def _search(request: Request, shelf: Shelf) -> Response:
    words = shelf.words["search"]
    typed = request.query_params.get("q", "").strip()[:_MOST_TYPED]
    found = find(typed, shelf.names, shelf.house.knowledge)
    alike: list[Found] = [] if found or not typed else near(typed, shelf.names, shelf.house.knowledge)
    lead = counted(words["found"], len(found)) if found else words["none"] if typed else words["ask"]
    return _page(
        "found_page.html.j2",
        request,
        shelf,
        _country(request, shelf, matters=False),
        title=words["title"],
        typed=typed,
        lead=lead,
        found_lead=words["near"] if alike else "",
        found=found[:_SHOWN] or alike,
        after=words["more"] if len(found) > _SHOWN else "",
        onward=None,
    )


def _missing(kind: Kind, request: Request, shelf: Shelf) -> Response:
    """404, with the names that come nearest."""
    words, known = shelf.words, shelf.house.knowledge
    country = _country(request, shelf, matters=False)
    said = request.path_params["name"][:_MOST_TYPED]
    alike = [] if kind in ("evidence", "sources") else near(said, shelf.names, known, kind)
    onward = (
        None if kind == "sources" else {"path": _with(f"/{kind}", country), "title": known.words("site")["pages"][kind]}
    )
    silenced = next((one for one in known.silenced if (kind, one.silence.rule) == ("rules", said)), None)
    lead = words["missing"]["lead"]
    if silenced is not None:
        lead = words["missing"]["silenced"].format(title=silenced.title, why=silenced.silence.why)
    return _page(
        "found_page.html.j2",
        request,
        shelf,
        country,
        404,
        title=words["missing"]["title"],
        lead=lead,
        found_lead=words["missing"]["near"] if alike else "",
        found=alike,
        after="",
        onward=onward,
    )


# ---------------------------------------------------------------- styles


def _sheet(request: Request, _house: House) -> Response:
    name = request.path_params["name"]
    if name not in (*_REPORT_SHEETS, *_OWN_SHEETS):
        raise Problem(404, "there is nothing here")
    return Response(own_file(name), headers=_KEPT_FOR_GOOD, media_type="text/css; charset=utf-8")


@cache
def _sheets() -> tuple[str, ...]:
    """The addresses of the style sheets, each with the hash of its text."""
    known = (*_REPORT_SHEETS, *_OWN_SHEETS)
    return tuple(f"/static/reference/{n}?v={hashlib.sha256(own_file(n).encode()).hexdigest()[:16]}" for n in known)
