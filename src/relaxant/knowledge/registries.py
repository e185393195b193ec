"""The shape of a synthetic registry: how common conditions, medicines and measurements are in a population, as data.

Shares by age stand as rows of (age in years, share): between two rows a line, before the first and after the last as there. A share is
of people of that sex and age who have it, or took it, at any time in the years of the data. ``given`` multiplies a person's share by what
the person has or takes already; the whole is then scaled so that the shares of everybody together stay as the rows say.
"""

from __future__ import annotations

import msgspec

from relaxant.knowledge.schema import Cited, Frozen, SourceRef

Rows = tuple[tuple[float, float], ...]


class RegistryGiven(Frozen, frozen=True, kw_only=True, gc=False):
    """Who has this condition, or takes a medicine of this use, or this medicine, is so many times as likely. The other stands before this one."""

    condition: str | None = None
    use: str | None = None
    medicine: str | None = None
    ratio: float


class RegistryCode(Frozen, frozen=True, kw_only=True, gc=False):
    """A code as it stands in the registry, with its words. ``share`` of those who have the condition carry this one."""

    code: str
    name: str
    share: float = 1.0


class RegistryCondition(Cited, frozen=True, kw_only=True, gc=False):
    """A condition (an id of ``conditions.yaml`` where there is one). ``male`` is as ``female`` where it is left out.

    ``lasts_days``: it is an episode with an end; else it stays. ``times``: how often it is written down on average. ``known_before``:
    the share of those who have it to whom it came before the data begin.
    """

    registry_condition: str
    icd10cm: tuple[RegistryCode, ...]
    snomed: RegistryCode | None = None
    female: Rows
    male: Rows | None = None
    given: tuple[RegistryGiven, ...] = ()
    lasts_days: int | None = None
    times: float = 1.5
    known_before: float = 0.8
    derived: str | None = None


class RegistryMedicine(Frozen, frozen=True, kw_only=True, gc=False):
    """A medicine of a use: ``share`` of those of the use's shares take it (one person may take several).

    ``ingredients`` are names of the dictionary. ``products``: (RxNorm code, share); ``regimens``: (pieces a dose, doses a day, share);
    ``supply``: (days, share). ``long``: the share who take it on and on; others have ``courses`` courses on average, of ``days``
    (median; ``spread`` is the standard deviation of the logarithm). ``episode``: the share of courses that begin in the days of the
    person's one episode (an injury, an operation). ``among``: only those who have this other medicine get it, on its day.
    ``given_once``: given by a clinician, ``amounts`` of (quantity, share) instead of regimens, ``courses`` times on average, one ``supply`` apart;
    with ``lasts`` it acts until the next (a pump).
    """

    medicine: str
    ingredients: tuple[str, ...]
    share: float
    route: str = "oral"
    products: tuple[tuple[int, float], ...]
    regimens: tuple[tuple[float, float, float], ...] = ((1, 1, 1),)
    amounts: tuple[tuple[float, float], ...] = ()
    long: float = 0.0
    days: float = 30
    spread: float = 0.6
    courses: float = 1.0
    supply: tuple[tuple[int, float], ...] = ((30, 1),)
    episode: float = 0.0
    among: str | None = None
    given_once: bool = False
    lasts: bool = False
    given: tuple[RegistryGiven, ...] = ()


class RegistryUse(Cited, frozen=True, kw_only=True, gc=False):
    """Medicines taken for the same: how many people take them, and which."""

    registry_use: str
    female: Rows
    male: Rows | None = None
    given: tuple[RegistryGiven, ...] = ()
    medicines: tuple[RegistryMedicine, ...]
    derived: str | None = None
    sources: tuple[SourceRef, ...] = ()


class RegistryUnit(Frozen, frozen=True, kw_only=True, gc=False):
    """A unit as rows of the registry carry it: the value in it is ``factor`` times the value in the measure's own. ``concept_id`` is OMOP's, where seen."""

    unit: str
    said: str
    factor: float = 1.0
    share: float
    concept_id: int | None = None
    name: str | None = None


class RegistryMeasure(Cited, frozen=True, kw_only=True, gc=False):
    """What is measured: ``rows`` of (age, median or mean, standard deviation); of the logarithm where ``form`` is ``lognormal``.

    ``drawn`` comes from the people themselves (height, weight, creatinine), ``egfr`` from creatinine. ``within`` is the spread from one time to the next
    in the same person, as ``form`` says it. ``ratios`` multiply the value in who has a condition.
    """

    registry_measure: str
    loinc: str
    name: str
    concept_id: int | None = None
    panel: str
    share: float = 1.0
    form: str
    female: tuple[tuple[float, float, float], ...] = ()
    male: tuple[tuple[float, float, float], ...] | None = None
    within: float
    low: float
    high: float
    decimals: int
    ratios: tuple[RegistryGiven, ...] = ()
    units: tuple[RegistryUnit, ...]
    derived: str | None = None


class RegistryPanel(Frozen, frozen=True, kw_only=True, gc=False):
    """What is measured together: on how many days of the years of the data, on average, by age. ``given`` multiplies that."""

    panel: str
    days: Rows
    given: tuple[RegistryGiven, ...] = ()


class RegistryAllergy(Frozen, frozen=True, kw_only=True, gc=False):
    """An allergy as it stands in the registry, and in what share of people."""

    code: str
    name: str
    share: float


class RegistryRoute(Frozen, frozen=True, kw_only=True, gc=False):
    """A route with its SNOMED CT code and OMOP's concept, where seen."""

    route: str
    code: str
    name: str
    concept_id: int | None = None


class RegistryPeople(Cited, frozen=True, kw_only=True, gc=False):
    """Who is in the registry, for how long, and how clean it is.

    ``populations``: (id of a population, share of everybody). ``infants`` is the share under the youngest of them. ``deaths`` are those who
    die in the years of the data. Of long courses ``long_before`` run when the data begin, ``long_stays`` run on to the end; the others stop
    somewhere: ``tapers`` of them over last supplies of ``taper`` of the dose, the rest at once. A supply is late in ``late_share`` of the times, by ``late_days`` on average, and ``gap_share`` of them leave a gap. ``dirt`` are shares of rows, or of people, that are wrong in the way that the name says.
    """

    registry_people: str
    country: str
    last_day: str
    years: int
    populations: tuple[tuple[str, float], ...]
    infants: float
    white: float
    hispanic: float
    whole_time: float
    stays_to_end: float
    deaths: Rows
    sig_share: float
    long_before: float
    long_stays: float
    tapers: float
    taper: tuple[float, ...]
    late_share: float
    late_days: float
    gap_share: float
    gap_days: float
    changes_dose: float
    smoker: Rows
    former_smoker: Rows
    smoking_known: float
    allergies: tuple[RegistryAllergy, ...]
    no_known_allergy: float
    panels: tuple[RegistryPanel, ...]
    routes: tuple[RegistryRoute, ...]
    dirt: dict[str, float]
    derived: str | None = None
    sources: tuple[SourceRef, ...] = ()


class Registries(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that a synthetic registry is drawn from, by id."""

    registry_people: dict[str, RegistryPeople]
    registry_conditions: dict[str, RegistryCondition]
    registry_uses: dict[str, RegistryUse]
    registry_measures: dict[str, RegistryMeasure]
