"""Effects: indirect responses against closed forms, tolerance, many people at once, and what is wrong with an effect block."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from relaxant.errors import InputError, KnowledgeError
from relaxant.knowledge.cards import (
    Compartment,
    Effect,
    Flow,
    Input,
    Model,
    Output,
    Parameter,
    Published,
    Tolerance,
)
from relaxant.knowledge.load import load_knowledge
from relaxant.pharmacology.cards.course import GivenDose, area, course
from relaxant.pharmacology.cards.effects import response, with_moderator
from relaxant.pharmacology.cards.model import individual, network_of
from relaxant.pharmacology.cards.nonlinear import integrate, solved
from relaxant.pharmacology.cards.published import reproduced
from relaxant.pharmacology.cards.soundness import faults_of
from relaxant.pharmacology.kinetics.alteration import Alteration, sessions
from relaxant.pharmacology.kinetics.network import Period, amounts
from relaxant.pharmacology.kinetics.schedule import Dose, schedule
from relaxant.pharmacology.people.populations import bands, drawn

quad = pytest.importorskip("scipy.integrate", reason="the extra relaxant[nonlinear] is not installed").quad

CITED = {"source": "s", "place": "p"}
VALUES = {
    "ka": (1.2, "1/h"),
    "CL": (6.0, "L/h"),
    "V": (20.0, "L"),
    "ke0": (0.7, "1/h"),
    "E0": (120.0, "mmHg"),
    "kout": (0.35, "1/h"),
    "most": (0.8, "1"),
    "EC50": (0.4, "mg/L"),
    "hill": (1.7, "1"),
    "slope": (0.9, "L/mg"),
    "ktol": (0.15, "1/h"),
    "TC50": (0.25, "mg/L"),
    "gain": (1.5, "1"),
}
FORMS = ["inhibits production", "inhibits loss", "stimulates production", "stimulates loss"]
BOLUS = GivenDose(amount=30, route="intravenous")
TIMES = np.linspace(0, 30, 61)


def _card(effect: Effect, **values: float) -> Model:
    """One compartment with a gut and an effect site, and this effect; parameters that nothing uses are left out."""
    used = {"ka", "CL", "V", "ke0", effect.half_at, effect.slope, effect.baseline, effect.largest, effect.hill, effect.loss}  # fmt: skip
    if effect.tolerance is not None:
        used |= {effect.tolerance.rate, effect.tolerance.half_at, effect.tolerance.gain}
    parameters = tuple(
        Parameter(parameter=n, value=values.get(n, v), unit=u, iiv_cv=0.3, description=n, **CITED)
        for n, (v, u) in VALUES.items()
        if n in used
    )
    number = Published(title="half-life", output="concentration", measure="half-life", value=np.log(2) / 0.3, unit="h", dose=1, route="intravenous", **CITED)  # fmt: skip
    return Model(
        model="made-up",
        title="A made-up drug",
        agents=("baclofen",),
        ingredient="baclofen",
        moiety="base",
        people="nobody",
        compartments=(
            Compartment(compartment="gut"),
            Compartment(compartment="central", volume="V"),
            Compartment(compartment="site", effect_of="central", rate="ke0"),
        ),
        inputs=(Input(route="oral", into="gut"), Input(route="intravenous", into="central")),
        flows=(Flow(giver="gut", to="central", rate="ka"), Flow(giver="central", clearance="CL")),
        outputs=(Output(output="concentration", of="central", unit="mg/L", title="drug in plasma"),),
        effects=(effect,),
        parameters=parameters,
        reproduces=(number,),
        sources=(),
    )


def _effect(form: str = "turnover", **more: object) -> Effect:
    usual: dict[str, object] = {"unit": "mmHg", "of": "central", "half_at": "EC50", "baseline": "E0", "largest": "most"}
    if form == "turnover":
        usual |= {"loss": "kout"}
    return Effect(effect="pressure", form=form, description="pressure", **CITED, **(usual | more))  # fmt: skip


def _pressure(card: Model, dose: GivenDose = BOLUS, times: object = TIMES, **deviations: object) -> np.ndarray:
    return course(card, individual(card, {}, deviations=deviations), [dose], times, "pressure")


def _factors(acts: str, part: np.ndarray | float) -> tuple[np.ndarray | float, np.ndarray | float]:
    """What production and loss are multiplied by."""
    sign = -1 if acts.startswith("inhibits") else 1
    return (1 + sign * part, 1.0) if acts.endswith("production") else (1.0, 1 + sign * part)


@pytest.mark.parametrize("acts", FORMS)
def test_a_turnover_at_constant_concentration_is_an_exponential(acts: str) -> None:
    card = _card(_effect(acts=acts, hill="hill"), CL=1e-12)
    c = 30 / 20
    made, lost = _factors(acts, 0.8 * c**1.7 / (0.4**1.7 + c**1.7))
    end = 120 * made / lost
    want = end + (120 - end) * np.exp(-0.35 * lost * TIMES)
    np.testing.assert_allclose(_pressure(card)[:, 0], want, rtol=1e-7)


@pytest.mark.parametrize("acts", FORMS)
def test_a_very_fast_turnover_is_the_direct_effect(acts: str) -> None:
    fast = _pressure(_card(_effect(acts=acts), kout=1e6))[:, 0]
    c = 1.5 * np.exp(-0.3 * TIMES)
    made, lost = _factors(acts, 0.8 * c / (0.4 + c))
    np.testing.assert_allclose(fast[1:], (120 * made / lost)[1:], rtol=1e-6)
    assert fast[0] == 120


@pytest.mark.parametrize("acts", FORMS)
def test_a_turnover_is_its_integral_and_nothing_is_made_or_lost_beside(acts: str) -> None:
    """After a bolus the integral of c / (EC50 + c) is ln((EC50 + c0) / (EC50 + c)) / k, so one quadrature is left."""
    c0, k, half, most, loss = 1.5, 0.3, 0.4, 0.8, 0.35

    def part(t: float) -> float:
        return most * c0 * np.exp(-k * t) / (half + c0 * np.exp(-k * t))

    def lost_until(t: float) -> float:
        whole = most / k * np.log((half + c0) / (half + c0 * np.exp(-k * t)))
        return loss * (t + (0 if acts.endswith("production") else (-whole if "inhibits" in acts else whole)))

    got = _pressure(_card(_effect(acts=acts)))[:, 0]
    for i in (1, 4, 10, 25, 60):
        t = float(TIMES[i])
        made = quad(lambda s, t=t: 120 * loss * _factors(acts, part(s))[0] * np.exp(lost_until(s) - lost_until(t)), 0, t, epsabs=1e-12, epsrel=1e-12)[0]  # fmt: skip
        assert got[i] == pytest.approx(120 * np.exp(-lost_until(t)) + made, rel=1e-7)
    fine = np.linspace(0, 30, 12001)
    curve = _pressure(_card(_effect(acts=acts)), times=fine)[:, 0]
    factors = [np.broadcast_to(f, fine.shape) for f in _factors(acts, part(fine))]
    whole = [np.trapezoid(values, fine) for values in (120 * loss * factors[0], loss * factors[1] * curve)]
    assert whole[0] - whole[1] == pytest.approx(curve[-1] - 120, abs=1e-4)


def test_the_area_between_baseline_and_effect_is_its_closed_form() -> None:
    """For the two forms on production: E0 * most / k * ln(1 + c0 / EC50), whatever the rate of loss."""
    times = np.linspace(0, 150, 60001)
    for loss in (0.1, 0.35, 2.0):
        want = 120 * 0.8 / 0.3 * np.log(1 + 1.5 / 0.4)
        for acts, sign in (("inhibits production", -1), ("stimulates production", 1)):
            curve = _pressure(_card(_effect(acts=acts), kout=loss), times=times)[:, 0]
            assert np.trapezoid(sign * (curve - 120), times) == pytest.approx(want, rel=1e-5)


def test_the_kinetics_beside_a_turnover_are_the_exact_ones() -> None:
    card = _card(_effect(acts="stimulates loss", of="site"))
    parameters = individual(card, {}, deviations=drawn(card, 300, seed=3))
    doses = [Dose(amount=20, entry="gut", every=8, count=3), Dose(time=5, amount=10, entry="vein", duration=2.5)]
    entries = {"gut": ("gut", 0.7), "vein": ("central", 1.0)}
    wanted = {"it": {"central": 1 / parameters["V"]}, "site": {"site": 1.0}}
    want = amounts([Period(0, network_of(card, parameters))], entries, schedule(doses, TIMES), wanted)
    got = solved(card, parameters, doses, entries, TIMES, wanted)
    for name in wanted:
        np.testing.assert_allclose(got[name], want[name], rtol=1e-5, atol=1e-7 * want[name].max())


def test_many_people_at_once_are_the_same_people_one_by_one() -> None:
    card = load_knowledge().models["rocuronium-sugammadex-kleijn-2011"]
    parameters = individual(card, {"weight": 70.0, "age": 43.0}, deviations=drawn(card, 300, seed=5))
    doses = [GivenDose(amount=42, route="intravenous", drug="rocuronium"), GivenDose(time=20, amount=140, route="intravenous", drug="sugammadex")]  # fmt: skip
    times = np.arange(0, 61.0)
    for output in ("concentration", "complex"):
        together = course(card, parameters, doses, times, output)
        assert together.shape == (61, 300)
        for person in (0, 17, 255, 256, 299):
            own = {n: v[[person]] for n, v in parameters.items()}
            given = [(0.0, "central", 42 / 609.68 * 1000, 0.0), (20.0, "sugammadex_central", 140 / 2178.01 * 1000, 0.0)]
            states = integrate(card, own, given, times)
            of = "central" if output == "concentration" else "complex_central"
            alone = states[of] / own["V1" if output == "concentration" else "V1_sug"]
            np.testing.assert_allclose(together[:, person], alone, rtol=1e-5, atol=1e-7 * alone.max())


@pytest.mark.parametrize("form", ["noncompetitive", "competitive"])
@pytest.mark.parametrize("of", ["central", "site"])
def test_tolerance_at_constant_concentration_is_the_formula(form: str, of: str) -> None:
    card = _card(_effect("inhibition", of=of, hill="hill", tolerance=Tolerance(form=form, rate="ktol", half_at="TC50")), CL=1e-12)  # fmt: skip
    c, k, ktol = 1.5, 0.7, 0.15
    if of == "central":
        driver, moderator = np.full(TIMES.shape, c), c * (1 - np.exp(-ktol * TIMES))
    else:
        driver = c * (1 - np.exp(-k * TIMES))
        moderator = c * (1 - (k * np.exp(-ktol * TIMES) - ktol * np.exp(-k * TIMES)) / (k - ktol))
    worn = 1 + moderator / 0.25
    half = 0.4 * (worn if form == "competitive" else 1)
    part = 0.8 * driver**1.7 / (half**1.7 + driver**1.7) / (1 if form == "competitive" else worn)
    np.testing.assert_allclose(_pressure(card)[:, 0], 120 * (1 - part), rtol=1e-10)


def test_tolerance_of_a_linear_effect_is_exact_and_the_solver_agrees() -> None:
    effect = _effect("linear", slope="slope", half_at=None, largest=None, baseline=None, unit="1", tolerance=Tolerance(form="noncompetitive", rate="ktol", half_at="TC50"))  # fmt: skip
    card = _card(effect)
    parameters = individual(card, {})
    doses, entries = [Dose(amount=20, entry="in", every=6, count=4)], {"in": ("gut", 1.0)}
    got = course(card, parameters, [GivenDose(amount=20, every=6, count=4)], TIMES, "pressure")[:, 0]
    wider = with_moderator(card, effect)
    by_solver = solved(wider, parameters, doses, entries, TIMES, {"c": {"central": 1 / 20}, "m": {"moderator of pressure": 1.0}})  # fmt: skip
    np.testing.assert_allclose(got, 0.9 * by_solver["c"][:, 0] / (1 + by_solver["m"][:, 0] / 0.25), rtol=1e-6, atol=1e-9)  # fmt: skip
    assert got.max() == got[TIMES < 6].max()  # the first dose does most, though levels build up
    plain = course(_card(msgspec.structs.replace(effect, tolerance=None)), parameters, [GivenDose(amount=20, every=6, count=4)], TIMES, "pressure")[:, 0]  # fmt: skip
    assert plain.max() > plain[TIMES < 6].max()


@pytest.mark.parametrize(("gain", "power"), [("gain", 1.5), (None, 1.0)])
def test_feedback_settles_between_baseline_and_the_response_without_it_and_rebounds(gain: str | None, power: float) -> None:  # fmt: skip
    effect = _effect(acts="stimulates production", tolerance=Tolerance(form="feedback", rate="ktol", gain=gain))
    long = np.linspace(0, 400, 801)
    held = _pressure(_card(effect, CL=1e-12), times=long)[:, 0]
    part = 0.8 * 1.5 / 1.9
    assert held[-1] == pytest.approx(120 * (1 + part) ** (1 / (1 + power)), rel=1e-7)
    assert held.max() > held[-1] * 1.02
    gone = _pressure(_card(effect), times=long)[:, 0]
    assert gone.min() < 119 and gone[-1] == pytest.approx(120, rel=1e-6)
    slow = _pressure(_card(effect, ktol=1e-9))[:, 0]
    without = _pressure(_card(msgspec.structs.replace(effect, tolerance=None)))[:, 0]
    np.testing.assert_allclose(slow, without, rtol=1e-6)


def test_a_turnover_with_a_moderator_is_worn_down_too() -> None:
    effect = _effect(acts="inhibits production", tolerance=Tolerance(form="noncompetitive", rate="ktol", half_at="TC50"))  # fmt: skip
    held = _pressure(_card(effect, CL=1e-12), times=[0.0, 400.0])[:, 0]
    assert held[-1] == pytest.approx(120 * (1 - 0.8 * 1.5 / 1.9 / (1 + 1.5 / 0.25)), rel=1e-7)


def test_before_the_first_dose_and_without_any_a_response_is_at_its_baseline() -> None:
    card = _card(_effect(acts="stimulates loss"))
    parameters = individual(card, {})
    late = course(card, parameters, [GivenDose(time=5, amount=30, route="intravenous")], [9.0, 0.0, 4.9, 5.0], "pressure")[:, 0]  # fmt: skip
    np.testing.assert_allclose(late[1:], 120, rtol=1e-9)
    assert late[0] < 100
    np.testing.assert_allclose(course(card, parameters, [], [0.0, 7.0], "pressure"), 120, rtol=1e-9)


def test_bands_of_turnover_and_tolerance_hold_their_share_of_people() -> None:
    for tolerance in (None, Tolerance(form="competitive", rate="ktol", half_at="TC50")):
        card = _card(_effect(acts="inhibits production", tolerance=tolerance))
        spread = bands(card, {}, [BOLUS], TIMES, "pressure", people=600, seed=2)
        assert spread.values.shape == (5, TIMES.size) and (np.diff(spread.values, axis=0) >= 0).all()
        fresh = individual(card, {}, deviations=drawn(card, 600, seed=8))
        courses = course(card, fresh, [BOLUS], TIMES, "pressure")
        inside = ((courses >= spread.values[0][:, None]) & (courses <= spread.values[-1][:, None])).mean()
        assert 0.86 < inside < 0.94


def test_a_published_number_of_a_turnover_is_computed() -> None:
    card = _card(_effect(acts="inhibits production"))
    fine = np.linspace(0, 30, 30001)
    trough = float(_pressure(card, times=fine)[:, 0].min())
    when = float(fine[int(np.argmin(_pressure(card, times=fine)[:, 0]))])
    number = Published(title="lowest", output="pressure", measure="at", at=when, value=trough, unit="mmHg", dose=30, route="intravenous", **CITED)  # fmt: skip
    assert reproduced(card, number).computed == pytest.approx(trough, rel=1e-6)
    assert list(faults_of(card)) == []


TOLERANCE = Tolerance(form="noncompetitive", rate="ktol", half_at="TC50")


@pytest.mark.parametrize(
    ("effect", "values", "said"),
    [
        (_effect(), {}, "only a turnover, has a loss and says"),
        (_effect(acts="inhibits loss", loss=None), {}, "only a turnover, has a loss"),
        (_effect("emax", loss="kout"), {}, "only a turnover, has a loss"),
        (_effect(acts="inhibits loss", baseline=None), {}, "needs a baseline"),
        (_effect(acts="inhibits loss", half_at=None, slope="slope", largest=None), {}, "more than all of it"),
        (_effect(acts="inhibits production"), {"most": 1.2}, "would be negative"),
        (_effect("inhibition"), {"most": 1.2}, "would be negative"),
        (_effect("linear", slope="slope"), {}, "one of them"),
        (_effect("linear"), {}, "needs a slope"),
        (_effect("emax", half_at=None, slope="slope", largest=None), {}, "has no slope"),
        (_effect("linear", half_at=None, slope="slope"), {}, "no largest effect"),
        (_effect("sigmoid", largest=None), {}, "needs a hill"),
        (_effect("emax", largest=None, hill="hill"), {}, "call it sigmoid"),
        (_effect("inhibition", tolerance=msgspec.structs.replace(TOLERANCE, half_at=None)), {}, "halves the effect"),
        (_effect("inhibition", tolerance=msgspec.structs.replace(TOLERANCE, gain="gain")), {}, "only feedback has a gain"),
        (_effect("inhibition", tolerance=Tolerance(form="feedback", rate="ktol")), {}, "feedback needs a turnover"),
        (_effect("linear", half_at=None, largest=None, slope="slope", unit="1", baseline=None, tolerance=msgspec.structs.replace(TOLERANCE, form="competitive")), {}, "competition needs"),
        (_effect("inhibition", tolerance=msgspec.structs.replace(TOLERANCE, half_at="kout")), {}, "“1/h” does not fit"),
        (_effect("inhibition", tolerance=msgspec.structs.replace(TOLERANCE, rate="nothing")), {}, "no parameter “nothing”"),
        (_effect("inhibition", unit="%"), {}, "“mmHg” does not fit"),
        (_effect("emax", baseline=None), {}, "“1” does not fit"),
        (_effect("linear", half_at=None, largest=None, slope="slope"), {}, "“L/mg” does not fit"),
        (_effect("inhibition", unit="furlongs"), {}, "the unit “furlongs” is not known"),
    ],
)  # fmt: skip
def test_a_broken_effect_is_told_what_is_wrong(effect: Effect, values: dict[str, float], said: str) -> None:
    found = list(faults_of(_card(effect, **values)))
    assert any(said in what for _, what in found), found


def test_what_cannot_be_computed_says_so() -> None:
    card = _card(_effect(acts="inhibits loss"))
    with pytest.raises(KnowledgeError, match="no direct effect"):
        response(card.effects[0], individual(card, {}), np.ones((1, 1)))
    neither = msgspec.structs.replace(card.effects[0], form="emax", half_at=None)
    with pytest.raises(KnowledgeError, match="a slope or a concentration of half its largest"):
        response(neither, individual(card, {}), np.ones((1, 1)))
    with pytest.raises(KnowledgeError, match="says what the drug acts on"):
        _pressure(_card(_effect()))
    with pytest.raises(InputError, match="only a concentration has an area"):
        area(card, individual(card, {}), [BOLUS], TIMES, "pressure")
    changed = [Alteration(start=2.0, ratios={"CL": 0.5})]
    with pytest.raises(InputError, match="alter the parameters from the start"):
        course(card, individual(card, {}), [BOLUS], TIMES, "pressure", altered=changed)
    with pytest.raises(InputError, match="under circumstances that stay"):
        course(card, individual(card, {}), [BOLUS], TIMES, "pressure", altered=sessions("haemodialysis", [2.0], 4.0))
    steady = [Dose(amount=1, entry="in", every=8, steady=True)]
    with pytest.raises(InputError, match="one by one"):
        solved(card, individual(card, {}), steady, {"in": ("central", 1.0)}, TIMES, {"it": {"central": 1.0}})


def test_everybody_has_an_own_delay_before_a_response_with_a_turnover() -> None:
    for tolerance in (None, Tolerance(form="feedback", rate="ktol")):
        plain = _card(_effect(acts="inhibits production", tolerance=tolerance))
        delay = Parameter(parameter="delay", value=1.0, unit="h", description="delay", **CITED)
        late = msgspec.structs.replace(
            plain, parameters=(*plain.parameters, delay), inputs=tuple(msgspec.structs.replace(i, lag="delay") for i in plain.inputs)
        )  # fmt: skip
        delays = np.array([0.0, 0.5, 2.0, 0.5])
        own = {n: np.broadcast_to(v, (4,)) for n, v in individual(late, {}).items()} | {"delay": delays}
        found = course(late, own, [BOLUS], TIMES, "pressure")
        for person, hours in enumerate(delays):
            alone = _pressure(plain, msgspec.structs.replace(BOLUS, time=float(hours)))
            np.testing.assert_allclose(found[:, person], alone[:, 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("dose", "sugammadex", "at", "least", "most"),
    [
        # Independent solution of the same equations: 90 % of the ratio 1.5 min after 2 mg/kg and 0.8 min after 4 mg/kg given about the
        # return of the second twitch (a ratio of 1 to 5 %), and at 4.0 min after 1.2 mg/kg with 16 mg/kg at 3 min.
        (0.6, 2, 27.4, 1.2, 1.8), (0.6, 2, 33.1, 1.2, 1.8), (0.6, 4, 27.4, 0.6, 1.0), (0.6, 4, 33.1, 0.6, 1.0), (1.2, 16, 3.0, 0.5, 1.1),
    ],
)  # fmt: skip
def test_sugammadex_brings_the_ratio_back_when_an_independent_solution_says(
    dose: float, sugammadex: float, at: float, least: float, most: float
) -> None:
    card = load_knowledge().models["rocuronium-sugammadex-kleijn-2011"]
    person = {
        "weight": 70.0,
        "age": 43.0,
        "creatinine_clearance": 119.0,
        "sevoflurane": 0.0,
        "asian": 0.0,
        "female": 0.0,
    }
    doses = [
        GivenDose(amount=70 * dose, route="intravenous", drug="rocuronium"),
        GivenDose(time=at, amount=70 * sugammadex, route="intravenous", drug="sugammadex"),
    ]
    times = at + np.arange(0, 12, 0.02)
    ratio = course(card, individual(card, person), doses, times, "tof_ratio")[:, 0]
    last_under = np.flatnonzero(ratio < 90).max()
    assert least < times[last_under] - at < most
