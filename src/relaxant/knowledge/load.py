"""Loading knowledge: the packs' YAML to one frozen :class:`Knowledge`, with the hash of what it was made from.

The shipped pack comes first; each overlay pack (a folder) follows and replaces entries by id: a rule by its ``rule``, an agent by its
``agent`` and so on. The hash covers every file's name and bytes, so the same text always has the same stamp. Decoding
YAML is slow (tenths of a second), so the decoded form is kept in the user's cache folder under that hash; a cache that
does not match is never read, and a folder that cannot be written is not an error.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from relaxant.errors import InputError, KnowledgeError
from relaxant.knowledge.schema import (
    Agent,
    Allergen,
    Cited,
    Claim,
    Combination,
    Condition,
    Coverage,
    Exposure,
    Lab,
    Policy,
    Role,
    Rule,
    Source,
)
from relaxant.plain import read_yaml
from relaxant.version import __version__

if TYPE_CHECKING:  # loaded only where a pack is read anew or a model is asked for: a cold start is felt
    from relaxant.knowledge.cards import Model
    from relaxant.knowledge.changes import Changes
    from relaxant.knowledge.document import Document
    from relaxant.knowledge.pathways import Pathways
    from relaxant.knowledge.people import Population
    from relaxant.knowledge.plans import Plans
    from relaxant.knowledge.registries import Registries
    from relaxant.knowledge.responses import Responses
    from relaxant.knowledge.trials import Trial

_APART = ("names.yaml",)  # read by the dictionary's builder, in a shape of its own
_WORDING = "wording/"


class Knowledge(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that is known, by id, with the hash and date of its text."""

    sha256: str
    date: str
    packs: tuple[str, ...]
    replaced: tuple[str, ...]
    sources: dict[str, Source]
    agents: dict[str, Agent]
    roles: dict[str, Role]
    exposures: tuple[Exposure, ...]
    conditions: dict[str, Condition]
    labs: dict[str, Lab]
    allergens: dict[str, Allergen]
    policies: dict[str, Policy]
    rules: dict[str, Rule]
    combinations: dict[str, Combination]
    coverage: tuple[Coverage, ...]
    changes_packed: msgspec.Raw  # what changed for whom, decoded when that is asked
    claims_packed: msgspec.Raw  # what articles say, decoded when an article is read
    models_packed: msgspec.Raw  # the model cards, decoded when first asked for
    pathways_packed: msgspec.Raw  # likewise
    populations_packed: msgspec.Raw  # likewise
    plans_packed: msgspec.Raw  # likewise, when something is planned
    registries_packed: msgspec.Raw  # likewise, when a population is made
    responses_packed: msgspec.Raw  # likewise, when a response is read
    trials_packed: msgspec.Raw  # likewise, when evidence is asked for
    wording: dict[str, dict[str, dict[str, Any]]]

    def words(self, page: str, language: str = "en") -> dict[str, Any]:
        """The words of a page (``wording/<language>/<page>.yaml``), by key."""
        return self.wording[language][page]

    def exposures_of(self, agent: str) -> tuple[Exposure, ...]:
        """The measured changes of an agent's exposure."""
        known = _EXPOSURES.get(self.sha256)
        if known is None:
            known = _EXPOSURES[self.sha256] = {}
            for one in self.exposures:
                known[one.agent] = (*known.get(one.agent, ()), one)
        return known.get(agent, ())

    @property
    def models(self) -> dict[str, Model]:
        """The model cards, by id."""
        known = _MODELS.get(self.sha256)
        if known is None:
            from relaxant.knowledge.cards import Model

            known = _MODELS[self.sha256] = msgspec.msgpack.decode(self.models_packed, type=dict[str, Model])
        return known

    @property
    def changes(self) -> Changes:
        """What changed, for whom, and the rules that went."""
        known = _CHANGES.get(self.sha256)
        if known is None:
            from relaxant.knowledge.changes import Changes

            known = _CHANGES[self.sha256] = msgspec.msgpack.decode(self.changes_packed, type=Changes)
        return known

    @property
    def claims(self) -> dict[str, Claim]:
        """What articles say and what is known of it, by id."""
        known = _CLAIMS.get(self.sha256)
        if known is None:
            known = _CLAIMS[self.sha256] = msgspec.msgpack.decode(self.claims_packed, type=dict[str, Claim])
        return known

    @property
    def pathways(self) -> Pathways:
        """What clears the relaxants and what moves that."""
        known = _PATHWAYS.get(self.sha256)
        if known is None:
            from relaxant.knowledge.pathways import Pathways

            known = _PATHWAYS[self.sha256] = msgspec.msgpack.decode(self.pathways_packed, type=Pathways)
        return known

    @property
    def populations(self) -> dict[str, Population]:
        """The populations that virtual people are drawn from, by id."""
        known = _POPULATIONS.get(self.sha256)
        if known is None:
            from relaxant.knowledge.people import Population

            packed = self.populations_packed
            known = _POPULATIONS[self.sha256] = msgspec.msgpack.decode(packed, type=dict[str, Population])
        return known

    @property
    def plans(self) -> Plans:
        """What plans are made from."""
        known = _PLANS.get(self.sha256)
        if known is None:
            from relaxant.knowledge.plans import Plans

            known = _PLANS[self.sha256] = msgspec.msgpack.decode(self.plans_packed, type=Plans)
        return known

    @property
    def registries(self) -> Registries:
        """What a synthetic registry is drawn from."""
        known = _REGISTRIES.get(self.sha256)
        if known is None:
            from relaxant.knowledge.registries import Registries

            packed = self.registries_packed
            known = _REGISTRIES[self.sha256] = msgspec.msgpack.decode(packed, type=Registries)
        return known

    @property
    def responses(self) -> Responses:
        """What is measured, what is not, and what is taken for granted of it."""
        known = _RESPONSES.get(self.sha256)
        if known is None:
            from relaxant.knowledge.responses import Responses

            known = _RESPONSES[self.sha256] = msgspec.msgpack.decode(self.responses_packed, type=Responses)
        return known

    @property
    def trials(self) -> dict[str, Trial]:
        """The trials, by id."""
        known = _TRIALS.get(self.sha256)
        if known is None:
            from relaxant.knowledge.trials import Trial

            known = _TRIALS[self.sha256] = msgspec.msgpack.decode(self.trials_packed, type=dict[str, Trial])
        return known

    def policy(self, name: str) -> float:
        """The value of a policy number, by name."""
        return self.policies[name].value


_EXPOSURES: dict[str, dict[str, tuple[Exposure, ...]]] = {}
_MODELS: dict[str, dict[str, Model]] = {}
_CHANGES: dict[str, Changes] = {}
_CLAIMS: dict[str, dict[str, Claim]] = {}
_PATHWAYS: dict[str, Pathways] = {}
_POPULATIONS: dict[str, dict[str, Population]] = {}
_PLANS: dict[str, Plans] = {}
_REGISTRIES: dict[str, Registries] = {}
_RESPONSES: dict[str, Responses] = {}
_TRIALS: dict[str, dict[str, Trial]] = {}


def pack_files(folder: Path) -> list[Path]:
    """The YAML files of a pack, in a fixed order."""
    return sorted((p for p in folder.rglob("*.yaml") if p.is_file()), key=lambda p: p.relative_to(folder).as_posix())


def shipped_folder() -> Path:
    """Where the shipped pack lies."""
    return Path(__file__).parent


def read_document(path: Path, name: str) -> Document:
    """One file of a pack. Raises :class:`KnowledgeError` naming the file and the place in it."""
    from relaxant.knowledge.document import Document

    try:
        plain = read_yaml(path.read_text(encoding="utf-8"), name)
        return msgspec.convert(plain if plain is not None else {}, Document, strict=False)
    except (InputError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{name}: {error}") from None


def read_wording(path: Path, name: str) -> dict[str, Any]:
    """One page of words: nested mappings and lists of text."""
    plain = read_yaml(path.read_text(encoding="utf-8"), name)
    if not isinstance(plain, dict):
        raise KnowledgeError(f"{name}: a page of words is a mapping")
    return plain


def _content(folders: Iterable[Path]) -> tuple[str, list[tuple[Path, Path]]]:
    digest, files = hashlib.sha256(), []
    for folder in folders:
        if not folder.is_dir():
            raise KnowledgeError(f"{folder}: this is not a folder; give the folder of a knowledge pack")
        paths = pack_files(folder)
        odd = next(folder.rglob("*.yml"), None)
        if odd is not None:
            raise KnowledgeError(f"{odd.name}: only files that end in .yaml are read; rename it")
        if not paths:
            raise KnowledgeError(
                f"{folder}: there is no .yaml file in this folder; give the folder of a knowledge pack"
            )
        for path in paths:
            name = path.relative_to(folder).as_posix()
            data = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{name}\0{len(data)}\0".encode())
            digest.update(data)
            if not name.startswith(_APART):
                files.append((folder, path))
        digest.update(b"\1")
    return digest.hexdigest(), files


def _id_field(entry: msgspec.Struct) -> str:
    """The field that names an entry: the first of its own."""
    return next(f for f in entry.__struct_fields__ if f not in Cited.__struct_fields__)


def _merge(documents: Iterable[tuple[str, Document]]) -> dict[str, Any]:
    from relaxant.knowledge.changes import Changes
    from relaxant.knowledge.pathways import laid_over
    from relaxant.knowledge.plans import Plans
    from relaxant.knowledge.registries import Registries
    from relaxant.knowledge.responses import Responses

    kinds = ("sources", "agents", "roles", "conditions", "labs", "allergens", "policies", "rules", "combinations", "claims", "models", "populations", "trials", *Responses.__struct_fields__, *Registries.__struct_fields__, *Plans.__struct_fields__, *Changes.__struct_fields__)  # fmt: skip
    kept: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
    owner: dict[tuple[str, str], str] = {}
    exposures: dict[tuple[str, str, str, str], Exposure] = {}
    coverage: dict[tuple[str, str], tuple[str, Coverage]] = {}
    layers: list[Pathways] = []
    replaced: list[str] = []
    packs: dict[str, int] = {}
    for pack, document in documents:
        packs.setdefault(pack, len(packs))
        for kind, entries in kept.items():
            for entry in getattr(document, kind):
                key = getattr(entry, _id_field(entry))
                if owner.get((kind, key)) == pack:
                    raise KnowledgeError(f"{kind}: “{key}” is defined twice in one pack; keep one")
                if (kind, key) in owner:
                    replaced.append(f"{kind} {key}")
                owner[kind, key] = pack
                entries[key] = entry
        for exposure in document.exposures:
            exposures[exposure.agent, exposure.partner, exposure.source, exposure.regimen or ""] = exposure
        for row in document.coverage:
            of = row.agent, row.jurisdiction
            if coverage.get(of, ("",))[0] == pack:
                raise KnowledgeError(f"coverage: {row.agent} under {row.jurisdiction} is written twice; keep one row")
            coverage[of] = pack, row
        layers.append(document.pathways)
    plans = {kind: kept.pop(kind) for kind in Plans.__struct_fields__}
    for (
        kind,
        entries,
    ) in plans.items():  # of several that fit the first is chosen: a later pack's stand before an earlier's
        plans[kind] = dict(sorted(entries.items(), key=lambda item, kind=kind: -packs[owner[kind, item[0]]]))  # type: ignore[misc]
    registries = Registries(**{kind: kept.pop(kind) for kind in Registries.__struct_fields__})
    changes = Changes(
        changes={
            key: msgspec.structs.replace(
                change, pack=Path(laid_on).name if packs[laid_on := owner["changes", key]] else ""
            )
            for key, change in kept.pop("changes").items()
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
        "changes_packed": msgspec.Raw(msgspec.msgpack.encode(changes)),
        "registries_packed": msgspec.Raw(msgspec.msgpack.encode(registries)),
        "responses_packed": msgspec.Raw(msgspec.msgpack.encode(responses)),
        "plans_packed": msgspec.Raw(msgspec.msgpack.encode(Plans(**plans))),
        "pathways_packed": msgspec.Raw(msgspec.msgpack.encode(laid_over(layers))),
        "coverage": tuple(coverage[k][1] for k in sorted(coverage)),
        "exposures": tuple(exposures[k] for k in sorted(exposures)),
        "replaced": tuple(replaced),
    }


def cache_folder() -> Path:
    """Where decoded knowledge is kept between runs (``RELAXANT_CACHE`` overrides)."""
    if chosen := os.environ.get("RELAXANT_CACHE"):
        return Path(chosen)
    base = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "relaxant"


@lru_cache(maxsize=8)
def load_knowledge(*overlays: str) -> Knowledge:
    """The shipped knowledge with the overlay packs (folders) laid on top, in order. Raises :class:`KnowledgeError`."""
    folders = [shipped_folder(), *(Path(o) for o in overlays)]
    sha256, files = _content(folders)
    cached = cache_folder() / f"knowledge-{__version__}-{sha256[:32]}.msgpack"
    try:
        knowledge = msgspec.msgpack.decode(cached.read_bytes(), type=Knowledge)
        if knowledge.sha256 == sha256:
            return knowledge
    except (OSError, msgspec.DecodeError, RuntimeError):
        pass
    named = [(folder, path, path.relative_to(folder).as_posix()) for folder, path in files]
    merged = _merge(
        (str(folder), read_document(path, name)) for folder, path, name in named if not name.startswith(_WORDING)
    )
    wording: dict[str, dict[str, dict[str, Any]]] = {}
    for _, path, name in named:
        if name.startswith(_WORDING):
            _, language, page = Path(name).with_suffix("").parts
            wording.setdefault(language, {}).setdefault(page, {}).update(read_wording(path, name))
    dates = [s.date for s in merged["sources"].values() if s.id == "relaxant-knowledge" and s.date]
    knowledge = Knowledge(
        sha256=sha256,
        date=max(dates, default="unknown"),
        packs=tuple(Path(o).name for o in overlays),
        wording=wording,
        **merged,
    )
    _keep(cached, knowledge)
    return knowledge


def shipped_words(page: str, language: str = "en") -> dict[str, Any]:
    """The words of a page of the shipped knowledge, for readers and writers that hold no knowledge of their own."""
    return load_knowledge().words(page, language)


def _keep(path: Path, knowledge: Knowledge) -> None:
    import tempfile  # with all that it loads, only when there is something to keep

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(msgspec.msgpack.encode(knowledge))
        os.replace(file.name, path)
    except OSError:
        pass
