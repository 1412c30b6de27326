"""Commands for operators: set-up, serving, keys, messages. `python -m timebank --help` lists them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click

from ledger.notes import KeyType, generate, write_keys
from timebank.bootstrap import build_bank
from timebank.settings import Settings, SettingsError, load
from timebank.storage import schema

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
        if not settings.signing_key_path.exists():
            kinds = (KeyType.ED25519, KeyType.ML_DSA_44)
            write_keys(settings.signing_key_path, [generate(settings.book, kind) for kind in kinds])
        if settings.is_demo:
            from timebank.demo import load_demo

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
    raise SystemExit(_wait(children))


def _greet(settings: Settings) -> None:
    click.echo(f"\nTime bank at http://{settings.host}:{settings.port}/   (Ctrl-C stops it)")
    if settings.is_demo:
        from timebank.demo import LOGINS, PASSWORD

        click.echo(f"\nDemo logins, all with the password {PASSWORD}")
        for name, who in LOGINS:
            click.echo(f"  {name:<14}{who}")
    click.echo("")


def _wait(children: list[subprocess.Popen[bytes]]) -> int:
    """Wait for Ctrl-C or a child's end; then stop all of them. The exit code is the failed child's, else 0."""
    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    while not asked and all(child.poll() is None for child in children):
        time.sleep(0.2)
    failed = next((child.returncode for child in children if child.returncode), 0)
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
    return 0 if asked else failed


@main.command()
def messages() -> None:
    """Collect the texts of code and templates, merge the Chinese parts, compile both catalogues."""
    from timebank.catalogues import build

    missing = build(REPOSITORY / "timebank")
    for text in missing:
        click.echo(f"not translated: {text}", err=True)
    raise SystemExit(1 if missing else 0)
