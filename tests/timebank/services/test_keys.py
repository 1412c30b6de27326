"""Keys of the book: rotation with overlap, retirement, a lost and a stolen key, a passphrase, a web that has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import Draft, Kind
from ledger.audit import audit
from ledger.checking import judge
from ledger.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.errors import NoteInvalid
from ledger.keyfiles import is_sealed, read_keys, write_keys
from ledger.notes import parse_note
from ledger.receipts import Receipt, parse_policy, verify_receipt
from ledger.store import CheckpointRow
from ledger.stores.sql import SqlStore
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.services import audits, keys, publishing
from timebank.storage import keys as stored


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[World]:
    """A world that commits, with a checkpoint published."""
    world = build_world(make_bank(settings_in(tmp_path)))
    publishing.publish(world.bank, now=NOW)
    yield world
    world.bank.engine.dispose()


def signers(world: World) -> set[str]:
    """The key ids under the checkpoint that was published last."""
    return {one.key_id.hex() for one in parse_note(publishing.checkpoint(world.bank).note).signatures}


def test_new_keys_sign_beside_the_old_ones_until_those_are_retired(busy: World) -> None:
    old = signers(busy)
    views = keys.rotate(busy.bank, now=NOW)
    new = {one.key_id for one in views} - old
    assert len(new) == 2
    assert publishing.publish(busy.bank, now=NOW).size == busy.size()
    assert signers(busy) == old | new
    for key_id in sorted(old):
        views = keys.retire(busy.bank, key_id, now=NOW)
    assert {one.key_id for one in views if one.retired_seq is not None} == old
    assert publishing.publish(busy.bank, now=NOW).size == busy.size()
    assert signers(busy) == new
    assert audits.run_full(busy.bank, now=NOW) == "sound"
    assert set(publishing.describe(busy.bank).keys) == {one.text for one in views if one.key_id in new}


def test_a_receipt_from_before_a_rotation_is_checked_with_the_keys_of_its_size(busy: World) -> None:
    """Thirty years later: its keys are retired, so today's policy does not know them; that of its size does."""
    bank, origin = busy.bank, busy.bank.settings.book
    old_size, old_ids = publishing.checkpoint(bank).size, signers(busy)
    with bank.read() as unit:
        proof = tuple(unit.book.inclusion_proof(0, old_size))
        old = Receipt(0, proof, publishing.checkpoint(bank).note, unit.book.store.row(origin, 0).body)  # type: ignore[union-attr]
    added = [one.added_seq for one in keys.rotate(bank, now=NOW)][2:]
    for key_id in sorted(old_ids):
        views = keys.retire(bank, key_id, now=NOW)
    retired = sorted(one.retired_seq for one in views if one.retired_seq is not None)
    newest = publishing.publish(bank, now=NOW).size
    today = parse_policy(publishing.describe(bank).policy)
    assert judge(old, today).reason == "not-signed"
    of_then = parse_policy(publishing.policy_at(bank, old_size))
    assert judge(old, of_then).is_proven
    assert verify_receipt(old, of_then, origin).entry.seq == 0

    def ids(size: int) -> set[str]:
        return {key.key_id.hex() for key in parse_policy(publishing.policy_at(bank, size)).logs}

    assert ids(1) == ids(added[0]) == old_ids
    assert len(ids(added[0] + 1)) == 3, "the first new key is named by that entry"
    assert old_ids < ids(retired[0])
    assert len(old_ids & ids(retired[0] + 1)) == 1, "from the entry on that retires it, it signs nothing"
    assert not old_ids & ids(newest)
    for size in (0, -1, newest + 1):
        with pytest.raises(errors.NotFound):
            publishing.policy_at(bank, size)


def test_what_can_not_be_retired(busy: World) -> None:
    old = sorted(signers(busy))
    size = busy.size()
    with pytest.raises(errors.KeyNeeded):
        keys.retire(busy.bank, old[0], now=NOW)
    with pytest.raises(errors.NotFound):
        keys.retire(busy.bank, "00000000", now=NOW)
    assert busy.size() == size
    keys.rotate(busy.bank, now=NOW)
    keys.retire(busy.bank, old[0], now=NOW)
    with pytest.raises(errors.NotFound):
        keys.retire(busy.bank, old[0], now=NOW)


def test_a_stolen_key_signs_nothing_that_counts_once_it_is_retired(busy: World) -> None:
    stolen = read_keys(busy.bank.settings.signing_key_path)
    keys.rotate(busy.bank, now=NOW)
    for key in stolen:
        keys.retire(busy.bank, key.verifier.key_id.hex(), now=NOW)
    with busy.bank.unit() as unit:
        unit.append_many(
            [Draft(Kind.OPEN, "worker", data={"account": "m-0000000000000001", "account_kind": "member"})], now=NOW
        )
        size, root = busy.size(), unit.book.root()
    forged = sign_checkpoint(Checkpoint(busy.bank.settings.book, size, root), stolen, int(NOW.timestamp()))
    with SqlStore(busy.bank.engine) as store:
        row = CheckpointRow(size, root, forged.encode(), NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        store.add_checkpoint(busy.bank.settings.book, row)
        for known in (None, stored.verifiers(busy.bank)):
            report = audit(store, busy.bank.settings.book, keys=known)
            assert [one.code for one in report.findings] == ["checkpoint_invalid"]


def test_a_lost_key_is_replaced_and_the_book_goes_on(busy: World) -> None:
    before = signers(busy)
    busy.bank.settings.signing_key_path.unlink()
    with pytest.raises(FileNotFoundError):
        publishing.publish(replace(busy.bank), now=NOW.replace(year=2027))
    views = keys.replace_lost(busy.bank, now=NOW)
    assert {one.key_id for one in views if one.retired_seq is not None} == before
    assert publishing.publish(busy.bank, now=NOW).size == busy.size()
    assert not signers(busy) & before
    assert audits.run_full(busy.bank, now=NOW) == "sound"


def test_checkpoints_of_before_a_rotation_still_open(busy: World) -> None:
    first = publishing.checkpoint(busy.bank)
    keys.rotate(busy.bank, now=NOW)
    for key_id in sorted(signers(busy)):
        keys.retire(busy.bank, key_id, now=NOW)
    opened = open_checkpoint(first.note, busy.bank.settings.book, stored.verifiers(busy.bank))
    assert opened.checkpoint.size == first.size


def test_a_web_without_the_secret_keys_serves_and_audits(busy: World) -> None:
    """Only the scheduler, under another user, has to read the key file."""
    busy.verified(busy.member(), busy.member())
    busy.bank.settings.signing_key_path.rename(busy.bank.settings.signing_key_path.with_suffix(".elsewhere"))
    assert audits.run_now(busy.bank, busy.staff["auditor"], full=True, now=NOW).verdict == "sound"
    assert publishing.describe(busy.bank).keys
    assert publishing.checkpoint(busy.bank).size


def test_a_passphrase_seals_the_key_file(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, TIMEBANK_KEY_PASSPHRASE="seven blue rivers")
    bank = make_bank(settings)
    build_world(bank)
    assert is_sealed(settings.signing_key_path)
    assert publishing.publish(bank, now=NOW).size
    keys.rotate(bank, now=NOW)
    assert is_sealed(settings.signing_key_path)
    for wrong in ("", "six blue rivers"):
        with pytest.raises(NoteInvalid) as refused:
            read_keys(settings.signing_key_path, wrong)
        assert "PRIVATE" not in str(refused.value)
    settings.signing_key_path.write_text("ledger-keys-sealed@v1\n{}")
    with pytest.raises(NoteInvalid):
        read_keys(settings.signing_key_path, "seven blue rivers")
    bank.engine.dispose()


def test_keys_may_come_from_the_environment(busy: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = read_keys(busy.bank.settings.signing_key_path)
    monkeypatch.setenv("BOOK_KEYS", "\n".join(key.encode() for key in own))
    assert read_keys("env:BOOK_KEYS") == own
    with pytest.raises(NoteInvalid):
        read_keys("env:NO_SUCH_VARIABLE")
    elsewhere = replace(busy.bank, settings=replace(busy.bank.settings, signing_key_path=Path("env:BOOK_KEYS")))
    assert publishing.publish(elsewhere, now=NOW).size == busy.size()
    with pytest.raises(NoteInvalid):
        stored.sign_with(elsewhere, list(own))
    write_keys(tmp_path / "empty.key", [])
    with pytest.raises(NoteInvalid):
        read_keys(tmp_path / "empty.key")
