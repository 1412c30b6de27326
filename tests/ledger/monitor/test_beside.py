"""The audit in a process of its own beside the monitor: it finds what the monitor alone finds, and may die."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.audit.frames import read_frame
from ledger.bundle import BundleStore
from ledger.errors import LogUnreachable
from ledger.monitor import Copy, following
from ledger.monitor.auditing import serve
from ledger.monitor.beside import Beside
from tests.ledger.auditing import audited
from tests.ledger.books import ORIGIN
from tests.ledger.forging import changed
from tests.ledger.monitor.static_log import StaticLog, static_log
from tests.ledger.monitor.test_monitor import BODIES, codes, look


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few entries are many enough."""
    monkeypatch.setattr(following, "MANY", 1)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[StaticLog]:
    with static_log(tmp_path / "served") as made:
        yield made


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "copy")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Grows whenever the monitor had to audit by itself."""
    times: list[bool] = []
    audit = following.audit

    def noted(*args: object, **options: object) -> object:
        times.append(True)
        return audit(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(following, "audit", noted)
    return times


def test_what_is_sound_is_not_audited_twice_and_gone_on_with(log: StaticLog, copy: Copy, alone: list[bool]) -> None:
    for size in (150, 256, 257, len(BODIES)):
        log.publish(BODIES[:size])
        outcome = look(log, copy, "token")
        assert (outcome.sightings, outcome.size) == ((), size)
    assert not alone
    report = audited(BundleStore(copy.path))
    assert (report.findings, report.size, report.checkpoints) == ((), len(BODIES), 4)


def test_entries_kept_later(log: StaticLog, copy: Copy, alone: list[bool]) -> None:
    log.publish(BODIES[:200])
    assert look(log, copy).is_sound
    log.publish(BODIES)
    outcome = look(log, copy, "token")
    assert (outcome.sightings, outcome.size, alone) == ((), len(BODIES), [])


def test_a_rule_that_was_broken_is_named_as_ever(log: StaticLog, copy: Copy, alone: list[bool]) -> None:
    seq = next(n for n, body in enumerate(BODIES) if b'"kind":"gift"' in body)
    log.publish(changed(seq, postings=(("ann", -10), ("eve", 610))))
    outcome = look(log, copy, "token")
    assert (outcome.sightings[0].code, outcome.sightings[0].seq) == ("level_3", seq)
    assert (outcome.size, alone) == (0, [True])


def test_a_history_that_was_written_anew(log: StaticLog, copy: Copy) -> None:
    log.publish(BODIES[:280])
    look(log, copy, "token")
    log.publish(changed(260, actor="somebody"))
    outcome = look(log, copy, "token")
    assert (codes(outcome), outcome.sightings[0].seq, outcome.size) == (["rewritten"], 260, 280)


@pytest.mark.parametrize("seq", [30, len(BODIES) - 1])
def test_entries_that_do_not_give_the_signed_root(log: StaticLog, copy: Copy, seq: int) -> None:
    note = log.publish(BODIES)
    log.publish(changed(seq, actor="somebody"))
    log.write("checkpoint", note.encode())
    outcome = look(log, copy, "token")
    assert (codes(outcome), outcome.size) == (["root"], 0)
    assert not (copy.path / "bundle.json").exists(), "nothing that contradicts is made a bundle"


def test_last_entries_that_are_cut_or_none(log: StaticLog, copy: Copy) -> None:
    log.publish(BODIES)
    last = f"tile/entries/001.p/{len(BODIES) - 256}"
    log.write(last, b"\0\5abc")
    with pytest.raises(LogUnreachable):
        look(log, copy, "token")
    log.write(last, b"\0\5abcde")
    assert codes(look(log, copy, "token")) == ["root"]
    log.publish(BODIES)
    assert look(log, copy, "token").size == len(BODIES)


def test_a_process_that_dies_costs_time_and_no_verdict(
    log: StaticLog, copy: Copy, alone: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Beside.written

    def deadly(self: Beside, size: int) -> None:
        self._process.kill()
        self._process.wait()
        written(self, size)

    monkeypatch.setattr(Beside, "written", deadly)
    log.publish(BODIES)
    outcome = look(log, copy, "token")
    assert (outcome.sightings, outcome.size, alone) == ((), len(BODIES), [True])


def test_a_state_that_is_damaged_means_an_audit_from_the_start(log: StaticLog, copy: Copy, alone: list[bool]) -> None:
    log.publish(BODIES[:200])
    look(log, copy, "token")
    standing = copy.load(ORIGIN)
    standing.audited = b"damaged"
    copy.save(standing)
    log.publish(BODIES)
    outcome = look(log, copy, "token")
    assert (outcome.sightings, outcome.size) == ((), len(BODIES))
    assert alone == [True, True], "it refused that state, and audited again"


def test_a_monitor_that_is_gone_gets_no_answer(log: StaticLog, copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process was told ends before the last page: it ends as well, without a word."""
    told: list[bytes] = []
    monkeypatch.setattr(Beside, "_tell", lambda _, content: told.append(len(content).to_bytes(8, "big") + content))
    monkeypatch.setattr(Beside, "state", lambda _: None)
    log.publish(BODIES)
    assert look(log, copy, "token").is_sound
    answers = io.BytesIO()
    with pytest.raises(SystemExit):
        serve(io.BytesIO(b"".join(told[:-2])), answers)
    assert not answers.getvalue()
    serve(io.BytesIO(b"".join(told)), answers)
    answers.seek(0)
    assert read_frame(answers), "with all pages it has a state"
    serve(io.BytesIO(b""), answers)
    assert not answers.read(), "who asks nothing hears nothing"
