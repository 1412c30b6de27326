"""A key in a PKCS#11 module (SoftHSM): it signs checkpoints beside a key in the file; what is refused names no PIN."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.errors import NoteInvalid
from ledger.hardware import HardwareKey
from ledger.keyfiles import read_keys, write_keys
from ledger.notes import KeyType, generate
from tests.ledger.books import ORIGIN
from tests.timebank.world import NOW, build_world, make_bank, settings_in
from timebank.services import audits, keys, publishing

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
MISSING = "SoftHSM is missing; install it, e.g. with: apt-get install softhsm2 opensc"
PIN = "271828"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A token with a key, as a PKCS#11 URI; the PIN stands in a file."""
    if not MODULE.exists() or shutil.which("pkcs11-tool") is None:
        pytest.fail(MISSING, pytrace=False)
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    tool("softhsm2-util", "--init-token", "--free", "--label", "book token", "--pin", PIN, "--so-pin", "314159")
    login = ("pkcs11-tool", "--module", str(MODULE), "--login", "--pin", PIN, "--token-label", "book token")
    tool(*login, "--keypairgen", "--key-type", "EC:edwards25519", "--label", "signs", "--id", "01")
    tool(*login, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "other", "--id", "02")
    pin = folder / "pin"
    pin.write_text(f"{PIN}\n")
    pin.chmod(0o600)
    yield f"pkcs11:token=book%20token;object=signs?module-path={MODULE}&pin-source={pin}"
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def tool(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_signs_a_checkpoint_beside_a_key_of_the_file(token: str, tmp_path: Path) -> None:
    write_keys(tmp_path / "keys", [HardwareKey(ORIGIN, token), generate(ORIGIN, KeyType.ML_DSA_44)])
    assert PIN not in (tmp_path / "keys").read_text()
    both = read_keys(tmp_path / "keys")
    assert [key.type for key in both] == [KeyType.ED25519, KeyType.ML_DSA_44]
    note = sign_checkpoint(Checkpoint(ORIGIN, 7, bytes(32)), both, 1_790_000_000)
    opened = open_checkpoint(note.encode(), ORIGIN, [key.verifier for key in both])
    assert len(opened.verified) == 2


def test_the_pin_may_come_from_the_environment(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOK_PIN", PIN)
    key = HardwareKey(ORIGIN, f"{token.partition('&')[0]}&pin-source=env:BOOK_PIN")
    assert key.verifier == HardwareKey(ORIGIN, token).verifier
    monkeypatch.setenv("BOOK_PIN", "")
    with pytest.raises(NoteInvalid, match="no PIN"):
        key.sign("x\n", 0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("book%20token", "another", "NoSuchToken"),
        ("object=signs", "object=nobody", "NoSuchKey"),
        ("object=signs", "object=other", "no Ed25519 key"),
        (str(MODULE), "/nowhere.so", "hardware key"),
        ("pin-source=", "pin-source=/nowhere", "PIN can't be read"),
        ("pin-source=", "other=", "pin-source"),
        ("token=book%20token;", "", "token"),
        ("pkcs11:", "file:", "needs"),
    ],
)
def test_what_is_not_there_is_said(token: str, old: str, new: str, says: str) -> None:
    with pytest.raises(NoteInvalid, match=says):
        _ = HardwareKey(ORIGIN, token.replace(old, new)).verifier


def test_a_wrong_pin_and_one_that_others_may_read(token: str, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text("999999")
    pin.chmod(0o600)
    key = HardwareKey(ORIGIN, f"{token.partition('&')[0]}&pin-source={pin}")
    with pytest.raises(NoteInvalid, match="PinIncorrect") as refused:
        _ = key.verifier
    assert "999999" not in str(refused.value)
    pin.chmod(0o644)
    with pytest.raises(NoteInvalid, match="mode 0600"):
        _ = key.verifier


@pytest.mark.parametrize("line", ["HARDWARE+KEY+", "HARDWARE+KEY+name", "HARDWARE+KEY+name+nonsense", "nonsense"])
def test_a_line_that_is_none(line: str) -> None:
    with pytest.raises(NoteInvalid):
        HardwareKey.parse(line)


def test_a_book_is_rotated_to_a_module(token: str, tmp_path: Path) -> None:
    world = build_world(make_bank(settings_in(tmp_path)))
    publishing.publish(world.bank, now=NOW)
    old = [view.key_id for view in keys.every(world.bank)]
    keys.rotate(world.bank, now=NOW, hardware=token)
    for key_id in old:
        keys.retire(world.bank, key_id, now=NOW)
    assert publishing.publish(world.bank, now=NOW).size == world.size()
    key = HardwareKey(world.bank.settings.book, token).verifier
    note = publishing.checkpoint(world.bank).note
    assert open_checkpoint(note, world.bank.settings.book, [key]).checkpoint.size == world.size()
    assert audits.run_full(world.bank, now=NOW) == "sound"
    with pytest.raises(NoteInvalid):
        keys.rotate(world.bank, now=NOW, hardware=token.replace("object=signs", "object=nobody"))
    world.bank.engine.dispose()
