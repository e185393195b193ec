"""The documentation's site is made without a complaint, no link on it is dead, and every kind of page is there."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="Sphinx is not installed (relaxant[docs])")
pytest.importorskip("myst_nb", reason="MyST-NB is not installed (relaxant[docs])")

from conftest import FULL, ROOT, tool_named
from relaxant.formulary.condition_page import conditions_spoken_of
from relaxant.knowledge.load import Knowledge
from relaxant.report.reference.leaf import slug

SAMPLE = 5  # of agents, rules, conditions and sources


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "out"
    sampled = [] if FULL else ["--each", str(SAMPLE)]
    made = subprocess.run([sys.executable, ROOT / "tools" / "site.py", folder, *sampled], capture_output=True, text=True, check=False, env=os.environ | {"PYTHONWARNINGS": "default"})  # fmt: skip
    assert made.returncode == 0, (made.stdout + made.stderr)[:3000]
    return folder


def test_everything_has_a_page(site: Path, knowledge: Knowledge) -> None:
    for model in knowledge.models:
        assert (site / "validation" / "models" / f"{model}.html").is_file()
    for scale in knowledge.responses.scales:
        assert (site / "response" / "scales" / f"{scale}.html").is_file()
    for kind, names in (("agents", knowledge.agents), ("rules", knowledge.rules), ("conditions", conditions_spoken_of(knowledge)), ("sources", knowledge.sources)):  # fmt: skip
        made = {path.stem for path in (site / "formulary" / kind).glob("*.html")} - {"index"}
        assert made <= {slug(name) for name in names}
        assert len(made) >= (len(names) if FULL else SAMPLE)
    for path in (site / "formulary" / "agents").glob("*.html"):
        assert path.stem == "index" or any(
            f"<h1>{agent}<" in path.read_text(encoding="utf-8") for agent in knowledge.agents
        )


def test_the_first_page_has_a_door_for_everybody(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    for door in ("prescribe", "hospital", "registry", "model"):
        assert door in page.lower()


def test_a_page_of_a_source_names_what_cites_it(site: Path, knowledge: Knowledge) -> None:
    rule = random.Random(1).choice([r for r in knowledge.rules.values() if (site / f"formulary/rules/{r.rule}.html").is_file()])  # fmt: skip
    page = (site / f"formulary/rules/{rule.rule}.html").read_text(encoding="utf-8")
    assert rule.title.split()[0] in page
    for source in (site / "formulary" / "sources").glob("*.html"):
        if source.stem != "index":
            assert "Cited in" in source.read_text(encoding="utf-8")


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<h1 id="top">A</h1><a href="b.html#here">b</a><a href="b.html#there">b</a><a href="c.html">c</a><a href="#top">up</a><img src="d.png">')  # fmt: skip
    (tmp_path / "b.html").write_text('<p id="here">B</p><a href="https://example.org/x">out</a>')
    assert list(tool_named("site_links").dead_links(tmp_path)) == [
        ("a.html", "b.html#there"),
        ("a.html", "c.html"),
        ("a.html", "d.png"),
    ]
