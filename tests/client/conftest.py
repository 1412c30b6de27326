"""A county before real gunicorn workers, and the client that openapi-python-client makes from what they describe."""

from __future__ import annotations

import importlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.request import urlopen

import pytest

from tests.timebank.world import World, build_world, make_bank, settings_in
from timebank.commands import GUNICORN
from timebank.services import tokens

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "generated_timebank_client"


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A county that commits; its days are in the past."""
    bank = make_bank(settings_in(tmp_path_factory.mktemp("served")))
    yield build_world(bank)
    bank.engine.dispose()


@pytest.fixture(scope="session")
def address(county: World) -> Iterator[str]:
    """Where the county is served."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", *GUNICORN, "--bind", f"127.0.0.1:{port}", "wsgi"]
    environment = {**os.environ, "TIMEBANK_INSTANCE": str(county.bank.settings.instance)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        _wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(timeout=30)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            with urlopen(f"{address}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
        assert process.poll() is None, "gunicorn ended"
    pytest.fail("gunicorn does not answer", pytrace=False)


@dataclass(frozen=True)
class Client:
    """The generated package, and calls in somebody's name."""

    package: ModuleType
    address: str
    opened: list[Any] = field(default_factory=list)

    def acting(self, county: World, who: str, *scopes: str) -> Acting:
        """A system that acts for somebody of the staff."""
        _, secret = tokens.make(
            county.bank, county.staff["admin"], name="mini-program", owner_id=county.staff[who].person_id,
            scopes=scopes, days=1, now=datetime.now(UTC),
        )  # fmt: skip
        made = self.package.AuthenticatedClient(base_url=self.address, token=secret)
        self.opened.append(made.get_httpx_client())
        return Acting(self.package, made)


@dataclass(frozen=True)
class Acting:
    """Who calls: each function and each model of the client by its generated name."""

    package: ModuleType
    client: Any

    def __call__(self, name: str, *path: Any, body: tuple[str, dict[str, Any]] | None = None, key: str = "") -> Any:
        """Call `noun.function`; `body`: the model's name and its JSON. Gives the parsed model; a refusal fails."""
        answer = self.answer(name, *path, body=body, key=key)
        assert answer.status_code < 300, (name, answer.content)
        return answer.parsed

    def answer(self, name: str, *path: Any, body: tuple[str, dict[str, Any]] | None = None, key: str = "") -> Any:
        """The same with the status, whatever it is."""
        noun, _, function = name.partition(".")
        module = importlib.import_module(f"{PACKAGE}.api.{noun}.{function}")
        more: dict[str, Any] = {}
        if function.startswith("post_"):
            more["idempotency_key"] = key or secrets.token_hex(8)
        if body is not None:
            models = importlib.import_module(f"{PACKAGE}.models")
            more["body"] = getattr(models, body[0]).from_dict(body[1])
        return module.sync_detailed(*path, client=self.client, **more)


@pytest.fixture(scope="session")
def client(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Generated from what the live server describes, so that it can't be out of date."""
    folder = tmp_path_factory.mktemp("client")
    # The generator formats with ruff, which stands beside this interpreter.
    beside = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--url", f"{address}/api/openapi.json",
         "--meta", "none", "--output-path", str(folder / PACKAGE), "--fail-on-warning"],
        cwd=folder, env=beside, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    made = Client(importlib.import_module(PACKAGE), address)
    yield made
    for one in made.opened:
        one.close()
    sys.path.remove(str(folder))
