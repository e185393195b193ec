"""What each column of a diary holds: the day, a dose, a score of each day, a score at visits, another medicine; and what a name cannot be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from relaxant.errors import InputError
from relaxant.io.said import fold, nearest
from relaxant.io.scale_names import scale_names
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.local import dictionary_of
from relaxant.medicines.names import read_name

_DOSE = re.compile(r"(.+?)[ _](mg|micrograms|mcg|ug|units|sprays)")
_UNITS = {"mcg": "micrograms", "ug": "micrograms"}
_OWN = ("date", "part", "note", "block", "arm")


class Column(msgspec.Struct, frozen=True):
    """``name``: the field of the diary, the agent, the scale by id, or another medicine as it is written. ``unit`` of a dose; ``site`` of a score."""

    kind: Literal["own", "dose", "score", "visit", "other"]
    name: str
    unit: str = ""
    site: str | None = None


def columns_of(
    head: Sequence[str], knowledge: Knowledge, given: Mapping[str, str], notices: list[str]
) -> dict[str, Column]:
    """What each column holds, by its name; those that hold nothing that is read are named in ``notices``. ``given`` maps names of ours to those of
    the file. Raises :class:`InputError`."""
    theirs = {fold(name): ours for ours, name in given.items()}
    for ours, name in given.items():
        if fold(name) not in {fold(h) for h in head}:
            raise InputError(
                f"--column {ours}", name, "the diary has no such column", f"its columns are {', '.join(head)}"
            )
    out: dict[str, Column] = {}
    unread = []
    for name in head:
        wanted = theirs.get(fold(name), name)
        what = _what(wanted, knowledge)
        if what is None and fold(name) in theirs:
            raise InputError("--column", wanted, "no column of a diary is called that", would_do(knowledge))
        if what is None:
            unread.append(name)
            continue
        twice = next((n for n, w in out.items() if (w.kind, w.name, w.site) == (what.kind, what.name, what.site)), None)
        if twice is not None or name in out:
            raise InputError(
                "diary", name, f"two columns hold {what.name} ({twice or name} and {name})", "keep one of them"
            )
        out[name] = what
    if not any((c.kind, c.name) == ("own", "date") for c in out.values()):
        near = nearest("date", [fold(h) for h in head])
        raise InputError("diary", ", ".join(head), "there is no column called date", f"rename {near} to date" if near else "add one")  # fmt: skip
    notices += _notices(out, [name for name in unread if name], knowledge)
    return out


def would_do(knowledge: Knowledge) -> str:
    """What columns a diary can have, in words."""
    scores = ", ".join(s.column for s in knowledge.responses.scales.values() if s.column)
    return f"a dose is written as baclofen_mg, a score as one of {scores}; other names by --column spasms=NAME"


def _notices(columns: Mapping[str, Column], unread: Sequence[str], knowledge: Knowledge) -> list[str]:
    words, scales = knowledge.words("diary"), knowledge.responses.scales
    out = [words["other"].format(medicine=c.name) for c in columns.values() if c.kind == "other"]
    for name, column in columns.items():
        if column.kind == "visit":
            scale = scales[column.name]
            out.append(words["at_visits"].format(scale=scale.title, column=name))
            if scale.sided and not column.site:
                example = f"{name} {scale.site_example}"
                out.append(words["no_site"].format(scale=scale.title, column=name, example=example))
    return [*out, words["not_read"].format(columns=", ".join(unread))] if unread else out


def _what(name: str, knowledge: Knowledge) -> Column | None:
    plain = fold(name.replace("_", " "))
    if plain in _OWN:
        return Column("own", plain)
    if match := _DOSE.fullmatch(plain):
        return _dose(name, match[1], _UNITS.get(match[2], match[2]), knowledge)
    for scale in knowledge.responses.scales.values():
        if plain == scale.column:
            return Column("score", scale.scale)
    daily = (s for s in knowledge.responses.scales.values() if s.column)
    by_name = next((s for s in daily if plain in {fold(n) for n in (s.title, *s.names)}), None)
    if by_name is not None:
        return Column("score", by_name.scale)
    named = scale_names(knowledge).by_words(name)
    if named is not None:
        by_day = named.scale.column and not named.site
        return Column("score" if by_day else "visit", named.scale.scale, site=named.site)
    _refuse_without_unit(name, plain, knowledge)
    return None


def _dose(name: str, medicine: str, unit: str, knowledge: Knowledge) -> Column:
    """The column of a dose: of an agent, by any of its names or a brand, or of another medicine."""
    agents = _agents(medicine, knowledge)
    fitting = [a for a in agents if _fits(unit, knowledge.agents[a].dose_unit)]
    exact = [a for a in fitting if knowledge.agents[a].dose_unit == unit]
    if len(agents) == 1 or len(exact) == 1:
        agent = (exact or agents)[0]
        own = knowledge.agents[agent].dose_unit
        if not _fits(unit, own):
            raise InputError("diary", f"{agent} in {unit}", f"{agent} is dosed in {own}", f"name the column {_column(agent, own)}")  # fmt: skip
        return Column("dose", agent, unit)
    words = knowledge.words("diary")
    if agents:
        plain = next((a for a in fitting if knowledge.agents[a].ingredient == fold(a)), None)
        if plain is not None and len({knowledge.agents[a].ingredient for a in agents}) == 1:
            return Column("dose", plain, unit)
        why = words["which_product" if unit == "units" else "which_route"]
        raise InputError("diary", name, why, words["which_do"].format(columns=_listed(agents, knowledge)))
    reading = read_name(medicine, dictionary_of(knowledge))
    if reading.ingredients:
        return Column("other", medicine, unit)
    if unit == "units":
        injected = [a.agent for a in knowledge.agents.values() if a.dose_unit == unit]
        raise InputError("diary", name, words["which_product"], words["which_do"].format(columns=_listed(injected, knowledge)))  # fmt: skip
    near = nearest(medicine, list(knowledge.agents)) or next((s.name for s in reading.suggestions), None)
    raise InputError("diary", name, words["no_relaxant"], f"did you mean {near}?" if near else "see `relaxant agents`")


def _agents(medicine: str, knowledge: Knowledge) -> list[str]:
    """The agents that a name may mean: in any country's words, else by a brand or an ingredient."""
    for agent in knowledge.agents.values():
        if medicine in {fold(agent.agent), *map(fold, agent.names.values())}:
            return [agent.agent]
    reading = read_name(medicine, dictionary_of(knowledge), search=False)
    meant = {i.name for i in reading.ingredients} or {i.name for own in reading.alternatives for i in own}
    return [a.agent for a in knowledge.agents.values() if a.ingredient in meant]


def _fits(unit: str, own: str) -> bool:
    return unit == own or {unit, own} == {"mg", "micrograms"}


def _refuse_without_unit(name: str, plain: str, knowledge: Knowledge) -> None:
    """Refuses a column that is named after a relaxant and says no unit: its doses would be lost."""
    agents = _agents(plain, knowledge)
    if not agents:
        return
    words = knowledge.words("diary")
    if len(agents) > 1 and len({knowledge.agents[a].ingredient for a in agents}) > 1:
        raise InputError("diary", name, words["which_product"], words["which_do"].format(columns=_listed(agents, knowledge)))  # fmt: skip
    column = _column(agents[0], knowledge.agents[agents[0]].dose_unit)
    raise InputError("diary", name, words["no_unit"], words["no_unit_do"].format(column=column))


def _listed(agents: Sequence[str], knowledge: Knowledge) -> str:
    return ", ".join(_column(a, knowledge.agents[a].dose_unit) for a in agents)


def _column(agent: str, unit: str) -> str:
    return f"{agent.replace(' ', '_')}_{unit}"
