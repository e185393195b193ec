"""What is wrong with an overlay pack as such, and what it does: what it adds, replaces, silences and changes of the knowledge below it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from relaxant.errors import meant, shown
from relaxant.knowledge.dangling import id_of
from relaxant.knowledge.document import Document
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.overlays import KINDS, Replacement
from relaxant.knowledge.packs import pack_files, page_of, read_document, read_text, read_wording
from relaxant.knowledge.pathways import Pathways

_WORDING = "wording/"
_SLOT = re.compile(r"\{[^{}]*\}")


class File(NamedTuple):
    """A file of a pack."""

    name: str
    document: Document
    text: str


def files_of(pack: str) -> list[File]:
    """The files of a pack that hold entries. Raises :class:`relaxant.errors.KnowledgeError`."""
    folder = Path(pack)
    named = [(path.relative_to(folder).as_posix(), path) for path in pack_files(folder)]
    return [
        File(name, read_document(path, name), read_text(path, name))
        for name, path in named
        if not name.startswith(_WORDING)
    ]


def entries_of(document: Document) -> Iterator[tuple[str, str, int]]:
    """The entries of a file: kind, id and the place in the list of their kind."""
    for kind in KINDS:
        yield from ((kind, id_of(entry), i) for i, entry in enumerate(getattr(document, kind)))
    yield from (("medicine_names", one.name, i) for i, one in enumerate(document.medicine_names))
    yield from (("silences", one.rule, i) for i, one in enumerate(document.silences))
    yield from (("changes", one.agent, i) for i, one in enumerate(document.changes))


def entries(files: Sequence[File]) -> Iterator[tuple[str, str, str]]:
    """The entries of a pack: kind, id and the file that each stands in."""
    for file in files:
        yield from ((kind, key, file.name) for kind, key, _ in entries_of(file.document))


def faults_of_overlay(files: Sequence[File], below: Knowledge, replaced: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Where and what. ``below`` is the knowledge that the pack lies on, ``replaced`` what it replaces of it (``rules baclofen-kidney``)."""
    own = {(kind, key): file for kind, key, file in entries(files)}
    for file in files:
        if file.document == Document():
            yield (
                file.name,
                "nothing is written here; write an entry, such as a rule under `rules:`, or take the file away",
            )
    said: dict[str, tuple[str, Replacement]] = {}
    for file in files:
        for one in file.document.replaces:
            name = f"{one.kind} {one.id}"
            if name in said:
                yield f"{file.name}: replaces {name}", "it stands twice; keep one"
            said[name] = file.name, one
    for name, (place, one) in said.items():
        if name in replaced:
            continue
        if (one.kind, one.id) in own:
            near = meant(one.id, [key for kind, key in known_below(below) if kind == one.kind])
            yield f"{place}: replaces {name}", f"there is no such entry below this pack, so it would stand beside all others; {near or f'take it out of `replaces`, or write the id of one of the {one.kind}'}"  # fmt: skip
        else:
            yield f"{place}: replaces {name}", f"this pack does not write it; write it under `{one.kind}:`, or take it out of `replaces`"  # fmt: skip
    for name in replaced:
        if name not in said:
            kind, _, key = name.partition(" ")
            yield f"{own[kind, key]}: {name}", f"an entry of this id lies below this pack and would be replaced; if that is meant, add `{{kind: {kind}, id: {key}, why: ...}}` under `replaces:`, else give it an id of its own"  # fmt: skip
    yield from _sheet(files, bool(replaced))


def faults_of_words(pack: str, below: Knowledge) -> Iterator[tuple[str, str]]:
    """What is wrong with the words of a pack: a page, a key or a slot that nothing reads."""
    folder = Path(pack)
    for path in pack_files(folder):
        name = path.relative_to(folder).as_posix()
        if name.startswith(_WORDING):
            language, page = page_of(name)
            known = below.wording.get(language, {})
            if page not in known:
                would = meant(page, known) or f"there are {', '.join(sorted(known))}"
                yield name, f"there is no page of words “{page}” in {language}; {would}"
                continue
            yield from _words(read_wording(path, name), known[page], name, "")


def _words(own: dict[str, Any], known: dict[str, Any], name: str, at: str) -> Iterator[tuple[str, str]]:
    for key, words in own.items():
        where = f"{at}.{key}" if at else str(key)
        if key not in known:
            would = meant(str(key), known) or f"there are {', '.join(known)}"
            yield f"{name}: {where}", f"nothing reads this; {would}"
        elif isinstance(words, dict) and isinstance(known[key], dict):
            yield from _words(words, known[key], name, where)
        elif type(words) is not type(known[key]):
            yield f"{name}: {where}", f"{shown(words)}: it is written otherwise; write it as ours, {shown(known[key])}"
        elif isinstance(words, str):
            odd = sorted(set(_SLOT.findall(words)) - set(_SLOT.findall(known[key])))
            if odd:
                slots = ", ".join(sorted(set(_SLOT.findall(known[key])))) or "none"
                yield f"{name}: {where}", f"{shown(words)}: there is no slot {', '.join(odd)} here; there are {slots}"


def _sheet(files: Sequence[File], replaces: bool) -> Iterator[tuple[str, str]]:
    sheet = next(((file.name, file.document.pack) for file in files if file.document.pack is not None), None)
    if sheet is None:
        for file in files:
            if file.document.silences or file.document.changes or (file.document.replaces and replaces):
                yield file.name, "this pack takes away or changes what lies below it, and nobody signs it; write `pack: {name: ..., version: ..., signed_by: ..., signed_on: YYYY-MM-DD}` in one of its files"  # fmt: skip
                return
        return
    name, said = sheet
    for field in ("name", "version", "signed_by"):
        if not getattr(said, field).strip():
            yield (
                f"{name}: pack.{field}",
                "nothing is written here; a review says which pack it was made with and the linter who signs it",
            )
    try:
        future = date.fromisoformat(said.signed_on) > date.today()  # noqa: DTZ011 - a day is all that is asked
    except ValueError:
        yield f"{name}: pack.signed_on", f"“{said.signed_on}” is no day; write it as 2026-11-20"
    else:
        if future:
            yield (
                f"{name}: pack.signed_on",
                f"“{said.signed_on}” is still to come; write the day on which it was signed",
            )


def known_below(below: Knowledge) -> Iterator[tuple[str, str]]:
    """Kind and id of every entry of a knowledge."""
    for holder in (below, below.plans, below.responses, below.registries):
        for kind in holder.__struct_fields__:
            if kind in KINDS:
                yield from ((kind, key) for key in getattr(holder, kind))
    for kind in ("claims", "models", "populations", "trials"):
        yield from ((kind, key) for key in getattr(below, kind))


APART = (
    "sources", "combinations", "claims", "models", "populations", "trials", "medicine_names", "silences", "news", "gone", "releases", "registry_people",
    "registry_conditions", "registry_uses", "registry_measures", "dose_bounds", "gates", "tapers", "gaps", "withdrawals", "switches", "uptakes",
    "follow_ups", "goals", "choices", "useful_levels", "blocks", "crises", "response_priors", "onsets", "worsenings", "next_steps",
)  # fmt: skip
"""Kinds of entries on which no outcome of a rule rests."""


def rules_touched(files: Sequence[File], whole: Knowledge, below: Knowledge) -> Container[str] | None:
    """The rules whose cases packs may turn out otherwise: their own and those that merge with them by cause; ``None`` for all, where an entry may bear
    on any."""
    own = {(kind, key) for kind, key, _ in entries(files)}
    if any(kind not in (*APART, "rules") and not _new_agent(kind, key, whole, below) for kind, key in own):
        return None
    if any(file.document.exposures or file.document.pathways != Pathways() for file in files):
        return None
    causes = {
        rule.cause for knowledge in (whole, below) for rule in knowledge.rules.values() if ("rules", rule.rule) in own
    }
    return {rule.rule for rule in whole.rules.values() if rule.cause in causes}


def _new_agent(kind: str, key: str, whole: Knowledge, below: Knowledge) -> bool:
    """Whether an entry is an agent of an ingredient that no agent below has."""
    return kind == "agents" and whole.agents[key].ingredient not in {a.ingredient for a in below.agents.values()}


def done_by(label: str, files: Sequence[File], replaced: Sequence[str]) -> str:
    """What a pack does, in a line."""
    new: dict[str, list[str]] = {}
    for kind, key, _ in entries(files):
        if f"{kind} {key}" not in replaced and kind not in ("silences", "changes", "sources"):
            new.setdefault(kind.replace("_", " "), []).append(key)
    parts = [f"adds {kind} {', '.join(keys)}" for kind, keys in new.items()]
    parts += [f"replaces {', '.join(replaced)}"] if replaced else []
    parts += [f"silences {', '.join(s)}"] if (s := [one.rule for f in files for one in f.document.silences]) else []
    parts += [f"changes {', '.join(c)}"] if (c := [one.agent for f in files for one in f.document.changes]) else []
    return f"{label} {'; '.join(parts) or 'holds nothing that counts'}"
