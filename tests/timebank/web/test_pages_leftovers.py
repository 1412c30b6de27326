"""Circumstances as the region names them, a station's three lists, one door to care, visits among the figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.timebank.services.test_credit_files import told
from tests.timebank.web.conftest import Browser
from tests.timebank.world import NOW, PIN, World
from timebank.domain import errors
from timebank.domain.policies import preset, require_known
from timebank.services import credit_files, members, redemptions, rounds
from timebank.services.credit_files import NewEvent
from timebank.services.members import Correction
from timebank.services.redemptions import AskForCare

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]


def correction(world: World, member: Any, *tags: str) -> Correction:
    data = members.see(world.bank, member, member.person_id, now=NOW).data
    return Correction(
        data.name, data.phone, data.address, tags, str(data.document_type), data.document_number, data.born_on,
        data.emergency_contact,
    )  # fmt: skip


def test_the_form_offers_what_the_regions_papers_name(world: World, sign_in: Staff) -> None:
    desk, member = sign_in("worker A"), world.member()
    page = desk.get("/members/new").text
    assert "计划生育特殊家庭" in page
    assert 'value="family_planning"' in page
    members.correct(
        world.bank, world.staff["worker A"], member.person_id, correction(world, member, "family_planning"), "本人告知",
        consent=True, now=NOW,
    )  # fmt: skip
    assert "计划生育特殊家庭" in desk.get(f"/members/{member.person_id}").text
    desk.post("/look", switch="language", back="/")
    assert "计划生育特殊家庭" not in desk.get("/members/new").text


def test_a_circumstance_that_no_paper_names_is_refused(world: World) -> None:
    member = world.member()
    with pytest.raises(errors.Invalid):
        members.correct(
            world.bank, world.staff["worker A"], member.person_id, correction(world, member, "made_up"), "x",
            consent=True, now=NOW,
        )  # fmt: skip
    with pytest.raises(errors.Invalid):
        world.member(tags=("made_up",))
    assert members.see(world.bank, member, member.person_id, now=NOW).data.tags == ()


def test_what_stood_there_before_may_stay() -> None:
    care = preset("demo", "xinzhou").care
    require_known(care, ("family_planning", "living_alone"), ("family_planning",))
    require_known(None, ("anything",))
    with pytest.raises(errors.Invalid):
        require_known(care, ("family_planning",))


def test_a_stations_page_has_permits_penalties_and_checks(world: World, browser: Browser) -> None:
    street, station = world.staff["street"], world.stations["A"]
    kinds = ("breach", "award", "inspection")
    rows = [
        credit_files.record(world.bank, street, told(world, kind=kind, text=f"事实{kind}"), now=NOW) for kind in kinds
    ]
    page = browser.get("/stations/LN-A").text
    for title in ("许可与备案", "处罚与失信", "表彰"):
        assert title in page
    assert all(f"事实{kind}" in page for kind in kinds)
    assert page.index("处罚与失信") < page.index("事实breach") < page.index("表彰") < page.index("事实award")
    assert "事实breach" not in browser.get("/stations/LN-B").text
    person = world.staff["worker A"].person_id
    staff = NewEvent("staff", station, "breach", "个人的事", "检查 9", date(2026, 9, 15), person)
    credit_files.record(world.bank, street, staff, now=NOW)
    assert "个人的事" not in browser.get("/stations/LN-A").text
    assert len(rows) == 3


def test_one_door_to_care(world: World, sign_in_member: Member) -> None:
    rich, poor = sign_in_member(world.rich(60)), sign_in_member(world.member())
    for mine, door, other in ((rich, "/redemptions/new", "/needs/new"), (poor, "/needs/new", "/redemptions/new")):
        tiles = [part.split('"')[0] for part in mine.get("/").text.split('class="site-tile" href="')[1:]]
        assert door in tiles
        assert other not in tiles
        assert f'href="{other}"' in mine.get(door).text


def test_who_pays_begins_with_hours_only_where_there_are_some(
    world: World, sign_in: Staff, sign_in_member: Member
) -> None:
    rich, poor, desk = world.rich(60), world.member(pin=PIN), sign_in("worker A")
    for member, code in ((rich, "time"), (poor, "government")):
        chosen = f'<option value="{code}" selected'
        assert chosen in sign_in_member(member).get("/needs/new").text
        assert chosen in desk.get(f"/needs/at-desk?member={world.number(member)}").text


def test_trainings_lead_a_worker_to_the_stations_list(world: World, sign_in: Staff) -> None:
    assert sign_in("worker A").get("/trainings").headers["Location"] == "/trainings/desk"
    assert "我来参加" not in sign_in("auditor").get("/trainings").text


def test_the_member_reads_the_facts_of_use(world: World, sign_in_member: Member) -> None:
    member = world.rich(120)
    assert "约定服务时不在" not in sign_in_member(member).get("/my-data").text
    form = AskForCare(member.person_id, member.person_id, "cleaning", 60, NOW + timedelta(hours=1))
    asked = redemptions.ask(world.bank, member, form, now=NOW)
    later = NOW + timedelta(hours=3)
    redemptions.step(world.bank, world.staff["worker A"], asked.id, "no_show", "elder_absent", now=later)
    assert "约定服务时不在" in sign_in_member(member).get("/my-data").text


def test_visits_stand_among_the_figures(world: World, sign_in: Staff) -> None:
    for _ in range(6):
        elder = world.member(tags=("living_alone",))
        rounds.enrol(world.bank, world.staff["worker A"], elder.person_id, {"living_alone": "上门核实"}, "01", now=NOW)
    page = sign_in("county").get("/dashboard").text
    assert "每月探访" in page or "月探访" in page
    assert "0 / 6" in page
