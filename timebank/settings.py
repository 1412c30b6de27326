"""Settings, read once from the environment and frozen. A secret that production lacks is a refusal to start."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

DEMO, PRODUCTION = "demo", "production"


class SettingsError(Exception):
    """A setting is missing or makes no sense. The text says which one and what to do."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """Where mail goes. Without a host, mail is written to `instance/mail/` as files (the local implementation)."""

    host: str
    port: int
    user: str
    password: str
    sender: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between installations. Secrets are bytes here and never printed."""

    environment: str
    book: str
    database_url: str
    instance: Path
    host: str
    port: int
    secret_key: bytes
    master_key: bytes
    index_key: bytes
    older_master_keys: tuple[bytes, ...]
    """At most one: it only opens, while a new master key takes its place (docs/keys.md)."""
    master_key_path: Path | None
    """The file of the master key; None if it came from the environment."""
    signing_key_path: Path
    """The secret keys that sign checkpoints. Only the process that signs has to be able to read this file."""
    verifier_keys_path: Path
    """Every verifier key that the book ever had, one a line: what an audit trusts."""
    key_passphrase: str
    signer_memory_path: Path
    witness_policy_path: Path
    """Who cosigns, in the lines of tlog-policy (`witness`, `group`, `quorum`). Without the file nobody is asked."""
    timestamp_url: str
    """An RFC 3161 authority that stamps a checkpoint each day; empty: none is asked."""
    timestamp_roots_path: Path
    """The certificates (PEM) under which the authority's has to be."""
    papers_key_path: Path
    """Signs the papers that are given out, such as a passbook as PDF; not the book."""
    timezone: str
    smtp: Smtp
    sms_command: str
    """A program that sends short messages: two parts on its standard input, the number in the first line, then the
    text. Empty: they are kept as files under `instance/sms/` (the local implementation)."""
    alert_address: str
    proxies: int
    cookies_secure: bool
    totp_required: bool
    book_is_public: bool
    webhooks_private: bool
    """Webhooks may also tell addresses inside this network, and without TLS: for receivers of one's own."""

    @property
    def is_demo(self) -> bool:
        return self.environment == DEMO

    def __repr__(self) -> str:
        return f"Settings(environment={self.environment!r}, book={self.book!r})"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the environment. Raises SettingsError, naming the variable, if production lacks one."""
    environment = environ.get("TIMEBANK_ENVIRONMENT", DEMO)
    if environment not in (DEMO, PRODUCTION):
        raise SettingsError(f"TIMEBANK_ENVIRONMENT is {environment!r}: use 'demo' or 'production'")
    demo = environment == DEMO
    instance = Path(environ.get("TIMEBANK_INSTANCE", "instance")).resolve()
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = instance / "keys"
    return Settings(
        environment=environment,
        book=environ.get("TIMEBANK_BOOK", "timebank.example/lunan") if demo else _required(environ, "TIMEBANK_BOOK"),
        database_url=database_url(environ, instance),
        instance=instance,
        host=environ.get("HOST", "127.0.0.1"),
        port=_port(environ.get("PORT", "8000")),
        secret_key=_secret(environ, "TIMEBANK_SECRET_KEY", keys / "session.key", demo),
        master_key=_secret(environ, "TIMEBANK_MASTER_KEY", keys / "master.key", demo),
        index_key=_secret(environ, "TIMEBANK_INDEX_KEY", keys / "index.key", demo),
        older_master_keys=_older_keys(environ, keys / "master.key.old"),
        master_key_path=None if "TIMEBANK_MASTER_KEY" in environ else keys / "master.key",
        signing_key_path=Path(environ.get("TIMEBANK_SIGNING_KEY", keys / "book.key")),
        verifier_keys_path=Path(environ.get("TIMEBANK_VERIFIER_KEYS", keys / "book.vkeys")),
        key_passphrase=environ.get("TIMEBANK_KEY_PASSPHRASE", ""),
        signer_memory_path=Path(environ.get("TIMEBANK_SIGNER_MEMORY", instance / "signer.json")),
        witness_policy_path=Path(environ.get("TIMEBANK_WITNESSES", instance / "witnesses.policy")),
        timestamp_url=_address(environ, "TIMEBANK_TIMESTAMP_URL"),
        timestamp_roots_path=Path(environ.get("TIMEBANK_TIMESTAMP_ROOTS", keys / "timestamp-roots.pem")),
        papers_key_path=Path(environ.get("TIMEBANK_PAPERS_KEY", keys / "papers.key")),
        timezone=environ.get("TIMEBANK_TIMEZONE", "Asia/Shanghai"),
        smtp=Smtp(
            host=environ.get("TIMEBANK_SMTP_HOST", ""),
            port=_port(environ.get("TIMEBANK_SMTP_PORT", "587")),
            user=environ.get("TIMEBANK_SMTP_USER", ""),
            password=environ.get("TIMEBANK_SMTP_PASSWORD", ""),
            sender=environ.get("TIMEBANK_SMTP_SENDER", "timebank@localhost"),
        ),
        sms_command=environ.get("TIMEBANK_SMS_COMMAND", ""),
        alert_address=environ.get("TIMEBANK_ALERT_ADDRESS", "auditor@localhost"),
        proxies=int(environ.get("TIMEBANK_PROXIES", "0")),
        cookies_secure=environ.get("TIMEBANK_COOKIES_SECURE", "no" if demo else "yes") == "yes",
        totp_required=environ.get("TIMEBANK_TOTP_REQUIRED", "no" if demo else "yes") == "yes",
        book_is_public=environ.get("TIMEBANK_BOOK_IS_PUBLIC", "no") == "yes",
        webhooks_private=environ.get("TIMEBANK_WEBHOOKS_PRIVATE", "no") == "yes",
    )


def database_url(environ: Mapping[str, str], instance: Path) -> str:
    """The database: embedded SQLite in the instance folder, or the PostgreSQL named. The driver is always psycopg 3."""
    url = environ.get("TIMEBANK_DATABASE_URL") or f"sqlite:///{instance / 'timebank.db'}"
    for bare in ("postgres://", "postgresql://"):
        if url.startswith(bare):
            return "postgresql+psycopg://" + url.removeprefix(bare)
    return url


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name)
    if not value:
        raise SettingsError(f"{name} is not set: production needs it (docs/operators.md)")
    return value


def _address(environ: Mapping[str, str], name: str) -> str:
    """An address of http or https; nothing if there is none."""
    url = environ.get(name, "")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise SettingsError(f"{name} is {url!r}: an address that begins with http:// or https:// is needed")
    return url


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsError(f"{text!r} is no port: use a number from 1 to 65535")
    return int(text)


def _older_keys(environ: Mapping[str, str], path: Path) -> tuple[bytes, ...]:
    name = "TIMEBANK_MASTER_KEY_OLD"
    if name not in environ and ("TIMEBANK_MASTER_KEY" in environ or not path.exists()):
        return ()
    return (_secret(environ, name, path, may_make=False),)


def _secret(environ: Mapping[str, str], name: str, path: Path, may_make: bool) -> bytes:
    """32 bytes from the variable (base64) or the file; made there, readable by the owner alone, in the demo only."""
    if name in environ:
        try:
            secret = base64.b64decode(environ[name], validate=True)
        except ValueError as error:
            raise SettingsError(f"{name} is not base64: 32 bytes in base64 are needed") from error
    elif path.exists():
        secret = path.read_bytes()
    elif may_make:
        secret = os.urandom(32)
        write_secret(path, secret)
    else:
        raise SettingsError(f"{name} is not set and {path.name} does not exist: production makes no secrets by itself")
    if len(secret) != 32:
        raise SettingsError(f"{name}: 32 bytes are needed, {len(secret)} were found")
    return secret


def write_secret(path: Path, secret: bytes) -> None:
    """Write a new file that only its owner can read; an existing one is never overwritten."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
