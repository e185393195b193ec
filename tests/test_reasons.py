"""Why a finding stands: the facts that are given as its reasons, and the sources that it is said to rest on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from conftest import TODAY, reviewed
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.schema import Source
from relaxant.medicines.read import read_medicines
from relaxant.rules.evaluate import evaluate, program
from relaxant.rules.findings import Finding, read_row
from relaxant.rules.reasons import cited, decided_here, effect_of, own_sources

PERSON: dict[str, Any] = {
    "sex": "female", "birth_date": "1968-03-02", "weight": "61 kg", "height": "165 cm", "conditions": [], "allergies": [],
    "labs": [{"name": "creatinine", "value": "0.8 mg/dL", "date": "2026-11-10"}, {"name": "ALT", "value": "20 U/L", "date": "2026-11-10"}],
}  # fmt: skip
CHILD = {"birth_date": "2018-03-02", "weight": "25 kg", "height": "128 cm"}
PUMP = {"drug": "baclofen", "route": "intrathecal", "dose": "400 micrograms/day", "start": "2024-01-05"}


def found(rule: str, **more: Any) -> Finding:
    (one,) = [f for f in reviewed({**PERSON, **more}).findings if rule in f.rules]
    return one


def reasons(finding: Finding) -> list[tuple[str, str]]:
    return [(because.fact, because.value) for because in finding.because]


def places(finding: Finding) -> dict[tuple[str, str], str | None]:
    return {(source.id, source.place): source.says for source in finding.sources}


def of_people(knowledge: Knowledge, *people: dict[str, Any]) -> list[list[Finding]]:
    """The findings of several people of one country who are reviewed together, as a registry does it."""
    patients = [read_patient({"as_of": "2026-11-22", **PERSON, **plain}, knowledge, today=TODAY) for plain in people]
    (jurisdiction,) = {patient.jurisdiction for patient in patients}
    facts = Facts(
        inputs_of([(patient, read_medicines(patient, knowledge)) for patient in patients], knowledge),
        knowledge,
        jurisdiction,
    )
    checks = evaluate(program(knowledge, jurisdiction), facts, facts.inputs.agents.keys())
    return [read_row(checks, row)[1] for row in range(len(people))]


# ---------------------------------------------------------------- reasons


def test_a_limit_that_is_passed_is_said_with_what_is_ordered_and_by_its_kind() -> None:
    """Without both numbers a reader cannot see by how much an order is above its limit."""
    over = found("over-daily-limit", medicines=["baclofen 40 mg three times a day"])
    assert reasons(over) == [
        ("most that may be taken in a day", "120 mg/day"),
        ("limit, daily", "80 mg/day"),
        ("largest single dose", "40 mg"),
        ("limit, single", "20 mg"),
    ]
    by_weight = found("botulinum-over-session-dose", **CHILD, medicines=["Dysport 1000 units into the leg"])
    assert reasons(by_weight) == [
        ("largest single dose by weight", "40 units/kg"),
        ("limit, single per kg", "30 units/kg"),
    ]
    too_young = found("no-dose-at-this-age", birth_date="2024-03-02", weight="12 kg", considering=["gabapentin 100 mg once a day"], medicines=[])  # fmt: skip
    assert reasons(too_young) == [("age", "2 years"), ("limit, least age", "3 years")]
    baby = found("no-dose-at-this-age", birth_date="2026-08-02", country="UK", weight="6 kg", considering=["diazepam 1 mg by mouth once a day"], medicines=[])  # fmt: skip
    assert reasons(baby) == [("age", "3 months"), ("limit, least age", "6 months")]


def test_what_is_measured_of_the_person_is_given_as_the_reason() -> None:
    """The kidney's number stands under the rule that fired by it, the age under one for children."""
    low = found("baclofen-reduced-kidney-function", medicines=["baclofen 10 mg three times a day"], labs=[{"name": "creatinine", "value": "1.6 mg/dL", "date": "2026-11-10"}])  # fmt: skip
    (egfr,) = [value for fact, value in reasons(low) if "eGFR" in fact]
    assert egfr.endswith("mL/min/1.73 m2") and 30 < float(egfr.split()[0]) < 60
    assert reasons(found("cyclobenzaprine-child", **CHILD, medicines=["cyclobenzaprine 5 mg at night"])) == [
        ("age", "8 years")
    ]


def test_what_an_agent_is_not_for_is_said_with_the_condition_in_the_words_of_its_source() -> None:
    """The reason is what the source says of the condition that the person has, as a part of a line and so without its full stop; the citation keeps it."""
    taken = {"conditions": ["stroke", "fibromyalgia"], "medicines": ["chlorzoxazone 500 mg three times a day"]}
    said = "Ineffective in muscle hyperactivity of chronic neurological disorders such as cerebral palsy"
    unsuited = found("unsuited-and-taken", **taken)
    assert reasons(unsuited) == [("stroke", said)]
    assert places(unsuited)["chlorzoxazone-monograph-drugs-com", "Uses"] == f"{said}."


def test_who_has_two_conditions_that_an_agent_is_not_for_reads_both_and_the_person_beside_reads_their_own(knowledge: Knowledge) -> None:  # fmt: skip
    """One condition left out would read as if the agent suited it."""
    medicines = ["cyclobenzaprine 10 mg at night"]
    both, one = ["spinal cord injury", "cerebral palsy"], ["spinal cord injury"]
    told = of_people(knowledge, *({"conditions": own, "medicines": medicines} for own in (both, one)))
    unsuited = [[reasons(f)[0][0] for f in own if "unsuited-and-taken" in f.rules] for own in told]
    assert unsuited == [["cerebral palsy and spinal cord injury"], ["spinal cord injury"]]


def test_how_far_an_event_is_away_is_said_with_its_name() -> None:
    scan = "magnetic resonance imaging"
    past = found("baclofen-intrathecal-mri", procedure={"kind": "MRI", "date": "2026-11-19"}, medicines=[PUMP])
    planned = found("baclofen-intrathecal-mri", procedure={"kind": "MRI", "date": "2026-11-29"}, medicines=[PUMP])
    assert reasons(past) == [(scan, "yes"), (f"since {scan}", "3 days")]
    assert reasons(planned) == [(scan, "yes"), (f"until {scan}", "7 days")]


def test_how_long_ago_something_was_stopped_is_said_of_what_was_stopped() -> None:
    """The tablet that is begun is no tablet that was stopped, and what was given is no reason as one that was stopped: who reads it would look for withdrawal."""
    gabapentin = {"drug": "gabapentin", "dose": "600 mg", "frequency": "three times a day", "start": "2025-01-05", "stop": "2026-11-19"}  # fmt: skip
    own = found("gabapentinoid-stopped", medicines=[gabapentin])
    assert reasons(own) == [("days since it was stopped", "3 days"), ("daily dose before the change", "1800 mg/day")]
    start = found("baclofen-start-above-label", medicines=[{**PUMP, "stop": "2026-11-19"}], considering=["baclofen 10 mg three times a day"])  # fmt: skip
    assert reasons(start)[1:] == [
        ("most that may be taken in a day", "30 mg/day"),
        ("days since baclofen intrathecal was stopped", "3 days"),
    ]
    given = found("block-after-sugammadex", medicines=["sugammadex 200 mg IV"], considering=["rocuronium 50 mg IV once"])  # fmt: skip
    assert "since" not in " ".join(fact for fact, _ in reasons(given))


def test_what_was_given_before_stands_among_the_reasons() -> None:
    """Without sugammadex among them nobody can see why a new block is warned of."""
    again = found("block-after-sugammadex", medicines=["sugammadex 200 mg IV"], considering=["rocuronium 0.6 mg/kg IV once"])  # fmt: skip
    assert ("takes", "sugammadex") in reasons(again) and ("takes", "rocuronium") not in reasons(again)


def test_the_same_dose_again_after_a_break_is_said_to_be_no_change() -> None:
    """The old rate after three weeks without the pump is the danger: “raised by 0%” would hide it."""
    stopped = {**PUMP, "stop": "2026-11-01"}
    again = found("baclofen-intrathecal-restart-old-rate", medicines=[stopped], considering=["baclofen intrathecal 400 micrograms/day"])  # fmt: skip
    assert ("change of the daily dose", "none") in reasons(again)


def test_an_allergy_is_named_in_words() -> None:
    against = found("abobotulinum-milk-protein", allergies=["cow's milk protein"], medicines=[], considering=["Dysport 500 units into the leg"])  # fmt: skip
    assert reasons(against) == [("allergy to milk protein", "yes")]


def test_partners_are_listed_each_once() -> None:
    """What is taken and what is weighed stand apart: only the second can still be left out."""
    medicines = ["baclofen 10 mg three times a day", "oxycodone 10 mg twice a day", "amitriptyline 25 mg at night"]
    sedating = found("baclofen-cns-depressants", medicines=medicines, considering=["zolpidem 5 mg at night"])
    said = dict(reasons(sedating))
    assert sorted(said["takes"].split(", ")) == ["amitriptyline", "oxycodone"] and said["being weighed"] == "zolpidem"


def test_each_of_several_people_has_reasons_and_sources_of_their_own(knowledge: Knowledge) -> None:
    """A child's limit is not cited for the adult beside it, nor is one person's weighed partner another's."""
    child = {**CHILD, "country": "UK", "medicines": ["baclofen 30 mg three times a day"]}
    adult = {"country": "UK", "medicines": ["baclofen 40 mg three times a day"]}
    for people in ((child, adult), (adult, child)):
        over = [{s.id for f in made for s in f.sources if "over-daily-limit" in f.rules} for made in of_people(knowledge, *people)]  # fmt: skip
        of_child, of_adult = over if people[0] is child else over[::-1]
        assert "baclofen-children-smpc" in of_child - of_adult and "baclofen-formulary-scotland" in of_adult - of_child
    both = ["tizanidine 4 mg three times a day", "ciprofloxacin 500 mg twice a day"]
    made = of_people(knowledge, {"medicines": both}, {"medicines": both[:1], "considering": both[1:]})
    pairs = [[f for f in findings if "tizanidine-ciprofloxacin" in f.rules] for findings in made]
    assert [[reasons(f) for f in own] for own in pairs] == [[[("takes", "ciprofloxacin")]], [[("being weighed", "ciprofloxacin")]]]  # fmt: skip


# ---------------------------------------------------------------- the measured effect


def test_the_measured_effect_is_the_change_that_is_farthest_from_none_with_its_range(knowledge: Knowledge) -> None:
    """An agent that falls to half is changed more than one that rises by a fifth, whichever way it goes."""
    fluvoxamine = effect_of("tizanidine", ["fluvoxamine"], knowledge)
    assert fluvoxamine is not None
    assert (fluvoxamine.auc_ratio, fluvoxamine.low, fluvoxamine.high) == (33.0, 14.0, 103.0)

    def largest(agent: str, *partners: str) -> float | None:
        effect = effect_of(agent, partners, knowledge)
        return None if effect is None else effect.auc_ratio

    assert largest("tizanidine", "rifampin", "ethanol") == 0.46
    assert largest("diazepam", "erythromycin", "omeprazole") == 2.22
    assert largest("tizanidine", "baclofen") is None, "measured, and unchanged"
    assert largest("chlorzoxazone", "disulfiram") is None, "a number that nobody has seen in its source"


# ---------------------------------------------------------------- sources


def test_a_finding_cites_its_rule_and_the_measurements_of_its_own_partners_alone(knowledge: Knowledge) -> None:
    """The study of another partner's interaction is no source of this one, nor is a number that nobody has seen."""
    pair = found(
        "tizanidine-ciprofloxacin", medicines=["tizanidine 4 mg three times a day", "ciprofloxacin 500 mg twice a day"]
    )
    assert [key for key in places(pair) if key[0].startswith("granfors")] == [("granfors-2004-ciprofloxacin", "results")]  # fmt: skip
    slow = found("diazepam-weaker-inhibitor", medicines=["diazepam 5 mg three times a day", "omeprazole 20 mg daily"])
    omeprazole = {(e.source, e.place) for e in knowledge.exposures_of("diazepam") if e.partner == "omeprazole"}
    by_rule = {(ref.source, ref.place) for ref in knowledge.rules["diazepam-weaker-inhibitor"].sources}
    assert len(omeprazole - by_rule) > 3 and set(places(slow)) == by_rule | omeprazole
    said = {(ref.source, ref.place): ref.says for ref in knowledge.rules["diazepam-weaker-inhibitor"].sources}
    assert any(said.values()) and said.items() <= places(slow).items(), "what the rule's source says there"
    unseen = found("diazepam-strong-inhibitor", medicines=["diazepam 5 mg three times a day", "fluconazole 200 mg daily"])  # fmt: skip
    assert unseen.effect is None and set(places(unseen)) == {
        (ref.source, ref.place) for ref in knowledge.rules["diazepam-strong-inhibitor"].sources
    }


def test_a_limit_that_is_passed_is_cited_and_another_one_is_not(knowledge: Knowledge) -> None:
    """A tablet above its single dose does not rest on the label of the rectal solution, a first rate of a pump not on the highest that was given."""
    over = found("over-daily-limit", medicines=["baclofen 40 mg three times a day"])
    assert {("baclofen-ozobax-us-2021", "2.1"), ("baclofen-ozobax-us-2021", "2.1, the largest dose of the schedule")} < set(places(over))  # fmt: skip
    by_mouth = found("over-single-limit", medicines=["diazepam 30 mg by mouth at night"])
    in_rectum = found("over-single-limit", medicines=["diazepam 30 mg rectally once"])
    assert ("fda-ndc-2019", "Diastat 20 mg") not in places(by_mouth)
    assert "diazepam-actavis-smpc-uk" in {source for source, _ in places(by_mouth)}
    assert ("fda-ndc-2019", "Diastat 20 mg") in places(in_rectum)
    assert "diazepam-actavis-smpc-uk" not in {source for source, _ in places(in_rectum)}
    first = found("baclofen-intrathecal-start-high", medicines=[], considering=[{"drug": "baclofen", "route": "intrathecal", "dose": "400 micrograms/day"}])  # fmt: skip
    highest = {
        (x.source, x.place) for x in knowledge.agents["baclofen intrathecal"].limits if "highest dose used" in x.place
    }
    assert highest and not highest & set(places(first))
    young = found("below-the-licensed-age", birth_date="2022-03-02", weight="16 kg", country="UK", considering=["gabapentin 100 mg once a day"], medicines=[])  # fmt: skip
    assert "gabapentin-smpc-uk" in {source.id for source in young.sources}
    assert "gabapentin-bnfc-2017" not in {source.id for source in young.sources}, "from 2 years on: not passed"


@pytest.mark.parametrize(
    ("rule", "agent", "out"),
    [
        ("benzodiazepine-misuse", "diazepam", {"clonazepam-summary-us"}),
        ("benzodiazepine-misuse", "clonazepam", {"diazepam-label-us"}),
        ("bladder-severe-liver-us", "darifenacin", {"solifenacin-label-us", "toviaz-label-us"}),
        ("benzodiazepine-older-start", "diazepam", {"clonazepam-smpc-uk"}),
        ("bladder-cyp2d6-narrow", "mirabegron", {"darifenacin-label-us"}),
        ("block-after-sugammadex", "rocuronium", set()),
        ("botulinum-units-of-another-product", "incobotulinumtoxinA", set()),
        ("tizanidine-ciprofloxacin", "tizanidine", set()),
    ],
)
def test_a_rule_of_several_agents_cites_for_each_what_speaks_of_it(rule: str, agent: str, out: set[str], knowledge: Knowledge) -> None:  # fmt: skip
    """The label of another agent of the rule says nothing of this one; guidelines, studies and labels of what the rule is about besides stay.

    Sugammadex's label says how long rocuronium does not act after it: without it the wait of the advice had no source.
    """
    of_rule = [ref.source for ref in knowledge.rules[rule].sources]
    assert out <= set(of_rule)
    assert [ref.source for ref in own_sources(knowledge.rules[rule], agent, knowledge)] == [s for s in of_rule if s not in out]  # fmt: skip


def test_where_only_labels_of_others_are_cited_they_are_all_named(knowledge: Knowledge) -> None:
    """A finding without a source would be worse than one that cites the class."""
    rule = msgspec.structs.replace(
        knowledge.rules["benzodiazepine-misuse"],
        sources=tuple(ref for ref in knowledge.rules["benzodiazepine-misuse"].sources if ref.source == "clonazepam-summary-us"),
    )  # fmt: skip
    assert len(rule.sources) == 1 and own_sources(rule, "diazepam", knowledge) == rule.sources


def test_a_decision_of_a_place_names_the_place_and_a_label_or_study_does_not(knowledge: Knowledge) -> None:
    """Who decided is told where a place did; what it adds of others, and our own choices, are cited as they are."""
    here = Source(id="here", kind="policy", title="Minutes", publisher="EXAMPLE hospital", url="https://example.org/minutes")  # fmt: skip
    added = {
        "here": here,
        "named": msgspec.structs.replace(here, id="named", title="Minutes of EXAMPLE hospital"),
        "nobody": msgspec.structs.replace(here, id="nobody", publisher=None),
        "label": msgspec.structs.replace(here, id="label", kind="label", url=None, doi="10.1000/1"),
    }
    local = msgspec.structs.replace(
        knowledge,
        sources={**knowledge.sources, **added},
        local={f"sources {id}": "EXAMPLE hospital 1" for id in added},
    )
    assert [decided_here(id, local) for id in added] == [True, True, True, False]
    assert [cited(local, id, "1").title for id in added] == ["Minutes, EXAMPLE hospital", "Minutes of EXAMPLE hospital", "Minutes", "Minutes"]  # fmt: skip
    ours = next(s for s in knowledge.sources.values() if s.kind == "policy" and s.publisher and s.publisher not in s.title)  # fmt: skip
    assert not decided_here(ours.id, local) and cited(local, ours.id, "1").title == ours.title
    whole = cited(local, "here", "2", "At most 60 mg.")
    assert (whole.id, whole.place, whole.url, whole.says) == ("here", "2", "https://example.org/minutes", "At most 60 mg.")  # fmt: skip
    assert cited(local, "label", "1").url == "https://doi.org/10.1000/1" and cited(local, "here", "1").says is None
