"""relaxant: precision prescribing of muscle relaxants.

>>> from datetime import date
>>> from relaxant import read_patient, review
>>> patient = read_patient(b"medicines: [ciprofloxacin 500 mg twice a day]", today=date(2026, 11, 22),
...                        considering=["tizanidine 4 mg three times a day"])
>>> review(patient).findings[0].tier
'DANGER'
"""

from typing import TYPE_CHECKING

from relaxant.version import __version__

if TYPE_CHECKING:
    from relaxant.api import (
        GivenDose,
        InputError,
        Knowledge,
        Observation,
        Patient,
        RelaxantError,
        Review,
        cite,
        compare,
        estimate,
        estimate_table,
        lint,
        load_knowledge,
        read_patient,
        render_html,
        render_terminal,
        replay,
        respond,
        review,
        screen,
        simulate,
        simulate_table,
        taper,
        to_json,
        whats_new,
    )

__all__ = [
    "GivenDose",
    "InputError",
    "Knowledge",
    "Observation",
    "Patient",
    "RelaxantError",
    "Review",
    "__version__",
    "cite",
    "compare",
    "estimate",
    "estimate_table",
    "lint",
    "load_knowledge",
    "read_patient",
    "render_html",
    "render_terminal",
    "replay",
    "respond",
    "review",
    "screen",
    "simulate",
    "simulate_table",
    "taper",
    "to_json",
    "whats_new",
]


if not TYPE_CHECKING:  # a checker of types would take every name for one that there is

    def __getattr__(name: str) -> object:
        """What :mod:`relaxant.api` offers, loaded when it is first asked for: the program itself needs less of it."""
        if name not in __all__:
            raise AttributeError(f"module 'relaxant' has no attribute {name!r}")
        from relaxant import api

        return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
