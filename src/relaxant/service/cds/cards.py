"""From findings to cards: few, short, each from one finding, and nothing in them that the review does not say.

DANGER is critical, CHANGE a warning, WATCH and NOTE are for information. A record that is opened gets one card at most. Of orders DANGER and
CHANGE are shown; what else there is stands behind one link, and one card says what could not be checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4, uuid5

import msgspec

from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Tier
from relaxant.report.shown import clean, counted, title_of
from relaxant.reviewing import Checked
from relaxant.rules.findings import Finding, Unchecked, packs_of
from relaxant.rules.wording import listed
from relaxant.service.cds.card import MOST_SUMMARY, Card, Coding, Indicator, Link, Source, Suggestion
from relaxant.service.cds.catalogue import templates
from relaxant.service.cds.concern import Weighed, concerns, open_checks, orders_of, weighed
from relaxant.service.cds.markdown import cut, escaped, linked, one_line, quoted
from relaxant.service.cds.record import Record
from relaxant.service.cds.suggestions import first_steps, suggested

INDICATORS: dict[Tier, Indicator] = {"DANGER": "critical", "CHANGE": "warning", "WATCH": "info", "NOTE": "info"}
UNCHECKED, REST = "unchecked", "rest"
_ALLERGIES = "allergies"  # the list, and the key under which it is asked for
_SAID = "“"  # what is asked of a line that was not understood names the line so
_SHOWN: tuple[Tier, ...] = ("DANGER", "CHANGE")
_MOST_NAMED, _MOST_LISTED, _MOST_SOURCES, _MOST_LABEL = 3, 8, 4, 80


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the cards lead: ``base`` is what stands before our paths; ``launch``: the address of a SMART launch, where the client's server is known."""

    knowledge: Knowledge
    base: str
    launch: str | None = None

    @property
    def words(self) -> dict[str, Any]:
        """The words of the cards."""
        return self.knowledge.words("cds")

    def system(self, of: str) -> str:
        """A code system of ours."""
        return f"{self.base}/codes/{of}"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A card with what is kept of it: the finding and its rules (or ``unchecked`` or ``rest``, and none), and a hash of what it says of which order."""

    card: Card
    finding: str
    rules: tuple[str, ...]
    said: bytes


def patient_cards(found: Checked, record: Record, place: Place) -> list[Made]:
    """For a record that was opened: the gravest finding, with the others below it; else what could not be checked, if it may be grave."""
    if found.findings:
        first, *others = found.findings
        return [_finding(first, len(others), (), found, record, place, others=others)]
    made = _unchecked(found, record, None, place)
    return [made] if made is not None else []


def order_cards(found: Checked, record: Record, place: Place) -> list[Made]:
    """For orders: DANGER and CHANGE about them, and what could not be checked of them."""
    orders = weighed(found, record)
    about = [c for c in found.causes if concerns(c, orders)]
    shown = [found.worded(c) for c in about if c.tier in _SHOWN]
    behind = len(found.causes) - len(shown)
    begun = first_steps(found)
    out = [_finding(f, behind, suggested(f, orders, found, place.knowledge, begun), found, record, place, orders) for f in shown]  # fmt: skip
    open_card = _unchecked(found, record, orders, place)
    if open_card is not None:
        out.append(open_card)
    if not shown and about:
        out.append(_rest([found.worded(c) for c in about], behind, found, place, orders))
    return out


# ---------------------------------------------------------------- one finding


def _finding(finding: Finding, behind: int, changes: Sequence[Suggestion], found: Checked, record: Record, place: Place, orders: Weighed | None = None, others: Sequence[Finding] = ()) -> Made:  # fmt: skip
    """``behind``: how many others there are; of a record that was opened they are ``others``, and no other card says them."""
    uid = uuid4()
    detail = _detail(finding, place)
    if orders is None:
        broken = _whole(record, place.words["unchecked"], place) if record.reported or record.cut else []
        detail += [
            *_others(others, place),
            *([_list(place.words["unchecked"]["record_lead"], broken)] if broken else []),
        ]
    card = Card(
        uuid=str(uid),
        summary=cut(one_line(finding.summary), MOST_SUMMARY),
        detail="\n\n".join([*detail, escaped(place.words["detail"]["banner"])]),
        indicator=INDICATORS[finding.tier],
        source=_source(finding, place),
        suggestions=_numbered(changes, uid),
        selection_behavior="at-most-one" if changes else None,
        override_reasons=_overrides(place),
        links=(_review_link(behind, place), _rule_link(finding, place)),
    )
    about = () if orders is None else tuple(draft.same for draft, _ in orders_of(finding, orders))
    return Made(
        card=card,
        finding=finding.id,
        rules=finding.rules,
        said=_said(found, [finding, *(f.id for f in others)], about),
    )


def _detail(finding: Finding, place: Place) -> list[str]:
    words, own = place.words["detail"], place.knowledge.words("report")
    out = [words["do"].format(text=escaped(finding.action))]
    why = " ".join(escaped(t) for t in (finding.consequence, finding.mechanism) if t)
    out.append(words["why"].format(text=why))
    if finding.because:
        facts = words["because_between"].join(
            words["because_fact"].format(fact=escaped(b.fact), value=escaped(b.value)) for b in finding.because
        )
        out.append(words["because"].format(facts=facts))
    for heading, texts in ((words["instead"], finding.alternatives), (words["also"], finding.also)):
        if texts:
            out.append("\n".join([heading, "", *(words["item"].format(text=escaped(t)) for t in texts)]))
    verified = words["verified"]["yes" if finding.verified else "no"]
    out.append(words["evidence"].format(grade=own["evidence"][finding.evidence], verified=verified))
    if local := packs_of(finding, place.knowledge):
        out.append(own["findings"]["local"].format(packs=escaped(", ".join(local))))
    sources = [_cited(s.title, s.place, s.url, words) for s in finding.sources[:_MOST_SOURCES]]
    if sources:
        out.append("\n".join([words["sources"], "", *(words["item"].format(text=s) for s in sources)]))
    return out


def _cited(title: str, at: str, url: str | None, words: dict[str, Any]) -> str:
    source = linked(title, url)
    return str(words["place"].format(source=source, place=escaped(at))) if at else source


def _others(others: Sequence[Finding], place: Place) -> list[str]:
    if not others:
        return []
    words = place.words["detail"]
    lines = [_line(f, words) for f in others[:_MOST_LISTED]]
    if len(others) > _MOST_LISTED:
        more = counted(words["rest_more"], len(others) - _MOST_LISTED)
        lines.append(words["item"].format(text=more))
    return ["\n".join([words["rest"], "", *lines])]


def _line(finding: Finding, words: dict[str, Any]) -> str:
    text = words["finding"].format(tier=finding.tier, text=escaped(finding.summary))
    return str(words["item"].format(text=text))


def _rest(quiet: Sequence[Finding], behind: int, found: Checked, place: Place, orders: Weighed) -> Made:
    """What is to be known of the orders and asks for no change, where no other card would lead to it."""
    words = place.words
    card = Card(
        uuid=str(uuid4()),
        summary=cut(counted(words["rest"]["summary"], len(quiet)), MOST_SUMMARY),
        detail="\n".join(_line(f, words["detail"]) for f in quiet[:_MOST_LISTED]),
        indicator="info",
        source=Source(label=words["source"], url=place.base + "/", topic=_topic("person", place)),
        override_reasons=_overrides(place),
        links=(_review_link(behind, place),),
    )
    about = tuple(draft.same for draft, _ in orders.orders)
    return Made(card=card, finding=REST, rules=(), said=_said(found, [f.id for f in quiet], about))


# ---------------------------------------------------------------- what could not be checked


def _unchecked(found: Checked, record: Record, orders: Weighed | None, place: Place) -> Made | None:
    """One card for all that is open, where it could find a DANGER or a CHANGE, an order could not be read, or the record is not whole.

    That the record system was asked for allergies and has none makes no card of its own; where there is one, it says so too (decision 0029).
    """
    words, titles = place.words["unchecked"], place.knowledge.words("facts")
    open_ones = open_checks(found, orders)
    unread = orders.unread if orders is not None else ()
    relevant = any(m.agents for m in found.medicines) or any(u.worst_tier in _SHOWN for u in open_ones)
    broken = bool(record.reported or record.cut) and relevant
    calls = any(
        u.worst_tier in _SHOWN for u in open_ones if u.settled_by != _ALLERGIES or _ALLERGIES not in record.nothing
    )
    if not (calls or (unread and relevant) or broken):
        return None
    names = [clean(title_of(u.settled_by, titles, place.knowledge.labs)) for u in open_ones]
    out: list[str] = []
    if unread:
        lines = [words_of_order(d.resource) or words["unnamed"] for d in unread]
        out.append(_list(words["orders_lead"], map(quoted, lines)))
    if open_ones:
        said = [counted(words["line"], u.checks, name=escaped(n), tier=u.worst_tier) for u, n in zip(open_ones, names, strict=True)]  # fmt: skip
        if len(said) > _MOST_LISTED:
            said[_MOST_LISTED:] = [counted(words["more"], len(said) - _MOST_LISTED)]
        out.append(_list(words["lead"], said))
    unknown = [m.said for m in found.medicines if m.role == "current" and m.status == "unrecognised"]
    if unknown:
        more = [counted(words["more_medicines"], len(unknown) - _MOST_LISTED)] if len(unknown) > _MOST_LISTED else []
        out.append(_list(words["medicines_lead"], [*map(quoted, unknown[:_MOST_LISTED]), *more]))
    if about := [*_whole(record, words, place), *(quoted(t) for t in _noted(found))]:
        out.append(_list(words["record_lead"], about))
    card = Card(
        uuid=str(uuid4()),
        summary=_open_summary(open_ones, names, len(unread), place),
        detail="\n\n".join(out) or None,
        indicator="warning" if unread or broken else "info",
        source=Source(label=place.words["source"], url=place.base + "/", topic=_topic(UNCHECKED, place)),
        override_reasons=_overrides(place),
        links=(_review_link(0, place),),
    )
    drafts = () if orders is None else tuple(d.same for d in (*unread, *(d for d, _ in orders.orders)))
    keys = [[u.settled_by for u in open_ones], list(record.reported), list(record.cut), unknown]
    return Made(card=card, finding=UNCHECKED, rules=(), said=_said(found, keys, drafts))


def _open_summary(open_ones: Sequence[Unchecked], names: Sequence[str], unread: int, place: Place) -> str:
    words = place.words["unchecked"]
    if unread:
        return cut(counted(words["orders"], unread), MOST_SUMMARY)
    if not open_ones:
        return cut(str(words["record"]), MOST_SUMMARY)
    count, tier = sum(u.checks for u in open_ones), open_ones[0].worst_tier
    values = place.knowledge.words("values")
    ours = [n for n in names if _SAID not in n]  # a summary is shown as it is: it holds nothing that a record says
    for most in range(min(_MOST_NAMED, len(ours)), 0, -1):
        shown = listed([*ours, *(n for n in names if _SAID in n)], values, most)
        text = counted(words["summary"], count, names=shown, tier=tier)
        if len(text) <= MOST_SUMMARY:
            return text
    return cut(counted(words["short"], count, tier=tier), MOST_SUMMARY)


def _whole(record: Record, words: dict[str, Any], place: Place) -> list[str]:
    """In what the record is not whole."""
    out = [words["reported"].format(key=quoted(key)) for key in record.reported]
    out += [words["cut"].format(key=quoted(key)) for key in record.cut]
    asked = templates(place.knowledge)
    if record.given & set(asked) and (lacking := [k for k in asked if k not in record.given]):
        out.append(words["lacking"].format(keys=", ".join(map(quoted, lacking))))
    return out


def _noted(found: Checked) -> tuple[str, ...]:
    """What reading the record left unused, the first few."""
    return found.patient.unused[:_MOST_LISTED]


def words_of_order(resource: dict[str, Any]) -> str:
    """What an order calls its medicine: the words of its concept, a coding's, or the reference's."""
    concept, link = resource.get("medicationCodeableConcept"), resource.get("medicationReference")
    coding = concept.get("coding") if isinstance(concept, dict) else None
    codes = [c for c in coding if isinstance(c, dict)] if isinstance(coding, list) else []
    said = [concept.get("text") if isinstance(concept, dict) else None]
    said += [code.get(key) for key in ("display", "code") for code in codes]
    said += [link.get(key) for key in ("display", "reference")] if isinstance(link, dict) else []
    return next((s for s in said if isinstance(s, str) and s.strip()), "")


# ---------------------------------------------------------------- parts


def _list(heading: str, texts: Iterable[str]) -> str:
    return "\n".join([heading, "", *(f"- {t}" for t in texts)])


def _source(finding: Finding, place: Place) -> Source:
    """The first of a finding's sources, which is the one that its rule names first."""
    topic = "withdrawal" if finding.situation in ("stopping", "stopped") else "interaction" if finding.partners else "person"  # fmt: skip
    first = finding.sources[0] if finding.sources else None
    if first is None:
        return Source(label=place.words["source"], url=place.base + "/", topic=_topic(topic, place))
    url = first.url if first.url and first.url.startswith(("http://", "https://")) else None
    return Source(label=_short(first.title), url=url, topic=_topic(topic, place))


def _short(title: str) -> str:
    """A title as a label: without what stands in brackets where it is long."""
    whole = one_line(title)
    return whole if len(whole) <= _MOST_LABEL else cut(whole.partition(" (")[0], _MOST_LABEL)


def _topic(code: str, place: Place) -> Coding:
    return Coding(system=place.system("topic"), code=code, display=place.words["topics"][code])


def _overrides(place: Place) -> tuple[Coding, ...]:
    system = place.system("override-reason")
    return tuple(Coding(system=system, code=c, display=d) for c, d in place.words["overrides"].items())


def _review_link(behind: int, place: Place) -> Link:
    words = place.words["links"]
    label = counted(words["review"], behind) if behind else words["review_only"]
    if place.launch is not None:
        return Link(label=label, url=place.launch, type="smart")
    return Link(label=label, url=place.base + "/", type="absolute")


def _rule_link(finding: Finding, place: Place) -> Link:
    return Link(label=place.words["links"]["rule"], url=f"{place.base}/rules/{finding.rules[0]}", type="absolute")


def _numbered(changes: Sequence[Suggestion], card: UUID) -> tuple[Suggestion, ...]:
    ids = suggestion_ids(str(card), len(changes))
    return tuple(msgspec.structs.replace(c, uuid=i) for c, i in zip(changes, ids, strict=True))


def suggestion_ids(card: str, count: int) -> list[str]:
    """The ids of a card's suggestions, which follow from its own: they need not be kept to be known again."""
    return [str(uuid5(UUID(card), str(n))) for n in range(count)]


def _said(found: Checked, what: Any, drafts: tuple[bytes, ...]) -> bytes:
    """What a card says of which orders on which day, 32 bytes: while it is the same, nothing has changed."""
    parts = [found.patient.as_of, what, sorted(drafts)]
    return hashlib.blake2b(msgspec.json.encode(parts, order="deterministic"), digest_size=32).digest()
