"""A new master key: begun beside the old one, then everything renewed in small commits, then the old one destroyed.

It may be killed at any point and is run again then. What it never does: destroy a key that something still needs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from timebank.settings import Settings, write_secret
from timebank.storage import renewing
from timebank.storage.scrubbing import scrub
from timebank.storage.unit import Bank

BATCH = 200


def begin(path: Path, fresh: bytes) -> bool:
    """Make `fresh` the master key in the file `path` and keep the one before in `path` + ".old" (both 0600).

    Gives False, and changes nothing, if that was done before. Each step leaves a key file that opens everything:
    the new file is complete and on disk before the old one gets its second name, and takes its place in one step.
    """
    new, old = path.with_name(path.name + ".new"), old_path(path)
    if old.exists() and not new.exists():
        return False
    if not old.exists():
        new.unlink(missing_ok=True)
        write_secret(new, fresh)
        os.link(path, old)
        _on_disk(path.parent)
    new.replace(path)
    _on_disk(path.parent)
    return True


def old_path(path: Path) -> Path:
    """Where the key before stands, while something may need it."""
    return path.with_name(path.name + ".old")


def renew(bank: Bank, *, say: Callable[[str], None], batch: int = BATCH) -> int:
    """Put all that the older key holds under the newest one, until a whole walk finds nothing more. Gives how many.

    Raises VaultError if a row opens under no key.
    """
    total = 0
    while changed := sum(_walk(bank, locked, batch, say) for locked in renewing.EVERY):
        total += changed
    scrub(bank)
    return total


def finish(settings: Settings) -> str:
    """Destroy the file of the older key, which nothing needs after `renew`. Gives what is left to do, in words."""
    path = settings.master_key_path
    if path is None:
        return "Take TIMEBANK_MASTER_KEY_OLD out of the environment and restart."
    old_path(path).unlink(missing_ok=True)
    _on_disk(path.parent)
    return "The file of the older key is gone; running processes forget it at their next restart."


def _walk(bank: Bank, locked: renewing.Locked, batch: int, say: Callable[[str], None]) -> int:
    changed, after = 0, None
    while True:
        after, more = renewing.renew(bank, locked, after, batch)
        changed += more
        if after is None:
            break
    if changed:
        say(f"{locked.name}: {changed}")
    return changed


def _on_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
