"""``relaxant cohort cql``: the library and its value sets as files."""

from __future__ import annotations

import json
from pathlib import Path

from relaxant.cohort.cql.codes import as_fhir
from relaxant.cohort.cql.library import NAME, Library
from relaxant.errors import InputError

VALUE_SETS = "valuesets"


def write_library(library: Library, folder: str | Path) -> list[Path]:
    """Writes ``RelaxantRules.cql``, a FHIR ValueSet a file beside it, and ``rules.json`` (rule, agent, its two definitions); gives the paths.

    Raises :class:`InputError` where something of another library stands in the folder.
    """
    folder = Path(folder)
    sets = folder / VALUE_SETS
    if folder.exists() and not folder.is_dir():
        raise InputError("--output", str(folder), "this is a file", "give a folder")
    sets.mkdir(parents=True, exist_ok=True)
    files = {folder / f"{NAME}.cql": library.text}
    files[folder / "rules.json"] = _json(
        [{"rule": r.rule, "agent": r.agent, "definition": r.definition, "outcome": r.outcome} for r in library.rules]
    )
    for one in library.value_sets:
        files[sets / f"{one.url.rpartition(':')[2]}.json"] = (
            json.dumps(as_fhir(one, library.version), ensure_ascii=False) + "\n"
        )
    for stale in set(sets.glob("*.json")) - set(files):
        stale.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
