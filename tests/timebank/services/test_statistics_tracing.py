"""Every figure that comes from entries or records is the sum of what can be opened behind it, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.timebank.reported import LATER, YEAR, fill
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.domain.statistics.catalogue import definitions
from timebank.domain.statistics.report import every_row, value_of
from timebank.services import statistics
from timebank.services.statistics import Trace

TRACED = [one.code for one in definitions().figures if one.traced]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which something of every figure happened, on each engine."""
    more, folder = {}, tmp_path_factory.mktemp("reported")
    if request.param == "postgresql":
        more["TIMEBANK_DATABASE_URL"] = request.getfixturevalue("postgres_cluster").new_database()
    world = build_world(make_bank(settings_in(Path(folder), **more)))
    fill(world)
    yield world
    world.bank.engine.dispose()


def pages(world: World, who: Actor, code: str, at: str, part: str = "", limit: int = 2) -> list[Trace]:
    """All pages of a trace."""
    found = [statistics.trace(world.bank, who, YEAR, code, at, part, limit=limit, now=LATER)]
    while found[-1].after is not None:
        found.append(statistics.trace(world.bank, who, YEAR, code, at, part, found[-1].after, limit=limit, now=LATER))
    return found


@pytest.mark.parametrize("code", TRACED)
def test_a_figure_is_the_sum_of_its_lines_at_every_place(filled: World, code: str) -> None:
    auditor = filled.staff["auditor"]
    view = statistics.see_year(filled.bank, auditor, YEAR, now=LATER)
    figure = definitions().figure(code)
    assert figure is not None
    at_county = None
    for place in view.places:
        if figure.per == "county" and place.above is not None:
            continue
        value, hidden = value_of(view.document["values"], definitions(), figure, place.code)
        found = pages(filled, auditor, code, place.code)
        assert not hidden
        assert value == found[0].total == sum(line.amount for page in found for line in page.lines), place.code
        assert all(page.total == found[0].total for page in found)
        at_county = value if place.above is None else at_county
    assert at_county, "nothing of it happened in this world"


def test_every_part_is_the_sum_of_its_lines(filled: World) -> None:
    auditor = filled.staff["auditor"]
    view = statistics.see_year(filled.bank, auditor, YEAR, now=LATER)
    checked = 0
    for row in every_row(view.document):
        if row.part is None or not row.figure.traced:
            continue
        found = pages(filled, auditor, row.figure.code, row.place.code, row.part.code, limit=50)
        assert row.value == sum(line.amount for page in found for line in page.lines), (row.figure.code, row.part)
        checked += 1
    assert checked > 100


def test_figures_are_what_happened(filled: World) -> None:
    view = statistics.see_year(filled.bank, filled.staff["county"], YEAR, "LN-A", now=LATER)
    values = {one.code: value_of(view.document["values"], definitions(), one, "LN-A")[0]
              for one in definitions().figures if one.per == "station"}  # fmt: skip
    assert (values["redemptions_requested"], values["redemptions_delivered"], values["redemptions_declined"]) == (
        3,
        1,
        1,
    )
    assert (values["minutes_redeemed"], values["minutes_gifts"], values["minutes_donations"]) == (45, 30, 60)
    assert (values["minutes_grants"], values["corrections"], values["records_rejected"]) == (60, 1, 1)
    assert (values["complaints_received"], values["complaints_in_time"], values["complaints_late"]) == (3, 1, 1)
    assert (values["certificates_issued"], values["certificates_revoked"]) == (2, 1)
    assert (values["visits_due"], values["visits_made"]) == (8, 1)
    assert values["visits_percent"] == 12
    assert (values["trainings"], values["minutes_trainings"], values["training_attendances"]) == (1, 120, 1)
    assert values["records_verified"] == 6 + 5 + 1
    assert values["minutes_actual"] == 6 * 45 + 600 + 30
    county = statistics.see_year(filled.bank, filled.staff["county"], YEAR, now=LATER).document["values"]
    with filled.bank.read() as unit:
        issued = unit.issued.by_account_kind()["issuance"]
    assert county["hours_in_circulation"]["130202000000"][""] == -issued


def test_only_who_works_there_learns_the_number_of_a_record(filled: World) -> None:
    at_desk = pages(filled, filled.staff["worker A"], "records_verified", "LN-A", limit=100)[0]
    assert all(line.record is not None and line.record[0].startswith("H") for line in at_desk.lines)
    for who in ("street", "county", "auditor"):
        lines = pages(filled, filled.staff[who], "records_verified", "LN-A", limit=100)[0].lines
        assert all(line.record is None and line.entry is not None for line in lines)
    lines = pages(filled, filled.staff["auditor"], "complaints_received", "LN-A", limit=100)[0].lines
    assert all(line.record is None and line.entry is None and len(line.reference) == 16 for line in lines)


def test_what_lies_out_of_reach_is_not_there(filled: World) -> None:
    bank, worker = filled.bank, filled.staff["worker A"]
    assert [one.code for one in statistics.see_year(bank, worker, YEAR, now=LATER).places] == ["LN-A"]
    street = statistics.see_year(bank, filled.staff["street"], YEAR, now=LATER)
    assert [one.code for one in street.places] == ["LN-A", "LN-B", "LN-street"]
    assert street.at.code == "LN-street"
    beyond = (
        ("records_verified", "LN-B"), ("records_verified", "130202000000"), ("records_in_time_percent", "LN-A"),
        ("hours_in_circulation", "LN-A"), ("nothing", "LN-A"), ("records_verified", "no"),
    )  # fmt: skip
    for code, at in beyond:
        with pytest.raises(errors.NotFound):
            statistics.trace(bank, worker, YEAR, code, at, now=LATER)
    with pytest.raises(errors.NotFound):
        statistics.see_year(bank, worker, YEAR, "LN-B", now=LATER)
    with pytest.raises(errors.NotFound):
        statistics.see_year(bank, worker, 2028, now=LATER)
    with pytest.raises(errors.Forbidden):
        statistics.see_year(bank, replace(worker, roles=frozenset()), YEAR, now=LATER)
    with pytest.raises(errors.Forbidden):
        statistics.trace(bank, filled.member("A"), YEAR, "records_verified", "LN-A", now=LATER)


def test_an_operators_card_says_what_its_stations_did(filled: World) -> None:
    cards = statistics.scorecards(filled.bank, filled.staff["county"], YEAR, now=LATER)
    assert [(one.uscc, one.stations, one.filed_months) for one in cards] == [("52130200MJ0000018F", 2, 12)]
    counts = cards[0].counts
    assert (counts["asked"], counts["delivered"], counts["declined"], counts["complaints"]) == (3, 1, 1, 3)
    assert (counts["inspections_minor"], counts["call_backs_right"]) == (2, 1)
    with pytest.raises(errors.Forbidden):
        statistics.scorecards(filled.bank, filled.staff["worker A"], YEAR, now=LATER)
    assert NOW.year == YEAR
