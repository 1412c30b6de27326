"""A book that is handed over: opened by somebody else, verified, and gone on with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.bundle import BundleStore
from ledger.errors import BookExists, BundleInvalid
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.services import Bank, audits, keys, members, publishing, sessions, succession


@pytest.fixture
def old(tmp_path: Path) -> Iterator[World]:
    """The old operator's installation, with a published checkpoint."""
    world = build_world(make_bank(settings_in(tmp_path / "old")))
    world.verified(world.member(), world.member())
    publishing.publish(world.bank, now=NOW)
    yield world
    world.bank.engine.dispose()


def successor(old: World, folder: Path, **more: str) -> Bank:
    """An empty installation that was given the old master and index keys, and no signing key."""
    (folder / "keys").mkdir(parents=True)
    for name in ("master.key", "index.key"):
        shutil.copy(old.bank.settings.instance / "keys" / name, folder / "keys" / name)
    settings = settings_in(folder, **more)
    (folder / "keys" / "book.vkeys").write_text("")
    return make_bank(settings)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_successor_goes_on_with_the_same_book(
    old: World, tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "folder"
    given = succession.hand_over(old.bank, path, now=NOW)
    assert given.entries == old.size()
    more = {"TIMEBANK_DATABASE_URL": request.getfixturevalue("postgres_url")} if engine == "postgresql" else {}
    new = successor(old, tmp_path / "new", **more)
    taken = succession.take_over(new, path)
    assert taken == given
    assert publishing.describe(new).keys == publishing.describe(old.bank).keys
    assert publishing.checkpoint(new).note == publishing.checkpoint(old.bank).note
    secret = sessions.sign_in(new, "workera", "three green apples", device="x", address="1", now=NOW)
    worker = sessions.who(new, secret, now=NOW).actor
    names = {view.data.name for view in members.find(new, worker, "", now=NOW)}
    assert names == {view.data.name for view in members.find(old.bank, worker, "", now=NOW)}
    keys.replace_lost(new, now=NOW)
    world = World(new, old.stations, old.staff, serial=100)
    world.verified(world.member(), world.member())
    assert publishing.publish(new, now=NOW).size == world.size() > given.entries
    assert audits.run_full(new, now=NOW) == "sound"
    new.engine.dispose()


def test_what_was_handed_over_can_be_verified_without_the_service(old: World, tmp_path: Path) -> None:
    succession.hand_over(old.bank, tmp_path / "folder", now=NOW)
    store = BundleStore(tmp_path / "folder" / "book")
    assert [row.body for row in store.rows(old.bank.settings.book)]
    assert old.bank.settings.book in (tmp_path / "folder" / "README.md").read_text()
    everything = b"".join(file.read_bytes() for file in (tmp_path / "folder").rglob("*") if file.is_file())
    for secret in ("张桂芳", "19900000001", "sign_in", "PRIVATE+KEY"):
        assert secret.encode() not in everything
    with pytest.raises(FileExistsError):
        succession.hand_over(old.bank, tmp_path / "folder", now=NOW)


def _cut_entries(path: Path) -> None:
    next((path / "book" / "tile" / "entries").rglob("*.p/*")).write_bytes(b"")


def _drop_row(path: Path) -> None:
    file = path / "tables" / "purse.jsonl"
    file.write_text("".join(line + "\n" for line in file.read_text().splitlines()[1:]))


def _edit_document(path: Path) -> None:
    file = path / "tables" / "document.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    rows[0]["salt"] = {"base64": "AAAA"}
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _other(field: str, value: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        file = path / "handover.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {field: value}))

    return change


@pytest.mark.parametrize(
    "change",
    [
        _cut_entries, _drop_row, _edit_document, _other("revision", "0001"), _other("book", "x.example/y"),
        _other("format", "another"), lambda path: (path / "handover.json").unlink(),
        lambda path: (path / "tables" / "person.jsonl").write_text("nonsense\n"),
    ],
)  # fmt: skip
def test_what_is_not_sound_is_not_taken_over(old: World, tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "folder"
    succession.hand_over(old.bank, path, now=NOW)
    change(path)
    new = successor(old, tmp_path / "new")
    with pytest.raises(BundleInvalid):
        succession.take_over(new, path)
    new.engine.dispose()


def test_a_book_is_not_written_over(old: World, tmp_path: Path) -> None:
    succession.hand_over(old.bank, tmp_path / "folder", now=NOW)
    with pytest.raises(BookExists):
        succession.take_over(old.bank, tmp_path / "folder")
