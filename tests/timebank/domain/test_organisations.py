"""Rules of organisations: credit codes, papers, grades, warnings, gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from timebank.domain import errors
from timebank.domain import organisations as org
from timebank.domain import policies as pol

CARE = pol.preset("demo", "xinzhou").care
assert CARE is not None
RULES = CARE.organisations
TODAY = date(2026, 9, 15)
WELL = org.Facts(
    kind="station", opened_on=date(2024, 1, 1), floor_area_sqm=800, filed=True, grade_valid_to=date(2027, 1, 1),
    has_prices=True, has_promise=True, staff=(org.Held("carer", (("carer", date(2028, 1, 1)),)),),
)  # fmt: skip


def codes(facts: org.Facts) -> list[str]:
    return [one.code for one in org.station_warnings(RULES, facts, TODAY)]


def test_a_credit_code_that_does_not_add_up_needs_a_paper() -> None:
    assert org.checked_uscc(" 52130200mj0000018f ", None) == "52130200MJ0000018F"
    with pytest.raises(errors.UsccPaperNeeded):
        org.checked_uscc("91350100M0001TGQXM", " ")
    assert org.checked_uscc("91350100M0001TGQXM", "No. 7") == "91350100M0001TGQXM"
    with pytest.raises(errors.UsccInvalid):
        org.checked_uscc("9135", "No. 7")


@pytest.mark.parametrize(
    ("scores", "level"), [((59, 60, 60), None), ((60, 60, 60), "A"), ((75, 75, 77), "AA"), ((100, 90, 80), "AAA")]
)
def test_the_level_follows_from_the_mean(scores: tuple[int, int, int], level: str | None) -> None:
    assert org.level_of(RULES, *scores) == level


def test_scores_out_of_range() -> None:
    for scores in ((-1, 60, 60), (60, 101, 60)):
        with pytest.raises(errors.ScoreInvalid):
            org.level_of(RULES, *scores)


def test_a_grading_lasts_as_long_as_the_rules_say() -> None:
    assert org.grade_valid_to(RULES, date(2026, 3, 1)) == date(2029, 2, 28)


def test_a_filing_needs_all_its_papers_and_days_that_can_be() -> None:
    papers = {paper.code: date(2026, 1, 1) for paper in RULES.filing_papers}
    org.check_papers(RULES, papers, date(2025, 12, 1), date(2026, 1, 2), TODAY)
    with pytest.raises(errors.PapersMissing):
        org.check_papers(RULES, {**papers, "promise": None}, date(2025, 12, 1), date(2026, 1, 2), TODAY)
    for began_on, filed_on in ((date(2025, 1, 1), date(2027, 1, 1)), (date(2027, 1, 1), date(2026, 2, 1))):
        with pytest.raises(errors.DatesWrong):
            org.check_papers(RULES, papers, began_on, filed_on, TODAY)
    with pytest.raises(errors.DatesWrong):
        org.check_papers(RULES, papers, date(2025, 1, 1), date(2025, 12, 31), TODAY)


def test_a_station_that_is_well_has_no_warning() -> None:
    assert codes(WELL) == []
    assert codes(replace(WELL, kind="county_centre", filed=False, floor_area_sqm=1)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"filed": False}, "filing_late"),
        ({"filed": False, "opened_on": date(2026, 9, 1)}, "not_filed"),
        ({"floor_area_sqm": None}, "area_unknown"),
        ({"floor_area_sqm": 499}, "area_small"),
        ({"floor_area_sqm": 2001}, "area_large"),
        ({"grade_valid_to": None}, "grade_missing"),
        ({"grade_valid_to": date(2026, 9, 14)}, "grade_expired"),
        ({"has_prices": False}, "prices_missing"),
        ({"has_promise": False}, "promise_missing"),
        ({"staff": (org.Held("carer", ()),)}, "certificate_missing"),
        ({"staff": (org.Held("carer", (("carer", date(2026, 9, 14)),)),)}, "certificate_expired"),
        ({"staff": (org.Held("cook", (("health", date(2026, 10, 1)),)),)}, "certificate_expires"),
    ],
)
def test_what_is_announced(change: dict[str, object], code: str) -> None:
    assert codes(replace(WELL, **change)) == [code]  # type: ignore[arg-type]
    assert code in org.WARNINGS


def test_of_several_certificates_the_one_that_lasts_longest_counts() -> None:
    held = org.Held("carer", (("carer", date(2020, 1, 1)), ("carer", date(2030, 1, 1))))
    assert org.held_warnings(RULES, held, TODAY) == []
    for_ever = org.Held("carer", (("carer", None), ("carer", date(2020, 1, 1))))
    assert org.held_warnings(RULES, for_ever, TODAY) == []


def test_gaps_of_a_street_and_its_communities() -> None:
    communities = {"c1": "s1", "c2": "s1", "c3": "s2"}
    sites = [
        org.Site("street_centre", "s1", "s1", "one"),
        org.Site("station", "c1", "s1", "two"),
        org.Site("station", "c3", "s2", "one"),
    ]
    found = org.network_gaps(["s1", "s2"], communities, sites)
    assert {code: [one.code for one in warned] for code, warned in found.items()} == {
        "s1": ["several_operators"], "s2": ["no_centre"], "c2": ["no_station"],
    }  # fmt: skip
