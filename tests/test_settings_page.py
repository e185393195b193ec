"""docs/service/settings.md says what the program takes: every setting, its name in the environment, its default; and its examples are read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from relaxant.errors import InputError
from relaxant.service.settings import PREFIX, Issuer, Login, Settings, Smart, read_settings

DOCS = Path(__file__).parent.parent / "docs" / "service"
PAGE = (DOCS / "settings.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every table's lines that name a setting."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]


def default(field: Any) -> str:
    """A default as the page writes it."""
    if field.required:
        return "must be said"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value in ((), {}):
        return "none"
    return "" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_every_setting_stands_with_its_environment_name_and_its_default() -> None:
    found = rows(PAGE.partition("\n## ")[0])
    wanted = [[f"`{f.name}`", f"`{PREFIX}{f.name.upper()}`", default(f)] for f in msgspec.structs.fields(Settings)]
    assert [row[:3] for row in found] == wanted
    assert all(len(row) == 4 and len(row[3]) > 8 for row in found)


@pytest.mark.parametrize(("heading", "kind"), [("An issuer", Issuer), ("Login", Login), ("A record system that launches", Smart)])  # fmt: skip
def test_every_setting_within_one_stands(heading: str, kind: Any) -> None:
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert [row[:2] for row in rows(part)] == [[f"`{f.name}`", default(f)] for f in msgspec.structs.fields(kind)]


def test_every_example_is_read(tmp_path: Path) -> None:
    """The examples of this page together, and those of the page on running it each by itself."""
    examples = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    assert len(examples) == 3
    together = 'public_url = "https://relaxant.hospital.example"\n' + "\n".join(examples)
    (tmp_path / "all.toml").write_text(together, encoding="utf-8")
    said = read_settings(str(tmp_path / "all.toml"), {}, {})
    assert said.issuers[0].name == "ehr" and said.login is not None and said.smart[0].role == "prescriber"
    running = re.findall(r"```toml\n(.*?)```", (DOCS / "running.md").read_text(encoding="utf-8"), re.S)
    assert len(running) == 2
    for number, example in enumerate(running):
        (tmp_path / f"{number}.toml").write_text(example, encoding="utf-8")
        assert set(tomllib.loads(example)) <= {f.name for f in msgspec.structs.fields(Settings)}
        assert read_settings(str(tmp_path / f"{number}.toml"), {}, {}).public_url


def test_a_setting_that_is_none_leads_to_the_page(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("prot = 1\n", encoding="utf-8")
    (tmp_path / "broken.toml").write_text("port = \n", encoding="utf-8")
    (tmp_path / "kind.toml").write_text('port = "many"\n', encoding="utf-8")
    for file in ("wrong.toml", "broken.toml", "kind.toml"):
        with pytest.raises(InputError, match=r"docs/service/settings\.md"):
            read_settings(str(tmp_path / file), {}, {})
    for said in (
        {"PROT": "1"},
        {"PORT": "70000"},
        {"HOST": "0.0.0.0"},
        {"KEY": "key.pem"},
        {"PUBLIC_URL": "https://[::1"},
        {"PUBLIC_URL": "https://"},
    ):
        with pytest.raises(InputError, match=r"docs/service/settings\.md"):
            read_settings(None, {PREFIX + name: value for name, value in said.items()}, {})
