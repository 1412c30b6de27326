"""The demo's three witnesses: processes of their own with their own keys and memories, as others would run them.

In earnest they belong to other bodies on other machines; here they show what cosigned checkpoints look like.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ledger.keyfiles import read_keys, write_keys
from ledger.notes import KeyType, generate
from timebank.settings import Settings

NAMES = ("street-centre", "county-archive", "university")
FIRST_PORT = 101
"""So far above the service's own port."""
_MARK = "# Made for the demo: three witnesses on this machine. Replace it by those of other bodies.\n"


def prepare(settings: Settings) -> None:
    """Make the witnesses' keys, and the policy that names them, unless the operator wrote one."""
    policy = settings.witness_policy_path
    if policy.exists() and not policy.read_text(encoding="utf-8").startswith(_MARK):
        return
    folder = _folder(settings)
    folder.mkdir(mode=0o700, exist_ok=True)
    lines, groups = [], []
    for name in NAMES:
        path = folder / f"{name}.key"
        if not path.exists():
            kinds = (KeyType.COSIGNATURE, KeyType.ML_DSA_44)
            write_keys(path, [generate(f"witness.example/{name}", kind) for kind in kinds])
        plain, quantum = (key.verifier.encode() for key in read_keys(path))
        url = f"http://127.0.0.1:{_port(settings, name)}"
        lines += [f"witness {name} {plain} {url}", f"witness {name}-pq {quantum} {url}"]
        lines.append(f"group {name}-both all {name} {name}-pq")
        groups.append(f"{name}-both")
    lines += [f"group two-of-three 2 {' '.join(groups)}", "quorum two-of-three"]
    policy.write_text(_MARK + "\n".join(lines) + "\n", encoding="utf-8")


def commands(settings: Settings) -> list[list[str]]:
    """How each witness is started; none where the operator named other witnesses."""
    policy = settings.witness_policy_path
    if not policy.exists() or not policy.read_text(encoding="utf-8").startswith(_MARK):
        return []
    folder = _folder(settings)
    logs = folder / "logs"
    keys = settings.verifier_keys_path.read_text(encoding="utf-8").splitlines()
    logs.write_text("".join(f"log {key}\n" for key in keys), encoding="utf-8")
    return [
        [
            sys.executable, "-m", "ledger", "witness", "serve", "--keys", str(folder / f"{name}.key"),
            "--logs", str(logs), "--db", str(folder / f"{name}.db"), "--port", str(_port(settings, name)),
        ]
        for name in NAMES
    ]  # fmt: skip


def _folder(settings: Settings) -> Path:
    return settings.instance / "witnesses"


def _port(settings: Settings, name: str) -> int:
    """Within the range of ports, wherever the service's own is."""
    port = settings.port + FIRST_PORT + NAMES.index(name)
    return port if port < 65536 else port - 1000
