"""Facts: every named thing that a rule may ask, derived from what was said, as columns over persons.

The modules named here register what derives each fact; importing any part of ``relaxant.facts`` brings them all.
"""

from relaxant.facts import circumstances, kidney, liver, loads, size, twitches

__all__ = ["circumstances", "kidney", "liver", "loads", "size", "twitches"]
