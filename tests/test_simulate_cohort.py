"""A card followed in the people of a registry: each stands as at the bedside, is followed as alone, and has the dose that a plan leaves."""

from __future__ import annotations

import csv
import json
import math
import re
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("duckdb", reason="the libraries of the screen are not installed (relaxant[screen])")

from relaxant.cli.main import main
from relaxant.cli.simulate import medicine_of
from relaxant.cohort.simulated.most import answers, most_of
from relaxant.cohort.simulated.people import copies_of, typical_people
from relaxant.cohort.simulated.placed import STATUSES, Placed, placed
from relaxant.cohort.simulated.shown import Words
from relaxant.cohort.simulated.simulate import Wanted, doses_of, exposures, followed, individual_share, wanted_of
from relaxant.cohort.simulated.tallied import ALL, Exposed
from relaxant.cohort.simulated.told import Dose, Told
from relaxant.errors import InputError
from relaxant.facts.facts import Facts
from relaxant.knowledge.jurisdictions import holds_in
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.model import individual, multiplier, spread_of
from relaxant.pharmacology.cards.summary import summary
from relaxant.pharmacology.clinic.domain import standing
from relaxant.pharmacology.people.simulate import simulate
from relaxant.planning.dose import leaves, most_at_once, most_taken, room
from relaxant.rules.asked import asked
from relaxant.rules.evaluate import FIRES, UNKNOWN
from relaxant.rules.predicate import read_predicate
from test_columns import COUNTRIES, checks_of

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 22)
BACLOFEN = KNOWLEDGE.models["baclofen-oral-adult-simon-2018"]
DOC = (Path(__file__).parent.parent / "docs" / "cohort" / "simulate.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def facts() -> Facts:
    """The people of the rules' cases."""
    return checks_of(COUNTRIES[0]).facts


def regimen(words: str, model: str = BACLOFEN.model, **more: object) -> Wanted:
    card = KNOWLEDGE.models[model]
    return wanted_of(card, medicine_of(words, card, KNOWLEDGE, TODAY), KNOWLEDGE, **more)  # type: ignore[arg-type]


def rows_of(facts: Facts, count: int) -> list[int]:
    return np.linspace(0, facts.rows - 1, count).astype(int).tolist()


# ---------------------------------------------------------------- where a card stands


@pytest.mark.parametrize("name", sorted(m for m, card in KNOWLEDGE.models.items() if card.time == "h"))
def test_a_card_stands_to_many_as_to_each(name: str, facts: Facts) -> None:
    card = KNOWLEDGE.models[name]
    here = placed(card, facts)
    statuses = set()
    for row in rows_of(facts, 120):
        alone = standing(card, facts, row)
        assert STATUSES[here.status[row]] == alone.status, row
        statuses.add(alone.status)
        if alone.drawable:
            known = {n: (here.low[n][row], here.high[n][row]) for n in here.low if not math.isnan(here.low[n][row])}
            assert known == alone.covariates, row
            wide = math.log1p(alone.widen_cv**2)
            derived = {k.covariate for k in alone.remarks if k.kind == "derived"}
            for parameter, variance in here.extra.items():
                bands = sum(
                    max(0.0, math.log1p(r.band_cv**2) - math.log1p(alone.widened.get(r.on, 0.0) ** 2))
                    for r in card.relations
                    if r.band_cv and r.parameter == parameter and r.on in derived and (multiplier(r, np.array(alone.covariates[r.on])) != 1).any()
                )  # fmt: skip
                assert variance[row] == pytest.approx(bands) or variance[row] == pytest.approx(bands + wide), row
    assert len(statuses) > 1


# ---------------------------------------------------------------- the dose of each


def test_a_bound_is_asked_of_many_as_of_each(facts: Facts) -> None:
    told = 0
    for bound in KNOWLEDGE.plans.dose_bounds.values():
        if not holds_in(bound, facts.jurisdiction):
            continue
        agent = bound.agents[0]
        column = answers(read_predicate(bound.when, agent, bound.bound), facts)
        for row in rows_of(facts, 25):
            alone = asked(bound.when, agent, facts, row)
            assert (column[row] == FIRES, column[row] == UNKNOWN) == (alone.holds, alone.open), (bound.bound, row)
            told += alone.holds
    assert told > 20


@pytest.mark.parametrize("agent", ["baclofen", "tizanidine", "gabapentin", "dantrolene", "diazepam"])
def test_the_most_of_many_is_that_of_each(agent: str, facts: Facts) -> None:
    rows = np.array(rows_of(facts, 150))
    many = most_of(agent, facts, rows)
    different = set()
    for place, row in enumerate(rows.tolist()):
        stands = room(agent, facts, row)
        most = most_taken(stands)
        assert many.day[place] == (math.inf if most is None else most)
        assert many.once[place] == most_at_once(stands)
        assert many.leave[place] == leaves(agent, facts, row)
        different.add(float(many.day[place]))
    assert len(different) > 1
    assert all(0 < count <= len(rows) for _, count in many.bounds)


def test_the_share_of_the_label_is_what_day_and_single_dose_leave(facts: Facts) -> None:
    wanted = regimen("20 mg four times a day")
    most = most_of("baclofen", facts, np.array(rows_of(facts, 200)))
    share = individual_share(wanted, most, KNOWLEDGE)
    for place, part in enumerate(share.tolist()):
        told = 0.0 if most.leave[place] else min(1.0, most.day[place] / 80, most.once[place] / 20)
        assert part == told


# ---------------------------------------------------------------- exposure


def everybody(**covariates: float) -> Placed:
    values = {name: np.array([value]) for name, value in covariates.items()}
    return Placed(status=np.zeros(1, np.int8), low=values, high=values, extra={})


@pytest.mark.parametrize("kidney", [20.0, 55.0, 120.0])
def test_the_typical_person_is_the_one_that_is_simulated_alone(kidney: int) -> None:
    wanted = regimen("20 mg three times a day")
    own = typical_people(BACLOFEN, everybody(kidney_function=kidney), np.array([0]))
    ((_, label), (_, half)) = exposures(wanted, own, np.array([0.5]))
    times = np.linspace(0, 24, 24 * 60 + 1)
    alone = np.array(simulate(BACLOFEN, doses_of(wanted), times, covariates={"kidney_function": kidney}).typical)
    assert label["peak"][0] == pytest.approx(alone.max(), rel=1e-4)
    assert label["auc"][0] == pytest.approx(np.trapezoid(alone, times), rel=1e-4)
    assert label["average"][0] == pytest.approx(label["auc"][0] / 24)
    for name, value in half.items():
        assert value[0] == pytest.approx(label[name][0] / 2)


def test_the_average_of_a_linear_card_is_the_rate_over_the_clearance() -> None:
    own = typical_people(BACLOFEN, everybody(kidney_function=60.0), np.array([0]))
    (_, label), _ = exposures(regimen("20 mg four times a day"), own, np.array([1.0]))
    flow = next(f for f in BACLOFEN.flows if f.clearance and f.to is None)
    reaching = next(i for i in BACLOFEN.inputs if i.route == "oral").bioavailability
    fraction = own[reaching][0] if reaching else 1.0
    by_hand = 80 * fraction / own[str(flow.clearance)][0] / 24 * 1000  # mg a day over L/h, in ng/mL
    assert label["average"][0] == pytest.approx(by_hand, rel=1e-6)


def test_a_card_that_depends_on_the_dose_is_followed_at_each_dose() -> None:
    wanted = regimen("600 mg three times a day", "gabapentin-oral-adult-al-zubaydi-2024")
    card, covariates = wanted.model, {"creatinine": 0.9}
    own = typical_people(card, everybody(**covariates, single_dose=600.0), np.array([0]))
    pairs = dict(exposures(wanted, own, np.array([1.0])))
    assert pairs["individual"]["auc"][0] == pytest.approx(pairs["label"]["auc"][0])
    alone = summary(card, individual(card, {**covariates, "single_dose": 600.0}), doses_of(wanted), 0.0, 24.0)
    assert pairs["label"]["auc"][0] == pytest.approx(alone.auc[0])


def test_copies_scatter_as_the_card_says_and_are_a_persons_own() -> None:
    numbers = np.arange(1, 201)
    stands = Placed(
        status=np.zeros(200, np.int8), low={"kidney_function": np.full(200, 60.0)}, high={"kidney_function": np.full(200, 60.0)}, extra={}
    )  # fmt: skip
    every = copies_of(BACLOFEN, stands, np.arange(200), numbers, 40, 1)
    spreads = {p.parameter: spread_of(p) for p in BACLOFEN.parameters if spread_of(p)}
    assert spreads
    for name, spread in spreads.items():
        scatter = np.log(every[name])
        assert scatter.std() == pytest.approx(spread, rel=0.03)
        assert scatter.mean() == pytest.approx(np.log(typical_people(BACLOFEN, stands, np.array([0]))[name][0]), abs=0.02)  # fmt: skip
    few = copies_of(BACLOFEN, stands, np.arange(50, 60), numbers[50:60], 40, 1)
    for name, values in few.items():
        assert np.array_equal(values, every[name][50 * 40 : 60 * 40])
    other = copies_of(BACLOFEN, stands, np.arange(200), numbers, 40, 2)
    assert not np.allclose(other[next(iter(spreads))], every[next(iter(spreads))])


def test_counts_are_complete_and_add_up(facts: Facts) -> None:
    wanted = regimen("20 mg four times a day", level=400.0, copies=8)
    numbers = np.arange(facts.rows)
    made, _ = followed(facts, numbers, wanted)
    takers = int(np.count_nonzero(facts.inputs.agents["baclofen"]["taking"] == 1))
    assert made.people[ALL] == takers
    for counts in (made.people, made.left, made.lowered, made.copies):
        assert counts[ALL] == sum(n for band, n in counts.items() if band != ALL)
    assert sum(n for (band, _), n in made.status.items() if band == ALL) == takers
    assert made.copies[ALL] == 8 * sum(made.status.get((ALL, s), 0) for s in ("studied", "stretched"))
    assert 0 < made.above[ALL, "individual"] < made.above[ALL, "label"] < made.copies[ALL]
    twice = Exposed()
    twice.add(made)
    twice.add(made)
    assert twice.people[ALL] == 2 * takers
    assert twice.quantiles(ALL, "label", "auc") == made.quantiles(ALL, "label", "auc")


def test_quantiles_are_told_to_half_of_one_part_in_a_hundred() -> None:
    values, made = np.random.default_rng(1).lognormal(5, 0.6, 4001), Exposed()
    made.values(ALL, "label", "auc", values[:1000])
    made.values(ALL, "label", "auc", values[1000:])
    assert made.quantiles(ALL, "label", "auc") == pytest.approx(np.quantile(values, (0.05, 0.5, 0.95)), rel=0.0051)
    made.values(ALL, "individual", "auc", np.array([0.0, 0.0, 5.0]))
    assert made.quantiles(ALL, "individual", "auc") == pytest.approx((0.0, 0.0, 5.0), rel=0.0051)


# ---------------------------------------------------------------- the command


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """The tables of the document."""
    (tmp_path / "registry").mkdir()
    for table, rows in re.findall(r"```csv (\w+)\n(.*?)```", DOC, re.S):
        (tmp_path / "registry" / f"{table}.csv").write_text(rows, encoding="utf-8")
    return tmp_path / "registry"


def test_the_example_of_the_document(registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", DOC, re.S)
    command = re.search(r"^    relaxant (simulate baclofen.*(?:\n        .*)*)", DOC, re.M)
    assert command is not None
    words = [w.strip('"') for w in re.findall(r'"[^"]*"|\S+', command[1].replace("\\\n", " "))]
    words = [str(registry) if w == "registry" else str(tmp_path / "out") if w == "exposure" else w for w in words]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert [line.rstrip() for line in printed.splitlines()][-len(shown.splitlines()) :] == shown.splitlines()
    with (tmp_path / "out" / "exposure.csv").open(encoding="utf-8") as file:
        rows = {(r["kidney_function_ml_min"], r["dose"]): r for r in csv.DictReader(file)}
    assert rows["not known", "label"]["unknown"] == "1" and not rows["not known", "label"]["auc_50"]
    assert rows["15 to under 30", "individual"]["taken_off"] == "1"  # below 30 mL/min baclofen is left
    page = (tmp_path / "out" / "exposure.html").read_text(encoding="utf-8")
    assert "<script" not in page and "default-src 'none'" in page
    for source in BACLOFEN.sources:  # each number with its card and source
        assert KNOWLEDGE.sources[source.source].title.split("&")[0][:30] in page


def test_the_answer_as_json_has_every_number(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["simulate", BACLOFEN.model, "--cohort", str(registry), "--dose", "20 mg four times a day", "--as-of", "2025-06-01", "--format", "json"]  # fmt: skip
    assert main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    whole = answer["lines"][-1]
    assert (whole["kidney_function"], whole["people"], whole["label"]["above"]) == ("all", 4, None)
    assert answer["daily"] == 80 and answer["unit"] == "ng/mL"
    assert {s["id"] for s in answer["sources"]} == {s.source for s in BACLOFEN.sources}
    assert all(b["source"]["title"] and b["people"] for b in answer["bounds"]) and len(answer["bounds"]) > 1


def test_the_page_gives_no_small_number_away(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Eight people of a hundred in one band: the others' number would tell them, so another is hidden beside theirs."""
    words = ["simulate", BACLOFEN.model, "--cohort", str(registry), "--dose", "20 mg four times a day", "--as-of", "2025-06-01", "--format", "json"]  # fmt: skip
    assert main(words) == 0
    made = msgspec.json.decode(capsys.readouterr().out, type=Told)
    *bands, whole = (msgspec.structs.replace(line, studied=0, stretched=0, beyond=0, unknown=0) for line in made.lines)
    sizes = [8, 40, 52, 0]
    lines = [msgspec.structs.replace(band, people=n, studied=n) for band, n in zip(bands, sizes, strict=True)]
    of_all = 100
    answer = msgspec.structs.replace(
        made,
        lines=(*lines, msgspec.structs.replace(whole, people=of_all, studied=of_all)),
        doses=(Dose(40.0, of_all - 8), Dose(80.0, 8)),
        bounds=(msgspec.structs.replace(made.bounds[0], people=of_all - 8),),
        with_partner=0,
    )
    shown = Words(answer, KNOWLEDGE, 11)
    people = [row.cells[0] for row in shown.exposure().rows]
    assert people[0].words == "fewer than 11" and people[-1].words == str(of_all)
    assert people[1].words == "not shown" and [p.words for p in people[2:-1]] == [str(n) for n in sizes[2:]]
    assert [row.cells[0].words for row in shown.doses().rows] == ["not shown", "fewer than 11"]
    assert [bound["people"].kept for bound in shown.bounds()] == [True]
    every = Words(answer, KNOWLEDGE, 0)
    assert [row.cells[0].words for row in every.exposure().rows] == [str(n) for n in (*sizes, of_all)]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["--dose", "20 mg once"], "--dose"),
        ([], "--dose"),
        (["--dose", "20 mg twice a day", "--above", "3 kg"], "--above"),
        (["--dose", "20 mg twice a day", "--above", "400 ng/mL", "--measure", "auc"], "--above"),
        (["--dose", "20 mg twice a day", "--with", "kidney_function=40"], "--with"),
        (["--dose", "20 mg intravenous twice a day"], "--dose"),
    ],
)
def test_what_cannot_be_followed(words: list[str], field: str, registry: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    assert main(["simulate", BACLOFEN.model, "--cohort", str(registry), "--as-of", "2025-06-01", *words]) == 2
    assert capsys.readouterr().err.startswith(f"relaxant: {field}")


def test_doses_of_another_medicine_are_refused() -> None:
    other = medicine_of("4 mg three times a day", KNOWLEDGE.models["tizanidine-oral-empirical"], KNOWLEDGE, TODAY)
    with pytest.raises(InputError, match="baclofen"):
        wanted_of(BACLOFEN, other, KNOWLEDGE)
