"""One mutant in a process: what was kept from before is emptied, and the mutant's code takes the place of the function's. For tools/mutation.py."""

from __future__ import annotations
import __future__ as future

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent / "tests"
BELOW = ("relaxant.knowledge", "relaxant.medicines", "relaxant.facts", "relaxant.io", "relaxant.pharmacology")
"""What knows nothing of the rules: what it keeps cannot hold a mutant's doing."""


class Caches:
    """What functions and modules keep from one call to the next: kept from before the fork, it would hide a mutant."""

    def __init__(self) -> None:
        for package in ("rules", "planning"):
            there = importlib.import_module(f"relaxant.{package}")
            for found in pkgutil.walk_packages(there.__path__, f"relaxant.{package}."):
                importlib.import_module(found.name)
        self._empty = [
            value
            for module in self._modules()
            for value in vars(module).values()
            if isinstance(value, dict | list | set) and not value
        ]
        self._loaded, self._kept = 0, list[Any]()

    def _modules(self) -> Iterator[Any]:
        for name, module in list(sys.modules.items()):
            ours = name.startswith("relaxant.") and not name.startswith(BELOW)
            if ours or str(getattr(module, "__file__", None) or "").startswith(f"{TESTS}/"):
                yield module

    def clear(self) -> None:
        """Empties them all."""
        if len(sys.modules) != self._loaded:
            self._loaded = len(sys.modules)
            values = [value for module in self._modules() for value in list(vars(module).values())]
            self._kept = [
                value
                for value in values
                if callable(getattr(value, "cache_clear", None)) and not value.__module__.startswith(BELOW)
            ]
        for value in self._empty:
            value.clear()
        for value in self._kept:
            value.cache_clear()


def put_in_place(mutant: dict[str, Any]) -> None:
    """The mutant's code in the place of the function's, whoever holds the function."""
    module = importlib.import_module(f"relaxant.{mutant['file'].removesuffix('.py').replace('/', '.')}")
    owner, _, name = mutant["function"].rpartition(".")
    text = mutant["text"] if not owner else "class Owner:\n" + "".join(f"    {line}\n" for line in mutant["text"].splitlines())  # fmt: skip
    names = dict(vars(module))
    exec(compile(text, mutant["name"], "exec", future.annotations.compiler_flag), names)
    old = inspect.getattr_static(getattr(module, owner), name) if owner else getattr(module, name)
    new = names[name] if not owner else vars(names["Owner"])[name]
    old, new = bare(old), bare(new)
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__


def bare(function: Any) -> Any:
    """The function within a property, a static method or a cache."""
    for inner in ("fget", "__func__", "__wrapped__"):
        function = getattr(function, inner, function)
    return function
