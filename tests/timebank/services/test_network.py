"""The network: operators, stations, code lists, papers, what is missing, and a station that closes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import hours, members, network, redemptions
from timebank.services.network import Description, NewPrice, NewStation
from timebank.services.redemptions import AskForCare

TODAY = date(2026, 9, 15)
LIST = files("timebank").joinpath("presets", "divisions", "130202.csv").read_text(encoding="utf-8")
HEAD = "code,level,name,name_en,parent_code,valid_from,valid_to,successor_code\n"


def new_station(world: World, **change: Any) -> NewStation:
    operator = network.operators(world.bank)[0].id
    told = NewStation(
        "station", "LN-C", "C站", "Station C", "130202001002", world.stations["street"], operator, "3", "3 号",
        "0315-1", "8–17", 39_600_000, 118_100_000, TODAY,
    )  # fmt: skip
    return replace(told, **change)


def refused(error: type[errors.TimebankError], work: Callable[[], Any], world: World) -> None:
    """It is refused, and nothing has changed."""
    before = (network.stations(world.bank), network.operators(world.bank), network.divisions(world.bank), world.size())
    with pytest.raises(error):
        work()
    after = (network.stations(world.bank), network.operators(world.bank), network.divisions(world.bank), world.size())
    assert before == after


# Operators, stations and divisions


def test_an_operator_runs_several_stations(world: World) -> None:
    county = world.staff["county"]
    told = {"name": "物业", "name_en": "", "kind": "property", "uscc": "53130200MJ00000267", "now": NOW}
    operator_id = network.add_operator(world.bank, county, certificate_number=None, **told)
    for code in ("LN-C", "LN-D"):
        network.add_station(world.bank, county, new_station(world, code=code, operator_id=operator_id), now=NOW)
    assert {one.uscc: one.stations for one in network.operators(world.bank)}["53130200MJ00000267"] == 2
    refused(
        errors.OperatorTaken,
        lambda: network.add_operator(world.bank, county, certificate_number=None, **told),
        world,
    )
    for change, error in (
        ({"kind": "circus"}, errors.FactInvalid),
        ({"uscc": "91350100M0001TGQXM"}, errors.UsccPaperNeeded),
    ):
        again = {**told, **change}
        refused(
            error, lambda again=again: network.add_operator(world.bank, county, certificate_number="", **again), world
        )  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"kind": "kiosk"}, errors.StationParentInvalid),
        ({"parent_id": None}, errors.StationParentInvalid),
        ({"division_code": "130202001099"}, errors.DivisionInvalid),
        ({"code": "LN-A"}, errors.StationCodeTaken),
        ({"code": "a/b"}, errors.FactInvalid),
        ({"operator_id": "0" * 32}, errors.NotFound),
        ({"latitude_microdegrees": 118_100_000, "longitude_microdegrees": 39_600_000}, errors.FactInvalid),
    ],
)
def test_a_station_that_is_not_added(world: World, change: dict[str, Any], error: type[errors.TimebankError]) -> None:
    told = new_station(world, **change)
    refused(error, lambda: network.add_station(world.bank, world.staff["county"], told, now=NOW), world)


def test_a_street_has_one_centre(world: World) -> None:
    told = new_station(world, kind="street_centre", parent_id=world.stations["county"], division_code="130202001000")
    refused(
        errors.StreetHasCentre, lambda: network.add_station(world.bank, world.staff["county"], told, now=NOW), world
    )
    refused(errors.Forbidden, lambda: network.add_station(world.bank, world.staff["street"], told, now=NOW), world)


def test_a_code_list_is_taken_whole(world: World) -> None:
    county = world.staff["county"]
    looked = network.import_divisions(world.bank, county, LIST, dry_run=True)
    assert (looked.added, looked.changed, looked.same) == (8, 4, 0)
    assert len(network.divisions(world.bank)) == 4
    assert network.import_divisions(world.bank, county, LIST, dry_run=False) == looked
    again = network.import_divisions(world.bank, county, "\ufeff" + LIST, dry_run=False)
    assert (again.added, again.changed, again.same) == (0, 0, 12)
    merged = HEAD + "130202001007,village,双新楼社区,Shuangxinlou,130202001000,2023-06-30,2026-12-31,130202001002\n"
    assert network.import_divisions(world.bank, county, merged, dry_run=False).changed == 1
    view = next(one for one in network.divisions(world.bank) if one.code == "130202001007")
    assert (view.valid_to, view.successor_code) == (date(2026, 12, 31), "130202001002")


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ("code,name\n1,x\n", 1),
        (HEAD + "130202009000,township,新街道,,130202000000,2023-06-31,,\n", 2),
        (HEAD + "130202009000,township,新街道,,130202777000,2023-06-30,,\n", 2),
        (HEAD + "130202009001,township,新街道,,130202000000,2023-06-30,,\n", 2),
        (HEAD + "130202009000,hamlet,新街道,,130202000000,2023-06-30,,\n", 2),
        (HEAD + "130202009000,township,,,130202000000,2023-06-30,,\n", 2),
        (HEAD + "130202009000,township,新街道,,130202000000,2023-06-30,2020-01-01,\n", 2),
        (HEAD + "130202009000,township,新街道,,130202000000,2023-06-30,,130299999999\n", 2),
        (HEAD + "130202009000,township,新街道,,130202000000,2023-06-30,,\n" * 2, 3),
    ],
)
def test_one_bad_line_refuses_the_list(world: World, lines: str, line: int) -> None:
    good = "130202008000,township,好街道,,130202000000,2023-06-30,,\n"
    text = lines if not lines.startswith(HEAD) else lines + good
    for dry_run in (True, False):
        with pytest.raises(errors.ImportRefused) as refusal:
            network.import_divisions(world.bank, world.staff["county"], text, dry_run=dry_run)
        assert refusal.value.params["line"] == line
    assert len(network.divisions(world.bank)) == 4


def test_grids_lie_below_communities(world: World) -> None:
    county = world.staff["county"]
    network.add_grid(world.bank, county, code="G-1", division_code="130202001002", name="一号网格")
    assert [one.code for one in network.grids(world.bank)] == ["G-1"]
    for code, division in (("G-1", "130202001002"), ("G-2", "130202001000"), (" ", "130202001002")):
        with pytest.raises(errors.DivisionInvalid):
            network.add_grid(world.bank, county, code=code, division_code=division, name="x")
    assert len(network.grids(world.bank)) == 1


# Papers


def test_a_station_keeps_its_papers_and_its_page_shows_them(world: World) -> None:
    bank, worker, county, station = world.bank, world.staff["worker A"], world.staff["county"], world.stations["A"]
    told = Description("新谊社区 1 号", "0315-2800001", "8–17", 220, 4, 12, "新谊里", "随叫随到")
    network.describe(bank, worker, station, told, now=NOW)
    price = NewPrice("午餐", "Lunch", 1200, "meal", 2000, "路南区发改局 2026-1 号", TODAY)
    network.add_price(bank, worker, station, price, now=NOW)
    papers = {"application": TODAY, "registration": TODAY, "promise": TODAY}
    network.file(
        bank, county, station, number="B-7", office="区民政局", began_on=TODAY, filed_on=TODAY, papers=papers, now=NOW
    )
    network.grade(bank, county, station, content=80, scale=70, quality=90, assessor="评定组", graded_on=TODAY, now=NOW)
    page = network.public_page(bank, "LN-A", now=NOW)
    assert (page.station.promise, page.station.level, page.station.filing_number) == ("随叫随到", "AA", "B-7")
    assert [(line.cents, line.market_cents, line.basis) for line in page.prices] == [(1200, 2000, price.basis)]
    assert page.filing is not None
    assert set(page.filing.papers) == set(papers)
    network.end_price(bank, worker, station, page.prices[0].id, now=NOW)
    assert network.public_page(bank, "LN-A", now=NOW + timedelta(days=1)).prices == ()
    events = network.papers(bank, worker, station, now=NOW).events
    assert events[0].verb == "opened"
    assert {event.verb for event in events[1:]} == {"described", "priced", "filed", "graded", "price_ended"}


def test_the_register_is_sealed_and_warns(world: World) -> None:
    bank, worker, station = world.bank, world.staff["worker A"], world.stations["A"]
    someone = network.employ(bank, worker, station, name="韩梅梅", job="carer", since=TODAY, now=NOW)
    seen = network.papers(bank, worker, station, now=NOW)
    assert [(one.name, [w.code for w in one.warnings]) for one in seen.employees] == [
        ("韩梅梅", ["certificate_missing"])
    ]
    network.certify(
        bank, worker, station, someone, kind="carer", number="HB-123456789", issued_on=TODAY,
        expires_on=TODAY + timedelta(days=30), now=NOW,
    )  # fmt: skip
    seen = network.papers(bank, worker, station, now=NOW)
    assert [w.code for w in seen.employees[0].warnings] == ["certificate_expires"]
    assert seen.employees[0].certificates[0].number == "********6789"
    network.dismiss(bank, worker, station, someone, now=NOW)
    assert network.papers(bank, worker, station, now=NOW).employees[0].warnings == ()
    with pytest.raises(errors.NotFound):
        network.dismiss(bank, worker, station, someone, now=NOW)


def _bad(world: World, actor: Actor) -> list[tuple[Callable[[], Any], type[errors.TimebankError]]]:
    bank, station = world.bank, world.stations["A"]
    good = NewPrice("午餐", "", 1200, "meal", None, "文件", TODAY)
    told = Description("x", "1", "8–17", 220, 4, 12, "", "")

    def price(**change: Any) -> Callable[[], Any]:
        return lambda: network.add_price(bank, actor, station, replace(good, **change), now=NOW)

    def filed(**change: Any) -> Callable[[], Any]:
        papers = {"application": TODAY, "registration": TODAY, "promise": TODAY}
        form = {"number": "1", "office": "o", "began_on": TODAY, "filed_on": TODAY, "papers": papers, **change}
        return lambda: network.file(bank, world.staff["county"], station, **form, now=NOW)

    def graded(**change: Any) -> Callable[[], Any]:
        form = {"content": 1, "scale": 1, "quality": 1, "assessor": "x", "graded_on": TODAY, **change}
        return lambda: network.grade(bank, world.staff["county"], station, **form, now=NOW)

    return [
        (lambda: network.describe(bank, actor, station, replace(told, beds=-1), now=NOW), errors.FactInvalid),
        (
            lambda: network.describe(bank, actor, station, replace(told, promise="x" * 2001), now=NOW),
            errors.FactInvalid,
        ),
        (price(item=" "), errors.PriceInvalid),
        (price(basis=""), errors.PriceInvalid),
        (price(cents=-1), errors.PriceInvalid),
        (price(per="year"), errors.PriceInvalid),
        (filed(papers={"application": TODAY}), errors.PapersMissing),
        (filed(filed_on=TODAY + timedelta(days=1)), errors.DatesWrong),
        (filed(number=""), errors.FactInvalid),
        (graded(content=101), errors.ScoreInvalid),
        (graded(graded_on=TODAY + timedelta(days=1)), errors.DatesWrong),
        (graded(assessor=" "), errors.FactInvalid),
        (
            lambda: network.employ(bank, actor, station, name="韩梅", job="spy", since=TODAY, now=NOW),
            errors.FactInvalid,
        ),
        (lambda: network.end_price(bank, actor, station, "0" * 32, now=NOW), errors.NotFound),
    ]


def test_papers_that_are_refused_change_nothing(world: World) -> None:
    worker = world.staff["worker A"]
    before = network.papers(world.bank, worker, world.stations["A"], now=NOW)
    for work, error in _bad(world, worker):
        with pytest.raises(error):
            work()
    assert network.papers(world.bank, worker, world.stations["A"], now=NOW) == before


def test_another_stations_papers_are_not_there(world: World) -> None:
    price = NewPrice("午餐", "", 1200, "meal", None, "文件", TODAY)
    with pytest.raises(errors.NotFound):
        network.add_price(world.bank, world.staff["worker B"], world.stations["A"], price, now=NOW)
    with pytest.raises(errors.NotFound):
        network.papers(world.bank, world.staff["worker B"], world.stations["A"], now=NOW)
    assert network.public_page(world.bank, "LN-A", now=NOW).prices == ()
    with pytest.raises(errors.Forbidden):
        network.papers(world.bank, world.staff["auditor"], world.stations["A"], now=NOW)


def test_the_report_names_what_is_missing_in_reach(world: World) -> None:
    bank = world.bank
    network.import_divisions(bank, world.staff["county"], LIST, dry_run=False)
    whole = network.report(bank, world.staff["county"], now=NOW)
    gaps = {gap.code: [one.code for one in gap.warnings] for gap in whole.gaps}
    assert gaps["130202002000"] == ["no_centre"]
    assert gaps["130202001019"] == ["no_station"]
    assert "130202001000" not in gaps
    street = network.report(bank, world.staff["street"], now=NOW)
    assert {gap.code for gap in street.gaps} == {"130202001019"}
    assert {line.station.code for line in street.lines} == {"LN-street", "LN-A", "LN-B"}
    assert {line.members for line in street.lines} == {None}
    for _ in range(5):
        world.member("A")
    counted = network.report(bank, world.staff["worker A"], now=NOW).lines
    assert [(line.station.code, line.members) for line in counted] == [("LN-A", 5)]


# Closing


def close(world: World, who: str = "county", **change: Any) -> int:
    told = {"successor_id": world.stations["B"], "last_day": TODAY, "reason": "并站", **change}
    return network.begin_closing(world.bank, world.staff[who], world.stations["A"], **told, now=NOW)


def second_county(world: World) -> Actor:
    return replace(world.staff["county"], person_id=world.staff["street"].person_id)


def test_a_station_closes_and_no_hour_vanishes(world: World) -> None:
    bank = world.bank
    rich, elder = world.rich(240), world.member("A")
    asked = redemptions.ask(
        bank, rich, AskForCare(rich.person_id, rich.person_id, "chatting", 60, NOW + timedelta(days=2)), now=NOW
    )
    logged = world.logged(rich, elder)
    assert close(world) == len(members.find(bank, world.staff["worker A"], "", now=NOW))
    with pytest.raises(errors.StationClosed):
        world.member("A")
    with pytest.raises(errors.DatesWrong):
        network.hand_over(bank, second_county(world), world.stations["A"], now=NOW)
    after = NOW + timedelta(days=1)
    with pytest.raises(errors.SecondPersonNeeded):
        network.hand_over(bank, world.staff["county"], world.stations["A"], now=after)
    balance = world.balance(rich)
    moved = network.hand_over(bank, second_county(world), world.stations["A"], now=after)
    assert (moved["redemption"], moved["hours_record"]) == (1, 1)
    assert world.balance(rich) == balance
    page = network.public_page(bank, "LN-A", now=after)
    assert page.station.state == "closed"
    assert page.successor is not None
    assert page.successor.code == "LN-B"
    worker = world.staff["worker B"]
    hours.confirm(bank, elder, logged.id, "", now=after)
    assert hours.verify(bank, worker, [logged.id], now=after)[0].refusal is None
    assert asked.id in {one.id for one in redemptions.at_desk(bank, worker)}
    with bank.read() as unit:
        kinds = [one.kind for one in unit.messages.of(elder.person_id)]
        assert kinds == ["station_closed", "station_closing"]
        assert not [one for one in unit.access.all_roles() if one.station_id == world.stations["A"]]


def test_a_closing_is_called_off(world: World) -> None:
    member = world.member("A")
    close(world)
    network.call_off(world.bank, world.staff["county"], world.stations["A"], now=NOW + timedelta(seconds=1))
    assert network.public_page(world.bank, "LN-A", now=NOW).station.state == "open"
    with world.bank.read() as unit:
        assert [one.kind for one in unit.messages.of(member.person_id)] == ["station_stays", "station_closing"]
    with pytest.raises(errors.StationNotOpen):
        network.call_off(world.bank, world.staff["county"], world.stations["A"], now=NOW)
    with pytest.raises(errors.StationNotOpen):
        network.hand_over(world.bank, second_county(world), world.stations["A"], now=NOW + timedelta(days=2))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"reason": " "}, errors.ReasonMissing),
        ({"last_day": TODAY - timedelta(days=1)}, errors.DatesWrong),
        ({"successor_id": "0" * 32}, errors.SuccessorInvalid),
        ({"who": "street"}, errors.Forbidden),
        ({"who": "worker A"}, errors.Forbidden),
    ],
)
def test_a_closing_that_is_refused(world: World, change: dict[str, Any], error: type[errors.TimebankError]) -> None:
    refused(error, lambda: close(world, **change), world)
    refused(errors.SuccessorInvalid, lambda: close(world, successor_id=world.stations["A"]), world)
    refused(errors.SuccessorInvalid, lambda: close(world, successor_id=world.stations["street"]), world)


def test_a_centre_with_stations_below_stays(world: World) -> None:
    told = new_station(
        world, kind="street_centre", code="LN-9", parent_id=world.stations["county"], division_code="130202000000"
    )
    other = network.add_station(world.bank, world.staff["county"], told, now=NOW)
    with pytest.raises(errors.StationHasBelow):
        network.begin_closing(
            world.bank, world.staff["county"], world.stations["street"], successor_id=other, last_day=TODAY,
            reason="x", now=NOW,
        )  # fmt: skip
