"""Timestamps of an outside authority (openssl's): once a day, kept as they came, checked by audits."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.errors import TimestampInvalid
from ledger.notes import parse_note
from tests.ledger.authority import Authority
from tests.timebank.web.conftest import Browser
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.app import create_app
from timebank.jobs.table import JOBS, run_due
from timebank.services import audits, publishing, succession
from timebank.storage.publishing import Timestamp


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tsa")


@pytest.fixture
def world(authority: Authority, tmp_path: Path) -> Iterator[World]:
    """A county whose checkpoints are stamped."""
    with authority.serving() as url:
        more = {"TIMEBANK_TIMESTAMP_URL": url, "TIMEBANK_TIMESTAMP_ROOTS": str(authority.folder / "root.pem")}
        world = build_world(make_bank(settings_in(tmp_path / "here", **more)))
        yield world
        world.bank.engine.dispose()


def witnesses_page(world: World) -> str:
    """What an auditor reads there."""
    with time_machine.travel(NOW, tick=False):
        app = create_app(bank=world.bank)
        app.testing = True
        return Browser(app.test_client()).sign_in("auditor").get("/audits/witnesses").text


def test_the_published_checkpoint_is_stamped_once(world: World, authority: Authority) -> None:
    assert publishing.timestamp(world.bank, now=NOW) is None
    publishing.publish(world.bank, now=NOW)
    size = world.size()
    assert publishing.timestamp(world.bank, now=NOW) == f"{size} entries stamped"
    assert publishing.timestamp(world.bank, now=NOW) is None
    assert authority.asked == 1
    answer = publishing.stamped(world.bank, size)
    assert authority.verifies(parse_note(publishing.checkpoint(world.bank).note).text, answer)
    view = publishing.stamps(world.bank, world.staff["auditor"])
    assert (view.size, view.at is not None) == (size, True)
    assert audits.run_full(world.bank, now=NOW) == "sound"
    with world.bank.read() as unit:
        latest = unit.audits.latest()
        assert latest is not None
        assert "timestamp" in json.loads(latest.report)["pinned_by"]


def test_an_authority_that_fails_holds_nothing_up(world: World, authority: Authority) -> None:
    publishing.publish(world.bank, now=NOW)
    authority.changed = lambda answer: (503, "text/plain", b"busy")
    with pytest.raises(TimestampInvalid):
        publishing.timestamp(world.bank, now=NOW)
    view = publishing.stamps(world.bank, world.staff["auditor"])
    assert (view.at, view.asked_at, "503" in view.problem) == (None, NOW, True)
    assert "503" in witnesses_page(world)
    (job,) = [one for one in JOBS if one.name == "timestamp"]
    assert not run_due(world.bank, job, now=NOW)
    world.verified(world.member(), world.member())
    assert publishing.publish(world.bank, now=NOW).size == world.size()
    authority.changed = lambda answer: (200, "application/timestamp-reply", answer)
    assert publishing.timestamp(world.bank, now=NOW) is not None
    view = publishing.stamps(world.bank, world.staff["auditor"])
    assert (view.size, view.problem) == (world.size(), "")


def test_a_timestamp_of_another_tree_is_found(world: World) -> None:
    publishing.publish(world.bank, now=NOW)
    publishing.timestamp(world.bank, now=NOW)
    size = world.size()
    world.verified(world.member(), world.member())
    publishing.publish(world.bank, now=NOW)
    later = world.size()
    with world.bank.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as one, one.begin():
        one.execute(text("DROP TRIGGER timestamp_no_update"))
        one.execute(text("UPDATE timestamp SET size = :later WHERE size = :size"), {"later": later, "size": size})
    assert audits.run_full(world.bank, now=NOW) == "broken"
    with world.bank.read() as unit:
        latest = unit.audits.latest()
        assert latest is not None
        (finding,) = json.loads(latest.report)["findings"]
    assert (finding["seq"], finding["level"], finding["code"]) == (later - 1, 5, "timestamp_invalid")


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_what_is_kept_stays(authority: Authority, tmp_path: Path, engine: str, request: pytest.FixtureRequest) -> None:
    """The database itself refuses, also its owner, to change, drop or replace a timestamp."""
    more = {"TIMEBANK_DATABASE_URL": request.getfixturevalue("postgres_url")} if engine == "postgresql" else {}
    bank = make_bank(settings_in(tmp_path / "kept", **more))
    row = Timestamp(book="b", size=1, at=NOW, authority="", answer=b"x")
    with bank.unit() as unit:
        unit.publishing.add(row)
    tries = ["UPDATE timestamp SET size = 2", "DELETE FROM timestamp"]
    tries += ["TRUNCATE timestamp"] if more else ["INSERT OR REPLACE INTO timestamp SELECT * FROM timestamp"]
    for statement in tries:
        with bank.engine.connect() as one, pytest.raises(DBAPIError, match="append-only"):
            one.execute(text(statement))
    with bank.engine.connect() as one:
        assert one.execute(text("SELECT size, answer FROM timestamp")).all() == [(1, b"x")]
    bank.engine.dispose()


def test_it_is_handed_over(world: World, tmp_path: Path) -> None:
    publishing.publish(world.bank, now=NOW)
    publishing.timestamp(world.bank, now=NOW)
    answer = publishing.stamped(world.bank, world.size())
    succession.hand_over(world.bank, tmp_path / "folder", now=NOW)
    (line,) = (tmp_path / "folder" / "tables" / "timestamp.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert (row["size"], base64.b64decode(row["answer"]["base64"])) == (world.size(), answer)


def test_without_roots_nothing_is_believed(world: World, authority: Authority) -> None:
    publishing.publish(world.bank, now=NOW)
    roots, kept = authority.folder / "root.pem", authority.roots
    roots.unlink()
    with pytest.raises(TimestampInvalid):
        publishing.timestamp(world.bank, now=NOW)
    roots.write_bytes(kept)
    assert publishing.timestamp(world.bank, now=NOW) is not None
    roots.unlink()
    assert audits.run_full(world.bank, now=NOW) == "broken"


def test_it_is_given_out_and_shown(world: World) -> None:
    publishing.publish(world.bank, now=NOW)
    publishing.timestamp(world.bank, now=NOW)
    with time_machine.travel(NOW, tick=False):
        app = create_app(bank=world.bank)
        app.testing = True
        browser = Browser(app.test_client())
        got = browser.get(f"/log/lunan/timestamp/{world.size()}")
        assert got.data == publishing.stamped(world.bank, world.size())
        assert got.content_type == "application/timestamp-reply"
        assert "immutable" in got.headers["Cache-Control"]
        for missing in ("0", "99999", "x"):
            assert browser.get(f"/log/lunan/timestamp/{missing}").status_code == 404
        page = browser.sign_in("auditor").get("/audits/witnesses").text
    assert "时间戳" in page


def test_no_authority_no_timestamps(tmp_path: Path) -> None:
    world = build_world(make_bank(settings_in(tmp_path)))
    publishing.publish(world.bank, now=NOW)
    assert publishing.timestamp(world.bank, now=NOW) is None
    assert publishing.stamps(world.bank, world.staff["auditor"]).url == ""
    world.bank.engine.dispose()
