"""Packs of files laid over one another, entry by entry: a later one takes the place of an earlier one with its id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from relaxant.errors import KnowledgeError
from relaxant.knowledge.agents import Coverage
from relaxant.knowledge.dangling import dangling, id_of
from relaxant.knowledge.document import Document
from relaxant.knowledge.news import News
from relaxant.knowledge.overlays import KINDS, MedicineName, Silenced, lay_over
from relaxant.knowledge.partners import Exposure
from relaxant.knowledge.pathways import Pathways, laid_over
from relaxant.knowledge.plans import Plans
from relaxant.knowledge.registries import Registries
from relaxant.knowledge.responses import Responses

_SHOWN = ("rules", "sources")
"""Kinds of entries of which a finding says that they are a pack's."""


def merge(packs: Sequence[Sequence[tuple[str, Document]]], labels: Sequence[str]) -> dict[str, Any]:
    """Packs of named files, each laid over those before it. ``labels``: what the stamp calls each; ours has none."""
    kept: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    owner: dict[tuple[str, str], tuple[int, str]] = {}
    exposures: dict[tuple[str, str, str, str], Exposure] = {}
    coverage: dict[tuple[str, str], tuple[int, str, Coverage]] = {}
    layers: list[Pathways] = []
    replaced: list[str] = []
    silenced: list[Silenced] = []
    altered: dict[str, None] = {}
    names: list[MedicineName] = []
    for number, pack in enumerate(packs):
        for file, document in pack:
            for kind, entries in kept.items():
                for entry in getattr(document, kind):
                    key = id_of(entry)
                    before = owner.get((kind, key))
                    if before is not None and before[0] == number:
                        also = "" if before[1] == file else f" (the other is in {before[1]})"
                        raise KnowledgeError(f"{file}: {kind}: “{key}” is defined twice in one pack{also}; keep one")
                    if before is not None:
                        replaced.append(f"{kind} {key}")
                    owner[kind, key] = number, file
                    entries[key] = entry
            for exposure in document.exposures:
                exposures[exposure.agent, exposure.partner, exposure.source, exposure.regimen or ""] = exposure
            for row in document.coverage:
                of = row.agent, row.jurisdiction
                if coverage.get(of, (-1,))[0] == number:
                    raise KnowledgeError(
                        f"{file}: coverage: {row.agent} under {row.jurisdiction} is written twice; keep one row"
                    )
                coverage[of] = number, file, row
            layers.append(document.pathways)
            names += document.medicine_names
        for file, document in pack:
            try:
                silenced += lay_over(kept["agents"], kept["rules"], document.changes, document.silences)
            except KnowledgeError as error:
                raise KnowledgeError(f"{file}: {error}") from None
            altered.update(dict.fromkeys(change.agent for change in document.changes))
    loose = [what for pack in packs[1:] for file, document in pack for what in dangling(file, document, kept)]
    plans = {kind: kept.pop(kind) for kind in Plans.__struct_fields__}
    for (
        kind,
        entries,
    ) in plans.items():  # of several that fit the first is chosen: a later pack's stand before an earlier's
        plans[kind] = dict(sorted(entries.items(), key=lambda item, kind=kind: -owner[kind, item[0]][0]))  # type: ignore[misc]
    registries = Registries(**{kind: kept.pop(kind) for kind in Registries.__struct_fields__})
    news = News(
        news={
            key: msgspec.structs.replace(change, pack=labels[owner["news", key][0]])
            for key, change in kept.pop("news").items()
        },
        gone=kept.pop("gone"),
        releases=kept.pop("releases"),
    )
    responses = Responses(**{kind: kept.pop(kind) for kind in Responses.__struct_fields__})
    packed = {
        f"{kind}_packed": msgspec.Raw(msgspec.msgpack.encode(dict(sorted(kept.pop(kind).items()))))
        for kind in ("models", "populations", "claims", "trials")
    }
    return {
        **{k: dict(sorted(v.items())) for k, v in kept.items()},
        **packed,
        "news_packed": msgspec.Raw(msgspec.msgpack.encode(news)),
        "registries_packed": msgspec.Raw(msgspec.msgpack.encode(registries)),
        "responses_packed": msgspec.Raw(msgspec.msgpack.encode(responses)),
        "plans_packed": msgspec.Raw(msgspec.msgpack.encode(Plans(**plans))),
        "pathways_packed": msgspec.Raw(msgspec.msgpack.encode(laid_over(layers))),
        "coverage": tuple(coverage[k][2] for k in sorted(coverage)),
        "exposures": tuple(exposures[k] for k in sorted(exposures)),
        "replaced": tuple(replaced),
        "dangling": tuple(loose),
        "silenced": tuple(silenced),
        "changed": tuple(altered),
        "local": {
            f"{kind} {key}": labels[of[0]] for (kind, key), of in sorted(owner.items()) if of[0] and kind in _SHOWN
        },
        "medicine_names": tuple(names),
    }


def label_of(folder: str, pack: Sequence[tuple[str, Document]]) -> str:
    """What the stamp calls a pack: its name and version where it says them, else its folder. Raises :class:`KnowledgeError` where it says them twice."""
    sheets = [(file, document.pack) for file, document in pack if document.pack is not None]
    if len(sheets) > 1:
        raise KnowledgeError(f"{sheets[1][0]}: pack: it stands in {sheets[0][0]} already; keep one")
    return f"{sheets[0][1].name} {sheets[0][1].version}" if sheets else Path(folder).resolve().name
