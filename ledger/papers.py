"""Papers: a PDF, the detached note that its giver signed over it, and the receipts that are attached to it.

The paper's key is not the book's. It vouches for a printout; what the printout says of entries is proven by its
receipts. The reasons are those of the page that checks papers in a browser.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ledger.checking import MOST_BYTES
from ledger.errors import FormatError, NoteInvalid
from ledger.notes import VerifierKey, parse_note, verify_note
from ledger.receipts import FIRST_LINE

PDF, ZIP = b"%PDF-", b"PK\x03\x04"
ENDING = ".sig"
"""Beside `passbook.pdf` stands `passbook.pdf.sig`."""
_EMBEDDED = re.compile(
    rb"\d+ \d+ obj\s*<<((?:(?!endobj|>>\s*stream).)*?/EmbeddedFile\b(?:(?!endobj|>>\s*stream).)*)>>\s*stream\r?\n", re.S
)
_LENGTH = re.compile(rb"/Length (\d+)\b(?! \d+ R)")
_SAID = re.compile(r"(.+)\nsha256 ([A-Za-z0-9+/]{43}=)\n")


class PaperReason(StrEnum):
    """Why a paper is not its giver's, in the order in which it is asked; or that it is."""

    PROVEN = "proven"
    NO_SIGNATURE_FILE = "no-signature-file"
    UNREADABLE = "unreadable"
    NOT_SIGNED = "not-signed"
    FALSE_SIGNATURE = "false-signature"
    OTHER_PAPER = "other-paper"


@dataclass(frozen=True, slots=True)
class PaperJudgement:
    """Whether the giver signed this very file. `why` is for people, in English."""

    name: str
    reason: PaperReason
    why: str
    key: VerifierKey

    @property
    def is_proven(self) -> bool:
        return self.reason is PaperReason.PROVEN

    def as_document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "paper": self.name,
            "verdict": "proven" if self.is_proven else "not proven",
            "reason": str(self.reason),
            "why": self.why,
            "key": {"name": self.key.name, "key_id": self.key.key_id.hex()},
        }


def judge_paper(name: str, paper: bytes, signature: bytes | None, key: VerifierKey) -> PaperJudgement:
    """Whether `signature`, a note of two lines, was made with this key over exactly these bytes. Raises nothing."""

    def refused(reason: PaperReason, why: str) -> PaperJudgement:
        return PaperJudgement(name, reason, why, key)

    if signature is None:
        return refused(PaperReason.NO_SIGNATURE_FILE, f"there is no {name}{ENDING} beside it")
    try:
        note = parse_note(signature.decode())
    except (NoteInvalid, UnicodeError) as error:
        return refused(PaperReason.UNREADABLE, str(error))
    if (key.name, key.key_id) not in {(line.name, line.key_id) for line in note.signatures}:
        return refused(PaperReason.NOT_SIGNED, f"{key.name} did not sign it")
    try:
        verify_note(note, [key])
    except NoteInvalid as error:
        return refused(PaperReason.FALSE_SIGNATURE, str(error))
    said = _SAID.fullmatch(note.text)
    if said is None or said[1] != key.name:
        return refused(PaperReason.OTHER_PAPER, "the note names no paper of this giver")
    if said[2] != base64.b64encode(hashlib.sha256(paper).digest()).decode():
        return refused(PaperReason.OTHER_PAPER, "the SHA-256 differs: it is another file, or was changed")
    return refused(PaperReason.PROVEN, "")


def attached_receipts(paper: bytes) -> Iterator[bytes]:
    """The files of receipts that a PDF carries, as the time bank writes them."""
    for found in _EMBEDDED.finditer(paper):
        length = _LENGTH.search(found[1])
        stop = found.end() + int(length[1]) if length else paper.find(b"endstream", found.end())
        content = paper[found.end() : stop]
        if b"/FlateDecode" in found[1]:
            content = _inflated(content)
        if content.startswith(FIRST_LINE.encode()):
            yield content


def unpacked(raw: bytes) -> dict[str, bytes]:
    """The files in a .zip by their names. Raises FormatError if it can't be read or holds too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
                raise FormatError("zip", "it holds too much")
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise FormatError("zip", str(error)) from error


def _inflated(packed: bytes) -> bytes:
    """Empty where it is damaged or too long."""
    inflating = zlib.decompressobj()
    try:
        content = inflating.decompress(packed, MOST_BYTES)
    except zlib.error:
        return b""
    return content if inflating.eof else b""
