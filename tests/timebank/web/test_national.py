"""Pages and API of the entry into the national system."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import BytesIO, StringIO

from tests.timebank.services.test_national import HEAD
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import World
from timebank.domain import errors
from timebank.domain.national import NATIONAL_NUMBER, RECORD, TITLES
from timebank.services import hours, national
from timebank.web.sheets import as_csv

Staff = Callable[[str], Browser]


def counts(world: World) -> dict[str, int]:
    return {str(k): v for k, v in national.see(world.bank, world.staff["worker A"]).counts.items()}


def test_the_desk_takes_the_sheet_and_brings_it_back(world: World, sign_in: Staff) -> None:
    member = world.rich(60)
    desk = sign_in("worker A")
    answer = desk.post("/national/sheet.csv", station_id=world.stations["A"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(answer.data.decode("utf-8-sig"))))
    assert tuple(rows[0]) == TITLES
    assert (rows[0]["姓名"], rows[0]["服务时间(小时)"], rows[0]["证件类型"]) == ("张桂芳", "1.00", "居民身份证")
    assert sign_in("worker B").post("/national/sheet.csv", station_id=world.stations["A"]).status_code == 404
    assert refuses(desk.post("/national"), errors.NationalReplyRefused)
    wrong = (BytesIO(HEAD.encode() + b"H1,9,2026-09-14\n"), "back.csv")
    assert refuses(desk.post("/national", file=wrong), errors.NationalReplyRefused)
    assert counts(world)["entered"] == 0
    rows[0] |= {NATIONAL_NUMBER: "=国-1", "录入日期": "2026-09-14"}
    back = as_csv([TITLES, *[[row[title] for title in TITLES] for row in rows]])
    assert b"'=" in back
    assert desk.post("/national", file=(BytesIO(back), "back.csv")).status_code == 302
    assert counts(world) == {"waiting": 0, "exported": 0, "entered": 1}
    record = hours.mine(world.bank, member)[0]
    assert refuses(desk.post(f"/national/{record.id}/take-back", reason="so"), errors.ReasonUnknown)
    assert sign_in("street").post(f"/national/{record.id}/take-back", reason="typed_wrong").status_code == 403
    assert desk.post(f"/national/{record.id}/take-back", reason="typed_wrong").status_code == 302
    assert counts(world)["waiting"] == 1
    assert "尚未录入" in sign_in("street").get("/national").text


def test_a_system_of_the_station_does_it(world: World, system: Callable[..., System]) -> None:
    record = hours.mine(world.bank, world.rich(60))[0]
    theirs = system("worker A", "national.read", "national.run")
    assert theirs.get("/national").json["to_enter"][0]["record"] == record.number
    sheet = f"{HEAD}{record.number},国-9,2026-09-14\n"
    assert theirs.post("/national/replies", {"csv": sheet.replace("国-9", " ")}).json == {"count": 0}
    assert theirs.post("/national/replies", {"csv": sheet}).json == {"count": 1}
    assert theirs.post("/national/replies", {"csv": RECORD}).status_code == 422
    assert theirs.post(f"/national/{record.id}/take-back", {"reason": "not_taken"}).status_code == 204
    assert theirs.post(f"/national/{record.id}/take-back", {"reason": "not_taken"}).status_code == 409
