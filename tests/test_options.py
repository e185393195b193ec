"""Options side by side: what suits never stands under a DANGER, what fell out says why, the ceilings are the plan's, and what is taken may rise or not."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from conftest import FULL, ROOT, TODAY, reviewed
from relaxant.cli.main import main
from relaxant.facts.suitability import SUITS, indications
from relaxant.io.patient_file import read_patient
from relaxant.knowledge.load import load_knowledge
from relaxant.knowledge.schema import TIERS
from relaxant.patient import jurisdiction_of
from relaxant.plain import read_yaml
from relaxant.planning.option import Option, Options
from relaxant.planning.options import goals_of
from relaxant.report.reviews import render_review
from test_lint import pack, rule

KNOWN = load_knowledge()
SEEDS = range(400 if FULL else 40)
BASE: dict[str, Any] = {
    "sex": "female",
    "age": 45,
    "weight": "64 kg",
    "height": "168 cm",
    "dialysis": "none",
    "pregnant": False,
    "breastfeeding": False,
    "stands_on_tone": False,
    "alcohol": "none",
    "conditions": ["multiple sclerosis"],
    "allergies": [],
    "goals": ["night spasms"],
    "medicines": [],
    "labs": [{"name": n, "value": v, "date": "2026-11-20"} for n, v in (("creatinine", "0.6 mg/dL"), ("ALT", "20 U/L"), ("AST", "20 U/L"))],
    "observations": [{"name": n, "value": v, "date": "2026-11-20"} for n, v in (("systolic blood pressure", "128 mmHg"), ("heart rate", "72 /min"))],
}  # fmt: skip
GOALS = ("night spasms", "function", "care", "pain", "spasticity", "acute back spasm", "bladder", "gut cramps")
CONDITIONS = ("multiple sclerosis", "spinal cord injury", "cerebral palsy", "stroke", "traumatic brain injury", "motor neurone disease", "back pain", "cirrhosis", "epilepsy", "overactive bladder", "irritable bowel syndrome", "glaucoma", "falls")  # fmt: skip
OTHERS = ("lisinopril 10 mg once a day", "ciprofloxacin 500 mg twice a day", "oxycodone 5 mg three times a day", "lorazepam 1 mg at night", "fluvoxamine 100 mg once a day", "donepezil 10 mg once a day", "baclofen 10 mg three times a day", "tizanidine 4 mg three times a day", "diazepam 5 mg when needed", "dantrolene 50 mg three times a day")  # fmt: skip


def one(**changes: Any) -> Options:
    (made,) = reviewed({**BASE, **changes}).options
    return made


def option(made: Options, agent: str) -> Option:
    return next(o for o in made.options if o.agent == agent)


def suited(made: Options) -> list[str]:
    return [o.agent for o in made.options if o.suits]


def person(seed: int) -> dict[str, Any]:
    chance = random.Random(seed)
    child = chance.random() < 0.2
    return {
        "country": chance.choice(["US", "UK", "DE"]),
        "sex": chance.choice(["male", "female"]),
        "age": chance.choice([8, 14]) if child else chance.choice([25, 45, 66, 82]),
        "weight": f"{chance.choice([25, 50]) if child else chance.choice([45, 64, 110])} kg",
        "height": "130 cm" if child else "170 cm",
        "dialysis": chance.choice(["none", "none", "haemodialysis"]),
        "pregnant": False if child else chance.random() < 0.1,
        "stands_on_tone": chance.random() < 0.3,
        "goals": chance.sample(GOALS, chance.randint(1, 2)),
        "conditions": chance.sample(CONDITIONS, chance.randint(0, 4)),
        "allergies": [],
        "medicines": chance.sample(OTHERS, chance.randint(0, 4)),
        "labs": [{"name": "creatinine", "value": f"{chance.choice([0.6, 0.9, 1.4, 2.2, 4])} mg/dL", "date": "2026-11-20"}],
    }  # fmt: skip


# ---------------------------------------------------------------- properties


@pytest.mark.parametrize("seed", SEEDS)
def test_what_suits_stands_under_no_danger_and_the_rest_says_why(seed: int) -> None:
    made = reviewed(person(seed)).options
    assert made
    for each in made:
        for own in each.options:
            assert own.suits == (not own.why_not)
            if own.suits:
                assert all(h.tier != "DANGER" for h in own.harms), own.agent
            for reason in own.why_not:
                assert reason.text
                if reason.why in ("danger", "never"):
                    assert reason.rules and reason.sources
                if reason.why in ("age", "wrong goal", "not supported") and own.support:
                    assert reason.sources


@pytest.mark.parametrize("seed", SEEDS)
def test_every_agent_of_the_condition_is_in_the_table_once(seed: int) -> None:
    said = person(seed)
    jurisdiction = jurisdiction_of(said["country"])
    for each in reviewed(said).options:
        titles = set(each.conditions)
        shown = [o.agent for o in each.options]
        assert len(shown) == len(set(shown))
        for agent in KNOWN.agents.values():
            own = indications(agent, jurisdiction)
            if any(KNOWN.conditions[i.condition].title in titles for i in own):
                assert agent.names.get(jurisdiction, agent.agent) in shown


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_is_the_one_that_the_table_states(seed: int) -> None:
    for each in reviewed(person(seed)).options:
        suits = [o.suits for o in each.options]
        assert suits == sorted(suits, reverse=True)
        ranks = [_rank(o) for o in each.options if o.suits]
        assert ranks == sorted(ranks)


def _rank(own: Option) -> tuple[bool, int, int]:
    speaking = [s for s in own.support if s.status in SUITS]
    elsewhere = bool(speaking) and all(s.elsewhere for s in speaking)
    if not own.places:
        return elsewhere, 2, 0
    first = own.places[0]
    return (elsewhere, 3, 0) if first.after else (elsewhere, 1, 0) if first.line is None else (elsewhere, 0, first.line)


@pytest.mark.parametrize("seed", SEEDS)
def test_ceilings_are_those_of_the_plan(seed: int) -> None:
    """What a table gives as the most is where the calendar of that relaxant ends when it is weighed, or the longest treatment does; for what is
    taken the same."""
    said = person(seed)
    made = reviewed(said).options
    rising = [o for each in made for o in each.options if o.suits and o.top_daily is not None]
    for own in random.Random(seed).sample(rising, min(2, len(rising))):
        agent = next(a for a in KNOWN.agents.values() if own.agent in (a.agent, *a.names.values()))
        line: dict[str, str] = {"drug": agent.ingredient, "route": agent.routes[0]}
        if own.taken is not None:
            line |= {"dose": f"{own.top_daily} {agent.dose_unit}", "frequency": "once a day", "change": "replace"}
        plans = [p for p in reviewed({**said, "goals": [], "considering": [line]}).plan if p.id == f"titration:{agent.agent}"]  # fmt: skip
        if not plans or not plans[0].steps:  # the way it is written here, one dose a day, is itself in DANGER
            merged = bool(plans) and own.agent not in (plans[0].refused or own.agent).casefold()
            assert (
                own.taken is not None or merged
            )  # or the DANGER of a taken relaxant, merged by cause with what is weighed
            continue
        steps = plans[0].steps
        if own.course is not None and own.taken is None:
            steps = tuple(s for s in steps if (s.first - steps[0].first).days < own.course.days)
        assert steps[-1].daily == own.top_daily
        assert (
            next(s for s in plans[0].steps if s.changed).daily == own.first_daily
        )  # what is taken may stand before it


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_taken_never_rises_past_its_ceiling(seed: int) -> None:
    for each in reviewed(person(seed)).options:
        for own in each.options:
            if own.taken is None:
                continue
            assert not any("more than one line" in h.summary for h in own.harms)
            if own.taken.room is not None:
                assert own.taken.daily is not None
                assert own.taken.daily < own.taken.room == own.top_daily
            elif own.taken.daily is None:
                assert own.first_daily is None
            else:
                assert own.top_daily is None


# ---------------------------------------------------------------- goals


def test_a_goal_has_names_of_its_own() -> None:
    names = [n for g in KNOWN.plans.goals.values() for n in {*g.names, g.title}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("goal", GOALS)
def test_each_goal_of_the_issue_is_known(goal: str) -> None:
    found, odd = goals_of(read_patient({"goals": [goal]}, KNOWN, today=TODAY), KNOWN)
    assert len(found) == 1 and not odd


def test_an_unknown_goal_is_named_with_what_would_do() -> None:
    made = reviewed({**BASE, "goals": ["dystonia"]})
    assert made.options == ()
    (said,) = (text for text in made.limits if "dystonia" in text)
    assert "fewer spasms at night" in said and "a calmer bladder" in said


def test_goals_alone_are_something_to_review(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    path = tmp_path / "goal.yaml"
    path.write_text("goals: [acute back spasm]\nconditions: [back pain]\nage: 35\nmedicines: []\n", encoding="utf-8")
    assert main(["review", str(path)]) == 0
    assert "Options: less acute back spasm" in capsys.readouterr().out


def test_without_a_condition_the_table_says_that_none_was_said() -> None:
    made = one(conditions=[])
    assert made.assumed and made.conditions == ("spasticity",)


# ---------------------------------------------------------------- places and what suits


def test_nice_orders_the_medicines_of_multiple_sclerosis() -> None:
    """NICE 2022: baclofen, then gabapentin; NICE 2014: then tizanidine and dantrolene, then benzodiazepines; the pump and nabiximols after."""
    names = suited(one(country="UK", age=40))
    wanted = ["baclofen", "gabapentin", "tizanidine", "diazepam", "onabotulinumtoxinA", "baclofen intrathecal"]
    assert [n for n in names if n in wanted] == wanted


def test_the_pump_is_never_first_because_a_label_names_it() -> None:
    for country in ("US", "UK", "DE"):
        for condition in ("multiple sclerosis", "spinal cord injury", "stroke", "cerebral palsy"):
            assert suited(one(country=country, conditions=[condition]))[0] != "baclofen intrathecal"


def test_after_a_stroke_the_injection_comes_before_tablets_where_a_few_muscles_are_in_the_way() -> None:
    made = one(conditions=["stroke"], goals=["care"], country="US")
    assert "botulinum" in suited(made)[0]
    assert "few muscles" in option(made, "onabotulinumtoxinA").places[0].text


def test_the_best_place_counts_where_a_person_has_two_conditions() -> None:
    """Spasticity beside the stroke: the injection is named for the one and first for the other."""
    made = one(conditions=["stroke", "spasticity"], goals=["care"], country="US")
    assert "botulinum" in suited(made)[0]
    assert [p.line for p in option(made, "onabotulinumtoxinA").places] == [1, None]


def test_a_place_that_is_for_one_goal_is_not_given_for_another(tmp_path: Path) -> None:
    """A ward names gabapentin for the pain of whatever is damaged in brain or cord: after a stroke it stands there, and not under the spasms."""
    named = {
        "choice": "ward-gabapentin", "agents": ["gabapentin"], "conditions": ["central_lesion"], "goals": ["pain"], "line": 1,
        "text": "First on this ward.", "source": "my-source", "place": "page 1",
    }  # fmt: skip
    knowledge = load_knowledge(pack(tmp_path / "ward", choices=[named]))
    for goal, said in (("pain", ["First on this ward."]), ("night spasms", [])):
        (made,) = reviewed({**BASE, "conditions": ["stroke"], "goals": [goal]}, knowledge).options
        assert [place.text for place in option(made, "gabapentin").places] == said


def test_an_injection_for_hours_serves_no_lasting_goal() -> None:
    made = one(conditions=["stroke", "spasticity"], goals=["function"], country="US")
    assert [r.why for r in option(made, "diazepam injection").why_not] == ["wrong goal"]
    made = one(conditions=["back pain"], goals=["back spasm"], country="US")
    assert option(made, "methocarbamol injection").suits


def test_a_short_course_of_diazepam_for_back_spasm_is_reported_of_nice() -> None:
    own = option(one(conditions=["back pain"], goals=["back spasm"], country="UK"), "diazepam")
    assert own.suits and own.course is not None and own.course.days == 5


def test_standing_on_tone_puts_dantrolene_out_and_speaks_at_every_tablet() -> None:
    made = one(conditions=["stroke"], goals=["walking"], stands_on_tone=True)
    assert option(made, "dantrolene").why_not[0].rules == ("dantrolene-stands-on-tone",)
    assert any("stands" in h.summary for h in option(made, "baclofen").harms)


def test_ciprofloxacin_puts_tizanidine_out_with_its_rule() -> None:
    made = one(medicines=["ciprofloxacin 500 mg twice a day"])
    (reason,) = option(made, "tizanidine").why_not
    assert reason.why == "danger" and reason.rules == ("tizanidine-ciprofloxacin",)


def test_where_no_dose_is_left_the_bounds_of_this_person_say_why_and_not_the_labels_most() -> None:
    """Clonidine begins with 25 micrograms at weak kidneys, and with half of that at 66 years: no tablet makes it. The label's 2400 a day are not why."""
    kidneys = [{"name": "creatinine", "value": "4 mg/dL", "date": "2026-11-20"}]
    own = option(one(age=66, dialysis="haemodialysis", conditions=["spinal cord injury"], labs=kidneys), "clonidine")
    (reason,) = (r for r in own.why_not if r.why == "no dose")
    assert reason.rules == ("clonidine-kidney", "clonidine-older-adult")
    assert reason.text.startswith("No start:") and "The label's most" not in reason.text


def test_what_is_begun_is_weighed_in_the_first_dose_of_its_source() -> None:
    """300 mg of gabapentin on dialysis are to be watched; the change that more would ask for is no harm of the start."""
    (harm,) = option(one(dialysis="haemodialysis"), "gabapentin").harms
    assert harm.tier == "WATCH" and "even 300 mg a day" in harm.summary


def test_how_far_a_rise_goes_and_how_fast_is_no_harm_where_the_plan_sets_its_steps() -> None:
    """Baclofen from 15 to 80 mg a day: in steps, and in the place of what is taken, not beside it."""
    own = option(one(medicines=["baclofen 5 mg three times a day since 2026-11-21"]), "baclofen")
    assert own.taken is not None and own.taken.room == 80 and own.harms == ()


def test_a_release_that_has_no_steps_here_has_no_room_to_rise() -> None:
    """What is taken in extended release is not raised by the tablets' titration: 165 mg of the one are no 300 mg of the other."""
    own = option(one(country="US", medicines=["pregabalin extended-release tablet 165 mg once a day since 2026-01-01"], goals=["pain"]), "pregabalin")  # fmt: skip
    assert own.taken is not None and (own.taken.daily, own.taken.room, own.first_daily) == (165, None, None)


def test_on_dialysis_oral_baclofen_falls_out() -> None:
    made = one(dialysis="haemodialysis", conditions=["spinal cord injury"])
    assert option(made, "baclofen").why_not[0].why == "danger"


def test_what_is_not_sold_says_so() -> None:
    assert "not sold" in {r.why for r in option(one(country="US"), "nabiximols").why_not}


def test_drooling_is_another_goal() -> None:
    made = one(country="UK", age=8, weight="25 kg", height="125 cm", conditions=["cerebral palsy"], goals=["function"])
    assert [r.why for r in option(made, "glycopyrronium").why_not] == ["wrong goal"]


def test_a_label_for_adults_is_not_one_for_a_child() -> None:
    """US label of tizanidine: adults. In a child the guideline's level C alone speaks, off label, and it says that nothing is established."""
    made = one(age=8, weight="25 kg", height="125 cm", conditions=["cerebral palsy"], goals=["care"])
    tizanidine = option(made, "tizanidine")
    assert {s.status for s in tizanidine.support} == {"off label"}
    assert tizanidine.top_daily is None and not tizanidine.regimen
    assert any("under 18" in h.summary for h in tizanidine.harms)


def test_in_a_child_what_a_label_allows_stands_before_what_none_does() -> None:
    for country in ("UK", "DE"):
        made = one(
            country=country, age=8, weight="25 kg", height="125 cm", conditions=["cerebral palsy"], goals=["care"]
        )
        names = suited(made)
        assert "tizanidine" not in names or names.index("baclofen") < names.index("tizanidine")


def test_the_uk_has_hardly_anything_for_an_acute_back() -> None:
    """A few days of diazepam, as reported of NICE, and what a label names."""
    made = one(country="UK", conditions=["back pain"], goals=["acute back spasm"])
    assert suited(made) == ["diazepam", "methocarbamol"]
    assert option(made, "diazepam injection").why_not[0].sources[0].id == "nice-ng59-2020"


def test_a_label_of_another_country_is_marked() -> None:
    made = one(country="DE", conditions=["back pain"], goals=["acute back spasm"])
    assert all(s.elsewhere for s in option(made, "eperisone").support)
    assert not any(s.elsewhere for s in option(made, "methocarbamol").support)
    assert suited(made).index("methocarbamol") < suited(made).index("eperisone")
    assert suited(made).index("methocarbamol") < suited(made).index("diazepam injection")


def test_a_short_course_says_what_the_steps_reach_in_it() -> None:
    """The steps, the pieces and the most in a day are those of the course, not what would come after it."""
    made = one(country="US", conditions=["back pain"], goals=["acute back spasm"])
    own = option(made, "diazepam")
    assert own.course is not None and own.course.days == 7
    assert own.top_daily == own.course.reached == 6 and own.days is not None and own.days < 7


def test_one_usual_dose_is_no_span() -> None:
    review = reviewed({**BASE, "country": "US", "conditions": ["back pain"], "goals": ["acute back spasm"]})
    shown = " ".join(render_review(review, "html").decode().split())
    assert "Usual: 200 mg" in shown and "200 to 200" not in shown


@pytest.mark.parametrize("person", [{"conditions": ["stroke"], "goals": ["care"]}, {"conditions": ["cerebral palsy"], "goals": ["function"], "age": 4, "weight": "15 kg", "height": "100 cm"}])  # fmt: skip
def test_what_other_countries_labels_alone_speak_for_stands_last(person: dict[str, Any]) -> None:
    """Eperisone under Italy's label, for somebody in Germany; in Italy it is the label of the country."""
    here, italy = suited(one(country="DE", **person)), one(country="IT", **person)
    assert here[-1] == "eperisone"
    assert not any(s.elsewhere for s in option(italy, "eperisone").support)


def test_bladder_antimuscarinics_stand_before_the_injection() -> None:
    names = suited(one(conditions=["overactive bladder"], goals=["urgency"], country="US"))
    assert names.index("tolterodine") < names.index("onabotulinumtoxinA")


# ---------------------------------------------------------------- doses, levels, harms


def test_the_usual_dose_is_compared_with_the_ceiling_of_this_person() -> None:
    full, half = one(country="UK"), one(country="UK", labs=[{"name": "creatinine", "value": "0.9 mg/dL", "date": "2026-11-20"}])  # fmt: skip
    usual, held = option(full, "baclofen").usual, option(half, "baclofen")
    assert usual is not None and usual.reached and (usual.low, usual.high) == (None, 60)
    assert held.usual is not None and held.usual.reached is False
    assert held.bounds and all(b.decides for b in held.bounds)


def test_the_chance_of_a_useful_level_rises_with_the_dose() -> None:
    """Above 0.3 micrograms/mL six of seven had less tone (Meyler 1979): rarely reached at 25 mg a day, nearly always at the usual doses."""
    (useful,) = option(one(), "dantrolene").useful
    low, high = useful.chances
    assert low.daily == 25
    assert low.always <= low.average < high.average
    assert low.average < 0.5 < 0.95 < high.always


def test_where_no_range_is_published_words_say_so_with_their_source() -> None:
    (baclofen,) = option(one(), "baclofen").useful
    assert baclofen.chances == () and baclofen.source.id == "knutsson-1974-baclofen"


def test_levels_of_adults_are_not_said_of_a_child() -> None:
    made = one(age=8, weight="25 kg", height="125 cm", conditions=["cerebral palsy"], country="UK")
    assert option(made, "baclofen").useful == ()


def test_driving_is_said_to_those_of_an_age_to_drive() -> None:
    assert option(one(), "tizanidine").say
    assert not option(one(age=8, weight="25 kg", height="125 cm", conditions=["cerebral palsy"]), "diazepam").say


def test_harms_are_of_this_person() -> None:
    old = one(country="UK", age=82, conditions=["stroke"], medicines=["morphine 10 mg twice a day", "lorazepam 1 mg at night"])  # fmt: skip
    said = " ".join(h.summary for h in option(old, "tizanidine").harms)
    assert "overdose" in said and "65 years" in said
    assert all(h.sources and h.tier in TIERS for h in option(old, "tizanidine").harms)


# ---------------------------------------------------------------- what is taken, what was


def test_what_is_taken_has_room_up_to_its_ceiling() -> None:
    taken = option(one(medicines=["baclofen 10 mg three times a day since 2024-01-05"]), "baclofen")
    assert taken.suits and taken.taken is not None
    assert (taken.taken.daily, taken.taken.room) == (30, 80)
    assert taken.taken.text == "Taken now, 30 mg a day. Room to rise to at most 80 mg a day."
    assert taken.first_daily == 45
    assert not any("more than one line" in h.summary for h in taken.harms)


def test_what_stands_at_its_ceiling_has_no_room() -> None:
    taken = option(one(medicines=["baclofen 20 mg four times a day"]), "baclofen").taken
    assert taken is not None and taken.room is None and "No room to rise" in taken.text


def test_a_rise_that_ends_in_a_danger_is_none_and_says_which(tmp_path: Path) -> None:
    """A place forbids more than 40 mg a day: whoever takes 30 mg has no room, sees no dose above it, and reads why."""
    ceiling = rule(
        rule="ward-baclofen-most", partner=None, tier="DANGER", when={"fact": "most_daily_dose", "above": "40", "unit": "mg/day"},
        summary="More than 40 mg of {agent} a day is not given on this ward. Stay below.",
    )  # fmt: skip
    knowledge = load_knowledge(pack(tmp_path / "ward", rules=[ceiling]))
    (made,) = reviewed({**BASE, "medicines": ["baclofen 10 mg three times a day since 2024-01-05"]}, knowledge).options
    own = option(made, "baclofen")
    assert own.suits and own.taken is not None and own.taken.daily == 30
    assert own.taken.room is None and own.top_daily is None
    assert own.taken.text.startswith("Taken now, 30 mg a day. It may not rise: More than 40 mg of baclofen a day")


def test_what_stands_above_its_ceiling_is_to_be_reviewed() -> None:
    labs = [{"name": "creatinine", "value": "1.4 mg/dL", "date": "2026-11-20"}]
    taken = option(one(age=70, labs=labs, medicines=["baclofen 20 mg three times a day"]), "baclofen").taken
    assert taken is not None and taken.room is None and "above the most here" in taken.text


def test_a_taken_medicine_in_danger_falls_out_and_says_how_to_leave_it() -> None:
    made = one(medicines=["tizanidine 4 mg three times a day", "ciprofloxacin 500 mg twice a day"])
    tizanidine = option(made, "tizanidine")
    assert not tizanidine.suits and tizanidine.taken is not None and tizanidine.taken.room is None


def test_what_is_taken_when_needed_has_no_known_room() -> None:
    taken = option(one(medicines=["diazepam 5 mg when needed"]), "diazepam").taken
    assert taken is not None and taken.daily is None and "when needed" in taken.text


def test_an_earlier_try_is_asked_about() -> None:
    made = one(
        medicines=[{"drug": "tizanidine", "dose": "4 mg", "frequency": "three times a day", "start": "2024-05-01", "stop": "2026-03-15"}],
        allergies=[{"to": "baclofen", "reaction": "confusion", "kind": "intolerance"}],
    )  # fmt: skip
    assert "2026-03-15" in option(made, "tizanidine").history[0]
    assert "confusion" in option(made, "baclofen").history[0]


# ---------------------------------------------------------------- knowledge


def test_choices_agree_with_what_the_agents_say() -> None:
    """What a choice places is not an agent of which the same jurisdiction's sources say only that it does not work."""
    for choice in KNOWN.plans.choices.values():
        for agent in choice.agents:
            for jurisdiction in choice.jurisdiction or ("US", "UK", "EU"):
                assert indications(KNOWN.agents[agent], jurisdiction), (choice.choice, agent, jurisdiction)  # type: ignore[arg-type]


def test_useful_levels_name_targets_that_exist() -> None:
    for useful in KNOWN.plans.useful_levels.values():
        if useful.target is not None:
            ingredient = KNOWN.agents[useful.agent].ingredient
            assert any(
                t.target == useful.target
                for m in KNOWN.models.values()
                if m.ingredient == ingredient
                for t in m.targets
            )


def test_indications_for_an_age_keep_their_bounds_in_order() -> None:
    for agent in KNOWN.agents.values():
        for known in agent.indications:
            assert 0 <= known.age_from < known.age_to


def test_adjacent_lines_of_a_guideline_have_no_gap() -> None:
    """Where a guideline orders, its places begin at 1 and leave none out, for each condition and jurisdiction."""
    for jurisdiction in ("US", "UK", "EU"):
        for condition in {c for k in KNOWN.plans.choices.values() for c in k.conditions}:
            lines = sorted(
                {
                    k.line
                    for k in KNOWN.plans.choices.values()
                    if condition in k.conditions
                    and k.line is not None
                    and (not k.jurisdiction or jurisdiction in k.jurisdiction)
                }
            )
            assert all(b - a == 1 for a, b in pairwise(lines)), (jurisdiction, condition, lines)


def test_the_worked_example_is_what_a_review_says() -> None:
    page = (ROOT / "docs" / "planning" / "options.md").read_text(encoding="utf-8")
    patient = next(block for block in page.split("```yaml\n")[1:] if block.startswith("as_of")).partition("```")[0]
    (made,) = reviewed(read_yaml(patient, "options.md")).options
    rows = [line.strip("|\n ").split(" | ") for line in page.partition("| Medicine | Place")[2].splitlines()[2:11]]
    named = {r[0]: r for r in rows}
    shown = [o for o in made.options if o.suits and o.agent in named]
    assert [o.agent for o in shown] == [r[0] for r in rows if r[0] != "the botulinum toxins"]
    for own in shown:
        _, place, dose = named[own.agent]
        line = own.places[0].line if own.places else None
        assert place.startswith(str(line) if line else "after others" if own.places else "none")
        for value in (own.top_daily, own.taken.daily if own.taken else own.first_daily):
            assert value is None or f"{value:,g} " in dose
    chances = option(made, "dantrolene").useful[0].chances
    assert f"about {100 * chances[0].average:.0f} in 100" in page and chances[1].average > 0.99
