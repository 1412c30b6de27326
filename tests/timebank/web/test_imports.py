"""Pages and API of sheets from other systems."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any

from flask import Flask
from openpyxl import load_workbook

from tests.timebank.services.test_imports import approved, load, person, sheet, worked
from tests.timebank.services.test_network import second_county
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import World
from timebank.domain import errors
from timebank.domain.imports import FIELDS, FINDING_LABELS, ImportKind
from timebank.services import imports

Staff = Callable[[str], Browser]


def form(world: World, data: bytes, **change: Any) -> dict[str, Any]:
    told = {"kind": "members", "station": world.stations["A"], "source": "旧系统", "agreed": "y"}
    return told | {"file": (BytesIO(data), "old.csv")} | change


def test_a_sheet_is_loaded_checked_and_decided_on_by_two(world: World, sign_in: Staff) -> None:
    second_county(world)
    county, bad = sign_in("county"), sheet(person(1), person(2, phone="12"))
    assert "同意" in county.get("/imports/new").text
    assert refuses(county.post("/imports/new", **form(world, b"")), errors.SheetUnreadable)
    assert refuses(county.post("/imports/new", **form(world, bad) | {"agreed": ""}), errors.ConsentMissing)
    assert county.post("/imports/new", **form(world, bad, source="")).status_code == 422
    here = county.post("/imports/new", **form(world, bad)).headers["Location"]
    page = county.get(here).text
    assert "第 3 行" in page
    assert "王秀英" not in page
    table = list(csv.reader(StringIO(county.get(f"{here}/findings.csv").data.decode("utf-8-sig"))))
    assert table[1][0] == "3"
    assert table[1][3] == "phone_invalid"
    view = imports.every(world.bank, world.staff["county"])[0]
    assert refuses(county.post(f"{here}/approve", digest=view.digest), errors.SecondPersonNeeded)
    assert refuses(county.post(f"{here}/columns", name="姓名"), errors.MappingIncomplete)
    columns = {**view.columns, "only_good": "y"}
    assert county.post(f"{here}/columns", **columns).status_code == 302
    again = imports.see(world.bank, world.staff["county"], view.id)
    assert (again.only_good, again.digest != view.digest) == (True, True)
    assert approved(world, again).lines == {"done": 1}
    assert "已转入" in county.get(here).text
    assert county.post(f"{here}/undo").status_code == 302
    assert refuses(county.post(f"{here}/undo"), errors.SecondPersonNeeded)
    imports.undo(world.bank, second_county(world), view.id, now=again.proposed_at)
    assert worked(world, again).state == "undone"
    assert refuses(county.post(f"{here}/withdraw"), errors.ImportStateConflict)
    for who in ("worker A", "street", "auditor"):
        assert sign_in(who).get(here).status_code == 403
    assert county.get("/imports/" + "0" * 32).status_code == 404
    assert county.get("/imports/" + "0" * 32 + "/findings.csv").status_code == 404


def test_whole_sheets_are_let_in_on_this_page_alone(world: World, app: Flask, sign_in: Staff) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 20_000
    county, large = sign_in("county"), sheet(person(1)) + b"\n" * 50_000
    assert county.post("/imports/new", **form(world, large)).status_code == 302
    assert county.post("/national", file=(BytesIO(large), "large.csv")).status_code == 413


def test_a_sheet_goes_out_as_csv_and_excel(world: World, sign_in: Staff) -> None:
    world.rich(60)
    county, wish = sign_in("county"), {"kind": "members", "station": world.stations["A"]}
    answer = county.post("/imports/sheet", **wish, form="csv")
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(StringIO(answer.data.decode("utf-8-sig"))))
    assert tuple(rows[0]) == FIELDS[ImportKind.MEMBERS]
    page = load_workbook(BytesIO(county.post("/imports/sheet", **wish, form="xlsx").data)).active
    assert page is not None
    found = [[cell or "" for cell in row] for row in page.iter_rows(values_only=True)]
    assert [row[1] for row in found[1:]] == [row["name"] for row in rows]
    assert refuses(county.post("/imports/sheet", **wish | {"kind": "money"}), errors.Invalid)
    assert sign_in("worker A").post("/imports/sheet", **wish).status_code == 403


def test_sheets_are_followed_over_the_api(world: World, system: Callable[..., System]) -> None:
    view = load(world, sheet(person(1), person(2, phone="12")))
    theirs = system("county", "imports.read")
    assert theirs.get("/imports").json["items"][0]["rows_wrong"] == 1
    assert theirs.get(f"/imports/{view.id}").json["total_minutes"] == 150
    assert theirs.get(f"/imports/{view.id}/findings").json["items"] == [
        {"line": 3, "field": "phone", "code": "phone_invalid"}]  # fmt: skip
    assert theirs.get("/imports/" + "0" * 32 + "/findings").status_code == 404
    assert system("worker A", "members.read").get("/imports").status_code == 403


def test_every_finding_has_words(world: World) -> None:
    codes = {"twice_in_file", "cells_miscounted", "phone_taken", "hours_used", "member_stays", "open_matters_left"}
    assert codes <= set(FINDING_LABELS)
