"""Settings: the demo makes what it needs, production refuses to start without its own."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from timebank.settings import SettingsError, database_url, load, write_secret

SECRET = base64.b64encode(b"k" * 32).decode()
SECRETS = ("TIMEBANK_SECRET_KEY", "TIMEBANK_MASTER_KEY", "TIMEBANK_INDEX_KEY")


def production(folder: Path, **environ: str) -> dict[str, str]:
    return {
        "TIMEBANK_ENVIRONMENT": "production",
        "TIMEBANK_INSTANCE": str(folder),
        "TIMEBANK_BOOK": "timebank.example/tests",
        **dict.fromkeys(SECRETS, SECRET),
        **environ,
    }


def test_the_demo_makes_secrets_that_only_the_owner_reads(tmp_path: Path) -> None:
    first = load({"TIMEBANK_INSTANCE": str(tmp_path)})
    keys = sorted((tmp_path / "keys").iterdir())
    assert [key.name for key in keys] == ["index.key", "master.key", "session.key"]
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert len({first.secret_key, first.master_key, first.index_key}) == 3
    again = load({"TIMEBANK_INSTANCE": str(tmp_path)})
    assert again.master_key == first.master_key
    assert (first.cookies_secure, first.totp_required, first.is_demo) == (False, False, True)


def test_a_secret_is_never_overwritten(tmp_path: Path) -> None:
    write_secret(tmp_path / "one.key", b"a" * 32)
    with pytest.raises(FileExistsError):
        write_secret(tmp_path / "one.key", b"b" * 32)
    assert (tmp_path / "one.key").read_bytes() == b"a" * 32


@pytest.mark.parametrize("missing", ["TIMEBANK_BOOK", *SECRETS])
def test_production_without_its_own_refuses_to_start_and_names_it(tmp_path: Path, missing: str) -> None:
    environ = production(tmp_path)
    del environ[missing]
    with pytest.raises(SettingsError, match=missing):
        load(environ)
    assert not (tmp_path / "keys").exists()


def test_production_is_closed_unless_it_is_opened(tmp_path: Path) -> None:
    settings = load(production(tmp_path))
    assert (settings.cookies_secure, settings.totp_required, settings.is_demo) == (True, True, False)
    assert settings.book_is_public is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEBANK_MASTER_KEY", base64.b64encode(b"short").decode()),
        ("TIMEBANK_MASTER_KEY", "not base64!"),
        ("TIMEBANK_MASTER_KEY", ""),
        ("TIMEBANK_ENVIRONMENT", "staging"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("PORT", "0"),
        ("TIMEBANK_TIMESTAMP_URL", "tsa.example/stamp"),
        ("TIMEBANK_TIMESTAMP_URL", "ftp://tsa.example"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name if name != "PORT" else "port"):
        load(production(tmp_path, **{name: value}))


def test_settings_never_print_secrets(tmp_path: Path) -> None:
    settings = load(production(tmp_path))
    assert "kkkk" not in f"{settings!r} {settings}"
    assert SECRET not in f"{settings!r} {settings}"


def test_the_database_is_embedded_or_named(tmp_path: Path) -> None:
    assert database_url({}, tmp_path) == f"sqlite:///{tmp_path / 'timebank.db'}"
    for url in ("postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"):
        assert database_url({"TIMEBANK_DATABASE_URL": url}, tmp_path) == "postgresql+psycopg://u@h/d"
