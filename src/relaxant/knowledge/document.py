"""One YAML file of a pack: which lists it may hold."""

from __future__ import annotations

from relaxant.knowledge.agents import Agent, Coverage
from relaxant.knowledge.blocks import Block
from relaxant.knowledge.cards import Model
from relaxant.knowledge.claims import Claim
from relaxant.knowledge.conditions import Combination, Condition
from relaxant.knowledge.crises import Crisis
from relaxant.knowledge.labs import Lab
from relaxant.knowledge.news import Change, Gone, Release
from relaxant.knowledge.overlays import AgentChange, MedicineName, PackSheet, Replacement, Silence
from relaxant.knowledge.partners import Allergen, Exposure, Role
from relaxant.knowledge.pathways import Pathways
from relaxant.knowledge.people import Population
from relaxant.knowledge.plans import (
    Choice,
    DoseBound,
    FollowUp,
    Gap,
    Gates,
    Goal,
    Switch,
    Taper,
    Titration,
    Uptake,
    UsefulLevel,
    Withdrawal,
)
from relaxant.knowledge.pumps import PumpProtocol
from relaxant.knowledge.registries import RegistryCondition, RegistryMeasure, RegistryPeople, RegistryUse
from relaxant.knowledge.responses import NextStep, Onset, ResponsePrior, Worsening
from relaxant.knowledge.rules import Rule
from relaxant.knowledge.scales import Marker, Scale
from relaxant.knowledge.schema import Frozen, Policy, Source
from relaxant.knowledge.trials import Trial


class Document(Frozen, frozen=True, kw_only=True, gc=False):
    """One YAML file of a pack: any of these lists may be present. ``pack`` stands once in a pack."""

    pack: PackSheet | None = None
    replaces: tuple[Replacement, ...] = ()
    silences: tuple[Silence, ...] = ()
    changes: tuple[AgentChange, ...] = ()
    medicine_names: tuple[MedicineName, ...] = ()
    sources: tuple[Source, ...] = ()
    agents: tuple[Agent, ...] = ()
    roles: tuple[Role, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    conditions: tuple[Condition, ...] = ()
    labs: tuple[Lab, ...] = ()
    allergens: tuple[Allergen, ...] = ()
    policies: tuple[Policy, ...] = ()
    rules: tuple[Rule, ...] = ()
    combinations: tuple[Combination, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    claims: tuple[Claim, ...] = ()
    models: tuple[Model, ...] = ()
    pathways: Pathways = Pathways()
    populations: tuple[Population, ...] = ()
    scales: tuple[Scale, ...] = ()
    response_priors: tuple[ResponsePrior, ...] = ()
    onsets: tuple[Onset, ...] = ()
    worsenings: tuple[Worsening, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    markers: tuple[Marker, ...] = ()
    trials: tuple[Trial, ...] = ()
    titrations: tuple[Titration, ...] = ()
    dose_bounds: tuple[DoseBound, ...] = ()
    gates: tuple[Gates, ...] = ()
    tapers: tuple[Taper, ...] = ()
    gaps: tuple[Gap, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    switches: tuple[Switch, ...] = ()
    uptakes: tuple[Uptake, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    goals: tuple[Goal, ...] = ()
    choices: tuple[Choice, ...] = ()
    useful_levels: tuple[UsefulLevel, ...] = ()
    blocks: tuple[Block, ...] = ()
    crises: tuple[Crisis, ...] = ()
    pumps: tuple[PumpProtocol, ...] = ()
    registry_people: tuple[RegistryPeople, ...] = ()
    registry_conditions: tuple[RegistryCondition, ...] = ()
    registry_uses: tuple[RegistryUse, ...] = ()
    registry_measures: tuple[RegistryMeasure, ...] = ()
    news: tuple[Change, ...] = ()
    gone: tuple[Gone, ...] = ()
    releases: tuple[Release, ...] = ()
