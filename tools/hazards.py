"""Makes docs/safety/hazards.md from docs/safety/hazards.yaml.

python tools/hazards.py          writes it
python tools/hazards.py --check  exits with 1 when the page is another, or the log names what is not there
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import msgspec
from generated import ROOT, keep

FOLDER = ROOT / "docs" / "safety"
LOG = FOLDER / "hazards.yaml"
PAGE = FOLDER / "hazards.md"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ordinal words, gravest and likeliest first, with what they mean."""

    severity: dict[str, str]
    likelihood: dict[str, str]


class Likelihood(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_them": "with"}):
    """How likely the harm is without the controls and with them."""

    without: str
    with_them: str


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the way of a hazard, where, and the tests that hold it; without a test, why not."""

    what: str
    where: tuple[str, ...]
    held_by: tuple[str, ...]
    not_held: str = ""
    measured: tuple[str, ...] = ()


class Hazard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What could happen to somebody, why, what is done about it, and what is left."""

    id: str
    group: str
    title: str
    harm: str
    causes: tuple[str, ...]
    severity: str
    likelihood: Likelihood
    controls: tuple[Control, ...]
    residual: str
    user: str


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hazard log."""

    words: Words
    groups: dict[str, str]
    hazards: tuple[Hazard, ...]


def read(text: str | None = None) -> Log:
    """The log of a text (the file's, where none is given)."""
    return msgspec.yaml.decode((LOG.read_text(encoding="utf-8") if text is None else text).encode(), type=Log)


@lru_cache(maxsize=256)
def tests_in(file: str) -> frozenset[str]:
    """The tests of a file, those of its classes as ``Class::test``; none where there is no such file."""
    path = ROOT / file
    if not (file.startswith("tests/") and path.suffix == ".py" and path.is_file()):
        return frozenset()
    defined: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            defined.append(node.name)
        elif isinstance(node, ast.ClassDef):
            defined += [
                f"{node.name}::{n.name}" for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
    return frozenset(name for name in defined if name.rpartition("::")[2].startswith("test_"))


def faults(log: Log) -> Iterator[str]:
    """What the log names and is not there, ids that stand twice, words that it does not explain."""
    for name, count in Counter(h.id for h in log.hazards).items():
        if count > 1:
            yield f"{name}: stands {count} times"
    for one in log.hazards:
        if one.group not in log.groups:
            yield f"{one.id}: there is no group “{one.group}”"
        if one.severity not in log.words.severity:
            yield f"{one.id}: the severity “{one.severity}” is not explained"
        for word in (one.likelihood.without, one.likelihood.with_them):
            if word not in log.words.likelihood:
                yield f"{one.id}: the likelihood “{word}” is not explained"
        order = list(log.words.likelihood)
        if {one.likelihood.without, one.likelihood.with_them} <= set(order) and order.index(
            one.likelihood.with_them
        ) < order.index(one.likelihood.without):
            yield f"{one.id}: the controls make it likelier"
        if not (one.causes and one.controls and one.residual.strip() and one.user.strip()):
            yield f"{one.id}: it needs causes, controls, what is left over and what the user must do"
        for control in one.controls:
            yield from (f"{one.id}: {fault}" for fault in _faults_of(control))


def _faults_of(control: Control) -> Iterator[str]:
    if not control.where:
        yield f"“{control.what}” names no place"
    for file in (*control.where, *control.measured):
        if not (ROOT / file).exists():
            yield f"there is no {file}"
    for test in control.held_by:
        file, _, name = test.partition("::")
        if name not in tests_in(file):
            yield f"there is no test {test}"
    if bool(control.held_by) == bool(control.not_held.strip()):
        yield f"“{control.what}” is held by tests, or says in not_held why by none"


def page(log: Log) -> str:
    """The page."""
    every = [(h, c) for h in log.hazards for c in h.controls]
    unheld = [(h, c) for h, c in every if not c.held_by]
    tests = {t for _, c in every for t in c.held_by}
    glance = [
        f"| [{h.id}](#{_anchor(h)}) | {_cell(h.title)} | {h.severity} | {h.likelihood.without} | {h.likelihood.with_them} | {_held(h)} |"
        for h in log.hazards
    ]
    parts = [
        "# Hazard log",
        "Made by `python tools/hazards.py` from `hazards.yaml`; edit that instead. A test demands that every test and file named here exists.",
        f"{len(log.hazards)} hazards, {len(every)} controls, {len(tests)} tests. The shape is that of hazard logs under ISO 14971 and DCB0129; conformity with neither is claimed, "
        "and no clinical safety officer has signed this log. Severity and likelihood are the authors' judgement in ordinal words and no measured rates: this repository holds no "
        "record of use. Whether what is left over is acceptable is for the hospital to decide, in its own setting ([what it must do itself](regulation.md)).",
        "## Controls that no test holds",
        "Or that do not exist. They come first, because the rest of the page is easier to believe.",
        "\n".join(
            [
                "| hazard | control | why no test holds it |",
                "|---|---|---|",
                *(f"| [{h.id}](#{_anchor(h)}) | {_cell(c.what)} | {_cell(c.not_held)} |" for h, c in unheld),
            ]
        ),
        "## What the words mean",
        "\n".join(
            [
                "| severity | |",
                "|---|---|",
                *(f"| {name} | {_cell(text)} |" for name, text in log.words.severity.items()),
            ]
        ),
        "\n".join(
            [
                "| likelihood | |",
                "|---|---|",
                *(f"| {name} | {_cell(text)} |" for name, text in log.words.likelihood.items()),
            ]
        ),
        "Severity is that of the worst harm that can be foreseen; no control changes it. Likelihood stands without the controls and with them.",
        "## At a glance",
        "\n".join(
            [
                "| | hazard | severity | without controls | with controls | controls held |",
                "|---|---|---|---|---|---|",
                *glance,
            ]
        ),
    ]
    for key, title in log.groups.items():
        parts.append(f"## {title}")
        parts += [part for h in log.hazards if h.group == key for part in _section(h)]
    return "\n\n".join(parts) + "\n"


def _section(one: Hazard) -> Iterator[str]:
    yield f"### {one.id} {one.title}"
    yield f"**What could happen.** {_text(one.harm)}"
    yield "**Causes.**\n\n" + "\n".join(f"- {_text(cause)}" for cause in one.causes)
    yield f"**Severity** {one.severity}. **Likelihood** {one.likelihood.without} without the controls, {one.likelihood.with_them} with them."
    yield "**Controls.**\n\n" + "\n".join(_control(control) for control in one.controls)
    yield f"**What is left over.** {_text(one.residual)}"
    yield f"**What you must do.** {_text(one.user)}"


def _control(control: Control) -> str:
    where = ", ".join(f"[`{file}`](../../{file})" for file in control.where)
    held = ", ".join(f"`{test}`" for test in control.held_by) or f"**no test**. {_text(control.not_held)}"
    measured = "".join(f"\n  - Measured: [{file}](../../{file})" for file in control.measured)
    return f"- {_text(control.what)}\n  - In {where}\n  - Held by {held}{measured}"


def _held(one: Hazard) -> str:
    return f"{sum(bool(c.held_by) for c in one.controls)} of {len(one.controls)}"


def _anchor(one: Hazard) -> str:
    """The anchor that Markdown pages make of a heading."""
    kept = "".join(c for c in f"{one.id} {one.title}".lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def _text(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


def main() -> int:
    """Writes or checks, unless the log is at fault; the exit status."""
    log = read()
    found = list(faults(log))
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else keep({PAGE.relative_to(ROOT).as_posix(): page(log)})


if __name__ == "__main__":
    sys.exit(main())
