"""Loading knowledge: the packs' YAML to one frozen :class:`Knowledge`, with the hash of what it was made from.

The shipped pack comes first; each overlay pack (a folder) follows and replaces entries by id: a rule by its ``rule``, an agent by its
``agent`` and so on. The hash covers every file's name and bytes, so the same text always has the same stamp. Decoding
YAML is slow (tenths of a second), so the decoded form is kept in the user's cache folder under that hash; a cache that
does not match is never read, and a folder that cannot be written is not an error.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from relaxant.errors import KnowledgeError
from relaxant.knowledge.agents import Agent, Coverage
from relaxant.knowledge.claims import Claim
from relaxant.knowledge.conditions import Combination, Condition
from relaxant.knowledge.labs import Lab
from relaxant.knowledge.overlays import MedicineName, Silenced
from relaxant.knowledge.packs import digested, page_of, read_document, read_wording, shipped_folder, words_over
from relaxant.knowledge.partners import Allergen, Exposure, Role
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.schema import Policy, Source
from relaxant.version import __version__

if TYPE_CHECKING:  # loaded only where a pack is read anew or a model is asked for: a cold start is felt
    from relaxant.knowledge.cards import Model
    from relaxant.knowledge.document import Document
    from relaxant.knowledge.news import News
    from relaxant.knowledge.pathways import Pathways
    from relaxant.knowledge.people import Population
    from relaxant.knowledge.plans import Plans
    from relaxant.knowledge.registries import Registries
    from relaxant.knowledge.responses import Responses
    from relaxant.knowledge.trials import Trial

_APART = ("names.yaml",)  # read by the dictionary's builder, in a shape of its own
_WORDING = "wording/"
Wording = dict[str, dict[str, dict[str, Any]]]
"""Pages of words, by language and page."""


class Knowledge(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that is known, by id, with the hash and date of its text."""

    sha256: str
    date: str
    packs: tuple[str, ...]
    replaced: tuple[str, ...]
    dangling: tuple[str, ...]  # what entries of packs name and nothing is
    silenced: tuple[Silenced, ...]
    changed: tuple[str, ...]  # agents that a pack changes
    local: dict[str, str]  # rules and sources that packs write (“rules ID”), each with what the stamp calls its pack
    medicine_names: tuple[MedicineName, ...]  # of packs, beside the dictionary
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
    news_packed: msgspec.Raw  # what changed for whom, decoded when that is asked
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
    def news(self) -> News:
        """What changed, for whom, and the rules that went."""
        known = _NEWS.get(self.sha256)
        if known is None:
            from relaxant.knowledge.news import News

            known = _NEWS[self.sha256] = msgspec.msgpack.decode(self.news_packed, type=News)
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
_NEWS: dict[str, News] = {}
_CLAIMS: dict[str, dict[str, Claim]] = {}
_PATHWAYS: dict[str, Pathways] = {}
_POPULATIONS: dict[str, dict[str, Population]] = {}
_PLANS: dict[str, Plans] = {}
_REGISTRIES: dict[str, Registries] = {}
_RESPONSES: dict[str, Responses] = {}
_TRIALS: dict[str, dict[str, Trial]] = {}


def _content(overlays: Sequence[str]) -> tuple[str, list[tuple[int, Path, str]]]:
    """The hash of the shipped pack with others, and their files: the number of the pack (0 is ours), the path, and the name within the pack."""
    digest, files = _shipped_content()
    digest, files = digest.copy(), [*files]
    for number, overlay in enumerate(overlays, 1):
        files += [(number, path, name) for path, name in digested(Path(overlay), digest)]
    return digest.hexdigest(), files


@lru_cache(maxsize=1)
def _shipped_content() -> tuple[Any, list[tuple[int, Path, str]]]:
    digest = hashlib.sha256()
    files = digested(shipped_folder(), digest)
    return digest, [(0, path, name) for path, name in files if not name.startswith(_APART)]


def cache_folder() -> Path:
    """Where decoded knowledge is kept between runs (``RELAXANT_CACHE`` overrides)."""
    if chosen := os.environ.get("RELAXANT_CACHE"):
        return Path(chosen)
    base = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "relaxant"


def load_knowledge(*overlays: str) -> Knowledge:
    """The shipped knowledge with the overlay packs (folders) laid on top, in order; a pack that has changed is read again. Raises :class:`KnowledgeError`.

    >>> known = load_knowledge()
    >>> known.agents["baclofen"].ingredient, known.rules["tizanidine-ciprofloxacin"].tier
    ('baclofen', 'DANGER')
    """
    knowledge = read_packs(*overlays)
    if knowledge.dangling:
        raise KnowledgeError(*knowledge.dangling)
    return knowledge


def read_packs(*overlays: str) -> Knowledge:
    """The same for the linter, whatever its entries name: it says itself what is not there."""
    return loaded(_content(overlays)[0], *overlays)


@lru_cache(maxsize=8)
def loaded(sha256: str, *overlays: str) -> Knowledge:
    """What :func:`load_knowledge` gives, remembered by its hash."""
    cached = cache_folder() / f"knowledge-{__version__}-{sha256[:32]}.msgpack"
    try:
        knowledge = msgspec.msgpack.decode(cached.read_bytes(), type=Knowledge)
        if knowledge.sha256 == sha256:
            return knowledge
    except (OSError, msgspec.DecodeError, RuntimeError):
        pass
    from relaxant.knowledge.merging import label_of, merge  # with all that it loads, only where a pack is read anew

    _, files = _content(overlays)
    read: list[tuple[list[tuple[str, Document]], Wording]] = [
        _read([(path, name) for of, path, name in files if of == number]) for number in range(1, len(overlays) + 1)
    ]
    read.insert(0, _shipped_read(_content(())[0]))
    packs = [documents for documents, _ in read]
    wording: Wording = {}
    for _, pages in read:
        for language, own in pages.items():
            for page, words in own.items():
                pages_of = wording.setdefault(language, {})
                pages_of[page] = words_over(pages_of.get(page, {}), words)
    labels = [label_of(overlay, pack) for overlay, pack in zip(overlays, packs[1:], strict=True)]
    merged = merge(packs, ("", *labels))
    dates = [s.date for s in merged["sources"].values() if s.id == "relaxant-knowledge" and s.date]
    knowledge = Knowledge(
        sha256=sha256,
        date=max(dates, default="unknown"),
        packs=tuple(labels),
        wording=wording,
        **merged,
    )
    _keep(cached, knowledge)
    return knowledge


def _read(files: Sequence[tuple[Path, str]]) -> tuple[list[tuple[str, Document]], Wording]:
    """The entries and the words of a pack's files. Raises :class:`KnowledgeError` with the faults of all of them."""
    documents: list[tuple[str, Document]] = []
    wording: Wording = {}
    faults: list[str] = []
    for path, name in files:
        try:
            if name.startswith(_WORDING):
                language, page = page_of(name)
                wording.setdefault(language, {})[page] = read_wording(path, name)
            else:
                documents.append((name, read_document(path, name)))
        except KnowledgeError as error:
            faults += error.faults
    if faults:
        raise KnowledgeError(*faults)
    return documents, wording


@lru_cache(maxsize=1)
def _shipped_read(sha256: str) -> tuple[list[tuple[str, Document]], Wording]:
    """The shipped pack's files, kept decoded as well: who writes a pack changes it and lints it again and again."""
    from relaxant.knowledge.document import Document

    _, files = _content(())
    kept = cache_folder() / f"files-{__version__}-{sha256[:32]}.msgpack"
    try:
        return msgspec.msgpack.decode(
            kept.read_bytes(), type=tuple[list[tuple[str, Document]], dict[str, dict[str, dict[str, Any]]]]
        )
    except (OSError, msgspec.DecodeError, RuntimeError):
        read = _read([(path, name) for _, path, name in files])
        _keep(kept, read)
        return read


def shipped_words(page: str, language: str = "en") -> dict[str, Any]:
    """The words of a page of the shipped knowledge, for readers and writers that hold no knowledge of their own."""
    return load_knowledge().words(page, language)


def _keep(path: Path, read: object) -> None:
    import tempfile  # with all that it loads, only when there is something to keep

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(msgspec.msgpack.encode(read))
        os.replace(file.name, path)
    except OSError:
        pass
