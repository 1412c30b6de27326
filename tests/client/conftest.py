"""A county before real gunicorn workers, and the client that openapi-python-client makes from what they describe."""

from __future__ import annotations

import importlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.gunicorn import serving
from tests.timebank.world import World, build_world, make_bank, settings_in
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
    with serving(county.bank.settings.instance) as address:
        yield address


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
