"""What a line of the list says of the medicine being taken: stopped, run out, held, in doubt, or an allergy.

The words found are taken out of the line, so that the readers of the name and of the dose do not meet them.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

import msgspec

from relaxant.medicines.dose_lines import read_dose
from relaxant.medicines.kept import Kept
from relaxant.medicines.later import Later
from relaxant.medicines.spelling import normalise_text

_LONGEST = 2000

__all__ = ["Taken", "day_said", "taken_said"]


class Taken(msgspec.Struct, frozen=True):
    """What a line says of the medicine being taken.

    ``words`` is the line without it; ``over`` when it is not counted as taken, ``stop`` the day where one was said;
    ``why`` asks what must be asked; ``doubtful`` when it may be taken all the same; ``allergy`` when the line tells of an allergy and not of a medicine.
    """

    words: str
    over: bool = False
    stop: date | None = None
    why: str | None = None
    allergy: bool = False
    doubtful: bool = False
    query: bool = False


HELD = "The line says “{said}”: it is not counted as taken. Write since when, or take the words out if it is taken."
NEVER = "The line says “{said}”: it is not counted as taken. Write since when it is not, or whether it ever was."
QUERY = "The line asks (“{said}”) whether it is taken: it is not counted as taken. Ask, and write the answer."
QUERY_COUNTED = (
    "The line asks whether it is taken: it was counted as taken, the safer of the two. Ask, and write the answer."
)
ALLERGY = "This line tells of an allergy or a reaction, not of a medicine that is taken: write it under allergies, where it is checked."
DISCONTINUED = "“{said}” was read as discontinued; it also stands for discharge: write which."
DISCHARGE = "“{said}” can stand for discharge or for discontinued: it was counted as taken. Write which."
BOTH = "The line says “{said}” and also that it is taken again: it was counted as taken. Write which."
ORDER = "The line says “{said}”: in a list of what is taken this was read as no longer taken."
NO_DAY = "The line says “{said}” without a day that is certain: write the day."
LAST = "The line gives the last dose (“{said}”): whether more are to follow is not said; it was counted as taken."
DOUBT = "There is a question mark in the line: what it doubts was counted as taken."

_ALLERGY = Later(
    r"\b(?:allerg(?:ic|y|ies)\s+to|(?:intoleran(?:t|ce)|anaphyla(?:xis|ctic)(?:\s+reaction)?|adverse\s+reaction|hypersensitiv(?:e|ity))\s+(?:to|of|with))\b"
    r"|^\s*(?:allerg(?:y|ies|ic)|adr|intoleran(?:t|ce))\s*[:=-]"
    r"|[-(:,;]\s*(?:allerg(?:y|ic)|adr|anaphylaxis|intoleran(?:t|ce))\b(?!\s+(?:symptom|season|relief|med|tab|pill|prophyl|shot))",
    holding=("allerg", "intoleran", "anaphyla", "adverse", "hypersensitiv", "adr"),
)
_DISCHARGE = Later(r"^\s*d/?c\.?\s+(?:med|list|rx|summary|home|script|drug|prescri|on\b)", holding=("dc", "d/c"))
_TAKEN_AGAIN = Later(
    r"\b(?:re-?start(?:ed|ing)?|resum(?:ed|ing)|re-?commenced|back on|(?:started|taken|taking|takes) (?:it )?again)\b"
)
_QUERY = Later(
    r"^\s*(?:\?+|query\b)\s*(?:still\s+)?(?:taking|takes|on)?\s*:?|\?\s*(?:still\s+|if\s+)?(?:taking|takes|taken)\b\s*(?:it\b)?"
    r"|\b(?:unsure|unclear|unknown|not sure|uncertain)\s+(?:if|whether)\s+(?:\w+\s+){0,3}?(?:taking|takes|taken)\b\s*(?:it\b)?"
    r"|\b(?:still )?taking\s*\?",
    holding=("?", "query", "unsure", "unclear", "unknown", "not", "uncertain"),
)
_NO = Later(
    r"^\s*(?:no(?!-|\s+spa\b|\s+longer\b|\s+more\b)(?:\s+current)?|not\s+(?:on|for)|(?:patient\s+|pt\s+)?denies(?:\s+(?:taking|using|use\s+of))?|never\s+(?:on|had|took|taken|started|takes))\b\s*:?",
    holding=("no", "never", "denies"),
)
_NOT = Later(
    r"(?:\b(?:the\s+)?(?:patient|pt)\s+)?\b(?:(?:is|was|has|has\s+been|says)\s+)?(?:(?:not|never|isn'?t|hasn'?t)\s+(?:currently\s+|actually\s+|been\s+|yet\s+|really\s+)?"
    r"(?:taking|taken|took|using|used|started|collected|dispensed)|non-?(?:adherent|compliant|adherence|compliance)|declin(?:ed|es|ing)|refus(?:ed|es|ing|al)|denies)\b"
    r"(?!\s+(?:with\b|more\b|together\b|at\s+the\b|if\b|when\b|before\b|after\b|within\b|daily\b|every\b|regular|often\b|as\s|enough))(?:\s+(?:it|this|them|to\s+take(?:\s+it)?|taking(?:\s+it)?))?(?!\w)",
    holding=("not", "never", "isn", "hasn", "non", "declin", "refus", "denies"),
)
_PARAMETER = r"(?:sbp|dbp|hr|bp|pulse|heart|systolic|sedat|rr|resp|map|k\b|diarrh|loose|somnol|drows|letharg|glucose|bg|bs|pain|\d)"
_HOLD = Later(
    r"(?<!-)\b(?:(?:is|was|been|being|currently|now|has\s+been)\s+)*(?:put\s+|placed\s+)?(?:on\s+hold|held|with-?held|paused|suspended|interrupted|hold(?!ing)|omitted)\b"
    rf"(?!\s*(?:if|when|unless|for\s+{_PARAMETER}|the|in|under|your|breath|for\s+\d+\s*s|chamber|parameter|it\s+in|and\s+call|by\s+mouth))",
    holding=("hold", "held", "paus", "suspend", "interrupt", "omit"),
)
_STOPPED = Later(
    r"\b(?:(?:has|have|was|been|had|patient|pt|self|is|now)[\s-]+)*(?:stopped(?:\s+taking)?|discontinued|disc'd|d/?c'?d\b|d/c'?e?d?\b|d\.c\.|ceased|finished|completed|ended|"
    r"(?:no\s+longer|not\s+any\s?more)(?:\s+(?:takes|taking|takes\s+it|taken|on|using|uses|needed|required|prescribed|in\s+use))?|"
    r"came\s+off|come\s+off|weaned\s+off|tapered\s+off|withdrawn|quit|not\s+any\s?more|"
    r"(?:ran|run)\s+out|out\s+of\s+(?:stock|tablets|pills|supply|meds|medication|medicine|it)|off\s+(?:it\s+)?(?=since|for\b))(?:\s+(?:it|this|them|of\s+(?:it|tablets|pills)))?(?![\w/])",
    holding=(
        "stop",
        "disc",
        "dc",
        "d/c",
        "d.c",
        "ceas",
        "finish",
        "complet",
        "ended",
        "longer",
        "more",
        "came",
        "come",
        "wean",
        "taper",
        "withdrawn",
        "quit",
        "out",
        "off",
    ),
)
_STOPPED_FIRST = Later(
    r"^\s*(?:dc\b(?!\s*['’])|off\b|ex\b|former(?:ly)?\b|previous(?:ly)?\b|past\b|used\s+to\s+take\b|was\s+on\b)(?:\s+(?:on|took))?\s*[:-]?",
    holding=("dc", "off", "ex", "former", "previous", "past", "used", "was"),
)
_ORDER = Later(
    r"^\s*(?:please\s+)?(?:stop|discontinue|cease)\b(?:\s+taking)?\s*:?", holding=("stop", "discontinue", "cease")
)
_MISSED = Later(
    r"\b(?:has\s+|have\s+)?(?:missed(?:\s+(?:all|doses|every\s+dose))*|none(?:\s+taken)?|nil|without(?:\s+(?:it|any))?|no\s+(?:doses?|tablets)|not\s+(?:had|taken|been\s+taken)(?:\s+(?:it|any))?)\s+(?=since\b|for\b|in\s)",
    holding=("miss", "no", "nil", "without"),
)
_LAST = Later(r"\blast\s+(?:dose|taken|took|tablet|one|had)(?:\s+(?:was|taken|given|it))*\b\s*:?", holding=("last",))
_LONG_APART = Later(
    r"\b(?:weekly|fortnightly|monthly|quarterly|yearly|a\s+week|per\s+week|(?:every|q)\s*\d+\s*(?:d|days?|w|wks?|weeks?|months?)|every\s+(?:other|week|month|few|two|three|second)|"
    r"depot|lai|implant|botox|dysport|xeomin|\w*toxin\w*|pump|intrathecal|refill|patch(?:es)?|q72h|prn|as\s+needed|when\s+required|if\s+needed|injection)\b"
)
_CONDITION_BEFORE = Later(
    r"\b(?:if|until|till|when|unless|not|never|don'?t|do\s+not|be|once|before|after|gets|course\s+is)\s+(?:it\s+|is\s+|be\s+|being\s+|course\s+|abruptly\s+|suddenly\s+)*$"
)
_NUMBERS = {
    w: n
    for n, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_NUMBERS |= {"a": 1, "an": 1, "couple of": 2, "a couple of": 2}
_COUNT = rf"(?P<n>\d{{1,3}}|a\s+couple\s+of|couple\s+of|{'|'.join(w for w in _NUMBERS if ' ' not in w)})"
_AGO = Later(
    rf"{_COUNT}\s*(?P<u>h|hrs?|hours?|d|days?|w|wks?|weeks?|months?|mths?|y|yrs?|years?)\b(?P<ago>\s*(?:ago|back|previously)\b)?"
)
_LEAD = Later(
    r"\s*[:,(-]?\s*(?P<lead>(?:(?:since|for|in|on|of|from|the|past|last|about|approx\.?|around|~|x|some|was|at|it|was\s+given|by\s+(?:the\s+)?(?:gp|patient|self|pt|doctor))\s*)*)"
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = Later(r"(?:last\s+)?(mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*day|s|rs|nes)?\b")
_NAMED_DAY = Later(
    r"(?P<before>the\s+day\s+before\s+yesterday|day\s+before\s+yesterday)|(?P<yesterday>yesterday(?:\s+\w+ing)?|last\s+night)|(?P<today>today|this\s+\w+ing|now)\b"
)
_MONTH_WORD = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_CALENDAR = Later(
    rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH_WORD},?(?:\s+\d{{4}})?|{_MONTH_WORD}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = Later(
    r"(?:(?:early|late|mid)[\s-]+)?(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\b(?!\s*\d{1,2}\b)(?:\s+\d{4})?|(?:19|20)\d{2}\b(?![-/.]\d)|last\s+(?:week|month|year)|(?:a\s+)?(?:few|several)\s+(?:days|weeks|months|years)(?:\s+ago)?|\d+\s*(?:-|to)\s*\d+\s*(?:days|weeks|months)(?:\s+ago)?"
)
_REASON = Later(
    r"\s*\(?\b(?:because|due\s+to|owing\s+to|by|per|following|pending|awaiting|for|as\s+(?:per|advised)|on\s+(?:advice|admission))\b[^,;.()\d]*\)?"
)


def day_said(text: str, as_of: date) -> tuple[date | None, int, bool]:
    """The day that the words at the beginning of ``text`` give, where they end, and whether they speak of a day at all."""
    lead = _LEAD.match(text)
    at = lead.end() if lead else 0
    since = bool(lead and re.search(r"\b(?:since|for|in|from|x|past|last)\b", lead["lead"], re.I))
    rest = text[at:]
    if vague := _MONTH.match(rest):
        return None, at + vague.end(), True
    if (span := _AGO.match(rest)) and (span["ago"] or since):
        return _back(span["n"], span["u"], as_of), at + span.end(), True
    if named := _NAMED_DAY.match(rest):
        days = 2 if named["before"] else 1 if named["yesterday"] else 0
        return as_of - timedelta(days=days), at + named.end(), True
    if weekday := _WEEKDAY.match(rest):
        index = next(i for i, d in enumerate(_DAYS) if d.startswith(weekday[1].lower()))
        back = (as_of.weekday() - index) % 7
        return (as_of - timedelta(days=back) if back else None), at + weekday.end(), True
    if written := _CALENDAR.match(rest):
        return _calendar(written[0], as_of), at + written.end(), True
    return None, 0, False


def _back(count: str, unit: str, as_of: date) -> date | None:
    n = int(count) if count.isdigit() else _NUMBERS[re.sub(r"\s+", " ", count.lower())]
    if unit[0] in "hHdDwW":
        return as_of - timedelta(days=round(n / 24) if unit[0] in "hH" else n * (7 if unit[0] in "wW" else 1))
    months = as_of.year * 12 + as_of.month - 1 - n * (12 if unit[0] in "yY" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(as_of.day, monthrange(year, month + 1)[1])) if year >= 1900 else None


def _calendar(text: str, as_of: date) -> date | None:
    day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b", text, re.I)
    month = re.search(r"[a-z]{3,9}", re.sub(r"\d(?:st|nd|rd|th)\b|\bof\b", "", text, flags=re.I), re.I)
    if month and month[0][:3].lower() in _MONTHS and day and not re.search(r"\d{4}", text):
        for year in (as_of.year, as_of.year - 1):
            try:
                found = date(year, _MONTHS.index(month[0][:3].lower()) + 1, int(day[1]))
            except ValueError:
                return None
            if found <= as_of:
                return found
    return read_dose(f"until {text}", as_of=as_of).stop


def _cut(text: str, start: int, end: int) -> str:
    kept = (
        f"{text[:start].rstrip(' ,;:-(?')} {text[end:].lstrip(' ,;:-).?')}" if start else text[end:].lstrip(" ,;:-).")
    )
    kept = kept if kept.count("(") >= kept.count(")") else kept.replace(")", "", 1)
    return re.sub(r"\s+", " ", kept).strip(" ,;-")


def taken_said(line: str, as_of: date) -> Taken:
    """What the line says of the medicine being taken; what it does not say leaves the line as it is.

    >>> taken_said("baclofen 20 mg tds, ran out 3 days ago", date(2026, 11, 22)).stop
    datetime.date(2026, 11, 19)
    """
    if len(line) > _LONGEST:  # the reader of the name refuses it
        return Taken(line)
    return _said(line, as_of)


@Kept
def _said(line: str, as_of: date) -> Taken:
    text = normalise_text(line)
    if allergy := _ALLERGY.search(text):
        words = _cut(text, allergy.start(), allergy.end() if not allergy.start() else len(text))
        return Taken(words, over=True, why=ALLERGY, allergy=True)
    if _DISCHARGE.match(text):
        said = text.split()[0]
        return Taken(
            re.sub(
                r"^\s*\S+\s+(?:med\w*|list|rx|summary|home|script\w*|drugs?|prescri\w*|on)\b\s*(?:med\w*)?\s*:?\s*",
                "",
                text,
                flags=re.I,
            ),
            why=DISCHARGE.format(said=said),
        )
    for pattern, why in (
        (_STOPPED_FIRST, None),
        (_MISSED, None),
        (_STOPPED, None),
        (_ORDER, ORDER),
        (_QUERY, QUERY),
        (_NOT, NEVER),
        (_NO, NEVER),
        (_HOLD, HELD),
    ):
        for match in pattern.finditer(text):
            if not match[0].strip() or _CONDITION_BEFORE.search(text[: match.start()]):
                continue
            return _ended(text, match, why, as_of)
    return _last_dose(text, as_of) or Taken(line, why=DOUBT if "?" in text else None)


def _ended(text: str, match: re.Match[str], why: str | None, as_of: date) -> Taken:
    said = match[0].strip(" ,;:-(")
    day, length, spoken = day_said(text[match.end() :], as_of)
    if day is not None and day > as_of:
        return Taken(text, stop=None)  # a day to come: the reader of the dose says until when
    words = text
    end = match.end() + (length if spoken else 0)
    if reason := _REASON.match(text, end):
        end = reason.end()
    if not spoken:  # "baclofen stopped due to drowsiness 3 days ago"
        day, length, spoken = day_said(text[end:], as_of)
        end += length if spoken else 0
    words = _cut(text, match.start(), end)
    if not spoken and (tail := re.search(r"\b(?:since|on)\s+\S.*$|\b\S+\s+\w+\s+ago\b", words, re.I)):
        day, length, spoken = day_said(words[tail.start() :], as_of)  # "stopped baclofen 2 days ago"
        words = _cut(words, tail.start(), tail.start() + length) if spoken else words
    if _TAKEN_AGAIN.search(words):
        return Taken(words, why=BOTH.format(said=said))
    if why is None and re.match(r"d/?c\b", said, re.I):
        why = DISCONTINUED
    elif why is None and spoken and day is None:
        why = NO_DAY
        said = text[match.start() : end].strip(" ,;:-()")
    doubtful = why in (QUERY, HELD)
    return Taken(
        words, over=True, stop=day, why=why.format(said=said) if why else None, doubtful=doubtful, query=why == QUERY
    )


def _last_dose(text: str, as_of: date) -> Taken | None:
    match = _LAST.search(text)
    if match is None:
        return None
    day, length, spoken = day_said(text[match.end() :], as_of)
    words = _cut(text, match.start(), match.end() + (length if spoken else 0))
    said = text[match.start() : match.end() + length].strip(" ,;:-()")
    if not spoken or (day is not None and day > as_of):
        return None
    if day is not None and (as_of - day).days > 1 and not _LONG_APART.search(text):
        return Taken(words, over=True, stop=day)
    return Taken(words, why=LAST.format(said=said))
