"""How relaxants are lowered, resumed after missed days and exchanged: nothing is left out, and the chief numbers are their source's."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from conftest import TODAY
from relaxant.facts.facts import Facts
from relaxant.facts.inputs import inputs_of
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import Knowledge
from relaxant.knowledge.plans import Gap, Taper
from relaxant.knowledge.schema import Jurisdiction
from relaxant.medicines.read import read_medicines
from relaxant.planning.current import current_lines, intake
from relaxant.planning.dose import MEASURED, Room, ceiling
from relaxant.planning.plan import OF_LABEL, Plan, ShownBound
from relaxant.planning.rungs import Rung
from relaxant.planning.rungs_down import _begun
from relaxant.planning.taper import taper_plan
from relaxant.planning.way_down import tapers
from relaxant.rules.reasons import Cited

NAMED = ("baclofen", "tizanidine", "carisoprodol", "diazepam", "clonazepam", "gabapentin", "pregabalin")
"""The agents whose taper the issue asks for."""
TAPERED = (*NAMED, "clonidine", "nabiximols", "cyclobenzaprine", "orphenadrine", "dantrolene")
TOXINS = ("abobotulinumtoxinA", "incobotulinumtoxinA", "onabotulinumtoxinA", "rimabotulinumtoxinB")
JURISDICTIONS = ("US", "UK", "EU")


def sold(knowledge: Knowledge, agent: str) -> list[str]:
    """Where the agent is sold: every jurisdiction whose coverage does not say otherwise."""
    absent = {row.jurisdiction for row in knowledge.coverage if row.agent == agent and row.not_sold}
    return [j for j in JURISDICTIONS if j not in absent]


def holds(entry: Taper | Gap, agent: str, jurisdiction: str) -> bool:
    return agent in entry.agents and (not entry.jurisdiction or jurisdiction in entry.jurisdiction)


def tapers_of(knowledge: Knowledge, agent: str, jurisdiction: str) -> list[Taper]:
    """The policies for an agent in a country, the plan's choice first."""
    return [t for t in knowledge.plans.tapers.values() if holds(t, agent, jurisdiction)]


# ---------------------------------------------------------------- nothing is left out


@pytest.mark.parametrize("agent", TAPERED)
def test_everyone_who_takes_it_has_a_way_out(knowledge: Knowledge, agent: str) -> None:
    for jurisdiction in sold(knowledge, agent):
        for_all = [t for t in tapers_of(knowledge, agent, jurisdiction) if t.when is None and t.age_from == 0]
        assert for_all, f"{agent} in {jurisdiction}: somebody has no taper"


@pytest.mark.parametrize("agent", TAPERED)
def test_the_bands_of_missed_days_leave_no_hole_and_do_not_overlap(knowledge: Knowledge, agent: str) -> None:
    for jurisdiction in sold(knowledge, agent):
        bands = sorted(
            (g for g in knowledge.plans.gaps.values() if holds(g, agent, jurisdiction)), key=lambda g: g.days_from
        )
        assert bands, f"{agent} in {jurisdiction}"
        assert all(g.when is None for g in bands), "a band with a condition would leave a hole where it is unknown"
        assert bands[0].days_from == 0
        assert bands[-1].days_to is None
        for one, two in pairwise(bands):
            assert one.days_to == two.days_from, f"{one.gap} and {two.gap}"


@pytest.mark.parametrize("agent", TAPERED)
def test_withdrawal_and_gates_are_said_for_every_taper(knowledge: Knowledge, agent: str) -> None:
    signs = [w for w in knowledge.plans.withdrawals.values() if agent in w.agents]
    gates = [g for g in knowledge.plans.gates.values() if agent in g.agents and g.of == "taper"]
    assert len(signs) == 1
    assert signs[0].signs
    assert signs[0].emergency
    assert len(gates) == 1
    assert all((gates[0].go_on, gates[0].hold, gates[0].go_back, gates[0].call))


def test_a_full_dose_is_never_resumed_after_days_of_what_drops_pressure_or_breathing(knowledge: Knowledge) -> None:
    """A restart after a week is at the start's doses, or asked about; baclofen is asked about from the first day on."""
    for gap in knowledge.plans.gaps.values():
        if gap.days_to is None or gap.days_to > 3:
            assert gap.do != "resume", gap.gap
        if {"baclofen", "tizanidine", "clonidine"} & set(gap.agents) and (gap.days_to is None or gap.days_to > 1):
            assert gap.do != "resume", gap.gap
    assert all(
        g.do == "retitrate" for g in knowledge.plans.gaps.values() if g.agents == ("tizanidine",) and g.days_from
    )


def test_what_no_source_gives_is_not_called_verified(knowledge: Knowledge) -> None:
    plans = knowledge.plans
    for kind in (plans.tapers, plans.gaps, plans.withdrawals, plans.switches):
        for entry in kind.values():
            if knowledge.sources[entry.source].kind == "policy":
                assert not entry.verified, entry
    for gates in plans.gates.values():
        for said in (*gates.go_on, *gates.hold, *gates.go_back, *gates.call):
            if gates.of == "taper" and knowledge.sources[said.source].kind == "policy":
                assert not said.verified, said.text


# ---------------------------------------------------------------- the chief numbers


def at_most_taken(word: str, amount: str, beyond: str) -> dict[str, Any]:
    """The predicate that a day's dose is low: the one that is taken, and while a lower one is weighed the one before it too."""
    fell = {
        "all": [{"fact": "dose_drop", "above": "0"}, {"fact": "previous_daily_dose", beyond: amount, "unit": "mg/day"}]
    }
    return {"all": [{"fact": "daily_dose", word: amount, "unit": "mg/day"}, {"not": fell}]}


def test_tizanidine_is_lowered_by_what_its_label_says(knowledge: Knowledge) -> None:
    """US label, after drugs.com: decrease by 2 to 4 mg per day, above all after 20 to 36 mg a day for 9 weeks or more."""
    usual, quick = knowledge.plans.tapers["tizanidine-label"], knowledge.plans.tapers["tizanidine-label-quick"]
    assert (usual.by, usual.every_days, usual.when) == (2, 1, None)
    assert (quick.by, quick.every_days) == (4, 1)
    assert quick.when == {
        "any": [
            at_most_taken("below", "20", "at_least"),
            {"fact": "duration_days", "below": str(9 * 7), "unit": "days"},
        ]
    }
    for_all = next(t for t in tapers_of(knowledge, "tizanidine", "US") if t.when is None)
    assert for_all == usual, "after those for what blocks its clearance, low pressure and an injured liver"


def test_baclofen_takes_the_time_that_each_country_gives(knowledge: Knowledge) -> None:
    """BNF for Children 2018: at least 1 to 2 weeks. Lioresal, Germany: about 3 weeks after 2 to 3 months. PDR: 2 weeks or more."""
    tapers = knowledge.plans.tapers
    assert tapers["baclofen-uk"].over_days == 14
    assert tapers["baclofen-eu"].over_days == 14
    us = tapers["baclofen-us"]
    assert (us.over_days or 0) - us.every_days == 14, "two full weeks at lowered doses before nothing"
    assert tapers["baclofen-long-use"].over_days == 21
    for jurisdiction in JURISDICTIONS:
        order = [t.taper for t in tapers_of(knowledge, "baclofen", jurisdiction)]
        assert order.index("baclofen-low-kidney") < order.index("baclofen-long-use")
        assert order[-3:] == [f"baclofen-{jurisdiction.lower()}", "baclofen-new", "baclofen-pump"], (
            "the quick never first"
        )


def test_baclofen_at_very_low_kidney_function_goes_under_watch(knowledge: Knowledge) -> None:
    """pms-Baclofen monograph: over about 1 to 2 weeks; the quick end is taken, watched."""
    low = [t for t in knowledge.plans.tapers.values() if "baclofen" in t.agents and "low-kidney" in t.taper]
    assert len(low) == 3
    assert all(t.supervised for t in low)
    assert knowledge.plans.tapers["baclofen-low-kidney"].over_days == 7
    assert knowledge.plans.tapers["baclofen-low-kidney-two-weeks"].over_days == 14


def test_carisoprodol_after_long_use_takes_14_days(knowledge: Knowledge) -> None:
    """Medscape: taper slowly, over 14 days, after long-term use."""
    assert knowledge.plans.tapers["carisoprodol-two-weeks"].over_days == 14
    assert tapers_of(knowledge, "carisoprodol", "US")[-1].taper == "carisoprodol-four-days", "unread: never chosen"
    assert not knowledge.plans.tapers["carisoprodol-four-days"].verified


@pytest.mark.parametrize("agent", ["diazepam", "clonazepam"])
def test_benzodiazepines_stay_within_the_guidelines(knowledge: Knowledge, agent: str) -> None:
    """Joint guideline 2025: 5 to 10% every 2 to 4 weeks, at most 25% every 2 weeks. UK: an eighth every fortnight."""
    usual = knowledge.plans.tapers[f"{agent}-joint-guideline"]
    assert usual.percent is not None
    assert 5 <= usual.percent <= 10
    assert 14 <= usual.every_days <= 28
    assert usual.every_days * usual.slower_factor == 28
    quicker = knowledge.plans.tapers[f"{agent}-under-3-months"]
    assert (quicker.percent, quicker.every_days) == (25, 14)
    uk = knowledge.plans.tapers[f"{agent}-uk"]
    assert (uk.percent, uk.every_days) == (100 / 8, 14)
    assert next(t.taper for t in tapers_of(knowledge, agent, "UK") if t.when is None) == uk.taper
    for jurisdiction in ("US", "EU"):
        assert next(t for t in tapers_of(knowledge, agent, jurisdiction) if t.when is None) == usual


def test_the_us_label_of_clonazepam_and_the_trial(knowledge: Knowledge) -> None:
    """Label: 0.125 mg twice a day less every 3 days. 73 people: 0.5 mg less every 2 weeks, from 1 mg a day 0.25 mg a week."""
    label, trial = knowledge.plans.tapers["clonazepam-label-us"], knowledge.plans.tapers["clonazepam-trial"]
    assert (label.by, label.every_days) == (0.125 * 2, 3)
    assert trial.by == 0.25
    assert trial.by / trial.every_days == 0.5 / 14


@pytest.mark.parametrize(
    ("agent", "step", "low"), [("gabapentin", 300, "gabapentin-low-dose"), ("pregabalin", 75, "pregabalin-low-dose")]
)
def test_gabapentinoids_take_a_week_at_least(knowledge: Knowledge, agent: str, step: float, low: str) -> None:
    """Labels: over at least 1 week. NHS Fife 2025: gabapentin 300 mg, pregabalin 75 mg less a week. InpharmD: 300 mg every 4 days at most."""
    tapers = knowledge.plans.tapers
    assert tapers[f"{agent}-label"].over_days == 7
    assert (tapers[low].over_days or 0) - tapers[low].every_days >= 7
    assert (tapers[f"{agent}-weekly"].by, tapers[f"{agent}-weekly"].every_days) == (step, 7)
    assert tapers[low].when == at_most_taken("at_most", str(step), "above")
    for jurisdiction in JURISDICTIONS:
        usual = [
            t.taper
            for t in tapers_of(knowledge, agent, jurisdiction)
            if "kidney" not in t.taper and "epilepsy" not in t.taper
        ]
        assert usual[0] == low, "one step would end it at once"
    four = tapers["gabapentin-four-days"]
    assert (four.by, four.every_days) == (300, 4)
    assert 900 / 300 * 4 - 4 >= 7, "from the least dose that it is for, the label's week is kept"


def test_clonidine_takes_up_to_4_days(knowledge: Knowledge) -> None:
    """US and UK labels: reduce gradually over 2 to 4 days; a beta-blocker is ended first."""
    assert {t.over_days for t in tapers_of(knowledge, "clonidine", "UK")} == {4}
    assert tapers_of(knowledge, "clonidine", "US")[0].when == {"role": "beta_blocker"}


# ---------------------------------------------------------------- for a person

LONG = "since 2024-01-05"
WEEKS = "since 2026-10-20"
DAYS = "since 2026-11-20"


def plan_of(knowledge: Knowledge, agent: str, country: Jurisdiction, line: str, *, ready: bool = False, **said: Any) -> Plan:  # fmt: skip
    """The taper that the planner makes for someone of 50 with sound kidneys and liver unless said otherwise."""
    person = {
        "as_of": TODAY.isoformat(), "country": country, "sex": "female", "age": 50, "weight": "70 kg", "height": "170 cm", "conditions": [], "dialysis": "none",
        "labs": [{"name": "creatinine", "value": "0.8 mg/dL", "date": "2026-11-20"}, {"name": "ALT", "value": "20 U/L", "date": "2026-11-20"}],
        "medicines": [line],
    }  # fmt: skip
    patient = read_patient({**person, **said}, knowledge, today=TODAY)
    medicines = read_medicines(patient, knowledge)
    facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, country)
    return taper_plan(agent, medicines, facts, patient.as_of, ready=ready)


DIALYSIS = {"dialysis": "haemodialysis"}
EPILEPSY = {"conditions": ["epilepsy"]}
LIVER = {"labs": [{"name": "ALT", "value": "300 U/L", "date": "2026-11-20"}]}
PEOPLE: list[tuple[str, Jurisdiction, str, dict[str, Any], str]] = [
    ("baclofen", "US", f"baclofen 20 mg three times a day {LONG}", {}, "baclofen-long-use"),
    ("baclofen", "US", f"baclofen 20 mg three times a day {WEEKS}", {}, "baclofen-us"),
    ("baclofen", "UK", f"baclofen 20 mg three times a day {WEEKS}", {}, "baclofen-uk"),
    ("baclofen", "EU", f"baclofen 20 mg three times a day {WEEKS}", {}, "baclofen-eu"),
    ("baclofen", "UK", f"baclofen 10 mg three times a day {DAYS}", {}, "baclofen-uk"),
    ("baclofen", "UK", f"baclofen 10 mg three times a day {LONG}", DIALYSIS, "baclofen-low-kidney"),
    ("baclofen", "US", f"baclofen 10 mg three times a day {DAYS}", DIALYSIS, "baclofen-new-low-kidney"),
    ("baclofen", "US", f"baclofen 10 mg three times a day {LONG}", {"labs": []}, "baclofen-long-use"),
    ("tizanidine", "US", f"tizanidine 8 mg three times a day {LONG}", {}, "tizanidine-label"),
    ("tizanidine", "EU", f"tizanidine 4 mg three times a day {LONG}", LIVER, "tizanidine-liver"),
    ("diazepam", "UK", f"diazepam 5 mg three times a day {LONG}", {}, "diazepam-uk"),
    ("diazepam", "US", f"diazepam 5 mg three times a day {LONG}", {}, "diazepam-joint-guideline"),
    ("diazepam", "EU", f"diazepam 5 mg three times a day {WEEKS}", {}, "diazepam-under-3-months"),
    ("clonazepam", "US", f"clonazepam 1 mg twice a day {DAYS}", {}, "clonazepam-new"),
    ("gabapentin", "UK", f"gabapentin 600 mg three times a day {LONG}", {}, "gabapentin-weekly"),
    ("gabapentin", "US", f"gabapentin 600 mg three times a day {LONG}", {}, "gabapentin-four-days"),
    ("gabapentin", "US", f"gabapentin 300 mg three times a day {DAYS}", {}, "gabapentin-label"),
    ("pregabalin", "EU", f"pregabalin 150 mg twice a day {LONG}", {}, "pregabalin-long-use"),
    ("pregabalin", "US", f"pregabalin 75 mg once a day {LONG}", {}, "pregabalin-low-dose"),
    ("carisoprodol", "US", f"carisoprodol 350 mg four times a day {LONG}", {}, "carisoprodol-two-weeks"),
    ("carisoprodol", "US", f"carisoprodol 700 mg four times a day {LONG}", {}, "carisoprodol-high-risk"),
    ("clonidine", "UK", f"clonidine 75 micrograms twice a day {LONG}", {}, "clonidine-label"),
    ("nabiximols", "UK", f"nabiximols 2 sprays four times a day {LONG}", {}, "nabiximols-down"),
]


@pytest.mark.parametrize(("agent", "country", "line", "said", "policy"), PEOPLE)
def test_the_policy_that_fits_the_person_is_chosen_and_ends_at_nothing(
    knowledge: Knowledge, agent: str, country: Jurisdiction, line: str, said: dict[str, Any], policy: str
) -> None:
    taper = knowledge.plans.tapers[policy]
    if taper.first_do:
        assert plan_of(knowledge, agent, country, line, **said).refused, "no dates before that is done"
    plan = plan_of(knowledge, agent, country, line, ready=True, **said)
    assert plan.refused is None
    assert plan.policies[0].id == policy
    assert bool(plan.steps) != taper.at_once
    assert plan.last_dose is not None
    assert all(step.changed <= 0 for step in plan.steps), "no step rises"
    assert plan.gates
    assert plan.withdrawal
    assert bool(plan.missed) != taper.at_once, "a dose that is held is none that was missed"


def test_tizanidine_24_mg_goes_by_2_mg_a_day(knowledge: Knowledge) -> None:
    """US label: 2 to 4 mg a day; the plan takes 2."""
    plan = plan_of(knowledge, "tizanidine", "US", f"tizanidine 8 mg three times a day {LONG}")
    assert [step.daily for step in plan.steps] == list(range(22, 0, -2))


def test_gabapentin_is_not_ended_within_a_week(knowledge: Knowledge) -> None:
    """Labels: over at least 1 week, from the last full dose to the first day without."""
    for line in (
        "100 mg three times a day",
        "300 mg once a day",
        "300 mg three times a day",
        "600 mg three times a day",
    ):
        for since in (LONG, WEEKS, DAYS):
            for country in ("US", "UK"):
                plan = plan_of(knowledge, "gabapentin", country, f"gabapentin {line} {since}")
                assert plan.last_dose is not None
                assert (plan.last_dose - plan.steps[0].first).days + 2 >= 7, (line, since, country)


# ---------------------------------------------------------------- exchange


def test_baclofen_and_tizanidine_are_set_side_by_side_as_the_trials_did(knowledge: Knowledge) -> None:
    """Stien 1987: equal at 1 mg to 2 mg; means 23 and 59 mg a day. Smolenski 1981: 8 to 36 mg and 10 to 80 mg a day."""
    there, back = knowledge.plans.switches["baclofen-to-tizanidine"], knowledge.plans.switches["tizanidine-to-baclofen"]
    assert (there.ratio, back.ratio) == (1 / 2, 2)
    assert there.ratio_low == pytest.approx(23 / 59, abs=0.005)
    assert there.ratio_low <= 36 / 80 <= (there.ratio_high or 0)
    assert (there.ratio_high, back.ratio_low) == (there.ratio, back.ratio), "the published ratio is the bold end"
    assert back.ratio_high == pytest.approx(59 / 23, abs=0.005)
    assert there.method == back.method == "cross-taper"


def test_benzodiazepine_equivalents_are_a_range_and_no_number(knowledge: Knowledge) -> None:
    """Joint guideline 2025, table 7: to 10 mg of diazepam 1 mg (VA/DoD) or 0.5 mg (Ashton) of clonazepam."""
    there, back = knowledge.plans.switches["diazepam-to-clonazepam"], knowledge.plans.switches["clonazepam-to-diazepam"]
    assert (there.ratio_low, there.ratio, there.ratio_high) == (0.5 / 10, None, 1 / 10)
    assert (back.ratio_low, back.ratio, back.ratio_high) == (10 / 1, None, 10 / 0.5)


def test_gabapentin_to_pregabalin_is_six_to_one(knowledge: Knowledge) -> None:
    """Pharmacy Times 2015: 900 to 150 mg; 901-1,500 to 225; 1,501-2,100 to 300; 2,101-2,700 to 450; above to 600 mg a day."""
    there = knowledge.plans.switches["gabapentin-to-pregabalin"]
    assert there.ratio == pytest.approx(150 / 900, abs=0.001)
    assert there.ratio_low == pytest.approx(300 / 2100, abs=0.001)
    assert there.ratio_high == pytest.approx(225 / 901, abs=0.001)


def test_units_of_botulinum_toxins_never_convert(knowledge: Knowledge) -> None:
    pairs = {(s.from_agent, s.to_agent): s for s in knowledge.plans.switches.values() if s.from_agent in TOXINS}
    assert set(pairs) == {(a, b) for a in TOXINS for b in TOXINS if a != b}
    for switch in pairs.values():
        assert switch.method == "retitrate"
        assert (switch.ratio_low, switch.ratio, switch.ratio_high) == (None, None, None)


def test_a_form_is_exchanged_unit_for_unit_or_titrated_again(knowledge: Knowledge) -> None:
    for switch in knowledge.plans.switches.values():
        if switch.from_agent == switch.to_agent == "baclofen":
            assert (switch.method, switch.ratio) == ("same dose", 1), switch.switch
        if switch.from_agent == switch.to_agent == "tizanidine":
            assert (switch.method, switch.ratio) == ("retitrate", None), switch.switch


def test_tablets_and_the_pump_have_no_ratio(knowledge: Knowledge) -> None:
    for name in ("baclofen-oral-to-pump", "baclofen-pump-to-oral"):
        switch = knowledge.plans.switches[name]
        assert (switch.ratio_low, switch.ratio, switch.ratio_high) == (None, None, None)
        assert switch.method in ("trial", "retitrate")


def test_forms_that_are_exchanged_are_sold(knowledge: Knowledge) -> None:
    """Every form named is one of the agent's products in that country, except how it is taken."""
    how = set(knowledge.words("planning")["meals"])
    for switch in knowledge.plans.switches.values():
        for agent, form in ((switch.from_agent, switch.from_form), (switch.to_agent, switch.to_form)):
            if form and form not in how:
                where = set(switch.jurisdiction or JURISDICTIONS)
                there = {j for p in knowledge.agents[agent].products if p.form == form for j in p.jurisdiction}
                assert where <= there, f"{switch.switch}: {form}"


# ---------------------------------------------------------------- what is taken, what bounds it


def test_two_products_of_one_agent_have_no_calendar_of_one(knowledge: Knowledge) -> None:
    """A tablet in the morning and a solution at night are not put together; two lines of one product are."""
    plain = {"as_of": TODAY.isoformat(), "sex": "female", "age": 58}
    found = []
    for second in ("baclofen 5 mg/5 mL oral solution 20 mg at night", "baclofen 10 mg tablet 20 mg at night"):
        patient = read_patient({**plain, "medicines": ["baclofen 10 mg tablet in the morning", second]}, knowledge, today=TODAY)  # fmt: skip
        medicines = read_medicines(patient, knowledge)
        facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
        found.append(intake("baclofen", current_lines("baclofen", medicines), facts))
    assert found[0].why == "mixed" and not found[0].doses
    assert found[1].why is None and found[1].doses == {"morning": 10, "night": 20}


def test_what_is_said_to_be_released_at_once_is_the_plain_product(knowledge: Knowledge) -> None:
    """One line says it and the other does not: both are one intake, and one calendar lowers it."""
    lines = ["tizanidine 4 mg immediate-release in the morning", "tizanidine 4 mg at night"]
    patient = read_patient({"as_of": TODAY.isoformat(), "sex": "female", "age": 58, "medicines": lines}, knowledge, today=TODAY)  # fmt: skip
    medicines = read_medicines(patient, knowledge)
    assert [m.regimen.release for m in medicines] == ["immediate", None]
    facts = Facts(inputs_of([(patient, medicines)], knowledge), knowledge, patient.jurisdiction)
    made = intake("tizanidine", current_lines("tizanidine", medicines), facts)
    assert made.why is None and made.doses == {"morning": 4, "night": 4} and not made.modified


def test_what_would_tell_of_another_way_down_is_asked_without_what_is_seldom_known(knowledge: Knowledge) -> None:
    patient = read_patient({"as_of": TODAY.isoformat(), "sex": "female", "age": 58, "medicines": ["baclofen 10 mg three times a day"]}, knowledge, today=TODAY)  # fmt: skip
    facts = Facts(
        inputs_of([(patient, read_medicines(patient, knowledge))], knowledge), knowledge, patient.jurisdiction
    )
    assert {"creatinine", "dialysis", "start date of baclofen"} <= set(tapers("baclofen", facts)[1])
    for agent in {a for t in knowledge.plans.tapers.values() for a in t.agents}:
        assert not facts.seldom_asked(0) & set(tapers(agent, facts)[1])


def test_a_measured_exposure_and_an_amount_of_a_start_lower_nobody_who_takes_it() -> None:
    """Of the label's 80 mg a day half is left by the kidneys; what bounds a start alone, and a measured rise of exposure, take nothing off."""

    def bound(**own: Any) -> ShownBound:
        whole = {
            "agent": "baclofen",
            "unit": "mg",
            "why": "",
            "decides": False,
            "open": False,
            "settled_by": (),
            "verified": True,
        }
        return ShownBound(**{**whole, "source": Cited(id="x", title="x", place="x", url=None), **own})

    label = bound(id=f"{OF_LABEL}daily:80", kind="daily", value=80.0)
    kidneys = bound(id="kidneys", kind="share", value=0.5)
    start = bound(id="low-start", kind="start", value=0.25)
    exposure = bound(id=f"{MEASURED}ciprofloxacin", kind="share", value=0.1)

    def most(*bounds: ShownBound) -> float | None:
        return ceiling(Room(daily=80.0, bounds=bounds))

    assert most(label) is None and most(label, start) is None and most(label, exposure) is None
    assert most(label, kidneys) == most(label, start, kidneys, exposure) == 40
    assert most(label, msgspec.structs.replace(kidneys, open=True)) is None


def test_the_days_of_the_present_dose_are_added_to_the_last(knowledge: Knowledge) -> None:
    """Down begins today: a week at the present dose makes the last dose two weeks; a last dose without an end has none."""
    policy = msgspec.structs.replace(next(iter(knowledge.plans.tapers.values())), percent_most=None)
    at = [Rung(doses={"morning": amount}, days=7) for amount in (20, 10, 5)]
    begun = _begun({"morning": 20}, at, policy)
    assert [(rung.doses["morning"], rung.days) for rung in begun] == [(10, 7), (5, 14)]
    endless = _begun({"morning": 20}, [*at[:2], Rung(doses={"morning": 5}, days=None)], policy)
    assert [rung.days for rung in endless] == [7, None]
    assert _begun({"morning": 40}, at, policy) == at
