"""Go's golang.org/x/mod (sumdb/note, sumdb/tlog) as a verifier of our log: built from Debian's sources, no network."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "go" / "main.go"
GOCODE = Path("/usr/share/gocode")
MISSING = "Go is missing; install it, e.g. with: apt-get install golang-go golang-golang-x-mod-dev"


def built(folder: Path) -> Path:
    """The tool. A test that needs it fails where Go or its libraries are missing."""
    go = shutil.which("go")
    if go is None or not (GOCODE / "src" / "golang.org" / "x" / "mod").exists():
        pytest.fail(MISSING, pytrace=False)
    tool = folder / "check"
    environment = {
        **os.environ, "GO111MODULE": "off", "GOPATH": str(GOCODE), "GOFLAGS": "", "GOCACHE": str(folder / "cache"),
        "HOME": str(folder),
    }  # fmt: skip
    done = subprocess.run([go, "build", "-o", tool, SOURCE], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return tool


def judges(tool: Path, url: str, key: str, *sizes: int) -> subprocess.CompletedProcess[str]:
    """What it says of the log at this address: exit status 0 if all is proven."""
    command = [tool, url, key, *map(str, sizes)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
