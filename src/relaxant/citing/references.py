"""The references that a result used: a value with their text and their BibTeX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from relaxant.citing.bibtex import bibtex_of
from relaxant.citing.reference import Reference, how_seen, how_verified
from relaxant.citing.used import Result, Used, is_result, used
from relaxant.errors import InputError
from relaxant.evidence.comparison import Comparison
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.planning.plan import Plan
from relaxant.report.shown import clean
from relaxant.response.response import Response
from relaxant.reviewing import Review
from relaxant.version import __version__

if TYPE_CHECKING:
    from relaxant.report.citations import SourceView

_HASH_SHOWN = 16
_ENDS = (".", "?", "!")


class References(msgspec.Struct, frozen=True, kw_only=True):
    """What a result rests on: the ``sources`` in the order of first use, and relaxant itself by its version and knowledge.

    ``text`` has a line for relaxant, an empty one, and a line for each source; ``bibtex`` an entry for each of them, the sources' by their ids.
    """

    engine: str
    knowledge_date: str
    knowledge_sha256: str
    sources: tuple[Reference, ...]
    text: str
    bibtex: str


def cite(result: Result, *, knowledge: Knowledge | None = None) -> References:
    """The references that a review, a comparison, an answer to a diary, a plan or a screen used; of a review they have the numbers of its page.

    ``knowledge`` is that of the result, the shipped one if left out. Of a screen the sources are those of the rules that fired.
    Raises :class:`InputError` for a result that was made with other knowledge.

    >>> from datetime import date
    >>> from relaxant import cite, read_patient, review
    >>> patient = read_patient(b"{medicines: [ciprofloxacin 500 mg twice a day], considering: [tizanidine 4 mg]}", today=date(2026, 11, 22))
    >>> found = cite(review(patient))
    >>> found.sources[0].kind, found.sources[0].places[0]
    ('label', '4; 7.1')
    >>> found.text.splitlines()[2].startswith(f"[1] {found.sources[0].title}"), found.bibtex.partition(",")[0]
    (True, '@misc{relaxant')
    """
    if not is_result(result):
        raise InputError("result", type(result).__name__, "it has no sources", "give a review, comparison, response, plan or screen")  # fmt: skip
    known = knowledge or load_knowledge()
    engine, made_with = _made_with(result)
    if made_with not in (None, known.sha256):
        raise InputError(
            "knowledge", str(made_with)[:_HASH_SHOWN], f"the result was made with it, here is {known.sha256[:_HASH_SHOWN]}",
            "cite with the version of relaxant and the packs that made the result",
        )  # fmt: skip
    found = used(result, known)
    unknown = [view.id for view in found.sources if view.id not in known.sources]
    if unknown:
        raise InputError("sources", unknown[0], "the knowledge has no such source", "cite with the version of relaxant and the packs that made the result")  # fmt: skip
    sources = tuple(_reference(view, found, known) for view in found.sources)
    words = known.words("cite")
    stamp = {"engine": engine, "date": known.date, "sha256": known.sha256}
    return References(
        engine=engine,
        knowledge_date=known.date,
        knowledge_sha256=known.sha256,
        sources=sources,
        text=_text(sources, stamp, words),
        bibtex=bibtex_of(sources, stamp, words),
    )


def _made_with(result: Result) -> tuple[str, str | None]:
    """The version that made a result and the hash of its knowledge, as far as the result says."""
    if isinstance(result, Review):
        return result.stamp.engine, result.stamp.knowledge.sha256
    if isinstance(result, Comparison):
        return result.stamp.engine, result.stamp.knowledge_sha256
    if isinstance(result, Response):
        return result.engine, result.knowledge
    return __version__, None if isinstance(result, Plan) else result.knowledge_sha256


def _reference(view: SourceView, found: Used, knowledge: Knowledge) -> Reference:
    known = knowledge.sources[view.id]
    return Reference(
        number=view.number,
        id=view.id,
        title=view.title,
        kind=known.kind,
        publisher=known.publisher and clean(known.publisher),
        date=known.date,
        url=view.url,
        doi=known.doi,
        seen=known.seen,
        seen_on=known.seen_on,
        places=view.cited_at,
        unverified=found.unverified.get(view.id, ()),
    )


def _text(sources: tuple[Reference, ...], stamp: Mapping[str, str], words: Mapping[str, Any]) -> str:
    """A line for relaxant, an empty one, and one for each source; ends in a newline."""
    lines = [" ".join(_said(one, words)) for one in sources] or [str(words["none"])]
    return "\n".join((str(words["itself"]["text"]).format(**stamp), "", *lines)) + "\n"


def _said(one: Reference, words: Mapping[str, Any]) -> Iterator[str]:
    """The sentences of a source's line."""
    parts = words["parts"]
    between = str(parts["between"])
    yield parts["number"].format(number=one.number)
    yield _ended(one.title)
    if one.publisher and one.date:
        yield _ended(parts["published"].format(publisher=one.publisher, date=one.date))
    elif one.publisher or one.date:
        yield _ended(one.publisher or one.date or "")
    if one.places:
        yield _ended(parts["at"].format(places=between.join(one.places)))
    if one.url:
        yield one.url
    if one.doi and one.doi not in (one.url or ""):
        yield parts["doi"].format(doi=one.doi)
    yield _ended(how_seen(one, words))
    if one.unverified:
        yield _ended(how_verified(one, words))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(_ENDS) else f"{sentence}."
