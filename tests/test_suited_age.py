"""Whether a medicine suits what somebody has goes by age: a licence for adults is none for a child."""

from __future__ import annotations

import pytest

from conftest import reviewed
from relaxant.report.reviews import render_review
from relaxant.reviewing import Review
from test_fhir_outputs import PERSON


def palsy(age: int, country: str = "UK") -> Review:
    return reviewed({**PERSON, "country": country, "age": age, "conditions": ["cerebral palsy"], "medicines": [], "considering": ["dantrolene 25 mg once a day"]})  # fmt: skip


def test_a_licence_for_adults_is_unlicensed_in_a_child() -> None:
    review = palsy(14)
    (first, *_) = review.suitability
    assert (first.status, first.other_age) == ("off label", True)
    assert first.text.startswith("Licensed from 18 years only. ")
    assert not any(s.status == "licensed" for s in review.suitability)
    shown = render_review(review, "text").decode()
    assert "unlicensed at this age, cerebral palsy" in shown
    assert any("unestablished-start" in f.rules for f in review.findings)


@pytest.mark.parametrize(("age", "country"), [(40, "UK"), (14, "US")])
def test_a_licence_that_fits_the_age_is_said_as_it_is(age: int, country: str) -> None:
    review = palsy(age, country)
    assert not any(s.other_age for s in review.suitability)
    if country == "UK":
        assert review.suitability[0].status == "licensed"
        assert not any("unestablished-start" in f.rules for f in review.findings)


def test_without_an_age_it_is_open_and_asks_for_it() -> None:
    person = {**PERSON, "conditions": ["cerebral palsy"], "medicines": [], "considering": ["dantrolene 25 mg once a day"]}  # fmt: skip
    review = reviewed({k: v for k, v in person.items() if k != "age"})
    (check,) = [c for c in review.checks if c.rule == "unestablished-start" and c.agent == "dantrolene"]
    assert check.outcome == "could not check" and "age" in check.settled_by
