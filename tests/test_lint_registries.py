"""The linter rejects what no registry could be drawn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.packs import shipped_folder
from relaxant.linting.registries import faults_of_registries

CITED = {"source": "registry-policy", "place": "here"}
CODE = {"code": "G35", "name": "Multiple sclerosis"}
TABLET = {"medicine": "tizanidine at night", "ingredients": ["tizanidine"], "share": 0.5, "products": [[313413, 1]]}


def condition(**changed: Any) -> dict[str, Any]:
    return {"registry_conditions": [{"registry_condition": "multiple_sclerosis", "icd10cm": [CODE], "female": [[0, 0.1]], **CITED, **changed}]}  # fmt: skip


def use(**changed: Any) -> dict[str, Any]:
    return {"registry_uses": [{"registry_use": "ward", "female": [[0, 0.1]], "medicines": [{**TABLET, **changed}], **CITED}]}  # fmt: skip


def measure(**changed: Any) -> dict[str, Any]:
    sound = {"registry_measure": "alt", "loinc": "1742-6", "name": "ALT", "panel": "liver", "form": "lognormal", "female": [[0, 17, 0.4]], "within": 0.1, "low": 1, "high": 900, "decimals": 0, "units": [{"unit": "U/L", "said": "U/L", "share": 1}]}  # fmt: skip
    return {"registry_measures": [{**sound, **CITED, **changed}]}


def faults(folder: Path, document: dict[str, Any]) -> list[str]:
    (folder / "ward.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return [what for _, what in faults_of_registries(load_knowledge(str(folder)))]


@pytest.mark.parametrize("document", [condition(), use(), measure()])
def test_a_sound_entry_is_clean(tmp_path: Path, document: dict[str, Any]) -> None:
    assert faults(tmp_path, document) == []


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (condition(registry_condition="wanderlust"), "no such condition"),
        (condition(icd10cm=[{**CODE, "code": "G80.9"}]), "is a code of cerebral_palsy"),
        (condition(icd10cm=[{**CODE, "code": "Y99"}]), "is a code of nothing that is known"),
        (condition(icd10cm=[{**CODE, "share": 0.4}]), "are not 1 together"),
        (condition(snomed={"code": "128188000", "name": "Cerebral palsy"}), "is a code of cerebral_palsy"),
        (condition(female=[[0, 1.2]]), "from 0 to 1"),
        (condition(female=[[40, 0.1], [20, 0.1]]), "do not rise"),
        (condition(given=[{"condition": "falls", "ratio": 2}]), "“falls” does not stand before it"),
        (condition(given=[{"ratio": 2}]), "names one condition"),
        (condition(given=[{"use": "opioids", "condition": "stroke", "ratio": -1}]), "not below 0"),
        (condition(times=0.5), "once at least"),
        (use(products=[[197391, 1]]), "RxNorm 197391 is baclofen"),
        (use(products=[[999999999, 1]]), "is unknown"),
        (use(products=[[57258, 1]]), "no product with a strength"),
        (use(products=[[313413, 0.5]]), "shares of its products"),
        (use(regimens=[[0, 1, 1]]), "a dose is above 0"),
        (use(supply=[[0, 1]]), "one day at least"),
        (use(courses=0.5), "one course at least"),
        (use(route="by mail"), "no route “by mail”"),
        (use(among="nothing"), "“nothing” does not stand before it"),
        (use(medicine="baclofen"), "it stands there twice"),
        (use(share=2), "from 0 to 1"),
        (measure(loinc="1-1"), "does not have it under 1-1"),
        (measure(panel="teeth"), "no panel “teeth”"),
        (measure(form="guessed"), "its form is one of"),
        (measure(form="drawn"), "not drawn with the people"),
        (measure(female=[]), "no middle and spread"),
        (measure(low=900, high=1), "its bounds"),
        (measure(units=[{"unit": "U/L", "said": "U/L", "share": 0.2}]), "shares of its units"),
        (measure(ratios=[{"medicine": "moonshine", "ratio": 2}]), "“moonshine” does not stand before it"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_named(document: dict[str, Any], says: str, tmp_path: Path) -> None:
    found = faults(tmp_path, document)
    assert any(says in what for what in found), found


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"last_day": "yesterday"}, "is no day"),
        ({"infants": 0.5}, "populations and infants"),
        ({"populations": [["martians", 0.978]]}, "no population “martians”"),
        ({"deaths": [[0, 7]]}, "from 0 to 1"),
        ({"dirt": {"no_unit": 0.9}}, "dirt is from 0"),
    ],
)
def test_people_that_cannot_be(changed: dict[str, Any], says: str, tmp_path: Path) -> None:
    file = shipped_folder() / "registries" / "us-people.yaml"
    shipped = yaml.safe_load(file.read_text(encoding="utf-8"))["registry_people"][0]
    shipped["last_day"] = shipped["last_day"].isoformat()
    assert any(says in what for what in faults(tmp_path, {"registry_people": [{**shipped, **changed}]}))
