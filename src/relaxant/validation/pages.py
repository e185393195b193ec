"""Every page and picture of docs/validation that is made from the knowledge, by its path in that folder."""

from __future__ import annotations

from relaxant.knowledge.load import Knowledge
from relaxant.validation import exposure, models


def pages(knowledge: Knowledge) -> dict[str, str]:
    """Every page and picture, by path. Raises :class:`RelaxantError` for a model that cannot be computed."""
    found = models.computed(knowledge)
    of_models = {f"models/{name}": text for name, text in models.pages(knowledge, found).items()}
    return {"exposure.md": exposure.page(knowledge), **of_models}
