"""The notices of what the package holds of others: complete, shown by `relaxant about`, and the licences of installed libraries as they say them."""

from __future__ import annotations

import json
import re
from email.message import Message
from importlib import metadata

import pytest

import relaxant.notices
from conftest import ROOT
from relaxant.cli.main import main
from relaxant.notices import bundled, libraries, licence_of, notice_words


def shown(*options: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What `relaxant about` prints, on one line."""
    assert main(["about", *options]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_about_shows_every_notice_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys=capsys)
    for one in bundled():
        assert one.title in text and one.holder in text and one.licence in text, one.component
        assert " ".join(one.notice.split()) in text, one.component
    assert "Copyright 2026 The relaxant authors, Apache-2.0" in text
    assert "numpy" not in text


def test_about_names_the_installed_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown("--libraries", capsys=capsys)
    for name in ("numpy", "msgspec", "pyyaml"):
        assert re.search(rf"\b{name} {re.escape(metadata.version(name))}: \w", text), name
    assert "pytest" not in text


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(
        relaxant.notices.metadata, "requires", lambda name: ["nobody>=1; extra == 'pdf'", "mypy; extra == 'dev'"]
    )
    (library,) = libraries()
    assert (library.name, library.version, library.extras) == ("nobody", None, ("pdf",))
    assert "nobody: not installed, needed for relaxant[pdf]" in shown("--libraries", capsys=capsys)


def test_without_metadata_nothing_is_guessed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(relaxant.notices.metadata, "requires", missing)
    assert notice_words()["none"] in shown("--libraries", capsys=capsys)


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT"), ("License", "other")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: BSD License"), ("Classifier", "Topic :: X")], "BSD License"),
        ([("Classifier", "License :: OSI Approved"), ("License", "Apache-2.0")], "Apache-2.0"),
        ([("License", "x" * 200)], None),
        ([], None),
    ],
)
def test_a_licence_is_as_the_metadata_say(fields: list[tuple[str, str]], licence: str | None) -> None:
    about = Message()
    for name, value in fields:
        about[name] = value
    assert licence_of(about) == licence  # type: ignore[arg-type]


def test_the_scripts_of_others_that_are_built_in_have_a_notice() -> None:
    """What the pages' scripts are built from, without what builds them: web/package-lock.json."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    parts = {
        f"pkg:npm/{place.rpartition('node_modules/')[2]}@{entry['version']}"
        for place, entry in lock["packages"].items()
        if "node_modules/" in place and not entry.get("dev") and not entry.get("link")
    }
    assert parts == {one.purl for one in bundled() if one.kind == "library"}


def test_no_page_loads_fonts_or_files_of_others() -> None:
    for path in (ROOT / "src" / "relaxant").rglob("*.css"):
        assert not re.search(r"@font-face|@import|url\((?!['\"]?(?:data:|#))", path.read_text(encoding="utf-8")), path


def test_the_words_of_the_notices_are_all_used() -> None:
    assert set(notice_words()["titles"]) == {one.kind for one in bundled()}
    assert all(one.licence.strip() and one.holder.strip() for one in bundled())
