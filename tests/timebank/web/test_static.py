"""Files of others are served as they were published: each has its SHA-256 in the list beside them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import timebank

VENDOR = Path(timebank.__file__).parent / "web" / "static" / "vendor"


def test_what_is_vendored_is_what_was_published() -> None:
    listed = dict(
        re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.MULTILINE)
    )
    files = {str(path.relative_to(VENDOR)): path for path in VENDOR.rglob("*") if path.suffix in (".js", ".css")}
    assert set(listed) == set(files)
    for name, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == listed[name], name
