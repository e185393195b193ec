"""Shared by all tests: one knowledge, a fixed day, and how many examples a property runs."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge, load_knowledge
from relaxant.medicines.read import read_medicines
from relaxant.reviewing import Review, review
from relaxant.rules.evaluate import evaluate, program
from relaxant.rules.findings import read_row
from relaxant.rules.wording import shown_agent_name

pytest_plugins = ("browser", "databases")

FULL = os.environ.get("RELAXANT_FULL") == "1"
TODAY = date(2026, 11, 22)
ROOT = Path(__file__).parent.parent

_quiet = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large)
settings.register_profile("sample", max_examples=25, deadline=None, derandomize=True, suppress_health_check=_quiet)
settings.register_profile("full", max_examples=1000, deadline=None, derandomize=True, suppress_health_check=_quiet)
settings.load_profile("full" if FULL else "sample")


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Decoded knowledge goes into a folder of the test run's own."""
    if "RELAXANT_CACHE" in os.environ:
        yield
        return
    os.environ["RELAXANT_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    del os.environ["RELAXANT_CACHE"]


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge()


def tool_named(name: str) -> ModuleType:
    """A program of ``tools/``, as a module."""
    folder = str(ROOT / "tools")
    if folder not in sys.path:
        sys.path.append(folder)  # at the end: a tool may be called as another module is
    return importlib.import_module(name)


def reviewed(plain: dict[str, Any], knowledge: Knowledge | None = None) -> Review:
    """The review of a patient file written as a mapping."""
    known = knowledge or load_knowledge()
    return review(read_patient({"as_of": "2026-11-22", **plain}, known, today=TODAY), knowledge=known)


def in_danger(review: Review, knowledge: Knowledge | None = None) -> set[str]:
    """The agents, as shown, for which a DANGER of their own stands: a finding that names several is as grave as its gravest."""
    known = knowledge or load_knowledge()
    patient = read_patient(review.patient, known, today=TODAY)
    facts = Facts(inputs_of([(patient, read_medicines(patient, known))], known), known, patient.jurisdiction)
    tested = evaluate(program(known, patient.jurisdiction), facts, facts.inputs.agents.keys() or None)
    names = {agent: shown_agent_name(agent, facts) for agent in facts.inputs.agents}
    return {
        name
        for agent, name in names.items()
        for finding in read_row(tested, 0, agent)[1]
        if finding.tier == "DANGER" and {agent, name} & set(finding.agents)
    }
