"""Makes the mutants of some folders of src/relaxant, each a function with one change by the operators of mutmut, and writes them for tools/mutation.py.

python tools/mutants.py FILE rules rules/columns.py=0.1 planning=0.05

A folder or file is taken whole or by a share of its mutants; a file that is named goes by its own. Which they are and in which order follows from their
names: the same every time, a larger share holds a smaller one, and a run that is broken off has tried a sample of each.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import get_ignored_lines

SOURCE = Path(__file__).parent.parent / "src" / "relaxant"
SEED = "2026-11"
# mutmut leaves decorated functions out, since it would copy them; here code takes the place of code, so these can stay.
KEPT_DECORATORS = re.compile(r"^( *)@(?:property|cache|lru_cache\b.*)$", re.MULTILINE)


class Placed(MutationVisitor):
    """Gathers the changes of a file, each with the lines of its statement down to where it stands."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.lines: list[tuple[int, int]] = []
        self._open: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.BaseStatement):
            self._open.append(node)
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.BaseStatement):
            self._open.pop()
        super().on_leave(original_node)

    def _create_mutations(self, node: cst.CSTNode) -> None:
        before = len(self.mutations)
        super()._create_mutations(node)
        if len(self.mutations) == before:
            return
        whole = self._open[-1] if self._open else node
        first = self.get_metadata(PositionProvider, whole).start.line
        # A default of a parameter matters wherever the function is called: its lines are all of the function's.
        last = self.get_metadata(PositionProvider, whole if whole is self._function() else node).end.line
        self.lines += [(first, last)] * (len(self.mutations) - before)

    def _function(self) -> cst.CSTNode | None:
        return next((node for node in self._open if isinstance(node, cst.FunctionDef)), None)


def share_of(name: str) -> float:
    """Where a mutant stands between 0 and 1, by its name and the seed."""
    return int(hashlib.sha256(f"{SEED}:{name}".encode()).hexdigest()[:12], 16) / 16**12


def functions_of(module: cst.Module) -> dict[cst.CSTNode, str]:
    """The functions and methods of a module by what they are called."""
    out: dict[cst.CSTNode, str] = {}
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef):
            out[statement] = statement.name.value
        elif isinstance(statement, cst.ClassDef) and isinstance(statement.body, cst.IndentedBlock):
            for one in statement.body.body:
                if isinstance(one, cst.FunctionDef):
                    out[one] = f"{statement.name.value}.{one.name.value}"
    return out


def text_of(function: cst.FunctionDef) -> str:
    return cst.Module(body=[function.with_changes(leading_lines=[])]).code


def difference(before: str, after: str) -> str:
    """The lines that differ, without what stands around them."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    kept = [line for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    dedented = textwrap.dedent("\n".join(line[1:] for line in kept)).split("\n")
    return "\n".join(f"{line[0]} {text}" for line, text in zip(kept, dedented, strict=True))


def made(change: Mutation, function: cst.FunctionDef) -> tuple[str, str] | None:
    """The changed function and the difference; nothing where it cannot be read as Python."""
    changed = deep_replace(function, change.original_node, change.mutated_node)
    assert isinstance(changed, cst.FunctionDef)
    before, after = text_of(function), text_of(changed)
    try:
        compile(after, "mutant", "exec")
    except SyntaxError:
        return None
    return after, difference(before, after)


def mutants_of(path: Path, share: float) -> Iterator[dict[str, Any] | None]:
    """The mutants of a file, ``None`` for one that is not in the share."""
    source = path.read_text(encoding="utf-8")
    code = KEPT_DECORATORS.sub(r"\1#", source)
    wrapper = MetadataWrapper(cst.parse_module(code))
    visitor = Placed(mutation_operators, get_ignored_lines(str(path), code, wrapper, None))
    wrapper.visit(visitor)
    called = functions_of(wrapper.module)
    file, count = path.relative_to(SOURCE).as_posix(), dict[str, int]()
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    for change, (first, last) in zip(visitor.mutations, visitor.lines, strict=True):
        function = change.contained_by_top_level_function
        if not isinstance(function, cst.FunctionDef) or function not in called:
            continue
        name = called[function]
        count[name] = count.get(name, 0) + 1
        whole = f"{file} {name} #{count[name]}"
        if share_of(whole) >= share:
            yield None
            continue
        if (both := made(change, function)) is None:
            continue
        text, diff = both
        yield {"name": whole, "share": share_of(whole), "file": file, "function": name, "first": first, "last": last, "text": text, "diff": diff, "source": digest}  # fmt: skip


def under(named: Path) -> list[Path]:
    """The files of a folder, or the one file that is named."""
    return [named] if named.suffix else sorted(named.rglob("*.py"))


def main() -> int:
    """Writes the mutants of what is named and how many there are of each file."""
    out, *parts = sys.argv[1:]
    shares = {named: float(share or 1) for named, _, share in (part.partition("=") for part in parts)}
    files: dict[str, int] = {}
    mutants: list[dict[str, Any]] = []
    for path in sorted({path for named in shares for path in under(SOURCE / named)}):
        file = path.relative_to(SOURCE).as_posix()
        part = max((named for named in shares if path in under(SOURCE / named)), key=len)
        here = list(mutants_of(path, shares[part]))
        files[file] = len(here)
        mutants += [{**mutant, "share": mutant["share"] / shares[part]} for mutant in here if mutant is not None]
    mutants.sort(key=lambda mutant: float(mutant["share"]))
    made_by = f"mutmut {version('mutmut')}"
    Path(out).write_text(json.dumps({"by": made_by, "shares": shares, "files": files, "mutants": mutants}), "utf-8")
    print(f"{sum(files.values())} mutants of {len(files)} files, {len(mutants)} chosen", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
