"""The weighed items: what each asks for, and which line of the current list it takes the place of."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from relaxant.medicines.dictionary import Dictionary
from relaxant.medicines.later import Later
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.names import read_name
from relaxant.medicines.regimen import Amount, Dose, Regimen
from relaxant.medicines.spelling import normalise_text
from relaxant.patient import Change

__all__ = ["Order", "orders_of", "reconcile"]


class Order(msgspec.Struct, frozen=True):
    """One thing that a weighed line asks for: the words that name the medicine, and what is to be done with it.

    ``factor`` multiplies the current dose; ``tail`` are the words of how a stop is to be done, ``days`` how long it
    takes; ``problems`` say what of the order could not be worked out.
    """

    words: str
    change: Change | None = None
    factor: float | None = None
    tail: str = ""
    days: float | None = None
    problems: tuple[str, ...] = ()
    dose_unknown: bool = False
    refused: str | None = None


NEGATED = "“{said}” says what not to do: nothing is weighed in this line. Write what is to be done."
BY = "“{said}” says how much is added or taken away, not from which dose nor of which day: write the new dose."
HELD = "“{said}” was read as a stop: how long it is to be held is not said in a way that could be used."
SAME = "“{said}” names no second medicine and no new dose: write what is to be taken."
NO_CURRENT = "“{said}” needs the current dose, which is not known here: write the new dose."

_PLEASE = r"^\s*(?:please\s+|plan:?\s+|consider\s+|to\s+)?"
_NEGATED = Later(_PLEASE + r"(?:do\s+not|don'?t|never|not|avoid)\b[^,;.]*")
_STOP = Later(
    _PLEASE
    + r"(?P<verb>stop(?:ping)?|discontinue|cease|withdraw|d/c|dc|d\.c\.|deprescribe|omit|quit|(?:come|get|take\s+\w+)\s+off|"
    r"(?P<gradual>(?:wean|taper)(?:ing)?(?:\s+(?:down|off|and\s+stop|to\s+stop))*)|(?P<held>hold|with-?hold|pause|suspend|interrupt))"
    r"\b\.?\s*(?:(?:the|taking|off|from|her|his|their|patient\s+off)\s+)*"
)
_START = Later(_PLEASE + r"(?:start|begin|add|initiate|commence|try)(?:ing)?\s+(?:on\s+)?")
_REPLACE = Later(
    _PLEASE
    + r"(?P<verb>(?P<half>halve|half|cut\s+in\s+half)|(?P<double>double)|(?P<triple>triple)|increase|raise|reduce|lower|decrease|change|titrate|up-?titrate|down-?titrate|step\s+(?:up|down)|cut(?:\s+(?:down|back))?)"
    r"\s+(?:(?:the|daily|current|dose|dosage|of|on)\s+)*"
)
_SWITCH = Later(
    _PLEASE
    + r"(?P<verb>switch|change|swap|convert|rotate|move|transition|substitute|replace)(?:ing)?\s+(?:from\s+|over\s+from\s+)?(?P<old>[^\d].*?)\s+(?:over\s+)?(?:to|for|with|by|into|->|=>)\s+(?P<new>.+)$"
)
_BY = Later(r"\bby\s+(?:about\s+)?(?:\d|half\b|a\s+(?:half|third|quarter)|one\s)[^,;]*")
_IN_HALF = Later(r"\s+(?:in|by)\s+(?:a\s+)?half\b|\s+by\s+50\s?%")
_NUMBERS = {
    w: n
    for n, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
} | {"a": 1, "an": 1}
_OVER = Later(
    rf"\b(?:over|in|during|within|across)\s+(?:the\s+(?:next|course\s+of)\s+)?(?P<n>\d+|{'|'.join(_NUMBERS)})(?:\s*(?:-|to)\s*\d+)?\s*(?P<u>day|week|wk|month)s?\b"
)
_TAIL = Later(
    r"\b(?:over\s|gradual|slow|abrupt|immediate|at\s+once|now\b|today|tomorrow|straight|for\s|before\s|pre-?op|until\s|peri|in\s+(?:\d|a\b|one|two)|by\s+\d).*$"
)


def orders_of(said: str, dictionary: Dictionary | None = None) -> list[Order]:
    """What a weighed line asks for: nearly always one thing; a switch is a stop and a start."""
    text = normalise_text(said)
    if negated := _NEGATED.match(text):
        return [Order("", refused=NEGATED.format(said=negated[0].strip()))]
    if switch := _SWITCH.match(text):
        found = _switched(switch, text, dictionary)
        if found:
            return found
    if stop := _STOP.match(text):
        return [_stopped(stop, text)]
    if start := _START.match(text):
        return [Order(text[start.end() :], "start")]
    if replace := _REPLACE.match(text):
        return [_changed(replace, text)]
    return [Order(said)]


def _switched(match: re.Match[str], text: str, dictionary: Dictionary | None) -> list[Order]:
    old, new = match["old"], match["new"]
    if re.search(r"\binstead\s+of\b", text, re.I):
        return []
    if match["verb"].lower() == "substitute" and re.search(
        r"\sfor\s", text[match.start("old") : match.start("new")], re.I
    ):
        old, new = new, old
    before, after = read_name(old, dictionary, search=False), read_name(new, dictionary, search=False)
    if not before.ingredients or not after.ingredients:
        if before.ingredients and match["verb"].lower() != "change" and not re.match(r"\d|half|one|two", new, re.I):
            return [Order(old, "replace", dose_unknown=True, problems=(SAME.format(said=match[0].strip()),))]
        return []
    if {i.name for i in before.ingredients} == {i.name for i in after.ingredients}:
        return [Order(new, "replace")]
    return [Order(old, "stop"), Order(new, "start")]


def _stopped(match: re.Match[str], text: str) -> Order:
    rest = text[match.end() :]
    target = re.search(r"\s+(?:down\s+)?to\s+(?=[\d½¼.])", rest)
    if (
        match["gradual"]
        and "off" not in match["gradual"].lower()
        and target
        and not re.match(r"0\b(?![.\d])", rest[target.end() :])
    ):
        return Order(f"{rest[: target.start()]} {rest[target.end() :]}", "replace")
    tail = _TAIL.search(rest)
    words = rest[: tail.start()] if tail and tail.start() else rest
    how = (tail[0].strip(" .,;") if tail and tail.start() else "").strip()
    days: float | None = None
    if over := _OVER.search(how):
        n = int(over["n"]) if over["n"].isdigit() else _NUMBERS[over["n"].lower()]
        days = float(n * {"d": 1, "w": 7, "m": 30}[over["u"][0].lower()])
    verb = match["verb"].strip()
    if match["gradual"] or match["held"]:
        how = f"{how} (“{verb}”)".strip()
    problems = (HELD.format(said=verb),) if match["held"] else ()
    return Order(words, "stop", tail=how, days=days, problems=problems)


def _changed(match: re.Match[str], text: str) -> Order:
    rest, verb = text[match.end() :], match["verb"]
    factor = 0.5 if match["half"] else 2.0 if match["double"] else 3.0 if match["triple"] else None
    if factor is None and re.match(r"(?:cut|reduce|decrease|lower)", verb, re.I) and (half := _IN_HALF.search(rest)):
        factor, rest = 0.5, rest[: half.start()] + rest[half.end() :]
    if factor is None and (by := _BY.search(rest)) and not re.search(r"\bto\s+\d", rest):
        said = f"{verb} {by[0]}".strip()
        return Order(rest[: by.start()], "replace", problems=(BY.format(said=said),), dose_unknown=True)
    if factor is not None:
        rest = re.sub(r"\s+(?:dose|dosage)\b", "", rest)
    rest = re.sub(r"\s+by\s+(?:\d|half|a\s)[^,;]*?(?=\s+to\s+\d)", "", rest)
    rest = re.sub(r"\s+(?:from\s+.*?\s+)?to\s+(?=[\d½¼.])", " ", rest, count=1)
    return Order(rest, "replace", factor=factor)


# --- weighed against current --------------------------------------------------------------------


def reconcile(
    current: list[Medicine], weighed: list[tuple[Medicine, Order]], said: Callable[[Medicine, Regimen], str]
) -> list[Medicine]:
    """A weighed item whose ingredients and route are already current replaces that line, unless it says *start*.

    ``said`` reads a medicine back with another regimen: a halved dose is worked out from the current one.
    """
    current, out = list(current), []
    for item, order in weighed:
        if order.refused:
            out.append(item)
            continue
        names = {i.name for i in item.ingredients}
        same = [
            i
            for i, m in enumerate(current)
            if m.role == "current"
            and names
            and names == {x.name for x in m.ingredients}
            and (item.agents == m.agents if item.agents or m.agents else _routes_agree(item, m))
        ]
        change: Change = item.change or ("replace" if same else "start")
        if item.change == "replace" and not same:
            change = "start"
        if change == "stop" and not same:
            same = [
                i
                for i, m in enumerate(current)
                if m.role == "current" and names and names <= {x.name for x in m.ingredients}
            ]
        if order.factor is not None and not item.regimen.doses:
            item = _multiplied(item, order, [current[i] for i in same], said)
        if change in ("replace", "stop"):
            for i in same:
                current[i] = msgspec.structs.replace(
                    current[i], replaced=True, stop_weighed=current[i].stop_weighed or change == "stop"
                )
        agents = item.agents if change != "stop" or not same else current[same[0]].agents
        out.append(msgspec.structs.replace(item, change=change, agents=agents))
    return current + out


def _routes_agree(a: Medicine, b: Medicine) -> bool:
    return a.regimen.route is None or b.regimen.route is None or a.regimen.route == b.regimen.route


def _multiplied(
    item: Medicine, order: Order, current: list[Medicine], said: Callable[[Medicine, Regimen], str]
) -> Medicine:
    """The current dose times the factor, where there is one current line and its amounts are certain."""
    factor, now = order.factor or 1.0, current[0].regimen if len(current) == 1 else Regimen()
    certain = now.doses and not now.problems and now.rate is None and len({d.step for d in now.doses}) == 1
    if not certain or any(d.low is None or d.high is None for d in now.doses):
        problem = NO_CURRENT.format(said=item.said)
        return msgspec.structs.replace(
            item,
            status="partly read",
            why=f"{item.why} {problem}" if item.why else problem,
            regimen=msgspec.structs.replace(
                item.regimen, doses=(), daily=None, problems=(*item.regimen.problems, problem)
            ),
        )

    def times(value: float | None) -> float | None:
        return None if value is None else value * factor

    doses: tuple[Dose, ...] = tuple(msgspec.structs.replace(d, low=times(d.low), high=times(d.high)) for d in now.doses)
    daily = now.daily and Amount(low=times(now.daily.low), high=times(now.daily.high), unit=now.daily.unit)
    regimen = msgspec.structs.replace(
        now, doses=doses, daily=daily, start=None, stop=None, max_daily=None, unread=(), notes=()
    )
    return msgspec.structs.replace(item, regimen=regimen, read_as=said(item, regimen))
