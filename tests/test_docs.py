"""What the documents show runs as they show it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from relaxant.lint import lint

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "adding-a-model.md").read_text(encoding="utf-8")


def test_the_model_of_the_page_is_a_sound_pack(tmp_path: Path) -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.S)
    assert block is not None
    (tmp_path / "model.yaml").write_text(block[1], encoding="utf-8")
    assert lint(str(tmp_path)) == []


def test_the_python_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    block = re.search(r"```python\n(.*?)```", PAGE, re.S)
    assert block is not None
    exec(compile(block[1], "adding-a-model.md", "exec"), {})
    assert "[" in capsys.readouterr().out


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md"), key=str))
def test_no_link_between_the_documents_is_dead(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
