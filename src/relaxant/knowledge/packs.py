"""The files of a pack: found in their order, hashed, and each read as entries or as a page of words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from relaxant.errors import InputError, KnowledgeError
from relaxant.plain import decode_text, read_yaml

if TYPE_CHECKING:  # loaded only where a pack is read anew: a cold start is felt
    from relaxant.knowledge.document import Document

_ONE = ("one file is one set of lists", "take the --- away, or write a file of its own")


def pack_files(folder: Path) -> list[Path]:
    """The YAML files of a pack, in a fixed order."""
    return sorted((p for p in folder.rglob("*.yaml") if p.is_file()), key=lambda p: p.relative_to(folder).as_posix())


def shipped_folder() -> Path:
    """Where the shipped pack lies."""
    return Path(__file__).parent


def read_document(path: Path, name: str) -> Document:
    """One file of a pack. Raises :class:`KnowledgeError` naming the file and the place in it, for every entry that does not fit."""
    from relaxant.knowledge.document import Document

    text = read_text(path, name)
    try:
        plain = read_yaml(text, name, _ONE)
    except InputError as error:
        raise KnowledgeError(str(error) if error.field.startswith(name) else f"{name}: {error}") from None
    try:
        return msgspec.convert(plain if plain is not None else {}, Document, strict=False)
    except msgspec.ValidationError as error:
        from relaxant.knowledge.document_faults import faults_of_document

        raise KnowledgeError(*(faults_of_document(plain, text, name) or [f"{name}: {error}"])) from None


def read_text(path: Path, name: str) -> str:
    """The text of a file of a pack. Raises :class:`KnowledgeError`."""
    try:
        return decode_text(path.read_bytes(), name) if path.stat().st_size else ""
    except InputError as error:
        raise KnowledgeError(str(error)) from None


def read_wording(path: Path, name: str) -> dict[str, Any]:
    """One page of words: nested mappings and lists of text."""
    try:
        plain = read_yaml(read_text(path, name), name)
    except InputError as error:
        raise KnowledgeError(str(error)) from None
    if not isinstance(plain, dict):
        raise KnowledgeError(f"{name}: a page of words is a mapping")
    return plain


def digested(folder: Path, digest: Any) -> list[tuple[Path, str]]:
    """A pack's files, whose names and bytes are added to a hash. Raises :class:`KnowledgeError`."""
    if not folder.is_dir():
        raise KnowledgeError(f"{folder}: this is not a folder; give the folder of a knowledge pack")
    odd = next(folder.rglob("*.yml"), None)
    if odd is not None:
        raise KnowledgeError(f"{odd.relative_to(folder).as_posix()}: only files that end in .yaml are read; rename it")
    paths = pack_files(folder)
    if not paths:
        raise KnowledgeError(f"{folder}: there is no .yaml file in this folder; give the folder of a knowledge pack")
    named = [(path, path.relative_to(folder).as_posix()) for path in paths]
    for path, name in named:
        data = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    digest.update(b"\1")
    return named


def words_over(under: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Words laid over others: of a mapping what is written, whatever else in whole."""
    out = dict(under)
    for key, words in own.items():
        below = out.get(key)
        out[key] = words_over(below, words) if isinstance(below, dict) and isinstance(words, dict) else words
    return out


def page_of(name: str) -> tuple[str, str]:
    """The language and the page of a file of words."""
    parts = Path(name).with_suffix("").parts
    if len(parts) != 3:
        raise KnowledgeError(
            f"{name}: a page of words lies in wording/LANGUAGE/, such as wording/en/review.yaml; move it there"
        )
    return parts[1], parts[2]
