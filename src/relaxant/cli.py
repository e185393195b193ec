"""The command line. Data on standard output, talk on standard error; 0 reviewed, 1 by ``--fail-on``, 2 for input that cannot be used."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from relaxant.errors import InputError, KnowledgeError, RelaxantError, ReplayError
from relaxant.version import __version__

if TYPE_CHECKING:
    from relaxant.knowledge.load import Knowledge


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
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


class _OneLine(argparse.ArgumentParser):
    """A parser whose complaint is one line, like every other."""

    def error(self, message: str) -> NoReturn:
        print(f"relaxant: {message}; see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _OneLine(
        prog="relaxant", description="Precision prescribing of muscle relaxants: a cited review for one person."
    )
    parser.add_argument("--version", action="version", version=f"relaxant {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def knows(command: argparse.ArgumentParser) -> None:
        command.add_argument(
            "--pack",
            action="append",
            default=[],
            metavar="FOLDER",
            help="a knowledge pack laid over the shipped one; may be repeated",
        )

    one = commands.add_parser(
        "review", help="review one person: what to do, why, how sure", description="Review one person."
    )
    one.add_argument(
        "file", metavar="FILE", help="a patient file (YAML or JSON), a FHIR R4 bundle, or - for standard input"
    )
    one.add_argument(
        "--considering",
        action="append",
        default=[],
        metavar="WORDS",
        help='what is being weighed, such as "tizanidine 4 mg three times a day" or "stop baclofen"; may be repeated',
    )
    one.add_argument("--country", help="whose labels and limits: US, UK, EU or an EU member")
    one.add_argument("--as-of", metavar="DATE", help="the day the review is for (the file's own, else today)")
    one.add_argument("--format", choices=("text", "json", "html", "pdf", "ics", "fhir"), default="text")
    one.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    one.add_argument(
        "--fail-on",
        choices=("DANGER", "CHANGE", "WATCH", "NOTE"),
        help="exit with 1 when a finding is of this tier or graver",
    )
    knows(one)
    one.set_defaults(run=_review)

    again = commands.add_parser(
        "replay",
        help="recompute a review from its own patient and compare the bytes",
        description="Recompute a review.",
    )
    again.add_argument("file", metavar="REVIEW.json")
    again.add_argument(
        "--with-current",
        action="store_true",
        help="recompute with this engine and knowledge, and show what advice changes",
    )
    knows(again)
    again.set_defaults(run=_replay)

    references = commands.add_parser(
        "cite",
        help="the references that a saved result used, as text or BibTeX",
        description="List the sources that a saved review, comparison, answer to a diary or taper used, and relaxant itself.",
    )
    references.add_argument(
        "file",
        metavar="RESULT.json",
        help="what review, compare, respond or taper wrote with --format json, or - for standard input",
    )
    references.add_argument("--format", choices=("text", "bibtex"), default="text")
    references.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    knows(references)
    references.set_defaults(run=_cite)

    course = commands.add_parser(
        "simulate",
        help="a model's course under a regimen, or beside every row of an event table",
        description="Follow one model: a regimen in words with its spread between people, or an event table (CSV, Parquet) with a prediction beside every row.",
    )
    course.add_argument("model", metavar="MODEL", help="a model's id, such as baclofen-oral-adult-simon-2018")
    course.add_argument("--dose", action="append", default=[], metavar="WORDS", help='such as "20 mg three times a day" or "50 mg IV once"; may be repeated')  # fmt: skip
    course.add_argument("--with", dest="given", action="append", default=[], metavar="NAME=VALUE", help="a covariate of the model, such as kidney_function=40; may be repeated")  # fmt: skip
    course.add_argument("--until", default="1 d", metavar="TIME", help="how long, such as 3 d (1 d)")
    course.add_argument("--step", default="30 min", metavar="TIME", help="from time to time (30 min)")
    course.add_argument("--of", metavar="OUTPUT", help="which output or effect (the model's first)")
    course.add_argument(
        "--people", type=_count, default=0, metavar="N", help="draw so many people and show their spread"
    )
    course.add_argument("--seed", type=_count, default=1, metavar="N", help="of the draw (1)")
    course.add_argument(
        "--events", metavar="TABLE", help="an event table instead of --dose; the table comes back with PRED"
    )
    course.add_argument("--format", choices=("text", "json"), default="text")
    course.add_argument("--output", metavar="PATH", help="write there instead of to standard output; with --cohort a folder for exposure.csv and exposure.html")  # fmt: skip
    registry = course.add_argument_group("in a population", "everybody of a registry who takes the model's relaxant, at the label's dose and at the most that each may have")  # fmt: skip
    registry.add_argument("--cohort", metavar="SOURCE", help="a registry, as `relaxant screen` takes it")
    registry.add_argument("--above", metavar="LEVEL", help='count who is above it, such as "400 ng/mL"')
    registry.add_argument("--measure", choices=("peak", "average", "auc"), default="peak", help="what is held against the level (peak)")  # fmt: skip
    registry.add_argument("--copies", type=_count, metavar="N", help="of each person, who differ as people do (40)")
    registry.add_argument("--as-of", metavar="DATE", help="the day on which who takes it counts (the last day of the data)")  # fmt: skip
    registry.add_argument("--country", metavar="CODE", help="whose labels and limits hold (US)")
    registry.add_argument("--engine", default="duckdb", help="what reads the registry (duckdb)")
    registry.add_argument("--memory", default="1200MB", metavar="SIZE", help="what DuckDB may use before it goes to disk (1200MB)")  # fmt: skip
    registry.add_argument("--small-counts", action="store_true", help="show numbers for fewer than 11 people")
    knows(course)
    course.set_defaults(run=_simulate)

    leave = commands.add_parser(
        "taper",
        help="the calendar by which one person leaves a relaxant, in tablets that exist",
        description="Plan how one person leaves a relaxant: dated steps in real products, ways on, signs of withdrawal, sources.",
    )
    leave.add_argument("file", metavar="FILE", help="a patient file, a FHIR R4 bundle, or - for standard input")
    leave.add_argument("--agent", required=True, metavar="NAME", help="the relaxant, or a brand of it")
    leave.add_argument(
        "--policy", metavar="ID", help="another of the published ways of lowering it than the plan's choice"
    )
    leave.add_argument(
        "--by", metavar="AMOUNT", help='your own step, off the day\'s dose, such as "5 mg"; kept in the plan'
    )
    leave.add_argument(
        "--percent", metavar="N", help="your own step as a part of the dose at that time; kept in the plan"
    )
    leave.add_argument(
        "--every", metavar="TIME", help='your own time between steps, such as "14 days"; kept in the plan'
    )
    leave.add_argument(
        "--confirm-override",
        action="store_true",
        help="your own way goes beyond every source and is meant: let it go on the sheet for the person",
    )
    leave.add_argument("--country", help="whose labels and products: US, UK, EU or an EU member")
    leave.add_argument("--as-of", metavar="DATE", help="the day of the review (the file's own, else today)")
    leave.add_argument(
        "--from",
        dest="begin",
        metavar="DATE",
        help="the day of the first step, by which all is done that has to be done before it",
    )
    leave.add_argument("--format", choices=_PLAN_FORMATS, default="text", help="sheet is for the person who takes it")
    leave.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    knows(leave)
    leave.set_defaults(run=_taper)

    working = commands.add_parser(
        "respond",
        help="is it working: what a diary of doses and symptoms says",
        description="Read a diary (CSV: date, doses, scores) and say for each score whether it is better than before the doses changed.",
    )
    working.add_argument("file", metavar="DIARY.csv", nargs="?", help="a diary, or - for standard input")
    working.add_argument("--scales", metavar="NAME", nargs="?", const="", help="show every scale that is read, or one: scoring, error, change that matters, codes, terms")  # fmt: skip
    working.add_argument("--column", action="append", default=[], metavar="OURS=THEIRS", help="the diary's name of a column, such as spasms=Krampfzahl; may be repeated")  # fmt: skip
    working.add_argument("--patient", metavar="FILE", help="the person's file: conditions, other medicines, markers")
    working.add_argument("--country", metavar="CODE", default="US", help="whose labels count without --patient: US, UK, EU or a member of it (default: US)")  # fmt: skip
    working.add_argument("--condition", action="append", default=[], metavar="WORDS", help="a condition, such as “multiple sclerosis”; may be repeated")  # fmt: skip
    working.add_argument("--from", dest="begin", metavar="DATE", help="the first day that is used")
    working.add_argument("--until", metavar="DATE", help="the last day that is used")
    working.add_argument("--randomised", action="store_true", help="chance drew the order of the arms in each block")
    working.add_argument("--blinded", action="store_true", help="nobody knew which arm was which")
    working.add_argument("--label", metavar="TEXT", help="what stands on top against the wrong person")
    working.add_argument("--format", choices=("text", "json", "html"), default="text")
    working.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    knows(working)
    working.set_defaults(run=_respond)

    known = commands.add_parser(
        "agents",
        help="the relaxants that are known, or everything known of one, with sources",
        description="List the relaxants, or show one: what it is for, doses, limits, warnings, rules, each with its source.",
    )
    known.add_argument("name", metavar="NAME", nargs="?", help="a relaxant or a brand, such as tizanidine or Zanaflex")
    known.add_argument(
        "--for", dest="condition", metavar="CONDITION", help="what each relaxant is to a condition, and combinations"
    )
    known.add_argument("--country", help="one country's labels alone: US, UK, EU or an EU member")
    known.add_argument("--format", choices=("text", "json"), default="text")
    known.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    knows(known)
    known.set_defaults(run=_agents)

    beside = commands.add_parser(
        "compare",
        help="two to four relaxants side by side: what trials say, doses, harms, and what differs for one person",
        description="Compare two to four relaxants, with sources: trials, doses, kinetics, harms, interactions, monitoring, stopping; with a patient file what differs for that person first.",
    )
    beside.add_argument("agents", metavar="AGENT", nargs="*", help="two to four relaxants or brands, such as baclofen tizanidine")  # fmt: skip
    beside.add_argument("--patient", metavar="FILE", help="a patient file, a FHIR R4 bundle, or - for standard input")
    beside.add_argument("--part", action="append", default=[], metavar="NAME", help="show this part of it alone: person, glance (cost in tablets), evidence (efficacy), reactions (adverse reactions), mechanism (licence), dosing, kinetics, interactions, factors (patient factors), monitoring, stopping (withdrawal), trials, limits; may be repeated")  # fmt: skip
    beside.add_argument("--country", help="whose labels and products: US, UK, EU or an EU member (the patient file's, else US)")  # fmt: skip
    beside.add_argument("--as-of", metavar="DATE", help="the day of the patient's review (the file's own, else today)")
    beside.add_argument("--format", choices=("text", "json", "html"), default="text")
    beside.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    knows(beside)
    beside.set_defaults(run=_compare)

    article = commands.add_parser(
        "check-claims",
        help="mark what an article about these medicines says that the knowledge contradicts or supports",
        description="Read an article and mark its statements: contradicted, supported, dependent on the country, incomplete.",
    )
    article.add_argument("file", metavar="TEXTFILE", help="plain text, or - for standard input")
    article.add_argument("--country", help="read statements that name no country as of this one's labels")
    article.add_argument("--format", choices=("text", "json"), default="text")
    article.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    knows(article)
    article.set_defaults(run=_check_claims)

    host = commands.add_parser(
        "serve",
        help="pages and a CDS Hooks service over the same review",
        description="Serve the review page, the diary and CDS Hooks. On this machine's own address it answers whoever asks; beyond it only callers whose issuers are configured.",
    )
    host.add_argument("--host", help="the address to listen on (127.0.0.1)")
    host.add_argument("--port", type=_count, help="the port (8642; 0: any free one)")
    host.add_argument("--workers", type=_count, metavar="N", help="processes that share the address (1)")
    host.add_argument(
        "--public-url", metavar="URL", help="what callers write before the path; tokens are made out to it"
    )
    host.add_argument("--database", metavar="URL", help="sqlite:///FILE or postgresql+pg8000://... (an SQLite file of its own)")  # fmt: skip
    host.add_argument("--config", metavar="FILE", help="settings in TOML; the environment (RELAXANT_SERVE_...) and these options win")  # fmt: skip
    knows(host)
    host.set_defaults(run=_serve)

    kept = commands.add_parser(
        "audit",
        help="what a service recorded: verify it, count answers to cards, forget a person",
        description="Look at what a service recorded. Exit status: 0 sound or done, 1 the audit is broken, 2 it cannot be looked at.",
    )
    kept.add_argument("action", choices=("verify", "head", "export", "counts", "erase"), help="verify: follow the chain of hashes from the first row; head: its end, to be held elsewhere; export: rows as NDJSON; counts: cards shown, accepted and overridden, by rule; erase: make all that is recorded of a person lead to nobody")  # fmt: skip
    kept.add_argument("--database", metavar="URL", help="sqlite:///FILE or postgresql+pg8000://... (the service's own)")
    kept.add_argument("--config", metavar="FILE", help="the service's settings in TOML")
    kept.add_argument("--head", metavar="HASH", help="verify: a head that was held elsewhere; what led to it must be unchanged")  # fmt: skip
    kept.add_argument("--number", type=_count, metavar="N", help="verify: the number of that head's row")
    kept.add_argument("--from", dest="first", type=_count, metavar="N", help="export: the first row (1)")
    kept.add_argument("--until", dest="last", type=_count, metavar="N", help="export: the last row (the newest)")
    kept.add_argument("--issuer", metavar="NAME", help="erase: whose record number it is, as the service knows it")
    kept.add_argument("--patient", metavar="ID", help="erase: the record number; - or left out: a line of standard input, where no list of commands keeps it")  # fmt: skip
    kept.add_argument("--format", choices=("text", "json"), default="text", help="verify, head, counts")
    kept.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    kept.set_defaults(run=_audit)

    all_of_them = commands.add_parser(
        "screen",
        help="the rules over everybody in a registry: OMOP's tables or FHIR bulk data",
        description="Screen a registry: everybody with a relaxant through the rules of the review. Writes findings.parquet, counts.csv, attrition.csv, unmapped.csv and summary.html. A screen that was stopped goes on where it was when the same command is given again.",
    )
    all_of_them.add_argument("source", metavar="SOURCE", help="a folder with Parquet or CSV files of the OMOP tables (5.3, 5.4), a DuckDB file, postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or a folder of FHIR NDJSON")  # fmt: skip
    all_of_them.add_argument("--output", required=True, metavar="DIR", help="the folder that the files are written to")
    all_of_them.add_argument("--engine", default="duckdb", help="duckdb, or spark for where the data have outgrown one machine (duckdb)")  # fmt: skip
    all_of_them.add_argument("--as-of", metavar="DATE", help="the day that everybody is looked at (the last day of the data)")  # fmt: skip
    all_of_them.add_argument("--from", dest="first", metavar="DATE", help="look at a period that begins on this day: incidence.csv and trends.csv besides")  # fmt: skip
    all_of_them.add_argument("--until", metavar="DATE", help="the last day of the period (the last day of the data)")
    all_of_them.add_argument("--every", type=_count, metavar="DAYS", help="how often to look while a relaxant is taken, besides the days on which a course begins or is over (7)")  # fmt: skip
    all_of_them.add_argument("--washout", type=int, metavar="DAYS", help="what was there within so many days before is not new (365)")  # fmt: skip
    all_of_them.add_argument("--new-users", action="store_true", help="only those who began a relaxant in the period, without it in the washout")  # fmt: skip
    all_of_them.add_argument("--country", metavar="CODE", help="whose labels and limits hold: US, UK or a member of the EU (US)")  # fmt: skip
    all_of_them.add_argument("--checks", action="store_true", help="write every check too, the silent ones as well: checks.parquet")  # fmt: skip
    all_of_them.add_argument("--small-counts", action="store_true", help="show counts under 11 persons in the summary, which else are hidden")  # fmt: skip
    all_of_them.add_argument("--workers", type=_count, metavar="N", help="processes beside one another (one for each core)")  # fmt: skip
    all_of_them.add_argument("--memory", default="1200MB", metavar="SIZE", help="what DuckDB may use before it goes to disk (1200MB)")  # fmt: skip
    knows(all_of_them)
    all_of_them.set_defaults(run=_screen)

    many = commands.add_parser(
        "cohort",
        help="make a population that never was; write rules for other engines",
        description="Populations: make one that never was, for tests and demonstrations; write rules in CQL, for other engines.",
    )
    does = many.add_subparsers(dest="cohort", required=True, metavar="COMMAND")
    made = does.add_parser(
        "synthesize",
        help="people, conditions, medicines and measurements in OMOP's tables (CDM 5.4), seeded",
        description="Write a synthetic registry in OMOP's tables (CDM 5.4): the same seed and number of people give the same bytes.",
    )
    made.add_argument("--people", type=_count, required=True, metavar="N", help="how many people, such as 10000")
    made.add_argument("--seed", type=_count, default=1, metavar="S", help="of the draw (1)")
    made.add_argument("--output", required=True, metavar="DIR", help="a folder that is not there yet, or is empty")
    made.add_argument("--as-of", metavar="DATE", help="the last day of the data (the knowledge's own)")
    made.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    made.add_argument("--country", default="US", metavar="CODE", help="whose registry it is like: US")
    made.add_argument("--dirt", choices=("none", "realistic", "heavy"), default="realistic", help="how many rows are wrong as real ones are: lost codes, units, days that cannot be (realistic)")  # fmt: skip
    knows(made)
    made.set_defaults(run=_cohort)
    cql = does.add_parser(
        "cql",
        help="rules as a library in CQL, for other engines over FHIR R4",
        description="Write rules as a library in Clinical Quality Language (FHIR R4) with its value sets: true where a rule fires, false where it is silent, null where it could not be checked.",
    )
    cql.add_argument("--rule", action="append", default=[], metavar="ID", help="a rule; may be repeated (every rule that can be expressed)")  # fmt: skip
    cql.add_argument("--output", required=True, metavar="DIR", help="the folder that the files are written to")
    cql.add_argument("--country", default="US", metavar="CODE", help="whose labels hold: US, UK or a member of the EU (US)")  # fmt: skip
    knows(cql)
    cql.set_defaults(run=_cql)
    opened = does.add_parser(
        "person",
        help="one person of a registry as a patient file, as a screen sees them",
        description="Write one person of a registry as a patient file (YAML), with what a screen uses of them: `relaxant review` has the checks of the screen.",
    )
    opened.add_argument("source", metavar="SOURCE", help="as of `relaxant screen`")
    opened.add_argument("person", metavar="ID", help="the person_id, as findings.parquet has it")
    opened.add_argument("--as-of", metavar="DATE", help="the day of the file (the last day of the data)")
    opened.add_argument("--country", default="US", metavar="CODE", help="whose labels and limits hold: US, UK or a member of the EU (US)")  # fmt: skip
    opened.add_argument("--engine", default="duckdb", help="duckdb or spark (duckdb)")
    opened.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    knows(opened)
    opened.set_defaults(run=_person)

    check = commands.add_parser(
        "lint",
        help="check a knowledge pack",
        description="Check a knowledge pack laid over the shipped knowledge: sources, units, bounds, cases, words, models. Exit status: 0 sound, 1 faults were found.",
    )
    check.add_argument("pack", metavar="PACK", nargs="*", help="a pack's folder, or several, each laid over those before it; the shipped knowledge if left out")  # fmt: skip
    check.set_defaults(run=_lint)

    new = commands.add_parser(
        "whats-new",
        help="what changed since a day, clinical changes first: who gets different advice, by which rules",
        description="Show what changed since a day, the day included: clinical changes first, with who gets different advice and the rules.",
    )
    new.add_argument("--since", required=True, metavar="DATE", help="the first day, such as 2026-11-22")
    new.add_argument("--until", metavar="DATE", help="the last day (today)")
    new.add_argument("--agent", action="append", default=[], metavar="NAME", help="what changed of this relaxant alone; may be repeated")  # fmt: skip
    new.add_argument("--patient", metavar="FILE", help="what changed of the relaxants that this person takes, has stopped or is weighed for: a patient file, a FHIR R4 bundle, or - for standard input")  # fmt: skip
    new.add_argument("--format", choices=("text", "json"), default="text")
    new.add_argument("--output", metavar="PATH", help="write there instead of to standard output")
    knows(new)
    new.set_defaults(run=_whats_new)

    about = commands.add_parser("about", help="versions, knowledge and notices", description="What this is made of.")
    about.add_argument(
        "--libraries", action="store_true", help="the libraries that are installed, with version and licence"
    )
    knows(about)
    about.set_defaults(run=_about)
    return parser


_PLAN_FORMATS = ("text", "json", "html", "pdf", "ics", "fhir", "sheet", "sheet-pdf")


def _count(said: str) -> int:
    if not said.isdecimal():
        raise argparse.ArgumentTypeError(f"“{said}” is no count; give a whole number from 0 up")
    return int(said)


def _read(path: str, what: str = "a patient file") -> bytes:
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except IsADirectoryError:
        raise InputError("FILE", path, "this is a folder", f"give the path of {what}") from None
    except OSError as error:
        raise InputError("FILE", path, f"it cannot be read ({error.strerror})", f"give the path of {what}") from None


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


def say_without_label(knowledge: Knowledge) -> None:
    """Says on standard error what a calendar cannot tell where the file gives no label."""
    from relaxant.report.calendar import without_label

    print(f"relaxant: {without_label(knowledge.words('plan'))}", file=sys.stderr)


def today() -> date:
    """The caller's local day."""
    return datetime.now().astimezone().date()


def _review(options: argparse.Namespace) -> int:
    from relaxant.io.read import read_bytes, something_to_review
    from relaxant.knowledge.load import load_knowledge
    from relaxant.report.reviews import render_review
    from relaxant.reviewing import review

    knowledge = load_knowledge(*options.pack)
    name = "standard input" if options.file == "-" else Path(options.file).name
    patient = read_bytes(
        _read(options.file),
        knowledge,
        today=today(),
        name=name,
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
        say_without_label(knowledge)
    tiers = ("DANGER", "CHANGE", "WATCH", "NOTE")
    graver = tiers[: tiers.index(options.fail_on) + 1] if options.fail_on else ()
    return 1 if any(f.tier in graver for f in reviewed.findings) else 0


def _replay(options: argparse.Namespace) -> int:
    from relaxant.io.patient_file import read_patient
    from relaxant.knowledge.load import load_knowledge
    from relaxant.plain import decode_text, read_json
    from relaxant.reviewing import changes, replay, to_json

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
        plain["patient"], knowledge, today=today(), lenient="record" in plain["patient"], name="patient"
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
    from relaxant.cli_cite import run
    from relaxant.knowledge.load import load_knowledge

    data = _read(options.file, "the JSON of a result")
    _write(run(options, data, load_knowledge(*options.pack)), options.output)
    return 0


def _simulate(options: argparse.Namespace) -> int:
    from relaxant.cli_simulate import run
    from relaxant.knowledge.load import load_knowledge

    if options.cohort is not None:
        try:
            from relaxant.cli_simulate_cohort import run as followed
        except ModuleNotFoundError as error:
            raise InputError("--cohort", error.name or "a library", "a library of the screen is not installed", "run `pip install 'relaxant[screen]'`, in a checkout `pip install -e '.[screen]'`") from None  # fmt: skip
        _write(followed(options, load_knowledge(*options.pack), today()), None)
        return 0
    _write(run(options, load_knowledge(*options.pack), today()), options.output)
    return 0


def _taper(options: argparse.Namespace) -> int:
    from relaxant.cli_taper import run
    from relaxant.knowledge.load import load_knowledge

    name = "standard input" if options.file == "-" else Path(options.file).name
    knowledge = load_knowledge(*options.pack)
    made, labelled = run(
        options, _read(options.file), name, knowledge, today(), colour=_colour(options), encoding=_encoding(options)
    )
    _write(made, options.output)
    if options.format == "ics" and not labelled:
        say_without_label(knowledge)
    return 0


def _respond(options: argparse.Namespace) -> int:
    from relaxant.cli_respond import run, scales
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
        knowledge,
        today(),
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
    from relaxant.cli_agents import run
    from relaxant.knowledge.load import load_knowledge

    _write(run(options, load_knowledge(*options.pack)), options.output)
    return 0


def _compare(options: argparse.Namespace) -> int:
    from relaxant.cli_compare import run
    from relaxant.knowledge.load import load_knowledge

    knowledge = load_knowledge(*options.pack)
    data = None if options.patient is None else _read(options.patient)
    name = "standard input" if options.patient in (None, "-") else Path(options.patient).name
    made = run(options, data, name, knowledge, today(), colour=_colour(options), encoding=_encoding(options))
    _write(made, options.output)
    return 0


def _check_claims(options: argparse.Namespace) -> int:
    from relaxant.cli_claims import run
    from relaxant.knowledge.load import load_knowledge

    _write(run(options, _read(options.file), load_knowledge(*options.pack)), options.output)
    return 0


def _serve(options: argparse.Namespace) -> int:
    try:
        from relaxant.service.serve import run
    except ModuleNotFoundError as error:
        raise InputError("serve", error.name or "a library", "a library of the service is not installed", "run `pip install 'relaxant[serve]'`, in a checkout `pip install -e '.[serve]'`") from None  # fmt: skip
    return run(options, os.environ)


def _audit(options: argparse.Namespace) -> int:
    try:
        from relaxant.cli_audit import run
    except ModuleNotFoundError as error:
        raise InputError("audit", error.name or "a library", "a library of the service is not installed", "run `pip install 'relaxant[serve]'`, in a checkout `pip install -e '.[serve]'`") from None  # fmt: skip
    if options.output is None:
        return run(options, os.environ, sys.stdout.buffer)
    try:
        out = Path(options.output).open("wb")  # noqa: SIM115 - closed below; what is wrong inside is another's fault
    except OSError as error:
        raise InputError("--output", options.output, f"it cannot be written ({error.strerror})", "give a path in a folder that exists") from None  # fmt: skip
    with out:
        return run(options, os.environ, out)


def _screen(options: argparse.Namespace) -> int:
    try:
        from relaxant.cli_screen import run
    except ModuleNotFoundError as error:
        raise InputError("screen", error.name or "a library", "a library of the screen is not installed", "run `pip install 'relaxant[screen]'`, in a checkout `pip install -e '.[screen]'`") from None  # fmt: skip
    from relaxant.knowledge.load import load_knowledge

    return run(options, load_knowledge(*options.pack), today())


def _cohort(options: argparse.Namespace) -> int:
    try:
        from relaxant.cli_cohort import run
    except ModuleNotFoundError as error:
        raise InputError("cohort", error.name or "a library", "a library of the screen is not installed", "run `pip install 'relaxant[screen]'`, in a checkout `pip install -e '.[screen]'`") from None  # fmt: skip
    from relaxant.knowledge.load import load_knowledge

    return run(options, load_knowledge(*options.pack))


def _cql(options: argparse.Namespace) -> int:
    from relaxant.cli_cql import run
    from relaxant.knowledge.load import load_knowledge

    return run(options, load_knowledge(*options.pack))


def _person(options: argparse.Namespace) -> int:
    try:
        from relaxant.cli_person import run
    except ModuleNotFoundError as error:
        raise InputError("cohort", error.name or "a library", "a library of the screen is not installed", "run `pip install 'relaxant[screen]'`, in a checkout `pip install -e '.[screen]'`") from None  # fmt: skip
    from relaxant.knowledge.load import load_knowledge

    _write(run(options, load_knowledge(*options.pack), today()), options.output)
    return 0


def _lint(options: argparse.Namespace) -> int:
    from relaxant.linting import check

    faults, does = check(*options.pack)
    for fault in faults:
        print(fault)
    for words in does:
        print(f"relaxant: {words}", file=sys.stderr)
    print(f"relaxant: {len(faults)} fault{'' if len(faults) == 1 else 's'}", file=sys.stderr)
    return 1 if faults else 0


def _whats_new(options: argparse.Namespace) -> int:
    from relaxant.cli_whats_new import run
    from relaxant.knowledge.load import load_knowledge

    data = None if options.patient is None else _read(options.patient)
    name = "standard input" if options.patient in (None, "-") else Path(options.patient).name
    made = run(options, data, name, load_knowledge(*options.pack), today(), encoding=_encoding(options))
    _write(made, options.output)
    return 0


def _about(options: argparse.Namespace) -> int:
    from relaxant.cli_about import about
    from relaxant.knowledge.load import load_knowledge
    from relaxant.report.columns import plainer

    try:
        knowledge = load_knowledge(*options.pack)
    except KnowledgeError as error:
        raise InputError("--pack", ", ".join(options.pack), str(error), "run `relaxant lint` on it") from None
    encoding = sys.stdout.encoding or "utf-8"
    _write(plainer(about(knowledge, with_libraries=options.libraries), encoding).encode(encoding), None)
    return 0


if __name__ == "__main__":
    console()
