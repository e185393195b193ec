"""What each command takes: its arguments, their words and defaults."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from relaxant.version import __version__

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["_OneLine"]


def parser() -> argparse.ArgumentParser:
    """The parser of every command; ``does`` is the one that was asked for."""
    made = _OneLine(
        prog="relaxant", description="Precision prescribing of muscle relaxants: a cited review for one person."
    )
    made.add_argument("--version", action="version", version=f"relaxant {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (
        _review,
        _replay,
        _cite,
        _simulate,
        _taper,
        _respond,
        _agents,
        _compare,
        _check_claims,
        _serve,
        _audit,
        _screen,
        _cohort,
        _lint,
        _whats_new,
        _about,
    ):
        command(commands)
    return made


class _OneLine(argparse.ArgumentParser):
    """A parser whose complaint is one line, like every other."""

    def error(self, message: str) -> NoReturn:
        print(f"relaxant: {message}; see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(2)


def _count(said: str) -> int:
    if not said.isdecimal():
        raise argparse.ArgumentTypeError(f"“{said}” is no count; give a whole number from 0 up")
    return int(said)


def _writes(command: argparse.ArgumentParser) -> None:
    command.add_argument("--output", metavar="PATH", help="write there instead of to standard output")


def _knows(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--pack",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a knowledge pack laid over the shipped one; may be repeated",
    )


def _review(commands: Commands) -> None:
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
    _writes(one)
    one.add_argument(
        "--fail-on",
        choices=("DANGER", "CHANGE", "WATCH", "NOTE"),
        help="exit with 1 when a finding is of this tier or graver",
    )
    _knows(one)
    one.set_defaults(does="review")


def _replay(commands: Commands) -> None:
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
    _knows(again)
    again.set_defaults(does="replay")


def _cite(commands: Commands) -> None:
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
    _writes(references)
    _knows(references)
    references.set_defaults(does="cite")


def _simulate(commands: Commands) -> None:
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
    _knows(course)
    course.set_defaults(does="simulate")


def _taper(commands: Commands) -> None:
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
    leave.add_argument(
        "--format",
        choices=("text", "json", "html", "pdf", "ics", "fhir", "sheet", "sheet-pdf"),
        default="text",
        help="sheet is for the person who takes it",
    )
    _writes(leave)
    _knows(leave)
    leave.set_defaults(does="taper")


def _respond(commands: Commands) -> None:
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
    _writes(working)
    _knows(working)
    working.set_defaults(does="respond")


def _agents(commands: Commands) -> None:
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
    _writes(known)
    _knows(known)
    known.set_defaults(does="agents")


def _compare(commands: Commands) -> None:
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
    _writes(beside)
    _knows(beside)
    beside.set_defaults(does="compare")


def _check_claims(commands: Commands) -> None:
    article = commands.add_parser(
        "check-claims",
        help="mark what an article about these medicines says that the knowledge contradicts or supports",
        description="Read an article and mark its statements: contradicted, supported, dependent on the country, incomplete.",
    )
    article.add_argument("file", metavar="TEXTFILE", help="plain text, or - for standard input")
    article.add_argument("--country", help="read statements that name no country as of this one's labels")
    article.add_argument("--format", choices=("text", "json"), default="text")
    _writes(article)
    _knows(article)
    article.set_defaults(does="check-claims")


def _serve(commands: Commands) -> None:
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
    _knows(host)
    host.set_defaults(does="serve")


def _audit(commands: Commands) -> None:
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
    _writes(kept)
    kept.set_defaults(does="audit")


def _screen(commands: Commands) -> None:
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
    _knows(all_of_them)
    all_of_them.set_defaults(does="screen")


def _cohort(commands: Commands) -> None:
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
    _knows(made)
    made.set_defaults(does="cohort synthesize")
    cql = does.add_parser(
        "cql",
        help="rules as a library in CQL, for other engines over FHIR R4",
        description="Write rules as a library in Clinical Quality Language (FHIR R4) with its value sets: true where a rule fires, false where it is silent, null where it could not be checked.",
    )
    cql.add_argument("--rule", action="append", default=[], metavar="ID", help="a rule; may be repeated (every rule that can be expressed)")  # fmt: skip
    cql.add_argument("--output", required=True, metavar="DIR", help="the folder that the files are written to")
    cql.add_argument("--country", default="US", metavar="CODE", help="whose labels hold: US, UK or a member of the EU (US)")  # fmt: skip
    _knows(cql)
    cql.set_defaults(does="cohort cql")
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
    _writes(opened)
    _knows(opened)
    opened.set_defaults(does="cohort person")


def _lint(commands: Commands) -> None:
    check = commands.add_parser(
        "lint",
        help="check a knowledge pack",
        description="Check a knowledge pack laid over the shipped knowledge: sources, units, bounds, cases, words, models. Exit status: 0 sound, 1 faults were found.",
    )
    check.add_argument("pack", metavar="PACK", nargs="*", help="a pack's folder, or several, each laid over those before it; the shipped knowledge if left out")  # fmt: skip
    check.set_defaults(does="lint")


def _whats_new(commands: Commands) -> None:
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
    _writes(new)
    _knows(new)
    new.set_defaults(does="whats-new")


def _about(commands: Commands) -> None:
    about = commands.add_parser("about", help="versions, knowledge and notices", description="What this is made of.")
    about.add_argument(
        "--libraries", action="store_true", help="the libraries that are installed, with version and licence"
    )
    _knows(about)
    about.set_defaults(does="about")
