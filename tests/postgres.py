"""A throw-away PostgreSQL cluster for tests, from the system's programs, on a unix socket only.

PostgreSQL refuses to run as root, so there its programs run as the user `postgres`. The workers of one test run share
one cluster; each test gets a database of its own.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock

USER = "postgres"
MISSING = "PostgreSQL 15 or newer is missing; install it, e.g. with: apt-get install postgresql"
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_COMMON = ("listen_addresses=", "max_connections=120", "shared_buffers=64MB", "lock_timeout=60s")
_numbers = itertools.count()


def programs() -> Path:
    """The folder of `initdb` and `pg_ctl`. Fails the test with one line if there is none."""
    folders = [Path(os.environ[name]) for name in ("POSTGRES_BIN",) if name in os.environ]
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(versions, key=lambda folder: float(folder.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    folders += [Path(on_path).parent] if on_path else []
    for folder in folders:
        if (folder / "initdb").exists() and _major(folder) >= 15:
            return folder
    pytest.fail(MISSING, pytrace=False)


def _major(folder: Path) -> int:
    text = subprocess.run([folder / "initdb", "--version"], check=True, capture_output=True, text=True).stdout
    return int(text.split(")")[1].split(".")[0].split()[0])


class Cluster:
    """A cluster in a folder of its own. With `durable`, fsync is on and an acknowledged commit is on disk."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder
        self._durable = durable

    def start(self) -> None:
        """Make the cluster, if the folder is still empty, and start it."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER, USER)
        if not (self.folder / "data").exists():
            self._run("initdb", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        settings = _COMMON if self._durable else _COMMON + _FAST
        options = " ".join([f"-k {self.folder}", *(f"-c {setting}" for setting in settings)])
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; mode "immediate" is a crash."""
        self._run("pg_ctl", "-m", mode, "-w", "stop")

    def remove(self) -> None:
        """Stop the server and delete its files."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def new_database(self, template: str = "template1") -> str:
        """A fresh database; returns its URL for SQLAlchemy."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        with self.admin() as connection:
            connection.execute(f'create database "{name}" template "{template}"'.encode())
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database, also while somebody is still connected."""
        name = url.split("/")[3].split("?")[0]
        with self.admin() as connection:
            connection.execute(f'drop database if exists "{name}" with (force)'.encode())

    def url(self, database: str, *, user: str = USER, host: Path | None = None) -> str:
        """The URL of a database, e.g. as another role or through a proxy's socket."""
        return f"postgresql+psycopg://{user}@/{database}?host={host or self.folder}"

    def admin(self) -> psycopg.Connection:
        """A connection as superuser, in autocommit."""
        return psycopg.connect(f"host={self.folder} user={USER} dbname=postgres", autocommit=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(programs() / program), "-D", str(self.folder / "data"), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", USER, "--", *command]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/")
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A cluster of one's own for the length of a block."""
    made = Cluster(Path(tempfile.mkdtemp(prefix="tbpg-")), durable=durable)
    made.start()
    try:
        yield made
    finally:
        made.remove()


@contextmanager
def shared_cluster(folder: Path) -> Iterator[Cluster]:
    """The one cluster of all workers of a test run: the first starts it, the last removes it."""
    place, users, lock = folder / "postgres.txt", folder / "postgres.users", FileLock(folder / "postgres.lock")
    with lock:
        if not place.exists():
            Cluster(Path(made := tempfile.mkdtemp(prefix="tbpg-"))).start()
            place.write_text(made)
        users.write_text(str(int(users.read_text()) + 1 if users.exists() else 1))
    made_cluster = Cluster(Path(place.read_text()))
    try:
        yield made_cluster
    finally:
        with lock:
            left = int(users.read_text()) - 1
            users.write_text(str(left))
            if not left:
                place.unlink()
                made_cluster.remove()


@pytest.fixture(scope="session")
def postgres_cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster that all tests share. Its commits are not durable: that makes the tests fast."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if hasattr(request.config, "workerinput") else base
    with shared_cluster(folder) as shared:
        yield shared


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """The URL of a fresh, empty database."""
    url = postgres_cluster.new_database()
    yield url
    postgres_cluster.drop_database(url)
