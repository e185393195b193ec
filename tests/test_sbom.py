"""The bill of materials: valid by the standard's own schema, complete by the locks, the same bytes every time."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import tool_named
from relaxant.knowledge.load import Knowledge
from relaxant.notices import bundled

pytest.importorskip("cyclonedx")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return tool_named("sbom")


@pytest.fixture(scope="module")
def text(tool: ModuleType) -> str:
    return str(tool.written(tool.bill()))


@pytest.fixture(scope="module")
def made(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_it_is_valid_by_the_schema(text: str, made: dict[str, Any]) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    broken = json.dumps(made | {"components": [{"type": "spell", "name": "x"}]})
    assert validator.validate_str(broken) is not None


def test_the_same_sources_give_the_same_bytes(tool: ModuleType, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool.written(tool.bill()) == text
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795737600")
    assert json.loads(tool.written(tool.bill()))["metadata"]["timestamp"].startswith("2026-11-27T00:00:00")


def test_every_library_that_is_asked_for_is_there_with_its_pinned_version(
    tool: ModuleType, made: dict[str, Any]
) -> None:
    pins = tool.locked()
    found = {c["name"]: c for c in made["components"] if c["bom-ref"].startswith("pypi:")}
    for name, extras in tool.asked_for().items():
        assert found[name]["version"] == pins[name][0]
        assert found[name]["scope"] == ("required" if "" in extras else "optional"), name
    assert found["markupsafe"]["scope"] == "required"  # through Jinja2
    assert "pytest" not in found and "mypy" not in found
    through = {d["ref"]: d.get("dependsOn", []) for d in made["dependencies"]}
    assert "pypi:markupsafe" in through["pypi:jinja2"] and "pypi:numpy" in through["relaxant"]


def test_libraries_are_named_with_their_licences(made: dict[str, Any]) -> None:
    """Those that are installed in the pinned version say it; a bill without licences would be no use."""
    libraries = [c for c in made["components"] if c["bom-ref"].startswith("pypi:")]
    assert sum("licenses" in c for c in libraries) >= len(libraries) / 2


def test_what_the_package_holds_is_there_with_its_terms(made: dict[str, Any], knowledge: Knowledge) -> None:
    found = {c["bom-ref"]: c for c in made["components"]}
    for one in bundled():
        component = found[f"bundled:{one.component}"]
        assert component["licenses"] and component["description"] == one.title
    assert found["bundled:idb"]["purl"] == "pkg:npm/idb@8.0.4"
    assert {p["name"]: p["value"] for p in made["metadata"]["component"]["properties"]} == {
        "relaxant:knowledge-date": knowledge.date,
        "relaxant:knowledge-sha256": knowledge.sha256,
    }


def test_locks_that_do_not_fit_are_refused(tool: ModuleType, tmp_path: Path) -> None:
    for name, version in zip(tool.LOCKS, ("1.0", "1.1"), strict=True):
        (tmp_path / name).write_text(f"thing=={version}\n    # via relaxant (pyproject.toml)\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"thing: 1\.0 in one lock, 1\.1 in the other"):
        tool.locked(tmp_path)
    with pytest.raises(ValueError, match="other: asked for and in no lock"):
        tool.needed(tool.pinned("thing==1.0\n"), {"other": {""}})
