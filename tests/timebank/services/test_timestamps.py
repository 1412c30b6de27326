"""Timestamps of an outside authority (openssl's): once a day, kept as they came, checked by audits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text

from ledger.errors import TimestampInvalid
from ledger.notes import parse_note
from tests.ledger.authority import Authority
from tests.timebank.web.conftest import Browser
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.app import create_app
from timebank.jobs.table import JOBS, run_due
from timebank.services import audits, publishing


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
    assert publishing.stamps(world.bank, world.staff["auditor"]).at is None
    (job,) = [one for one in JOBS if one.name == "timestamp"]
    assert not run_due(world.bank, job, now=NOW)
    world.verified(world.member(), world.member())
    assert publishing.publish(world.bank, now=NOW).size == world.size()


def test_a_timestamp_of_another_tree_is_found(world: World) -> None:
    publishing.publish(world.bank, now=NOW)
    publishing.timestamp(world.bank, now=NOW)
    size = world.size()
    world.verified(world.member(), world.member())
    publishing.publish(world.bank, now=NOW)
    later = world.size()
    with world.bank.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as one, one.begin():
        one.execute(text("UPDATE timestamp SET size = :later WHERE size = :size"), {"later": later, "size": size})
    assert audits.run_full(world.bank, now=NOW) == "broken"
    with world.bank.read() as unit:
        latest = unit.audits.latest()
        assert latest is not None
        (finding,) = json.loads(latest.report)["findings"]
    assert (finding["seq"], finding["level"], finding["code"]) == (later - 1, 5, "timestamp_invalid")


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
