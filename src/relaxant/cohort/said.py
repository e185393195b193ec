"""What a registry says of many people, prepared: one relation, a row for everything said, people one after another.

Every engine gives it in this form, whatever the registry is kept in; :mod:`relaxant.cohort.person` makes a patient file of one person's
rows and :mod:`relaxant.cohort.reading` makes the columns of the facts of everybody's.
"""

from __future__ import annotations

import msgspec
import pyarrow as pa

from relaxant.patient import Allergy, Line, Stated

PERSON, LINE, MEASURED, CONDITION, ALLERGY, HABIT = range(6)
"""The kinds of a row. What is said of a person on a day (``as_of``) begins with the row of kind :data:`PERSON`.

===========  ==========================  =================================  ===============================  ===========================
kind         item, its number in          start                              stop                             low, high
===========  ==========================  =================================  ===============================  ===========================
PERSON       (0)                          birth                              death                            1 female, 0 male, null;
                                                                                                              day since when in the
                                                                                                              registry (in a period)
LINE         ``Vocabulary.lines``         first day of the course            its last day where it is over    null
MEASURED     ``Vocabulary.measured``      day of the newest value            null                             least and most of that day
CONDITION    ``Vocabulary.conditions``    day since which it is known        day it ended                     null
ALLERGY      ``Vocabulary.allergies``     day it was written down            null                             null
HABIT        ``Vocabulary.habits``        day it was written down            null                             null
===========  ==========================  =================================  ===============================  ===========================
"""

SAID = pa.schema(
    [
        pa.field("person_id", pa.int64(), nullable=False),
        pa.field("as_of", pa.int32(), nullable=False),
        pa.field("kind", pa.int8(), nullable=False),
        pa.field("item", pa.int32(), nullable=False),
        pa.field("start", pa.int32()),
        pa.field("stop", pa.int32()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
    ]
)
"""Days are counted from 1970-01-01. ``as_of`` is the day that the person is looked at; a screen of a period looks at one person on several.
Sorted by all columns in their order."""

EARLIER = "earlier creatinine"
"""The item of :data:`MEASURED` that is the creatinine before the newest: the lowest within the days of a kidney injury, else the last."""


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the patient file that a registry's row of observation says: ``smoker``, ``pregnant``, ``dialysis`` ..."""

    field: str
    value: str | bool


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """What the items of a registry mean, each kind by number. ``lines`` are without days and without whether they are taken: the rows say so.
    The allergy that is ``None`` says that there is none known."""

    lines: tuple[Line, ...]
    measured: tuple[str, ...]
    conditions: tuple[Stated, ...]
    allergies: tuple[Allergy | None, ...]
    habits: tuple[Habit, ...]
