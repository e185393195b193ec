"""The command line. Data on standard output, talk on standard error; 0 reviewed, 1 by ``--fail-on``, 2 for input that cannot be used."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from relaxant.cli.options import parser
from relaxant.errors import InputError, KnowledgeError, RelaxantError, ReplayError

if TYPE_CHECKING:
    from relaxant.knowledge.load import Knowledge


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    options = parser().parse_args(arguments)
    try:
        return _COMMANDS[options.does](options)
    except RelaxantError as error:
        print(f"relaxant: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        place = error.filename or "standard output"
        print(
            f"relaxant: {place}: {error.strerror}: it cannot be read or written; make room or give another place",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        return 130


def console() -> NoReturn:
    """The program: one command, and out. Taking a finished process apart object by object costs a tenth of its short life.

    Its tables are small, so threads of the linear algebra library cost more to start than they would ever save.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    status = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # whoever read has gone, or the disk is full
        status = status or 1
    os._exit(status)


def _read(path: str, what: str = "a patient file") -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except IsADirectoryError:
        raise InputError("FILE", path, "this is a folder", f"give the path of {what}") from None
    except OSError as error:
        raise InputError("FILE", path, f"it cannot be read ({error.strerror})", f"give the path of {what}") from None


def _name(path: str | None) -> str:
    """What a file is called where something is said of it: never the folders it lies in."""
    return "standard input" if path is None or path == "-" else Path(path).name


def _write(text: bytes, path: str | None) -> None:
    if path is None:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
        return
    try:
        Path(path).write_bytes(text)
    except OSError as error:
        raise InputError(
            "--output", path, f"it cannot be written ({error.strerror})", "give a path in a folder that exists"
        ) from None
    print(f"relaxant: written to {path}", file=sys.stderr)


@contextmanager
def _extra(name: str, asked: str) -> Iterator[None]:
    """Says which extra is to be installed where what was asked for imports a library that is not there."""
    of = {"serve": "service"}.get(name, name)
    try:
        yield
    except ModuleNotFoundError as error:
        raise InputError(
            asked,
            error.name or "a library",
            f"a library of the {of} is not installed",
            f"run `pip install 'relaxant[{name}]'`, in a checkout `pip install -e '.[{name}]'`",
        ) from None


def _say_without_label(knowledge: Knowledge) -> None:
    """Says on standard error what a calendar cannot tell where the file gives no label."""
    from relaxant.report.calendar import without_label

    print(f"relaxant: {without_label(knowledge.words('plan'))}", file=sys.stderr)


def _today() -> date:
    """The caller's local day."""
    return datetime.now().astimezone().date()


def _review(options: argparse.Namespace) -> int:
    from relaxant.io.read import read_bytes, something_to_review
    from relaxant.knowledge.load import load_knowledge
    from relaxant.report.reviews import render_review
    from relaxant.reviewing import review

    knowledge = load_knowledge(*options.pack)
    patient = read_bytes(
        _read(options.file),
        knowledge,
        today=_today(),
        name=_name(options.file),
        considering=options.considering,
        country=options.country,
        as_of=options.as_of,
    )
    something_to_review(patient)
    reviewed = review(patient, knowledge=knowledge)
    text = render_review(
        reviewed, options.format, knowledge=knowledge, colour=_colour(options), encoding=_encoding(options)
    )
    _write(text, options.output)
    if options.format == "ics" and not patient.label:
        _say_without_label(knowledge)
    tiers = ("DANGER", "CHANGE", "WATCH", "NOTE")
    graver = tiers[: tiers.index(options.fail_on) + 1] if options.fail_on else ()
    return 1 if any(f.tier in graver for f in reviewed.findings) else 0


def _replay(options: argparse.Namespace) -> int:
    from relaxant.io.patient_file import read_patient
    from relaxant.knowledge.load import load_knowledge
    from relaxant.plain import decode_text, read_json
    from relaxant.replaying import changes, replay
    from relaxant.reviewing import to_json

    data = _read(options.file)
    plain = read_json(decode_text(data, options.file), options.file)
    if not isinstance(plain, dict) or not isinstance(plain.get("patient"), dict) or "stamp" not in plain:
        raise InputError(
            options.file,
            "no stamp and patient",
            "this is not a review",
            "give the JSON that `relaxant review --format json` wrote",
        )
    knowledge = load_knowledge(*options.pack)
    patient = read_patient(
        plain["patient"], knowledge, today=_today(), lenient="record" in plain["patient"], name="patient"
    )
    try:
        again = replay(data, patient, knowledge=knowledge, with_current=options.with_current)
    except ReplayError as error:
        print(f"relaxant: {error}", file=sys.stderr)
        return 2
    if options.with_current:
        for kind, words in changes(data, again):
            print(f"{kind}: {words}")
        return 0
    _write(to_json(again), None)
    print("relaxant: the same bytes", file=sys.stderr)
    return 0


def _cite(options: argparse.Namespace) -> int:
    from relaxant.cli.cite import run
    from relaxant.knowledge.load import load_knowledge

    data = _read(options.file, "the JSON of a result")
    _write(run(options, data, load_knowledge(*options.pack)), options.output)
    return 0


def _simulate(options: argparse.Namespace) -> int:
    from relaxant.cli.simulate import run
    from relaxant.knowledge.load import load_knowledge

    if options.cohort is not None:
        with _extra("screen", "--cohort"):
            from relaxant.cli.simulate_cohort import run as followed
        _write(followed(options, load_knowledge(*options.pack), _today()), None)
        return 0
    _write(run(options, load_knowledge(*options.pack), _today()), options.output)
    return 0


def _taper(options: argparse.Namespace) -> int:
    from relaxant.cli.taper import run
    from relaxant.knowledge.load import load_knowledge

    knowledge = load_knowledge(*options.pack)
    made, labelled = run(
        options,
        _read(options.file),
        _name(options.file),
        knowledge,
        _today(),
        colour=_colour(options),
        encoding=_encoding(options),
    )
    _write(made, options.output)
    if options.format == "ics" and not labelled:
        _say_without_label(knowledge)
    return 0


def _respond(options: argparse.Namespace) -> int:
    from relaxant.cli.respond import run, scales
    from relaxant.knowledge.load import load_knowledge

    knowledge = load_knowledge(*options.pack)
    if options.scales is not None:
        _write(scales(options.scales, options.format, knowledge), options.output)
        return 0
    if options.file is None:
        raise InputError("DIARY.csv", "nothing", "a diary is needed", "give the path of a CSV file, or - for standard input")  # fmt: skip
    patient = None if options.patient is None else _read(options.patient)
    made = run(
        options,
        _read(options.file, "a diary, a CSV file"),
        patient,
        _name(options.patient),
        knowledge,
        _today(),
        colour=_colour(options),
        encoding=_encoding(options),
    )
    _write(made, options.output)
    return 0


def _colour(options: argparse.Namespace) -> bool:
    """Whether what is written to the terminal may be coloured."""
    return (
        options.output is None
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def _encoding(options: argparse.Namespace) -> str:
    return ("utf-8" if options.output is not None else sys.stdout.encoding) or "utf-8"


def _agents(options: argparse.Namespace) -> int:
    from relaxant.cli.agents import run
    from relaxant.knowledge.load import load_knowledge

    _write(run(options, load_knowledge(*options.pack)), options.output)
    return 0


def _compare(options: argparse.Namespace) -> int:
    from relaxant.cli.compare import run
    from relaxant.knowledge.load import load_knowledge

    knowledge = load_knowledge(*options.pack)
    data = None if options.patient is None else _read(options.patient)
    made = run(
        options,
        data,
        _name(options.patient),
        knowledge,
        _today(),
        colour=_colour(options),
        encoding=_encoding(options),
    )
    _write(made, options.output)
    return 0


def _check_claims(options: argparse.Namespace) -> int:
    from relaxant.cli.claims import run
    from relaxant.knowledge.load import load_knowledge

    _write(run(options, _read(options.file), load_knowledge(*options.pack)), options.output)
    return 0


def _serve(options: argparse.Namespace) -> int:
    with _extra("serve", "serve"):
        from relaxant.service.serve import run
    return run(options, os.environ)


def _audit(options: argparse.Namespace) -> int:
    with _extra("serve", "audit"):
        from relaxant.cli.audit import run
    if options.output is None:
        return run(options, os.environ, sys.stdout.buffer)
    try:
        out = Path(options.output).open("wb")  # noqa: SIM115 - closed below; what is wrong inside is another's fault
    except OSError as error:
        raise InputError("--output", options.output, f"it cannot be written ({error.strerror})", "give a path in a folder that exists") from None  # fmt: skip
    with out:
        return run(options, os.environ, out)


def _screen(options: argparse.Namespace) -> int:
    with _extra("screen", "screen"):
        from relaxant.cli.screen import run
    from relaxant.knowledge.load import load_knowledge

    return run(options, load_knowledge(*options.pack), _today())


def _cohort(options: argparse.Namespace) -> int:
    with _extra("screen", "cohort"):
        from relaxant.cli.cohort import run
    from relaxant.knowledge.load import load_knowledge

    return run(options, load_knowledge(*options.pack))


def _cql(options: argparse.Namespace) -> int:
    from relaxant.cli.cql import run
    from relaxant.knowledge.load import load_knowledge

    return run(options, load_knowledge(*options.pack))


def _person(options: argparse.Namespace) -> int:
    with _extra("screen", "cohort"):
        from relaxant.cli.person import run
    from relaxant.knowledge.load import load_knowledge

    _write(run(options, load_knowledge(*options.pack), _today()), options.output)
    return 0


def _lint(options: argparse.Namespace) -> int:
    from relaxant.linting.check import check

    faults, does = check(*options.pack)
    for fault in faults:
        print(fault)
    for words in does:
        print(f"relaxant: {words}", file=sys.stderr)
    print(f"relaxant: {len(faults)} fault{'' if len(faults) == 1 else 's'}", file=sys.stderr)
    return 1 if faults else 0


def _whats_new(options: argparse.Namespace) -> int:
    from relaxant.cli.whats_new import run
    from relaxant.knowledge.load import load_knowledge

    data = None if options.patient is None else _read(options.patient)
    knowledge = load_knowledge(*options.pack)
    made = run(options, data, _name(options.patient), knowledge, _today(), encoding=_encoding(options))
    _write(made, options.output)
    return 0


def _about(options: argparse.Namespace) -> int:
    from relaxant.cli.about import about
    from relaxant.knowledge.load import load_knowledge
    from relaxant.report.columns import plainer

    try:
        knowledge = load_knowledge(*options.pack)
    except KnowledgeError as error:
        raise InputError("--pack", ", ".join(options.pack), str(error), "run `relaxant lint` on it") from None
    encoding = sys.stdout.encoding or "utf-8"
    _write(plainer(about(knowledge, with_libraries=options.libraries), encoding).encode(encoding), None)
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "review": _review,
    "replay": _replay,
    "cite": _cite,
    "simulate": _simulate,
    "taper": _taper,
    "respond": _respond,
    "agents": _agents,
    "compare": _compare,
    "check-claims": _check_claims,
    "serve": _serve,
    "audit": _audit,
    "screen": _screen,
    "cohort synthesize": _cohort,
    "cohort cql": _cql,
    "cohort person": _person,
    "lint": _lint,
    "whats-new": _whats_new,
    "about": _about,
}
