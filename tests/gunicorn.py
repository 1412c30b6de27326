"""The service before real gunicorn workers, as `make run` starts them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from timebank.commands import GUNICORN

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def serving(instance: Path) -> Iterator[str]:
    """Serve the installation in this folder on a free port; gives its address once it answers."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", *GUNICORN, "--bind", f"127.0.0.1:{port}", "wsgi"]
    environment = {**os.environ, "TIMEBANK_INSTANCE": str(instance)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, process)
        yield address
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
