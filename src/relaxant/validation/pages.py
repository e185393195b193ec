"""Every page and picture of docs/validation that is made, by its path in that folder."""

from __future__ import annotations

from pathlib import Path

from relaxant.knowledge.load import Knowledge
from relaxant.validation import exposure, models, report


def pages(knowledge: Knowledge, root: Path) -> dict[str, str]:
    """Every page and picture, by path. ``root`` is the checkout, whose measurements and tests the report reads.

    Raises :class:`RelaxantError` for a model that cannot be computed.
    """
    found = models.computed(knowledge)
    of_models = {f"models/{name}": text for name, text in models.pages(knowledge, found).items()}
    return {"exposure.md": exposure.page(knowledge), **report.pages(knowledge, found, root), **of_models}
