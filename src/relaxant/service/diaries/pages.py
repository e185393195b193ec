"""The clinic's pages of diaries, from their templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relaxant.errors import InputError
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import DAY_PARTS
from relaxant.quantities import plain_number
from relaxant.report.response.view import response_view
from relaxant.report.responses import response_body
from relaxant.report.shown import counted
from relaxant.rules.wording import capital
from relaxant.service.diaries.columns import Columns, Medicine, Planned
from relaxant.service.diaries.diaries import Diary
from relaxant.service.diaries.entries import Kept
from relaxant.service.diaries.exports import diary_answer
from relaxant.service.diaries.flags import flags_of
from relaxant.service.diaries.forms import ROWS
from relaxant.service.frame.header import Header, header
from relaxant.service.frame.templates import template
from relaxant.service.house import House
from relaxant.service.signin.sessions import Person
from relaxant.service.store.times import day_of


def every_page(listed: Sequence[tuple[Diary, Sequence[Kept]]], house: House, person: Person | None = None) -> str:
    """The list of diaries, with the form for another."""
    words = _words(house)
    rows = [
        {
            "url": f"/diaries/{diary.diary}",
            "label": diary.label or words["list"]["no_label"],
            "written": str(len({e.day for e in entries})),
            "last": entries[-1].day.isoformat() if entries else "",
            "state": _state(diary, house),
        }
        for diary, entries in listed
    ]
    scales = [s for s in house.knowledge.responses.scales.values() if s.column]
    agents = sorted(house.knowledge.agents.values(), key=lambda a: a.agent)
    return template("diaries.html.j2").render(site=_site("/diaries", house, person), words=words, rows=rows, scales=scales, agents=agents, numbers=range(1, ROWS + 1), parts=DAY_PARTS, days=house.settings.link_days, call=house.settings.call or "")  # fmt: skip


def link_page(diary: Diary, link: str, square: str, house: House, person: Person | None = None) -> str:
    """The link, shown this once."""
    from markupsafe import Markup

    words = _words(house)
    text = words["link"]["text"].format(until=day_of(diary.until).isoformat())
    return template("link.html.j2").render(site=_site(f"/diaries/{diary.diary}", house, person), words=words, diary=diary, label=diary.label or words["list"]["no_label"], link=link, square=Markup(square), text=text)  # fmt: skip


def one_page(diary: Diary, entries: Sequence[Kept], house: House, person: Person | None = None) -> str:
    """A diary: what it says, and its link."""
    from markupsafe import Markup

    words, knowledge = _words(house), house.knowledge
    own = words["diary"]
    days = len({e.day for e in entries})
    crossed = len({e.day for e in entries if e.others})
    why, body = own["no_days"], ""
    if entries:
        try:
            body = response_body(
                response_view(diary_answer(diary, entries, knowledge, house.now()), knowledge=knowledge)
            )
        except InputError:
            why = own["no_columns"]
    return template("diary.html.j2").render(
        site=_site(f"/diaries/{diary.diary}", house, person),
        words=words,
        diary=diary,
        label=diary.label or words["list"]["no_label"],
        url=f"/diaries/{diary.diary}",
        about=own["about"].format(
            columns=_columns(diary.columns, house), made=day_of(diary.made).isoformat(), state=_state(diary, house)
        ),
        written=counted(own["written"], days),
        crossed=counted(own["two_devices"], crossed) if crossed else "",
        body=Markup(body),
        nothing=own["nothing"].format(why=why),
        state=diary.state(house.now()),
        flags=_flags(diary, house),
        planned=[(capital(m.agent), m.agent, _plans(m, words)) for m in diary.columns.medicines],
        parts=DAY_PARTS,
        days=house.settings.link_days,
        today=day_of(house.now()).isoformat(),
    )


def _site(path: str, house: House, person: Person | None) -> Header:
    return header(path, house.knowledge, person=person)


def _words(house: House) -> dict[str, Any]:
    words: dict[str, Any] = house.knowledge.words("diary_page")["clinic"]
    return words


def _state(diary: Diary, house: House) -> str:
    states = _words(house)["list"]["states"]
    revoked = "" if diary.revoked is None else day_of(diary.revoked).isoformat()
    return str(states[diary.state(house.now())].format(until=day_of(diary.until).isoformat(), revoked=revoked))


def _columns(columns: Columns, house: House) -> str:
    titles = [house.knowledge.responses.scales[s].title for s in columns.scales]
    named = [f"{m.agent} ({m.unit})" for m in columns.medicines]
    return capital(str(_words(house)["between"]).join((*named, *titles)))


def _plans(medicine: Medicine, words: dict[str, Any]) -> list[str]:
    own = words["diary"]
    if not medicine.planned:
        return [own["planned_none"]]
    return [
        own["planned_start" if p.since is None else "planned_since"].format(
            since=p.since, doses=_doses(p, medicine, words)
        )
        for p in medicine.planned
    ]


def _doses(planned: Planned, medicine: Medicine, words: dict[str, Any]) -> str:
    def dose(amount: float) -> str:
        return str(words["dose"].format(amount=plain_number(amount), unit=medicine.unit))

    if planned.doses is None:
        return dose(planned.daily or 0.0)
    said = [f"{words['parts'][part]} {dose(planned.doses[part])}" for part in DAY_PARTS if part in planned.doses]
    return str(words["between"]).join(said)


def _flags(diary: Diary, house: House) -> list[dict[str, Any]]:
    """What the person's page says of calling, with where it is from; signs from one place stand together."""
    knowledge = house.knowledge
    flags, page = (
        flags_of(diary.columns, house.settings.country, knowledge),
        knowledge.words("diary_page")["page"]["call"],
    )
    out = []
    for key, found in (("now", flags.now), ("team", flags.team)):
        places: dict[tuple[str, str], list[str]] = {}
        for flag in found:
            places.setdefault((flag.cited.source, flag.cited.place), []).append(flag.text)
        signs = [{"texts": texts, "from": _source(*place, knowledge)} for place, texts in places.items()]
        if signs:
            out.append({"heading": page[key], "signs": signs})
    return out


def _source(source: str, place: str, knowledge: Knowledge) -> dict[str, str | None]:
    known = knowledge.sources[source]
    return {"title": known.title, "url": known.url, "place": place}
