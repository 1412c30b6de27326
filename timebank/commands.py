"""Commands for operators: set-up, serving, keys, messages. `python -m timebank --help` lists them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from ledger import LedgerError
from timebank import __version__
from timebank.bootstrap import build_bank
from timebank.domain.catalogue import seed_services
from timebank.domain.errors import TimebankError
from timebank.domain.roles import Actor, Role, RoleName
from timebank.founding import found_network
from timebank.services import Bank, beginning, catalogue, keys, master_key, papers, sessions, succession
from timebank.settings import Settings, SettingsError, load
from timebank.storage import schema
from timebank.storage.vault import VaultError

REPOSITORY = Path(__file__).resolve().parents[1]
GUNICORN = (
    "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "60", "--graceful-timeout", "10",
    "--max-requests", "2000", "--max-requests-jitter", "200", "--no-control-socket", "--log-level", "warning",
)  # fmt: skip


@click.group()
def main() -> None:
    """The time bank: set-up and service."""


def _settings() -> Settings:
    try:
        return load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def prepare(settings: Settings) -> None:
    """Migrations, signing keys, and the demo network if the database is empty. Safe to repeat."""
    bank = build_bank(settings, pool_size=1)
    try:
        schema.upgrade(bank.engine)
        keys.make_first(bank)
        papers.make_key(bank)
        if settings.is_demo:
            from timebank.demo import load_demo, neighbours

            neighbours.prepare(settings)
            load_demo(bank, say=click.echo)
    finally:
        bank.engine.dispose()


@main.command()
def setup() -> None:
    """Make the database, the keys and, in the demo, the network."""
    prepare(_settings())
    click.echo("ready")


@main.command()
def serve() -> None:
    """Set up, then run the web server and the scheduler until Ctrl-C."""
    settings = _settings()
    prepare(settings)
    metrics = settings.instance / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(mode=0o700)
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
    binary = [sys.executable, "-m"]
    bind = ["--bind", f"{settings.host}:{settings.port}", "--config", "python:timebank.serving"]
    children = [
        subprocess.Popen([*binary, "gunicorn", *GUNICORN, *bind, "wsgi"], cwd=REPOSITORY, env=environment),  # noqa: S603 - our own words
        subprocess.Popen([*binary, "timebank.scheduler"], cwd=REPOSITORY),  # noqa: S603 - our own words
    ]
    _greet(settings)
    raise SystemExit(_wait(children, _start_witnesses(settings)))


def _start_witnesses(settings: Settings) -> list[subprocess.Popen[bytes]]:
    """The demo's witnesses. The service goes on without them, as it does without anybody's."""
    if not settings.is_demo:
        return []
    from timebank.demo import neighbours

    return [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
        for command in neighbours.commands(settings)
    ]


def _greet(settings: Settings) -> None:
    click.echo(f"\nTime bank at http://{settings.host}:{settings.port}/   (Ctrl-C stops it)")
    if settings.is_demo:
        from timebank.demo import LOGINS, PASSWORD

        click.echo(f"\nDemo logins, all with the password {PASSWORD}")
        for name, who in LOGINS:
            click.echo(f"  {name:<14}{who}")
    click.echo("")


def _wait(children: list[subprocess.Popen[bytes]], others: list[subprocess.Popen[bytes]]) -> int:
    """Wait for Ctrl-C or a child's end; then stop all of them, and the others too. The exit code is the failed child's,
    else 0."""
    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    while not asked and all(child.poll() is None for child in children):
        time.sleep(0.2)
    failed = next((child.returncode for child in children if child.returncode), 0)
    everybody = [*children, *others]
    for child in everybody:
        if child.poll() is None:
            child.terminate()
    for child in everybody:
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
    return 0 if asked else failed


@main.command()
@click.option("--network", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--name", prompt="Full name of the first administrator")
@click.option("--phone", prompt="Phone of the first administrator")
@click.option("--login", prompt="User name of the first administrator")
@click.password_option(prompt="Password of the first administrator")
@click.option(
    "--station-signatures",
    is_flag=True,
    help="Nothing shall ever be verified in this book without the signature of a station's own key.",
)
def begin(network: Path, name: str, phone: str, login: str, password: str, station_signatures: bool) -> None:
    """Begin a book: genesis, the county's network from a file, the catalogue, the first administrator."""
    settings = _settings()
    bank = build_bank(settings, pool_size=1)
    now = datetime.now(UTC)
    try:
        sessions.require_strong(password)
        with bank.together() as one:
            beginning.begin(one, software=f"timebank {__version__}", now=now, signed_only=station_signatures)
            found_network(one, json.loads(network.read_text(encoding="utf-8")), now=now)
            county = Actor(settings.book, beginning.FOUNDER, frozenset({Role(RoleName.COUNTY)}), "seed")
            for service in seed_services():
                catalogue.add(one, county, service)
            beginning.first_administrator(one, name=name, phone=phone, login=login, password=password, now=now)
    except (TimebankError, LedgerError, KeyError, ValueError) as error:
        raise click.ClickException(f"nothing was made: {error}") from error
    finally:
        bank.engine.dispose()
    click.echo(
        "The book has begun. The administrator signs in, sets up an authenticator and appoints the county centre."
    )


@main.command(name="hand-over")
@click.argument("path", type=click.Path(path_type=Path))
def hand_over(path: Path) -> None:
    """Write all that a successor needs into a new folder: the book, the rows, the keys' public halves."""
    _with_folder(lambda bank: succession.hand_over(bank, path, now=datetime.now(UTC)))


@main.command(name="take-over")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
def take_over(path: Path) -> None:
    """Verify what was handed over and go on with it in this empty installation."""
    _with_folder(lambda bank: succession.take_over(bank, path))


@main.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--last-signed",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The last checkpoint that anybody has of the old origin: from a witness, a monitor or a receipt.",
)
@click.confirmation_option(prompt="The old origin ends for ever. Was everything newer than this copy really lost?")
def reopen(path: Path, last_signed: Path) -> None:
    """Go on under a new origin (TIMEBANK_BOOK) after a backup had to be restored that is behind what was signed."""
    note = last_signed.read_text(encoding="utf-8")
    _with_folder(lambda bank: succession.reopen(bank, path, note, now=datetime.now(UTC)))


def _with_folder(work: Callable[[Bank], succession.HandedOver]) -> None:
    bank = build_bank(_settings(), pool_size=2)
    try:
        schema.upgrade(bank.engine)
        done = work(bank)
    except (TimebankError, LedgerError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        bank.engine.dispose()
    click.echo(f"{done.book}: {done.entries} entries, {done.rows} rows, verified")


@main.group(name="keys")
def keys_group() -> None:
    """The keys that sign the book (docs/keys.md says when to do what)."""


@keys_group.command(name="list")
def list_keys() -> None:
    """Every key that the book ever named."""
    _with_keys(lambda bank, now: keys.every(bank))


@keys_group.command(name="rotate")
@click.option("--hardware", default="", help="PKCS#11 URI of an Ed25519 key in a module (docs/keys.md).")
def rotate_keys(hardware: str) -> None:
    """Make a new pair, which signs beside the old one from now on."""
    _with_keys(lambda bank, now: keys.rotate(bank, now=now, hardware=hardware))


@keys_group.command(name="retire")
@click.argument("key_id")
def retire_key(key_id: str) -> None:
    """Retire a key: nothing that it signs from now on counts."""
    _with_keys(lambda bank, now: keys.retire(bank, key_id, now=now))


@keys_group.command(name="lost")
@click.confirmation_option(prompt="The secret keys are gone, and every verifier will be told of the new ones?")
def lost_keys() -> None:
    """The key file is lost: a new pair, and all earlier keys retired."""
    _with_keys(lambda bank, now: keys.replace_lost(bank, now=now))


def _with_keys(work: Callable[[Bank, datetime], tuple[keys.KeyView, ...]]) -> None:
    """Do it, and print what keys there are then."""
    bank = build_bank(_settings(), pool_size=1)
    try:
        views = work(bank, datetime.now(UTC))
    except (TimebankError, LedgerError, OSError) as error:
        raise click.ClickException(f"nothing was changed: {error}") from error
    finally:
        bank.engine.dispose()
    for one in views:
        state = "signs" if one.signs else "known"
        if one.retired_seq is not None:
            state = f"retired by entry {one.retired_seq}"
        click.echo(f"{one.key_id}  {one.kind:<10}  since entry {one.added_seq}, {state}\n{one.text}")


@main.command(name="rotate-master-key")
@click.option("--restarted", is_flag=True, help="All processes were restarted since the new key was made.")
def rotate_master_key(restarted: bool) -> None:
    """A new master key in two steps, with a restart between them (docs/keys.md). Run a step again if it was cut off."""
    settings = _settings()
    try:
        if restarted:
            _renew_under(settings)
        else:
            _begin_master_key(settings)
    except (SettingsError, TimebankError, VaultError, OSError) as error:
        raise click.ClickException(f"the older key is kept: {error}") from error


def _begin_master_key(settings: Settings) -> None:
    path = settings.master_key_path
    if path is None:
        raise click.ClickException(
            "nothing was changed: the master key comes from TIMEBANK_MASTER_KEY. Put its value into"
            " TIMEBANK_MASTER_KEY_OLD and 32 new random bytes, base64, into TIMEBANK_MASTER_KEY;"
            " restart every process, then run this with --restarted"
        )
    made = master_key.begin(path, os.urandom(32))
    click.echo("The new master key is made." if made else "The new master key was made before.")
    click.echo("Restart every web and scheduler process now, then run this with --restarted.")


def _renew_under(settings: Settings) -> None:
    if not settings.older_master_keys:
        raise click.ClickException("nothing was changed: there is no older master key")
    bank = build_bank(settings, pool_size=1)
    try:
        total = master_key.renew(bank, say=click.echo)
    finally:
        bank.engine.dispose()
    click.echo(f"Renewed: {total}. Everything opens under the new master key alone.")
    click.echo(master_key.finish(settings))


@main.command()
def messages() -> None:
    """Collect the texts of code and templates, merge the Chinese parts, compile both catalogues."""
    from timebank.catalogues import build

    missing = build(REPOSITORY / "timebank")
    for text in missing:
        click.echo(f"not translated: {text}", err=True)
    raise SystemExit(1 if missing else 0)
