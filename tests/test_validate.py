"""The committed pages on the models are what the knowledge and the engine give, and each model has a page and a picture."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conftest import ROOT
from relaxant import validate
from relaxant.knowledge.load import load_knowledge
from relaxant.validate import main, stale

pytest.importorskip("scipy", reason="the extra relaxant[nonlinear] is not installed")
COMMITTED = ROOT / "docs" / "validation"
MODELS = sorted(load_knowledge().models)
_LINK = re.compile(r"\]\(([^):]+\.(?:md|svg))\)")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, made anew."""
    folder = tmp_path_factory.mktemp("validation")
    assert main(["--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def models(made: Path) -> Path:
    """The pages of the models among them."""
    return made / "models"


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8").replace("\r\n", "\n")


def test_the_committed_pages_are_up_to_date(made: Path) -> None:
    names = {p.relative_to(made).as_posix(): _text(p) for p in made.rglob("*") if p.is_file()}
    assert "exposure.md" in names
    assert stale(names, COMMITTED) == [], "run python -m relaxant.validate"


def test_every_model_has_a_page_and_a_picture(models: Path) -> None:
    assert {p.name for p in models.iterdir()} == {"README.md", *(f"{m}.{end}" for m in MODELS for end in ("md", "svg"))}


@pytest.mark.parametrize("model", MODELS)
def test_a_picture_is_well_formed_and_inside_its_frame(models: Path, model: str) -> None:
    root = ElementTree.fromstring(_text(models / f"{model}.svg"))
    name = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{name}svg"
    assert root.findtext(f"{name}title") and root.findtext(f"{name}desc")
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    lines = root.findall(f"{name}polyline")
    assert lines
    for line in lines:
        points = [tuple(map(float, p.split(","))) for p in line.get("points", "").split()]
        assert len(points) > 20
        assert all(0 <= x <= width and 0 <= y <= height for x, y in points)


@pytest.mark.parametrize("model", MODELS)
def test_a_page_shows_every_published_number_and_its_links_lead_somewhere(models: Path, model: str) -> None:
    page, card = _text(models / f"{model}.md"), load_knowledge().models[model]
    table = page.split("## Published against computed")[1].split("## What misses")[0]
    assert sum(line.startswith("| ") for line in table.splitlines()) == len(card.reproduces) + 2
    assert page.count("**not seen**") >= sum(not p.verified for p in card.parameters)
    assert all((models / link).is_file() for link in _LINK.findall(page))


def test_the_index_names_what_is_not_validated_first(models: Path) -> None:
    index = _text(models / "README.md")
    assert index.index("## What is not validated") < index.index("## All models")
    before = index.split("## All models")[0]
    for name, model in load_knowledge().models.items():
        if not any(n.independent for n in model.reproduces):
            assert f"]({name}.md)" in before
    assert all((models / link).is_file() for link in _LINK.findall(index))


def test_a_stale_page_is_said_and_nothing_is_written(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "docs"
    shutil.copytree(made, folder)
    assert main(["--output", str(folder), "--check"]) == 0
    page, picture = sorted(folder.rglob("baclofen-oral-adult-*.md"))[0], sorted(folder.rglob("*.svg"))[0]
    page.write_text(_text(page) + "stale", encoding="utf-8")
    picture.unlink()
    (folder / "models" / "gone.md").write_text("old", encoding="utf-8")
    assert main(["--output", str(folder), "--check"]) == 1
    said = capsys.readouterr().err
    assert all(name in said for name in (page.name, picture.name, "gone.md"))
    assert said.count("is stale") == 3
    assert not picture.exists()


def test_a_folder_that_cannot_be_written_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "pages", lambda *_: {"models/README.md": "made"})
    (tmp_path / "models").write_text("", encoding="utf-8")
    assert main(["--output", str(tmp_path)]) == 2
    assert "relaxant.validate" in capsys.readouterr().err


def test_a_page_of_no_model_is_named_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "pages", lambda *_: {"models/README.md": "made"})
    old = tmp_path / "models" / "gone.md"
    old.parent.mkdir()
    old.write_text("old", encoding="utf-8")
    assert main(["--output", str(tmp_path)]) == 0
    assert "gone.md" in capsys.readouterr().err
    assert old.is_file()
