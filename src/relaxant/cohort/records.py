"""Records of FHIR bulk data, person by person, read by the bedside's own reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter

import numpy as np
import pyarrow as pa

from relaxant.cohort.batch import Batch
from relaxant.cohort.prepare import BORN_LATER, DEAD, TOO_OLD
from relaxant.cohort.record_left import left_of_medicines, left_of_record
from relaxant.cohort.tally import LeftKey, People
from relaxant.errors import InputError
from relaxant.facts.age import completed_age
from relaxant.facts.inputs import inputs_of
from relaxant.io.fhir_contents import THINGS
from relaxant.io.fhir_medicines import KINDS as MEDICINES
from relaxant.io.patient_file import read_patient
from relaxant.io.read import MOST_RECORD_BYTES, read_record
from relaxant.knowledge.load import Knowledge
from relaxant.medicines.medicine import Medicine
from relaxant.medicines.read import read_medicines
from relaxant.patient import Patient
from relaxant.reviewing import canonical

RECORDS = pa.schema(
    [
        pa.field("person_id", pa.int64(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("resource", pa.binary(), nullable=False),
    ]
)
"""A row a resource, the people one after another. What several people's medicines refer to stands with each of them."""

_FOR_A_LIST = frozenset(("Patient", *MEDICINES, *THINGS))
"""What tells whether somebody has a relaxant: the rest is read of nobody else."""
_NAMED = re.compile(r"\b([A-Z][A-Za-z]+)/\S+")
_FEMALE = {"female": 1.0, "male": 0.0}
_Resources = Sequence[tuple[str, bytes]]


class RejectedError(Exception):
    """Nothing can be said of somebody: why, without anything that is theirs."""


class RecordBatches:
    """Rows of :data:`RECORDS`, everybody in them looked at on one day."""

    def __init__(self, as_of: date, country: str, knowledge: Knowledge) -> None:
        self._as_of, self._country, self._knowledge = as_of, country, knowledge

    def read(self, rows: pa.Table) -> Batch:
        """The people of the rows."""
        persons, rejected, left = 0, Counter[str](), Counter[LeftKey]()
        people, asked = list[tuple[int, Patient]](), list[int]()
        readings = list[tuple[Patient, tuple[Medicine, ...]]]()
        for person, resources in people_of(rows):
            persons += 1
            try:
                patient, medicines, has_relaxant = self._read(resources)
            except RejectedError as reason:
                rejected[str(reason)] += 1
                continue
            left.update(left_of_medicines(medicines))
            if has_relaxant:
                left.update(left_of_record(patient, self._knowledge))
                asked.append(len(people))
                readings.append((patient, medicines))
            people.append((person, patient))
        return Batch(
            people=People(
                np.array([person for person, _ in people], np.int64),
                np.array([_FEMALE.get(patient.sex or "", np.nan) for _, patient in people], float),
                np.array([completed_age(patient) for _, patient in people], float),
                np.array(asked, np.intp),
            ),
            inputs=inputs_of(readings, self._knowledge),
            day=self._as_of,
            persons=persons,
            rejected=dict(rejected),
            left=dict(left),
        )

    def _read(self, resources: _Resources) -> tuple[Patient, tuple[Medicine, ...], bool]:
        """A person with the medicines on the list, and whether a relaxant is among them; if so, all of the record is read."""
        patient, medicines = self._of([one for one in resources if one[0] in _FOR_A_LIST])
        if not any(medicine.agents for medicine in medicines):
            return patient, medicines, False
        patient, medicines = self._of(resources)
        return patient, medicines, any(medicine.agents for medicine in medicines)

    def _of(self, resources: _Resources) -> tuple[Patient, tuple[Medicine, ...]]:
        patient = patient_of(resources, self._as_of, self._country, self._knowledge)
        return patient, read_medicines(patient, self._knowledge)


def people_of(rows: pa.Table) -> Iterator[tuple[int, _Resources]]:
    """Each person of the rows (:data:`RECORDS`) with the resources, kind and JSON."""
    said = zip(*(rows[name].to_pylist() for name in RECORDS.names), strict=True)
    for person, its in groupby(said, key=itemgetter(0)):
        yield person, [(kind, resource) for _, kind, resource in its]


def bundle(resources: _Resources) -> bytes:
    """Resources as one Bundle, the form in which the bedside takes a record."""
    return b'{"resourceType":"Bundle","type":"collection","entry":[%b]}' % b",".join(
        b'{"resource":%b}' % resource for _, resource in resources
    )


def patient_of(resources: _Resources, as_of: date, country: str, knowledge: Knowledge) -> Patient:
    """The patient whom the resources amount to on a day, in one order. Raises :class:`RejectedError` where nothing can be said of them."""
    if sum(len(resource) for _, resource in resources) > MOST_RECORD_BYTES:
        raise RejectedError("more than one person's record can be")
    try:
        plain = read_record(bundle(resources), knowledge, "record")
        plain |= {"as_of": as_of.isoformat(), "country": country}
        patient = read_patient(plain, knowledge, today=as_of, lenient=True, name="record")
    except InputError as error:
        raise RejectedError(_NAMED.sub(r"\1", f"{error.field}: {error.why}")) from None
    born = plain.get("birth_date")
    if born is not None and patient.birth_date is None:
        raise RejectedError(BORN_LATER if born > as_of.isoformat() else TOO_OLD)
    if patient.died is not None and patient.died < as_of:
        raise RejectedError(DEAD)
    return canonical(patient)
