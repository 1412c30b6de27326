from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit import Pin
from ledger.bundle import BundleStore
from ledger.checkpoints import Checkpoint
from ledger.entries import Kind
from ledger.errors import BookUnknown, BundleInvalid
from ledger.exporting import export
from ledger.store import Store
from ledger.stores.memory import MemoryStore
from tests.ledger.auditing import ORIGIN, VERIFIERS, audited
from tests.ledger.forging import honest, honest_bodies
from tests.ledger.replaying import copy_book

SIZE = len(honest_bodies())


@pytest.fixture(scope="module", params=["bundle", "bundle.zip"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / request.param
    export(honest().store, ORIGIN, path)
    return path


def test_a_bundle_of_any_store_says_the_same(store: Store, tmp_path: Path) -> None:
    copy_book(honest(), store)
    steps: list[tuple[int, int]] = []
    export(store, ORIGIN, tmp_path / "b.zip", lambda done, total: steps.append((done, total)))
    assert steps[-1] == (SIZE, SIZE)
    assert list(BundleStore(tmp_path / "b.zip").rows(ORIGIN)) == list(honest().store.rows(ORIGIN))


def test_a_bundle_is_sound_and_ends_in_the_same_state(path: Path) -> None:
    report = audited(BundleStore(path), keys=VERIFIERS)
    assert (report.findings, report.size, report.checkpoints) == ((), SIZE, 4)
    assert report.state == audited(honest().store, keys=VERIFIERS).state
    assert audited(BundleStore(path), since=report.state).findings == ()


def test_everything_that_follows_from_the_entries_is_derived(path: Path) -> None:
    """The store suite of reading, against the store in memory that the book was written in."""
    ours, theirs = BundleStore(path), honest().store
    assert list(ours.books()) == [ORIGIN]
    assert ours.head(ORIGIN) == theirs.head(ORIGIN)
    for first, last in ((0, None), (10, 20), (250, 260), (300, 9_999), (SIZE, None)):
        assert list(ours.rows(ORIGIN, first, last)) == list(theirs.rows(ORIGIN, first, last))
        assert list(ours.postings(ORIGIN, first, last)) == list(theirs.postings(ORIGIN, first, last))
    assert list(ours.accounts(ORIGIN)) == list(theirs.accounts(ORIGIN))
    assert list(ours.tiles(ORIGIN)) == list(theirs.tiles(ORIGIN))
    assert list(ours.checkpoints(ORIGIN, 13)) == list(theirs.checkpoints(ORIGIN, 13))
    assert list(ours.rows_of_kind(ORIGIN, Kind.HOLD)) == list(theirs.rows_of_kind(ORIGIN, Kind.HOLD))
    assert list(ours.duplicate_keys(ORIGIN)) == []
    for seq in (0, 100, SIZE - 1, SIZE, -1):
        assert ours.row(ORIGIN, seq) == theirs.row(ORIGIN, seq)
        assert list(ours.rows_of(ORIGIN, seq)) == list(theirs.rows_of(ORIGIN, seq))
    for account in ("ann", "new-3", "nobody"):
        assert ours.account(ORIGIN, account) == theirs.account(ORIGIN, account)
        assert ours.balance_at(ORIGIN, account, 100) == theirs.balance_at(ORIGIN, account, 100)
        assert ours.account_postings(ORIGIN, account, 50, 3) == list(theirs.account_postings(ORIGIN, account, 50, 3))
    for key in ("earn-3", "nothing"):
        assert ours.row_by_key(ORIGIN, key) == theirs.row_by_key(ORIGIN, key)
    at = honest().entry(77).at
    assert ours.size_at(ORIGIN, at) == theirs.size_at(ORIGIN, at)
    for size in (None, 100, 101):
        assert ours.checkpoint(ORIGIN, size) == theirs.checkpoint(ORIGIN, size)
    assert ours.leaf_hashes(ORIGIN, 5, 9) == theirs.leaf_hashes(ORIGIN, 5, 9)
    assert ours.tile(ORIGIN, 0, 1) is None
    assert list(ours.rows("timebank.example/other")) == []
    assert ours.head("timebank.example/other") is None


def test_an_export_writes_over_nothing(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        export(honest().store, ORIGIN, path)
    with pytest.raises(BookUnknown):
        export(MemoryStore(), ORIGIN, tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_the_keys_are_beside_the_entries(tmp_path: Path) -> None:
    export(honest().store, ORIGIN, tmp_path / "b")
    assert (tmp_path / "b" / "keys.txt").read_text().split() == [key.encode() for key in VERIFIERS]
    assert len((tmp_path / "b" / "tile" / "entries" / "000").read_bytes()) > 256 * 200


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bytes") / "bundle"
    export(honest().store, ORIGIN, path)
    return path


@settings(max_examples=60)
@given(st.data())
def test_any_changed_byte_of_the_entries_is_found(files: Path, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from([files / f"tile/entries/{name}" for name in ("000", f"001.p/{SIZE - 256}")]))
    content = file.read_bytes()
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        file.write_bytes(bytes(changed))
        report = audited(BundleStore(files))
    finally:
        file.write_bytes(content)
    assert not report.is_sound
    assert any(finding.level == 1 for finding in report.findings)


@settings(max_examples=40)
@given(st.data())
def test_an_audit_of_garbage_ends_in_a_verdict(files: Path, data: st.DataObject) -> None:
    names = ("tile/entries/000", f"tile/entries/001.p/{SIZE - 256}", "checkpoints.jsonl")
    file = files / data.draw(st.sampled_from(names))
    content = file.read_bytes()
    at = data.draw(st.integers(0, len(content)))
    garbage = data.draw(st.binary(max_size=40))
    rest = data.draw(st.sampled_from((b"", content[at:], content[at + len(garbage) :])))
    try:
        file.write_bytes(content[:at] + garbage + rest)
        report = audited(BundleStore(files), pins=[Pin("copy", Checkpoint(ORIGIN, SIZE, honest().root()))])
    finally:
        file.write_bytes(content)
    assert report.verdict in ("sound", "broken")
    if file.name != "checkpoints.jsonl" and content[:at] + garbage + rest != content:
        assert report.verdict == "broken"


def test_a_file_of_entries_that_is_gone(files: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(files, tmp_path / "copied"))
    (copied / "tile" / "entries" / "000").unlink()
    report = audited(BundleStore(copied))
    assert (report.findings[0].seq, report.findings[0].code) == (0, "entry_missing")
    (copied / "tile" / "entries" / f"001.p/{SIZE - 256}").unlink()
    assert not audited(BundleStore(copied)).is_sound


@pytest.mark.parametrize("more", [b"\0", b"\0\x02{}", b"\0\xff{"])
@pytest.mark.parametrize("name", ["000", f"001.p/{SIZE - 256}"])
def test_bytes_after_the_last_entry_of_a_file(files: Path, tmp_path: Path, name: str, more: bytes) -> None:
    copied = Path(shutil.copytree(files, tmp_path / "copied"))
    with (copied / "tile" / "entries" / name).open("ab") as file:
        file.write(more)
    report = audited(BundleStore(copied))
    assert (report.findings[0].seq, report.findings[0].code) == (255 if name == "000" else SIZE - 1, "format")


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b"{",
        b'{"format": 2, "book": "b", "size": 1, "leaf_hash": "", "at": ""}',
        b'{"format": 1, "book": "b", "size": "1", "leaf_hash": "", "at": ""}',
        b'{"format": 1, "book": 7, "size": 1, "leaf_hash": "", "at": ""}',
        b'{"format": 1, "book": "b", "size": 1, "leaf_hash": "x", "at": ""}',
    ],
)
def test_without_a_manifest_there_is_no_bundle(tmp_path: Path, manifest: bytes) -> None:
    (tmp_path / "bundle.json").write_bytes(manifest)
    with pytest.raises(BundleInvalid):
        BundleStore(tmp_path)


def test_what_is_not_there_or_no_zip_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"PK\x03\x04 no zip")
    for path in (tmp_path / "nothing", tmp_path / "file", tmp_path):
        with pytest.raises(BundleInvalid):
            BundleStore(path)


def test_a_damaged_zip_ends_in_a_verdict(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    export(honest().store, ORIGIN, path)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("tile/entries/000").header_offset + 200
    raw = bytearray(path.read_bytes())
    raw[start : start + 50] = b"\xff" * 50
    path.write_bytes(bytes(raw))
    report = audited(BundleStore(path))
    assert report.verdict == "broken"
    assert report.findings[0].code == "unreadable"


@pytest.mark.parametrize("size", [2**62, -1, 0, SIZE + 256, SIZE - 1])
def test_a_manifest_that_lies_about_the_size(files: Path, tmp_path: Path, size: int) -> None:
    copied = Path(shutil.copytree(files, tmp_path / "copied"))
    manifest = json.loads((copied / "bundle.json").read_text())
    (copied / "bundle.json").write_text(json.dumps({**manifest, "size": size}))
    assert not audited(BundleStore(copied)).is_sound
