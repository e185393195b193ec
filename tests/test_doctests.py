"""The examples in docstrings are true, and every public verb and value has words."""

from __future__ import annotations

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import relaxant
from conftest import ROOT

SOURCE = ROOT / "src"
MODULES = sorted(
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in (SOURCE / "relaxant").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
LONG = {"lint", "screen"}
"""What a few lines or a second cannot show; docs/tutorials/ and the tests do."""


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_are_true(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        pytest.skip(f"{error.name} is not installed")
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


def test_modules_with_examples_were_found() -> None:
    assert {"relaxant", "relaxant.tapering", "relaxant.citing.references"} <= set(MODULES) and len(MODULES) > 40


@pytest.mark.parametrize("name", sorted(set(relaxant.__all__) - {"__version__"}))
def test_a_public_name_says_what_it_is(name: str) -> None:
    public = getattr(relaxant, name)
    words = inspect.getdoc(public)
    assert words and not words.startswith(f"{name}(")  # a signature that was made up is no words
    if inspect.isfunction(public):
        assert (">>> " in words) != (name in LONG), name
        hints = inspect.signature(public)
        assert hints.return_annotation is not inspect.Signature.empty
        assert all(p.annotation is not inspect.Parameter.empty for p in hints.parameters.values())


def test_the_lists_of_public_names_are_one() -> None:
    from relaxant import api

    assert sorted({*api.__all__, "__version__"}) == sorted(relaxant.__all__) == sorted(set(relaxant.__all__))
    assert all(getattr(relaxant, name) is getattr(api, name) for name in api.__all__)
    assert set(relaxant.__all__) <= set(dir(relaxant)) and not hasattr(relaxant, "no_such_name")


def test_the_stubs_are_shipped() -> None:
    assert (Path(relaxant.__file__).parent / "py.typed").is_file()
