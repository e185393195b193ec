"""A CQL library of rules: what is written, and which rules can be."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from relaxant.cohort.cql.codes import Codes, ValueSet
from relaxant.cohort.cql.parts import Part, filled, needed, written
from relaxant.cohort.cql.terms import OF_PANEL, CannotExpressError, Terms, decimal, quoted
from relaxant.cohort.cql.units import factors
from relaxant.errors import InputError
from relaxant.facts.derive import MAKERS
from relaxant.io.fhir_named import NO_KNOWN_MEDICINES
from relaxant.io.fhir_problems import NO_INFORMATION, NONE_KNOWN, dialysis_codes
from relaxant.io.patient_file import read_country
from relaxant.knowledge.agents import EVERY_AGENT
from relaxant.knowledge.labs import Lab
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.rules import Rule
from relaxant.medicines.dosage.codes import ROUTE_CODES
from relaxant.patient import jurisdiction_of
from relaxant.rules.evaluate import Test, program
from relaxant.rules.predicate import Clauses, Leaf
from relaxant.version import __version__

NAME = "RelaxantRules"
_POLICIES = (
    "kidney_injury_rise",
    "kidney_injury_rise_hours",
    "kidney_injury_ratio",
    "kidney_injury_ratio_days",
    "egfr_disagreement",
    "adjusted_weight_from_bmi",
)


class Exported(msgspec.Struct, frozen=True):
    """One rule for one agent in the library: the definition that is true, false or null, and the one that says it in words."""

    rule: str
    agent: str
    definition: str

    @property
    def outcome(self) -> str:
        """The definition whose value is ``fires``, ``silent`` or ``could not check``."""
        return f"{self.definition} outcome"


class Library(msgspec.Struct, frozen=True):
    """A library: its text, the value sets it asks for, and the rules in it. ``refused`` says of every other rule asked for what stands in the way."""

    text: str
    value_sets: tuple[ValueSet, ...]
    rules: tuple[Exported, ...]
    refused: dict[str, str]
    version: str


def library(knowledge: Knowledge, rules: Sequence[str] = (), *, country: str = "US") -> Library:
    """The library of some rules, or of every rule that can be expressed. Raises :class:`InputError` for one named that is not there or cannot be."""
    for name in rules:
        if name not in knowledge.rules:
            raise InputError(
                "--rule",
                name,
                "there is no such rule",
                "give the id of a rule, as `relaxant review --format json` names it",
            )
    country = read_country(country)
    codes = Codes(knowledge, country)
    terms = Terms(knowledge, codes)
    exported, parts, refused = [], [], {}
    for rule in [knowledge.rules[name] for name in dict.fromkeys(rules)] or list(knowledge.rules.values()):
        try:
            made = _rule(rule, knowledge, country, codes, terms)
        except CannotExpressError as error:
            if rules:
                raise InputError(
                    "--rule",
                    rule.rule,
                    f"it asks for {error.fact}, which CQL cannot say here: {error.why}",
                    "leave the rule out",
                ) from None
            refused[rule.rule] = str(error)
            continue
        exported += [one for one, _ in made]
        parts += [part for _, part in made]
    return _assembled(knowledge, country, terms, tuple(exported), parts, refused)


def _tests(rule: Rule, knowledge: Knowledge, country: str) -> list[Test]:
    compiled = program(knowledge, jurisdiction_of(country))
    agents = knowledge.agents if EVERY_AGENT in rule.agents else rule.agents
    out: list[Test] = []
    for agent in sorted(agents):
        places = [place for group in compiled.groups(agent) for place in group.rules.tests.tolist()]
        out += [compiled.tests[place] for place in places if compiled.tests[place].rule.rule == rule.rule]
    if not out:
        raise CannotExpressError(f"labels of {', '.join(rule.jurisdiction)} alone", f"the library is for {country}")
    return out


def _rule(rule: Rule, knowledge: Knowledge, country: str, codes: Codes, terms: Terms) -> list[tuple[Exported, Part]]:
    tests = [test for test in _tests(rule, knowledge, country) if codes.names_agent(test.agent)]
    if not tests:
        raise CannotExpressError(", ".join(rule.agents), "RxNorm has no code for it here")
    made = []
    for test in tests:
        called = rule.rule if len(tests) == 1 else f"{rule.rule} ({test.agent})"
        text = _any_of(test.clauses, terms)
        if f"{OF_PANEL}." in text:
            text = f'("Kidney") {OF_PANEL}\n    return {text}'
        comment = f"// {rule.tier}: {rule.title}. Null: could not check."
        made.append((Exported(rule.rule, test.agent, called), Part(called, f'{comment}\ndefine "{called}":\n  {text}')))
    return made


def _any_of(clauses: Clauses, terms: Terms) -> str:
    """Any of all of leaves, with what all alternatives share said once."""
    shared = [leaf for leaf in clauses[0] if all(leaf in clause for clause in clauses)]
    rest = [[leaf for leaf in clause if leaf not in shared] for clause in clauses]
    if not all(rest):
        rest = []
    parts = [terms.leaf(leaf) for leaf in shared]
    if len(rest) == 1:
        parts += [terms.leaf(leaf) for leaf in rest[0]]
    elif rest:
        parts.append("(\n      " + "\n      or ".join(_all_of(clause, terms) for clause in rest) + "\n    )")
    return "\n    and ".join(parts)


def _all_of(leaves: Collection[Leaf], terms: Terms) -> str:
    said = " and ".join(terms.leaf(leaf) for leaf in leaves)
    return f"({said})" if len(leaves) > 1 else said


# ---------------------------------------------------------------- the text


def _assembled(knowledge: Knowledge, country: str, terms: Terms, rules: tuple[Exported, ...], own: list[Part], refused: dict[str, str]) -> Library:  # fmt: skip
    wanted = _wanted(knowledge, terms)
    ready = [*wanted, *terms.parts.values(), *own]
    words = [Part(r.outcome, f'define "{r.outcome}":\n  "In words"("{r.definition}")') for r in rules]
    parts = needed([*ready, *words], [name for r in rules for name in (r.definition, r.outcome)])
    parts = tuple(
        _units(knowledge.labs[part.name.partition(" ")[0]], knowledge) if not part.text else part for part in parts
    )
    names = {name for part in parts for name in part.uses}
    sets = [s for s in terms.value_sets() if s.name in names]
    version = f"{__version__}-{knowledge.sha256[:12]}"
    head = [
        f"// Rules of relaxant {__version__} (knowledge of {knowledge.date}, {country}), for CQL engines. Made by `relaxant cohort cql`: change the knowledge, not this.\n"
        f"// A rule is true where it fires, false where it is silent, null where it could not be checked.\n"
        f"library {NAME} version '{version}'",
        "using FHIR version '4.0.1'",
        "\n".join(f"valueset \"{s.name}\": '{s.url}' version '{version}'" for s in sets),
        'parameter "As Of" Date default Today()',
        "context Patient",
    ]
    text = "\n\n".join([*(part for part in head if part), *(part.text for part in parts)]) + "\n"
    return Library(text, tuple(sets), rules, refused, version)


def _wanted(knowledge: Knowledge, terms: Terms) -> list[Part]:
    """Every written part with its places filled, the part of a single result once for each laboratory test."""
    values = {name: decimal(knowledge.policy(name)) for name in _POLICIES}
    values |= {
        "routes": quoted(ROUTE_CODES),
        "no_medicines": quoted(sorted(NO_KNOWN_MEDICINES)),
        "none_known": quoted(sorted(NONE_KNOWN)),
        "no_information": quoted(sorted(NO_INFORMATION)),
        "dialysis": quoted(dialysis_codes(billed=True)),
        **_lab_values("creatinine", knowledge.labs["creatinine"]),
    }
    out = [
        Part(f"{lab.lab} in {lab.unit}", "") for lab in knowledge.labs.values()
    ]  # its text costs time, and most are not needed
    for part in written():
        if "{{single}}" not in part.text:
            out.append(filled(part, values))
            continue
        for lab in knowledge.labs.values():
            if lab.lab not in MAKERS or lab.lab == "egfr":
                out.append(filled(part, {"single": lab.lab, **_lab_values("single", lab)}))
    for name in ("dialysis_dependence", "acute_kidney_injury", "low_muscle_mass"):
        terms.condition(name)
    return out


def _lab_values(called: str, lab: Lab) -> dict[str, str]:
    return {
        f"{called}.unit": lab.unit,
        f"{called}.days": f"{lab.valid_days:g}",
        f"{called}.low": decimal(lab.plausible_low),
        f"{called}.high": decimal(lab.plausible_high),
    }


def _units(lab: Lab, knowledge: Knowledge) -> Part:
    """A number in a known unit, in the lab's own; null in any other, and where code and words of the unit differ."""
    called = f"{lab.lab} in {lab.unit}"
    known = {
        unit: decimal(factor)
        for unit, factor in factors(lab, knowledge).items()
        if abs(float(decimal(factor)) - factor) < 1e-12
    }
    cases = " ".join(f"when '{unit}' then {factor}" for unit, factor in known.items())
    bare = (
        ""
        if lab.unit_required and lab.unit not in ("", "1")
        else " when amount.code.value is null and amount.unit.value is null then 1.0"
    )
    text = (
        f'define function "{called}"(amount FHIR.Quantity):\n'
        "  (Tuple {\n"
        f"    coded: case amount.code.value {cases} else null end,\n"
        f"    worded: case amount.unit.value {cases} else null end\n"
        "  }) F\n"
        "    return amount.value.value * case\n"
        f"      when F.coded != F.worded then null{bare}\n"
        "      else Coalesce(F.coded, F.worded)\n"
        "    end"
    )
    return Part(called, text)
