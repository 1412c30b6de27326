"""The signed checkpoint that others computed from known seeds: keys, note, cosignature, byte by byte."""

from __future__ import annotations

import hashlib

from ledger.checkpoints import Checkpoint, open_checkpoint
from ledger.notes import KeyType, Note, SigningKey

LOG = SigningKey("timebank.example/ledger", KeyType.ED25519, hashlib.sha256(b"log").digest())
WITNESS = SigningKey("witness.example/w1", KeyType.COSIGNATURE, hashlib.sha256(b"w1").digest())
SECONDS = 1_790_000_000
NOTE = """timebank.example/ledger
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

\N{EM DASH} timebank.example/ledger u9YMN8O8naRxTDEe085y3N/uFF8dolYjBPDggQRJGmWpuufdLlSWSR8KLZqjeS81VJFqf8VGo34WebYgXMy0/Uv1bQo=
\N{EM DASH} witness.example/w1 7Yw31gAAAABqsTuA3wA0FEZziXj1OuW6lvEeqAZmGOEOY9NoyWEl7SYM/sx5jzvD3rUApPPOhk3spxXFX7kG4vgTFlwWb7jYSYjkAg==
"""  # noqa: E501


def test_the_keys_are_those_of_the_seeds() -> None:
    assert LOG.verifier.encode() == "timebank.example/ledger+bbd60c37+AZsfhHkc/HZjBFhU04netcqVRJ2HXydqg4QLBgqznPxx"
    assert WITNESS.verifier.encode() == "witness.example/w1+ed8c37d6+BLDvac9mmAMfo6UM3ZhuGEswRR4MUnSlB9TyBI0y+MK1"


def test_we_sign_the_same_bytes_and_accept_them() -> None:
    opened = open_checkpoint(NOTE, LOG.name, [LOG.verifier, WITNESS.verifier])
    assert opened.checkpoint.size == 8
    assert [(proof.key.name, proof.seconds) for proof in opened.verified] == [(LOG.name, None), (WITNESS.name, SECONDS)]
    text = Checkpoint(LOG.name, 8, opened.checkpoint.root).encode()
    assert Note(text, (LOG.sign(text, SECONDS), WITNESS.sign(text, SECONDS))).encode() == NOTE
