"""Pages and API of the network: the public page and sign, operators, code lists, papers, closing."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.timebank.services.test_network import HEAD, LIST
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import World
from timebank.domain import errors
from timebank.services import network

Staff = Callable[[str], Browser]
PRICE = {"price-item": "午餐", "price-item_en": "Lunch", "price-yuan": "12.50", "price-per": "meal",
         "price-market_yuan": "20", "price-basis": "区发改局 1 号", "price-since": "2026-09-15"}  # fmt: skip
OPERATOR = {"name": "好邻居物业", "name_en": "Good Neighbours", "kind": "property", "uscc": "53130200MJ00000267",
            "certificate_number": ""}  # fmt: skip


def at(world: World, path: str = "") -> str:
    return f"/network/stations/{world.stations['A']}{path}"


def test_everybody_sees_a_stations_page_and_its_sign(
    world: World, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    page = browser.get("/stations/LN-A")
    assert page.status_code == 200
    for words in ("A站", "52130200MJ0000018F", "未备案", "演示中心"):
        assert words in page.text
    sign = browser.get("/stations/LN-A/sign.pdf")
    assert (sign.status_code, sign.data[:5]) == (200, b"%PDF-")
    assert all(value.isascii() for _, value in sign.headers), "a server refuses to send such a header"
    assert not [record for record in caplog.records if "Failed" in record.getMessage()]
    assert browser.get("/stations/LN-XX").status_code == 404
    assert browser.get("/stations/LN-XX/sign.pdf").status_code == 404


def test_a_worker_keeps_the_papers(world: World, sign_in: Staff) -> None:
    worker = sign_in("worker A")
    assert worker.post(at(world, "/prices"), **PRICE).status_code == 302
    assert "12.50 元/餐" in worker.get("/stations/LN-A").text
    told = {
        "address": "新谊里 9 号",
        "phone": "0315-1",
        "opening": "8–17",
        "floor_area_sqm": "210",
        "promise": "随叫随到",
    }
    assert worker.post(at(world, "/description"), **{f"describe-{k}": v for k, v in told.items()}).status_code == 302
    assert "随叫随到" in worker.get("/stations/LN-A").text
    someone = {"employee-name": "韩梅梅", "employee-job": "carer", "employee-since": "2026-01-01"}
    assert worker.post(at(world, "/employees"), **someone).status_code == 302
    page = worker.get(at(world))
    assert "韩梅梅" in page.text
    found = network.papers(world.bank, world.staff["worker A"], world.stations["A"], now=world.bank.clock())
    paper = {"certificate-employee_id": found.employees[0].id, "certificate-kind": "carer",
             "certificate-number": "1234", "certificate-issued_on": "2026-01-01",
             "certificate-expires_on": "2026-01-02"}  # fmt: skip
    assert worker.post(at(world, "/certificates"), **paper).status_code == 302
    assert "证书已于 2026年1月2日 到期" in worker.get(at(world)).text
    assert worker.post(at(world, f"/employees/{found.employees[0].id}/leave")).status_code == 302
    assert worker.post(at(world, f"/prices/{found.public.prices[0].id}/end")).status_code == 302
    assert "韩梅梅" not in worker.get("/stations/LN-A").text


@pytest.mark.parametrize("yuan", ["", "12.505", "much", "NaN", "-1", "1e9"])
def test_a_price_that_is_none_is_typed_again(world: World, sign_in: Staff, yuan: str) -> None:
    worker = sign_in("worker A")
    answer = worker.post(at(world, "/prices"), **{**PRICE, "price-yuan": yuan})
    assert answer.status_code == 422
    assert "区发改局 1 号" in answer.text
    assert network.public_page(world.bank, "LN-A", now=world.bank.clock()).prices == ()


def test_the_county_files_and_grades(world: World, sign_in: Staff) -> None:
    county = sign_in("county")
    filing = {"filing-number": "B-7", "filing-office": "区民政局", "filing-began_on": "2026-01-01",
              "filing-filed_on": "2026-02-01", "paper-application": "2026-01-20",
              "paper-registration": "2026-01-20"}  # fmt: skip
    answer = county.post(at(world, "/filings"), **filing)
    assert refuses(answer, errors.PapersMissing)
    assert 'value="2026-01-20"' in answer.text
    assert county.post(at(world, "/filings"), **filing, **{"paper-promise": "2026-01-20"}).status_code == 302
    grade = {"grade-content": "90", "grade-scale": "90", "grade-quality": "95", "grade-assessor": "评定组",
             "grade-graded_on": "2026-03-01"}  # fmt: skip
    assert refuses(county.post(at(world, "/grades"), **{**grade, "grade-scale": "101"}), errors.ScoreInvalid)
    assert county.post(at(world, "/grades"), **grade).status_code == 302
    page = county.get("/stations/LN-A").text
    assert "AAA" in page
    assert "B-7" in page
    worker = sign_in("worker A")
    assert worker.post(at(world, "/grades"), **grade).status_code == 403
    assert worker.post(at(world, "/filings"), **filing).status_code == 403
    assert sign_in("worker B").get(at(world)).status_code == 404


def test_operators_stations_and_grids(world: World, sign_in: Staff) -> None:
    county = sign_in("county")
    assert county.post("/network/operators", **OPERATOR).status_code == 302
    answer = county.post("/network/operators", **OPERATOR)
    assert refuses(answer, errors.OperatorTaken)
    assert "Good Neighbours" in answer.text
    operator = next(one for one in network.operators(world.bank) if one.uscc == OPERATOR["uscc"])
    station = {"kind": "station", "code": "LN-C", "name": "C站", "name_en": "C", "division_code": "130202001007",
               "parent_id": world.stations["street"], "operator_id": operator.id, "address": "1 号", "phone": "0315",
               "opening": "8–17", "latitude": "39.61", "longitude": "118.17", "opened_on": ""}  # fmt: skip
    assert refuses(county.post("/network/stations/new", **{**station, "latitude": "x"}), errors.FactInvalid)
    assert county.post("/network/stations/new", **station).status_code == 302
    assert county.get("/stations/LN-C").status_code == 200
    grid = {"code": "G-1", "division_code": "130202001002", "name": "一号网格"}
    assert county.post("/network/grids", **grid).status_code == 302
    again = county.post("/network/grids", **grid)
    assert refuses(again, errors.DivisionInvalid)
    assert "一号网格" in county.get("/network/divisions").text
    for who in ("worker A", "street", "auditor"):
        assert sign_in(who).get("/network/operators").status_code == 403


def test_a_code_list_is_looked_at_and_taken(world: World, sign_in: Staff) -> None:
    county = sign_in("county")

    def send(content: bytes, **form: Any) -> Any:
        return county.post("/network/divisions", file=(io.BytesIO(content), "codes.csv"), **form)

    looked = send(LIST.encode(), dry_run="y")
    assert (looked.status_code, len(network.divisions(world.bank))) == (200, 4)
    assert "新增 8 条" in looked.text
    for content in (b"", b"\xff\xfe", (HEAD + "1,2,3\n").encode()):
        answer = send(content)
        assert answer.status_code == 422
        assert len(network.divisions(world.bank)) == 4
    assert send(LIST.encode()).status_code == 302
    assert len(network.divisions(world.bank)) == 12


def test_the_report_shows_only_what_is_in_reach(world: World, sign_in: Staff) -> None:
    assert "B站" not in sign_in("worker A").get("/network").text
    page = sign_in("county").get("/network").text
    assert "A站" in page
    assert "尚未在民政部门备案" in page or "未按时备案" in page


def test_a_station_closes_on_the_page(world: World, sign_in: Staff) -> None:
    county = sign_in("county")
    told = {"closing-successor_id": world.stations["B"], "closing-last_day": "2026-09-15", "closing-reason": "并站"}
    early = county.post(at(world, "/closing"), **{**told, "closing-last_day": "2026-09-14"})
    assert refuses(early, errors.DatesWrong)
    assert "并站" in early.text
    assert county.post(at(world, "/closing"), **told).status_code == 302
    assert "2026年9月15日" in county.get("/stations/LN-A").text
    assert refuses(county.post(at(world, "/closing/hand-over")), errors.SecondPersonNeeded)
    assert county.post(at(world, "/closing/call-off")).status_code == 302
    assert refuses(county.post(at(world, "/closing/call-off")), errors.StationNotOpen)
    assert sign_in("street").post(at(world, "/closing"), **told).status_code == 403


# The API


def test_the_network_over_the_api(world: World, system: Callable[..., System]) -> None:
    county = system("county", "network.edit", "network.read", "network.report", "stations.file", "stations.keep",
                    "stations.close")  # fmt: skip
    operator = county.post("/operators", OPERATOR)
    assert operator.status_code == 201
    told = {"kind": "station", "code": "LN-C", "name": "C站", "name_en": "C", "division_code": "130202001007",
            "parent_id": world.stations["street"], "operator_id": operator.json["id"], "address": "1 号",
            "phone": "0315", "opening": "8–17", "latitude_microdegrees": 39_600_000,
            "longitude_microdegrees": 118_100_000}  # fmt: skip
    made = county.post("/stations", told)
    assert made.status_code == 201
    path = f"/stations/{made.json['id']}"
    price = {"item": "午餐", "cents": 1250, "per": "meal", "basis": "x", "since": "2026-09-15"}
    assert county.post(f"{path}/prices", price).json["prices"][0]["cents"] == 1250
    day = date(2026, 9, 1).isoformat()
    filing = {"number": "B-7", "office": "o", "began_on": day, "filed_on": day,
              "papers": {"application": day, "registration": day, "promise": day}}  # fmt: skip
    assert county.post(f"{path}/filings", filing).json["filing"]["papers"]["promise"] == day
    grade = {"content": 90, "scale": 90, "quality": 90, "assessor": "x", "graded_on": day}
    assert county.post(f"{path}/grades", grade).json["station"]["level"] == "AAA"
    assert county.get(path).json["station"]["operator_uscc"] == OPERATOR["uscc"]
    gaps = county.get("/network/report").json["gaps"]
    assert [(one["code"], [w["code"] for w in one["warnings"]]) for one in gaps] == [
        ("130202001000", ["several_operators"])
    ]
    closing = {"successor_id": world.stations["A"], "last_day": "2026-09-15", "reason": "x"}
    assert county.post(f"{path}/closing", closing).json == {"told": 0}
    assert county.post(f"{path}/closing/hand-over").json["code"] == "second_person_needed"
    assert county.post(f"{path}/closing/call-off").json["station"]["state"] == "open"
    assert county.post("/divisions/import", {"csv": LIST}).json == {"added": 8, "changed": 4, "same": 0}
    assert len(county.get("/divisions").json["items"]) == 12


def test_refusals_over_the_api(world: World, system: Callable[..., System]) -> None:
    county = system("county", "network.edit", "network.read", "stations.file", "stations.keep", "stations.close")
    path = f"/stations/{world.stations['A']}"
    for where, body, status, code in (
        ("/operators", {**OPERATOR, "uscc": "1"}, 422, "uscc_invalid"),
        ("/operators", {**OPERATOR, "uscc": "91350100M0001TGQXM"}, 422, "uscc_paper_needed"),
        ("/stations", {}, 422, "http_422"),
        (f"{path}/prices", {"item": "x", "cents": -1, "per": "meal", "basis": "x", "since": "2026-09-15"}, 422,
         "price_invalid"),
        ("/stations/none/prices", {"item": "x", "cents": 1, "per": "meal", "basis": "x", "since": "2026-09-15"}, 404,
         "not_found"),
        (f"{path}/closing", {"successor_id": "x", "last_day": "2026-09-15", "reason": "x"}, 422, "successor_invalid"),
        (f"{path}/closing/call-off", {}, 409, "station_not_open"),
        ("/divisions/import", {"csv": HEAD + "1,2,3\n"}, 422, "import_refused"),
    ):  # fmt: skip
        answer = county.post(where, body)
        assert (answer.status_code, answer.json["code"]) == (status, code), where
    assert county.get("/stations/none").status_code == 404


def test_the_first_page_leads_to_the_network_and_its_figures(world: World, sign_in: Staff) -> None:
    found = sign_in("county").get("/").text.split('id="main"')[1]
    for path in ("/dashboard", "/supervision", "/network"):
        assert f'class="site-tile" href="{path}"' in found
    worker = sign_in("worker A").get("/").text.split('id="main"')[1]
    assert 'href="/network"' in worker
    assert 'href="/supervision"' not in worker


def test_everybody_finds_the_project_bank(browser: Browser) -> None:
    assert 'href="/projects"' in browser.get("/").text
    assert browser.get("/projects").status_code == 200
