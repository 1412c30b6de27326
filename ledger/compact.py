"""A receipt small enough for paper: one or two QR codes that a phone reads, without the post-quantum signatures.

The format is fixed in docs/receipts.md. Nothing here is trusted: what is read becomes a receipt again, and is judged as
any other. The text is base32, so that spaces and line ends that crept in do no harm.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Iterable

from ledger.checkpoints import Checkpoint
from ledger.errors import ProofInvalid
from ledger.merkle import HASH_BYTES
from ledger.notes import Note, Signature, parse_note
from ledger.receipts import MAX_PROOF, Receipt
from ledger.tiles import MAX_ENTRY_BYTES

PREFIX = "TBR1"
MOST_CHARACTERS = 1400
"""A code holds at most so many: version 25 at level M, 117 modules, which a phone reads at half a millimetre each."""
MOST_PARTS = 9
SHORT_SIGNATURES = frozenset({64, 72})
"""Lengths of the values of Ed25519 signatures and cosignatures: those that fit."""
_FORMAT = 1
_MARK = 0x01
_HEX = re.compile(rb"(?:[0-9a-f]{2}){8,120}")
_MARKED = re.compile(rb"\x01(.)", re.DOTALL)
_PART = re.compile(r"TBR1/([1-9])/([1-9])/([0-9A-F]{8})/([A-Z2-7]+)")


def encode_compact(receipt: Receipt) -> tuple[str, ...]:
    """The texts of a receipt's codes, in their order. Raises ProofInvalid, NoteInvalid for what can't be one."""
    note = parse_note(receipt.checkpoint)
    tree = Checkpoint.parse(note.text)
    kept = tuple(line for line in note.signatures if len(line.value) in SHORT_SIGNATURES)
    if not kept:
        raise ProofInvalid("no signature of this receipt is short enough for paper")
    template, hashes = _template(receipt.body)
    parts = [bytes([_FORMAT]), _number(receipt.index), _number(tree.size), tree.root]
    parts += [bytes([len(receipt.proof)]), *receipt.proof, bytes([len(kept)])]
    parts += [_signature(line, tree.origin) for line in kept]
    parts += [_number(len(hashes)), hashes, _deflate(template)]
    payload = b"".join(parts)
    if _decode(payload) != Receipt(receipt.index, receipt.proof, Note(note.text, kept).encode(), receipt.body):
        raise ProofInvalid("this receipt has no compact form")
    return _texts(payload)


def is_compact(text: str) -> bool:
    """Whether a text says to be (a part of) a compact receipt."""
    return text.lstrip().upper().startswith(PREFIX + "/")


def decode_compact(texts: Iterable[str]) -> Receipt:
    """The receipt out of the texts of its codes, in any order. Raises ProofInvalid, which says what is missing."""
    found: dict[int, bytes] = {}
    heads = set()
    for text in texts:
        part = _PART.fullmatch(re.sub(r"\s", "", text).upper())
        if part is None:
            raise ProofInvalid("the text of a code is damaged or incomplete")
        number, count, check, encoded = part.groups()
        heads.add((int(count), check))
        found[int(number)] = _unbase32(encoded)
    if len(heads) != 1:
        raise ProofInvalid("these codes do not belong to one receipt")
    count, check = heads.pop()
    missing = [number for number in range(1, count + 1) if number not in found]
    if missing or len(found) != count:
        raise ProofInvalid(f"code {missing[0] if missing else max(found)} of {count} is missing")
    payload = b"".join(found[number] for number in sorted(found))
    if _check(payload) != check:
        raise ProofInvalid("the text of a code was misread or changed")
    return _decode(payload)


def _texts(payload: bytes) -> tuple[str, ...]:
    step = MOST_CHARACTERS * 5 // 8
    count = -(-len(payload) // step)
    if count > MOST_PARTS:
        raise ProofInvalid(f"{count} codes are too many")
    step = -(-len(payload) // count)
    pieces = [payload[at : at + step] for at in range(0, len(payload), step)]
    check = _check(payload)
    return tuple(
        f"{PREFIX}/{number}/{count}/{check}/{base64.b32encode(piece).decode().rstrip('=')}"
        for number, piece in enumerate(pieces, 1)
    )


def _check(payload: bytes) -> str:
    """Against misread and mixed-up codes, not against forgers."""
    return hashlib.sha256(payload).hexdigest()[:8].upper()


def _unbase32(text: str) -> bytes:
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError) as error:
        raise ProofInvalid("the text of a code is damaged or incomplete") from error


def _template(body: bytes) -> tuple[bytes, bytes]:
    """The body with each run of hex digits replaced by a mark and its length, and the bytes that the runs spell."""
    if any(byte < 0x20 for byte in body):
        raise ProofInvalid("a control character in an entry")
    hashes: list[bytes] = []

    def mark(found: re.Match[bytes]) -> bytes:
        hashes.append(bytes.fromhex(found.group().decode()))
        return bytes([_MARK, len(hashes[-1])])

    return _HEX.sub(mark, body), b"".join(hashes)


def _deflate(raw: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(raw) + packer.flush()


def _inflate(raw: bytes) -> bytes:
    unpacker = zlib.decompressobj(-15)
    try:
        text = unpacker.decompress(raw, MAX_ENTRY_BYTES + 1)
    except zlib.error as error:
        raise ProofInvalid("the entry in the code can't be unpacked") from error
    if not unpacker.eof or unpacker.unused_data or len(text) > MAX_ENTRY_BYTES:
        raise ProofInvalid("the entry in the code can't be unpacked")
    return text


def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last byte have the eighth set."""
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _signature(line: Signature, origin: str) -> bytes:
    """The book's own name is not repeated: its length is 0."""
    name = b"" if line.name == origin else line.name.encode()
    if len(name) > 255:
        raise ProofInvalid(f"the name {line.name[:60]!r} is too long for a code")
    return bytes([len(name)]) + name + line.key_id + bytes([len(line.value)]) + line.value


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def take(self, count: int) -> bytes:
        part = self._raw[self._at : self._at + count]
        if len(part) != count:
            raise ProofInvalid("the code ends too early")
        self._at += count
        return part

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        value = 0
        for shift in range(0, 63, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise ProofInvalid("a number in the code is too large")

    def rest(self) -> bytes:
        return self.take(len(self._raw) - self._at)


def _decode(payload: bytes) -> Receipt:
    reader = _Reader(payload)
    if reader.byte() != _FORMAT:
        raise ProofInvalid("a compact receipt of another version")
    index, size, root = reader.number(), reader.number(), reader.take(HASH_BYTES)
    count = reader.byte()
    if count > MAX_PROOF:
        raise ProofInvalid("the proof is too long")
    proof = tuple(reader.take(HASH_BYTES) for _ in range(count))
    lines = [_read_signature(reader) for _ in range(reader.byte())]
    hashes = _Reader(reader.take(reader.number()))
    body = _fill(_inflate(reader.rest()), hashes)
    origin = _book_of(body)
    signatures = tuple(Signature(name or origin, key_id, value) for name, key_id, value in lines)
    return Receipt(index, proof, Note(Checkpoint(origin, size, root).encode(), signatures).encode(), body)


def _read_signature(reader: _Reader) -> tuple[str, bytes, bytes]:
    try:
        name = reader.take(reader.byte()).decode()
    except UnicodeError as error:
        raise ProofInvalid("a name in the code is not text") from error
    key_id = reader.take(4)
    return name, key_id, reader.take(reader.byte())


def _fill(template: bytes, hashes: _Reader) -> bytes:
    body = _MARKED.sub(lambda found: hashes.take(found[1][0]).hex().encode(), template)
    if hashes.rest():
        raise ProofInvalid("the code holds more than its entry")
    if len(body) > MAX_ENTRY_BYTES:
        raise ProofInvalid("the entry in the code is too long")
    return body


def _book_of(body: bytes) -> str:
    try:
        book = json.loads(body)["book"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProofInvalid("the entry in the code is not one") from error
    if not isinstance(book, str) or "\n" in book:
        raise ProofInvalid("the entry in the code names no book")
    return book
