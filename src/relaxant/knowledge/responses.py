"""What is taken for granted of a series of symptoms before a diary is read: the priors and how soon each medicine acts; and what else makes
symptoms worse, to be asked before the dose is raised."""

from __future__ import annotations

from typing import Literal

from relaxant.knowledge.scales import Marker, Scale
from relaxant.knowledge.schema import Cited, Frozen, SourceRef


class ResponsePrior(Cited, frozen=True, kw_only=True, gc=False):
    """Priors of one kind of series; ``harm`` for what a medicine may bring and no one expects to be helped by. Those of ``ordinal`` scales are shares of the range of the scale (a 0-10 rating: tenths of 10 points), those of a
    ``count`` natural logarithms of the daily mean; all by normal distributions with ``sd``, unless said.

    ``level``: the level before, its mean and sd. ``effect_sd``: the effect of the medicines at the highest dose of the diary, about none.
    ``placebo_mean`` and ``placebo_sd``: what an inert start brings, in the direction of worse (below 0: better). ``placebo_days``: how soon.
    ``trend_sd``: the disease, over 30 days. ``spell_mean`` and ``spell_sd``: how bad the spell is in which a treatment begins, in standard
    deviations of the drift: people begin on bad days. ``week_sd``: the same weekday. ``drift``: median and log sd of how far days that follow
    one another stray together; ``noise``: of what is each day's own: its standard deviation, for a count the dispersion. ``memory``: how many
    days a spell lasts, evenly on a log scale between two. ``delay``: days until a dose acts, likewise. ``shape``: the power of a dose's share that
    its effect follows, likewise: 1 in proportion, less where the first step brings most."""

    prior: str
    kind: Literal["ordinal", "count"]
    harm: bool = False
    level_mean: float
    level_sd: float
    effect_sd: float
    placebo_mean: float
    placebo_sd: float
    placebo_days: float
    trend_sd: float
    spell_mean: float
    spell_sd: float
    week_sd: float
    drift: tuple[float, float]
    noise: tuple[float, float]
    memory: tuple[float, float]
    delay: tuple[float, float]
    shape: tuple[float, float]
    text: str
    further: tuple[SourceRef, ...] = ()


class Onset(Cited, frozen=True, kw_only=True, gc=False):
    """How soon these agents act and, of what is given rarely, how long: in place of the delay of a prior, where a source says it.

    ``days``: how many days until a constant dose has most of its effect, 63%, as a delay of first order has it: from and to, spread evenly between
    them on a log scale. ``fades``: days in which what one dose brought falls to a third; ``None`` for what is taken day by day, whose effect leaves
    as soon as it came."""

    onset: str
    agents: tuple[str, ...]
    days: tuple[float, float]
    fades: float | None = None
    text: str
    further: tuple[SourceRef, ...] = ()


class Worsening(Cited, frozen=True, kw_only=True, gc=False):
    """One explanation of stiffness or spasms that grew worse; they are asked in the order in which they stand, a higher dose last.

    ``ask``: what to ask or to look at. ``then``: what to do if so. ``conditions``: those that make it likely where they are on record; ``partners``:
    ingredients that do where they were started lately. ``markers``: a marker of disease that rose makes it likely. ``pump``: it is asked only of who has a pump. ``measured``: what of the diary answers it;
    ``dose down`` is asked only where the dose of the diary's end is below the one before."""

    worsening: str
    title: str
    ask: str
    then: str
    conditions: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    markers: bool = False
    pump: bool = False
    measured: Literal["missed doses", "dose down", ""] = ""
    further: tuple[SourceRef, ...] = ()


Standing = Literal["DANGER", "CHANGE", "refused", "dose down", "stopped", "level"]
"""What stands whatever the scales say: a finding of the review about what the diary holds, a plan of it that is refused, a dose that ended lower than it was, one
that ended with nothing taken, a level outside what is expected."""


class Session(Cited, frozen=True, kw_only=True, gc=False):
    """The words of a next step for what is given in sessions."""

    text: str


class NextStep(Cited, frozen=True, kw_only=True, gc=False):
    """What an answer asks for: where one of ``standing`` stands, the answer to some harm is one of ``harms``, that to some symptom one of ``symptoms`` and
    that to another symptom one of ``beside``; what is left out is not asked. The first that fits is said.

    ``raises``: it leads to more, so that it is never said where a DANGER, a CHANGE, a refused plan or a level stands. ``next_dose``: the plan's next dose is
    shown beside it. ``session``: the same of what is given in sessions, where the words differ."""

    next_step: str
    standing: tuple[Standing, ...] = ()
    symptoms: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    harms: tuple[str, ...] = ()
    raises: bool = False
    next_dose: bool = False
    text: str
    session: Session | None = None
    further: tuple[SourceRef, ...] = ()


class Responses(Frozen, frozen=True, kw_only=True, gc=False):
    """What responses are read by, each by id."""

    scales: dict[str, Scale]
    markers: dict[str, Marker]
    response_priors: dict[str, ResponsePrior]
    onsets: dict[str, Onset]
    worsenings: dict[str, Worsening]  # in the order in which they are asked
    next_steps: dict[str, NextStep]  # in the order in which they are tried
