"""What docs/service/clients.md tells a record system is what the service does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds import KNOWLEDGE, ROOT
from relaxant.service.cds.catalogue import SERVICES, templates
from relaxant.service.cds.request import Authorization
from relaxant.service.settings import read_settings
from relaxant.service.tokens.caller import LONGEST

PAGE = (ROOT / "docs" / "service" / "clients.md").read_text(encoding="utf-8")


def test_the_settings_of_the_page_are_settings(tmp_path: Path) -> None:
    shown = re.search(r"```toml\n(.*?)```", PAGE, re.S)
    assert shown is not None
    (tmp_path / "relaxant.toml").write_text(shown[1], encoding="utf-8")
    read = read_settings(str(tmp_path / "relaxant.toml"), {}, {})
    assert read.issuers[0].key_set and read.fhir_servers and read.base == "https://relaxant.hospital.example"


def test_the_page_names_every_service_key_and_field() -> None:
    keys = re.search(r"Discovery says what to send: (.*?), the same", PAGE, re.S)
    assert keys is not None
    assert re.findall(r"`(\w+)`", keys[1]) == list(templates(KNOWLEDGE))
    assert {f"/cds-services/{name}" for name, _ in SERVICES} <= set(re.findall(r"\{public_url\}(/[\w/-]+)`", PAGE))
    assert all(f"`{field}`" in PAGE for field in Authorization.__struct_fields__ if field != "patient")
    assert LONGEST == 300 and "at most five minutes apart" in PAGE


@pytest.mark.parametrize(
    ("client", "lock", "pinned"),
    [
        ("medplum", "package-lock.json", r'"node_modules/@medplum/core": \{\s+"version": "(.*?)"'),
        ("healthchain", "requirements.lock", r"^healthchain==(\S+)"),
    ],
)
def test_the_page_names_the_versions_that_are_tried(client: str, lock: str, pinned: str) -> None:
    text = (Path(__file__).parent / "clients" / client / lock).read_text(encoding="utf-8")
    found = re.search(pinned, text, re.M)
    assert found is not None and re.search(rf"\) {re.escape(found[1])}, `tests/test_clients_{client}\.py`", PAGE)
    assert '"resolved"' not in text
