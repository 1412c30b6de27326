"""Timestamps of openssl's own authority: what is accepted, what is refused, and what openssl says of what we keep."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.cli import main
from ledger.errors import TimestampInvalid
from ledger.timestamping import check_stamp, read_roots, request_stamp
from tests.ledger.auditing import KEYS
from tests.ledger.authority import Authority
from tests.ledger.books import ORIGIN

TEXT = Checkpoint(ORIGIN, 7, bytes(32)).encode()
REPLY = "application/timestamp-reply"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tsa")


def stamped(authority: Authority, text: str = TEXT, seconds: float = 5.0) -> bytes:
    with authority.serving() as url:
        return request_stamp(url, text, read_roots(authority.roots), seconds=seconds)


def test_a_checkpoint_is_stamped_and_openssl_agrees(authority: Authority) -> None:
    answer = stamped(authority)
    stamp = check_stamp(TEXT, answer, read_roots(authority.roots))
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert authority.verifies(TEXT, answer)
    assert not authority.verifies(TEXT + "x", answer)


def test_another_text_another_root_another_byte(authority: Authority, tmp_path: Path) -> None:
    answer = stamped(authority)
    roots = read_roots(authority.roots)
    with pytest.raises(TimestampInvalid):
        check_stamp(TEXT.replace("7", "8"), answer, roots)
    with pytest.raises(TimestampInvalid):
        check_stamp(TEXT, answer, read_roots(Authority(tmp_path / "other").roots))
    with pytest.raises(TimestampInvalid):
        check_stamp(TEXT, answer, [])
    with pytest.raises(TimestampInvalid):
        check_stamp(TEXT, answer, roots, nonce=1)
    for place in range(20, len(answer), 97):
        broken = answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]
        try:
            found = check_stamp(TEXT, broken, roots)
        except TimestampInvalid:
            continue
        # A byte that no signature covers, e.g. in the certificate's copy: then it says the same as before.
        assert found == check_stamp(TEXT, answer, roots), place


@pytest.mark.parametrize(
    "changed",
    [
        lambda answer: (500, REPLY, answer),
        lambda answer: (200, "text/html", answer),
        lambda answer: (200, REPLY, b""),
        lambda answer: (200, REPLY, b"nonsense"),
        lambda answer: (200, REPLY, answer[:-20]),
        lambda answer: (302, REPLY, answer),
    ],
)
def test_what_is_no_answer_is_refused(authority: Authority, changed: Callable[[bytes], tuple[int, str, bytes]]) -> None:
    authority.changed = changed
    with pytest.raises(TimestampInvalid):
        stamped(authority)
    assert authority.asked == 1


def test_an_old_answer_is_refused(authority: Authority) -> None:
    """The nonce of the question has to be in it."""
    old = stamped(authority)
    authority.changed = lambda _: (200, REPLY, old)
    with pytest.raises(TimestampInvalid, match="Nonce"):
        stamped(authority)


def test_an_authority_that_refuses(tmp_path: Path) -> None:
    with pytest.raises(TimestampInvalid, match="status 2"):
        stamped(Authority(tmp_path / "tsa", digests="sha512"))


def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=5)
    expired = Authority(tmp_path / "tsa", from_=long_ago, until=long_ago + timedelta(days=1))
    with pytest.raises(TimestampInvalid):
        stamped(expired)


def test_a_certificate_that_is_for_something_else(authority: Authority, tmp_path: Path) -> None:
    """Whoever has any other certificate under the same root could stamp what he likes."""
    answer = stamped(authority)
    other = Authority(tmp_path / "web", usage=ExtendedKeyUsageOID.SERVER_AUTH)
    with pytest.raises(TimestampInvalid, match="unsuitable certificate purpose"):
        check_stamp(TEXT, other.signs_again(answer), read_roots(other.roots))
    honest = Authority(tmp_path / "honest")
    again = honest.signs_again(answer)
    assert (
        check_stamp(TEXT, again, read_roots(honest.roots)).at
        == check_stamp(TEXT, answer, read_roots(authority.roots)).at
    )


def test_an_authority_under_another_root(authority: Authority, tmp_path: Path) -> None:
    with authority.serving() as url, pytest.raises(TimestampInvalid):
        request_stamp(url, TEXT, read_roots(Authority(tmp_path / "other").roots), seconds=5.0)


def test_a_slow_authority_does_not_hold_us_up(authority: Authority) -> None:
    def slow(answer: bytes) -> tuple[int, str, bytes]:
        time.sleep(1.5)
        return 200, REPLY, answer

    authority.changed = slow
    with pytest.raises(TimestampInvalid, match="does not answer"):
        stamped(authority, seconds=0.5)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "nonsense", "http://127.0.0.1:9/"])
def test_an_address_where_nobody_is(url: str, authority: Authority) -> None:
    with pytest.raises(TimestampInvalid):
        request_stamp(url, TEXT, read_roots(authority.roots), seconds=1.0)


def test_roots_that_are_none() -> None:
    with pytest.raises(TimestampInvalid):
        read_roots(b"nonsense")


def test_the_command_checks_offline(authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "answer.tsr").write_bytes(stamped(authority))
    (tmp_path / "checkpoint").write_text(sign_checkpoint(Checkpoint(ORIGIN, 7, bytes(32)), KEYS, 0).encode())
    roots = str(authority.folder / "root.pem")
    arguments = [str(tmp_path / "checkpoint"), str(tmp_path / "answer.tsr"), "--roots", roots]
    assert main(["timestamp", *arguments]) == 0
    assert "7 entries" in capsys.readouterr().out
    (tmp_path / "checkpoint").write_text(sign_checkpoint(Checkpoint(ORIGIN, 8, bytes(32)), KEYS, 0).encode())
    assert main(["timestamp", *arguments]) == 1
    (tmp_path / "checkpoint").write_text("nonsense")
    assert main(["timestamp", *arguments]) == 2
