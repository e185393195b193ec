"""The columns of the facts, from what a registry says of many people."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from relaxant.cohort.days import EPOCH
from relaxant.cohort.person import patients_of
from relaxant.cohort.said import Vocabulary
from relaxant.facts.inputs import Inputs, inputs_of
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.read import read_medicines


class Reader:
    """Reads batch after batch."""

    def __init__(self, vocabulary: Vocabulary, country: str, knowledge: Knowledge) -> None:
        self._vocabulary, self._country, self._knowledge = vocabulary, country, knowledge

    def inputs(self, said: pa.Table) -> tuple[np.ndarray, np.ndarray, Inputs]:
        """People, days and columns."""
        people = list(patients_of(said, self._vocabulary, self._country, knowledge=self._knowledge))
        inputs = inputs_of([(p, read_medicines(p, self._knowledge)) for _, p in people], self._knowledge)
        return np.array([n for n, _ in people]), np.array([(p.as_of - EPOCH).days for _, p in people]), inputs
