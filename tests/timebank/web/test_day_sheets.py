"""Pages and API of the desk and its day on paper: find somebody, print a sheet, enter what came back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.timebank.services.test_day_sheets import SOON, TODAY, assigned, counts, printed
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import hours, members

Staff = Callable[[str], Browser]
MORNING = NOW - timedelta(hours=5)


def served(world: World, number: str) -> dict[str, str]:
    """What the desk types for a slip that came back blank."""
    typed = {
        "what": "served", "volunteer": world.number(world.member()), "elder": world.number(world.member()),
        "service": "chatting", "start": f"{MORNING + timedelta(hours=8):%H:%M}", "minutes": "60",
    }  # fmt: skip
    return {f"{name}-{number}": value for name, value in typed.items()}


def test_somebody_at_the_desk_is_found_in_one_step(world: World, sign_in: Staff) -> None:
    desk, member = sign_in("worker A"), world.member(name="周淑兰")
    other = world.member(station="B", name="周淑兰")
    here = f"/members/{member.person_id}"
    for words in ("周淑兰", world.number(member)):
        assert desk.post("/desk", words=words).headers["Location"] == here
    card = members.issue_card(world.bank, world.staff["worker A"], member.person_id, now=NOW)
    assert desk.post("/desk", card=card).headers["Location"] == here
    assert refuses(desk.post("/desk", card="nobody's"), errors.CardUnknown)
    assert "没有找到" in desk.post("/desk", words="王二").text
    world.member(name="周淑兰")
    both = desk.post("/desk", words="周淑兰").text
    assert both.count('site-tile" href="/members/') == 2
    assert other.person_id not in both
    assert "周淑兰" not in desk.get("/desk").text
    assert sign_in("auditor").get("/desk").status_code == 403


def test_the_members_page_shows_what_waits_for_the_member(world: World, sign_in: Staff) -> None:
    elder, _, request_id = assigned(world)
    record = world.logged(world.member(), elder)
    page = sign_in("worker A").get(f"/members/{elder.person_id}").text
    for link in (f"/hours/{record.id}", f"/redemptions/{request_id}", "/needs/at-desk?member=", "/offers/at-desk?"):
        assert link in page
    assert sign_in("worker B").get(f"/members/{elder.person_id}").status_code == 404


def test_a_sheet_is_made_printed_and_reconciled(world: World, sign_in: Staff) -> None:
    desk, (elder, _, _) = sign_in("worker A"), assigned(world)
    form = {"station_id": world.stations["A"], "day": str(TODAY), "blanks": "2"}
    before = counts(world)
    assert refuses(desk.post("/desk/day-sheets", **form | {"day": "soon"}), errors.SheetDayInvalid)
    assert refuses(desk.post("/desk/day-sheets", **form | {"station_id": world.stations["B"]}), errors.NotFound)
    assert counts(world) == before
    here = desk.post("/desk/day-sheets", **form).headers["Location"]
    sheet = hours.sheets(world.bank, world.staff["worker A"])[0]
    assert here == f"/desk/day-sheets/{sheet.id}"
    slips = hours.sheet(world.bank, world.staff["worker A"], sheet.id).slips
    paper = desk.get(f"{here}.pdf")
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(paper.data)).pages)
    assert paper.mimetype == "application/pdf"
    assert all(slip.number in text for slip in slips)
    assert sheet.head_hash[:20] in text.replace("\n", "")
    first, second = slips[1].number, slips[2].number
    wrong = served(world, first) | {f"volunteer-{first}": "1"}
    answer = desk.post(here, **wrong)
    assert refuses(answer, errors.MemberNumberInvalid)
    assert wrong[f"elder-{first}"] in answer.text
    assert refuses(desk.post(here, **served(world, first) | {f"start-{first}": "soon"}), errors.Invalid)
    assert refuses(desk.post(here, **served(world, first) | {f"what-{second}": "because"}), errors.ReasonUnknown)
    assert hours.sheet(world.bank, world.staff["worker A"], sheet.id).counts["open"] == 3
    assert desk.post(here, **served(world, first) | {f"what-{second}": "lost"}).status_code == 302
    assert hours.sheet(world.bank, world.staff["worker A"], sheet.id).counts == {"open": 1, "entered": 1, "void": 1}
    assert refuses(
        desk.post(
            here,
            **{
                f"what-{slips[0].number}": "served",
                f"start-{slips[0].number}": f"{SOON + timedelta(hours=8):%H:%M}",
                f"minutes-{slips[0].number}": "60",
            },
        ),
        errors.HoursInFuture,
    )
    assert desk.post(f"{here}/slips/{second}/reopen").status_code == 302
    assert refuses(desk.post(f"{here}/slips/{second}/reopen"), errors.SlipStateConflict)
    assert "2 张未交回" in desk.get("/desk/day-sheets").text
    assert "2 张未交回" in desk.get("/desk").text
    assert "未交回" not in sign_in("worker B").get("/desk").text
    assert elder.person_id not in desk.get("/desk/day-sheets").text


def test_who_does_not_work_there_finds_no_sheet(world: World, sign_in: Staff, browser: Browser) -> None:
    sheet = printed(world)
    here = f"/desk/day-sheets/{sheet.id}"
    assert browser.get(here).status_code == 302
    stranger, auditor, street = sign_in("worker B"), sign_in("auditor"), sign_in("street")
    assert (stranger.get(here).status_code, stranger.get(f"{here}.pdf").status_code) == (404, 404)
    assert refuses(stranger.post(here), errors.NotFound)
    assert auditor.get(here).status_code == 403
    assert street.get(here).status_code == 200
    assert street.post(here).status_code == 403


@pytest.fixture
def worker(system: Callable[..., System]) -> System:
    return system("worker A", "day_sheet.read", "slips.issue", "hours.enter")


def test_a_day_sheet_over_the_api(world: World, worker: System, system: Callable[..., System]) -> None:
    elder, volunteer, _ = assigned(world)
    wish = {"station_id": world.stations["A"], "day": str(TODAY), "blanks": 1}
    assert worker.post("/day-sheets", wish | {"blanks": 51}).status_code == 422
    assert worker.post("/day-sheets", wish | {"day": "2026-10-01"}).json["code"] == "sheet_day_invalid"
    made = worker.post("/day-sheets", wish, key="once")
    assert (made.status_code, made.json) == (201, worker.post("/day-sheets", wish, key="once").json)
    assert made.json["slips"][0]["elder_number"] == world.number(elder)
    assert "张桂芳" not in made.text
    blank = made.json["slips"][1]["number"]
    told = {
        "number": blank, "volunteer_number": world.number(volunteer), "elder_number": world.number(elder),
        "service_code": "chatting", "started_at": MORNING.isoformat(), "minutes": 60,
    }  # fmt: skip
    here = f"/day-sheets/{made.json['id']}"
    before = counts(world)
    refused = worker.post(f"{here}/slips", {"slips": [told, {"number": blank, "reason": "lost"}]})
    assert (refused.status_code, refused.json["code"], refused.json["row"]) == (409, "slip_state_conflict", 1)
    assert counts(world) == before
    done = worker.post(f"{here}/slips", {"slips": [told]})
    assert done.json["counts"] == {"open": 1, "entered": 1, "void": 0}
    planned = made.json["slips"][0]["number"]
    assert (
        worker.post(f"{here}/slips", {"slips": [{"number": planned, "reason": "unused"}]}).json["counts"]["void"] == 1
    )
    assert worker.post(f"{here}/reopen", {"number": planned}).json["counts"]["open"] == 1
    assert worker.get("/day-sheets").json["items"][0]["carried"] is True
    assert worker.get(here).json["head_hash"] == made.json["head_hash"]
    assert system("worker B", "day_sheet.read").get(here).status_code == 404
    assert system("worker A", "hours.read").get(here).status_code == 403
