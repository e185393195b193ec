"""That a calendar is made of another form than what is taken: never in silence."""

from __future__ import annotations

from collections.abc import Sequence

from relaxant.facts.facts import Facts
from relaxant.planning.current import form_of
from relaxant.planning.plan import Product
from relaxant.planning.products import product_groups, swallows_no_tablets
from relaxant.rules.wording import shown_agent_name


def other_form(
    agent: str, taken: str | None, products: Sequence[Product], facts: Facts, *, modified: bool = False, row: int = 0
) -> tuple[str, ...]:
    """What to mind where the ``products`` of a calendar are of another form than the one that is ``taken``; one that nobody said is the usual
    one to swallow. Nothing where the forms are alike."""
    groups = product_groups(agent, facts, liquid_first=False, modified=modified, row=row)
    said = form_of(taken, groups) or taken
    old = said or next((group[0].name for group in groups), None)
    new = next((product for product in products if product.name != old), None)
    if old is None or new is None:
        return ()
    words, name = facts.knowledge.words("planning")["notes"], shown_agent_name(agent, facts)
    form = words["form_said" if said else "form_unsaid"].format(old=old, agent=name)
    measured = new.liquid or new.drop
    tube = swallows_no_tablets(facts, row) and measured
    key = "other_form_tube" if tube else "other_form" if measured else "other_form_solid"
    return (words[key].format(taken=form, new=new.name),)
