"""The monitor against logs that grow, stall, shrink, fork, rewrite, break rules or fall silent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger import Kind
from ledger.bundle import BundleStore
from ledger.cli import main
from ledger.errors import BundleInvalid, LogUnreachable
from ledger.monitor import Copy, Log, Outcome, follow
from ledger.monitor.fetching import MOST_BYTES
from ledger.notes import KeyType, SigningKey
from ledger.receipts import Policy, parse_policy
from tests.ledger.auditing import KEYS, audited
from tests.ledger.books import NOW, ORIGIN
from tests.ledger.forging import changed, honest_bodies
from tests.ledger.monitor.static_log import StaticLog, static_log

BODIES = honest_bodies()
POLICY = parse_policy("".join(f"log {key.verifier.encode()}\n" for key in KEYS) + "quorum none\n")
TOKENS = [None, "tb_an_auditors_token"]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[StaticLog]:
    with static_log(tmp_path / "served") as made:
        yield made


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "copy")


def look(log: StaticLog, copy: Copy, token: str | None = None, now: datetime = NOW) -> Outcome:
    return judged(log, copy, POLICY, token, now)


def judged(log: StaticLog, copy: Copy, policy: Policy, token: str | None = None, now: datetime = NOW) -> Outcome:
    with Log(log.url, token) as reading:
        return follow(reading, copy, policy, now=now)


def codes(outcome: Outcome) -> list[str]:
    return [one.code for one in outcome.sightings]


@pytest.mark.parametrize("token", TOKENS)
def test_a_book_that_only_grows_is_followed_to_its_end(log: StaticLog, copy: Copy, token: str | None) -> None:
    before = 0
    for size in (1, 2, 200, 255, 256, 257, len(BODIES)):
        log.publish(BODIES[:size])
        outcome = look(log, copy, token)
        assert (outcome.sightings, outcome.size, outcome.seen, outcome.new) == ((), size, size, size - before)
        again = look(log, copy, token)
        assert (again.sightings, again.size, again.new) == ((), size, 0)
        before = size


def test_with_a_token_the_copy_is_a_bundle_that_anybody_can_verify(log: StaticLog, copy: Copy) -> None:
    for size in (150, len(BODIES)):
        log.publish(BODIES[:size])
        assert look(log, copy, "token").is_sound
    report = audited(BundleStore(copy.path), keys=[key.verifier for key in KEYS])
    assert (report.findings, report.size, report.checkpoints) == ((), len(BODIES), 2)


def test_entries_can_be_kept_later_and_have_to_fit_the_hashes(log: StaticLog, copy: Copy) -> None:
    log.publish(BODIES[:200])
    assert look(log, copy).is_sound
    log.publish(BODIES)
    outcome = look(log, copy, "token")
    assert (outcome.sightings, outcome.size) == ((), len(BODIES))
    assert audited(BundleStore(copy.path)).is_sound


@pytest.mark.parametrize("token", TOKENS)
def test_a_smaller_tree_than_before(log: StaticLog, copy: Copy, token: str | None) -> None:
    log.publish(BODIES[:250])
    look(log, copy, token)
    note = log.publish(BODIES[:249])
    outcome = look(log, copy, token)
    assert codes(outcome) == ["shrunk"]
    assert outcome.size == 250
    evidence = Path(outcome.sightings[0].evidence or "").read_text()
    assert note in evidence
    assert evidence.count("\n250\n") == 1


@pytest.mark.parametrize("token", TOKENS)
def test_two_trees_of_one_size(log: StaticLog, copy: Copy, token: str | None) -> None:
    log.publish(BODIES)
    look(log, copy, token)
    log.publish(changed(30, actor="somebody"))
    assert codes(look(log, copy, token)) == ["fork"]
    assert codes(look(log, copy, token)) == ["fork"], "it is not forgotten by looking twice"


@pytest.mark.parametrize("token", TOKENS)
def test_a_history_that_was_written_anew(log: StaticLog, copy: Copy, token: str | None) -> None:
    log.publish(BODIES[:280])
    look(log, copy, token)
    log.publish(changed(260, actor="somebody"))
    outcome = look(log, copy, token)
    assert codes(outcome) == ["rewritten"]
    assert outcome.sightings[0].seq == 260
    assert outcome.size == 280


@pytest.mark.parametrize("token", TOKENS)
def test_a_change_far_back_shows_in_the_root(log: StaticLog, copy: Copy, token: str | None) -> None:
    """The tile that holds it is not read again; the tree that was grown from the copy does not give the new root."""
    log.publish(BODIES[:280])
    look(log, copy, token)
    log.publish(changed(30, actor="somebody"))
    outcome = look(log, copy, token)
    assert codes(outcome)[0] in ("root", "rewritten")
    assert outcome.size == 280


@pytest.mark.parametrize("token", TOKENS)
def test_tiles_that_do_not_give_the_signed_root(log: StaticLog, copy: Copy, token: str | None) -> None:
    log.publish(changed(30, actor="somebody"))
    note = log.publish(BODIES)
    log.publish(changed(30, actor="somebody"))
    log.write("checkpoint", note.encode())
    assert codes(look(log, copy, token)) == ["root"]
    assert look(log, copy, token).size == 0


def test_a_rule_that_was_broken_under_a_good_signature(log: StaticLog, copy: Copy) -> None:
    """The operator mints, and signs it. Only who reads the entries sees it."""
    seq = next(n for n, body in enumerate(BODIES) if b'"kind":"gift"' in body)
    minted = changed(seq, postings=(("ann", -10), ("eve", 610)))
    log.publish(minted)
    assert look(log, Copy(copy.path / "blind")).is_sound
    outcome = look(log, copy, "token")
    assert not outcome.is_sound
    assert (outcome.sightings[0].code, outcome.sightings[0].seq) == ("level_3", seq)
    assert outcome.size == 0
    assert str(Kind.GIFT) == "gift"


def test_a_checkpoint_of_another_key(log: StaticLog, copy: Copy) -> None:
    strangers = [SigningKey(ORIGIN, type_, b"?" * 32) for type_ in (KeyType.ED25519, KeyType.ML_DSA_44)]
    log.publish(BODIES, keys=strangers)
    outcome = look(log, copy)
    assert codes(outcome) == ["checkpoint_invalid"]
    assert (outcome.size, outcome.seen) == (0, 0)


@pytest.mark.parametrize("note", [b"", b"nothing of the kind", b"\xff\xfe"])
def test_what_is_no_checkpoint(log: StaticLog, copy: Copy, note: bytes) -> None:
    log.publish(BODIES)
    log.write("checkpoint", note)
    if note.startswith(b"\xff"):
        with pytest.raises(LogUnreachable):
            look(log, copy)
    else:
        assert codes(look(log, copy)) == ["checkpoint_invalid"]


def test_a_quorum_that_is_missing(log: StaticLog, copy: Copy) -> None:
    log.publish(BODIES)
    witness = SigningKey("witness.example/w1", KeyType.COSIGNATURE, b"w" * 32)
    text = f"log {KEYS[0].verifier.encode()}\nwitness w1 {witness.verifier.encode()}\nquorum w1\n"
    outcome = judged(log, copy, parse_policy(text))
    assert codes(outcome) == ["quorum_missing"]
    assert outcome.size == len(BODIES), "what is seen is kept all the same, to be compared with later"


def test_a_log_that_stalls(log: StaticLog, copy: Copy) -> None:
    log.publish(BODIES)
    assert look(log, copy, now=NOW + timedelta(hours=25)).is_sound
    assert codes(look(log, copy, now=NOW + timedelta(hours=27))) == ["stalled"]
    assert look(log, copy, now=NOW + timedelta(hours=27)).size == len(BODIES)


def test_partial_tiles_that_were_dropped_since_the_full_one_is_there(log: StaticLog, copy: Copy) -> None:
    log.publish(BODIES[:256])
    note = log.publish(BODIES[:200])
    for kind in ("0", "entries"):
        log.remove(f"tile/{kind}/000.p/200")
    log.write("checkpoint", note.encode())
    for token in TOKENS:
        outcome = look(log, Copy(copy.path / str(token)), token)
        assert (outcome.sightings, outcome.size) == ((), 200)


@pytest.mark.parametrize("token", TOKENS)
def test_a_log_that_is_not_there_says_nothing_good_or_bad(log: StaticLog, copy: Copy, token: str | None) -> None:
    with pytest.raises(LogUnreachable):
        look(log, copy, token)
    log.publish(BODIES)
    log.remove("tile/0/000" if token is None else "tile/entries/000")
    with pytest.raises(LogUnreachable):
        look(log, copy, token)
    log.publish(BODIES)
    assert look(log, copy, token).size == len(BODIES)
    with Log("http://127.0.0.1:9/log") as nobody, pytest.raises(LogUnreachable):
        follow(nobody, copy, POLICY, now=NOW)


def test_a_tile_of_too_many_bytes_or_cut(log: StaticLog, copy: Copy) -> None:
    log.publish(BODIES[:200])
    log.write("tile/0/000.p/200", b"x" * 31)
    with pytest.raises(LogUnreachable):
        look(log, copy)
    log.write("tile/0/000.p/200", bytes(MOST_BYTES + 1))
    with pytest.raises(LogUnreachable):
        look(log, copy)
    log.write("tile/entries/000.p/200", b"\0\5abc")
    with pytest.raises(LogUnreachable):
        look(log, copy, "token")
    log.write("tile/0/000.p/200", bytes(32 * 199))
    assert codes(look(log, copy)) == ["root"]


@pytest.mark.parametrize("prefix", ["ftp://x/log", "nonsense", "http://", "http://x/log?a=b"])
def test_an_address_that_is_none(prefix: str) -> None:
    with pytest.raises(LogUnreachable):
        Log(prefix)


def test_the_copy_of_another_book_or_a_damaged_one(log: StaticLog, copy: Copy) -> None:
    log.publish(BODIES)
    look(log, copy)
    other = SigningKey("timebank.example/other", KeyType.ED25519, b"o" * 32)
    with pytest.raises(BundleInvalid):
        judged(log, copy, parse_policy(f"log {other.verifier.encode()}\nquorum none\n"))
    (copy.path / "hashes").write_bytes(b"")
    with pytest.raises(BundleInvalid):
        look(log, copy)
    (copy.path / "monitor.json").write_text("{}")
    with pytest.raises(BundleInvalid):
        look(log, copy)


def test_what_was_half_written_is_read_again(log: StaticLog, copy: Copy) -> None:
    """Killed between the hashes and the standing: what was not believed is dropped."""
    log.publish(BODIES[:100])
    look(log, copy)
    with (copy.path / "hashes").open("ab") as file:
        file.write(b"half of a hash")
    log.publish(BODIES)
    assert look(log, copy).size == len(BODIES)
    assert (copy.path / "hashes").stat().st_size == 32 * len(BODIES)


def test_the_command(log: StaticLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.publish(BODIES[:250], now=datetime.now(NOW.tzinfo))
    command = ["monitor", log.url, "--copy", str(tmp_path / "c")]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "trusted at first use" in said
    assert "verdict     sound" in said
    log.publish(BODIES[:249], now=datetime.now(NOW.tzinfo))
    assert main([*command, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in document["sightings"]] == ["shrunk"]
    assert main(["monitor", "http://127.0.0.1:9/", "--copy", str(tmp_path / "d")]) == 2
    policy = tmp_path / "policy"
    policy.write_text((log.folder / "log" / "policy").read_text())
    token = tmp_path / "token"
    token.write_text("tb_x\n")
    more = ["--policy", str(policy), "--token-file", str(token), "--every", "0"]
    assert main(["monitor", log.url, "--copy", str(tmp_path / "e"), "--stall-hours", "-1", *more]) == 1
