"""RFC 3161 timestamps on checkpoints: an authority that knows nothing of time banks says when a tree existed.

What is stamped are the bytes of the checkpoint's text, the three lines that the book's keys sign, without signatures:
their SHA-256 is all that the authority sees. The answer is kept as it came, so `openssl ts -verify` reads it too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException

from cryptography.x509 import Certificate, Name, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from ledger.errors import TimestampInvalid
from ledger.wire import ask

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A timestamp that verified: when, and the authority's name as its certificate says it."""

    at: datetime
    authority: str


def read_roots(pem: bytes) -> list[Certificate]:
    """The certificates in a PEM file. Raises TimestampInvalid."""
    try:
        return load_pem_x509_certificates(pem)
    except ValueError as error:
        raise TimestampInvalid(f"no certificates: {error}") from error


def request_stamp(url: str, text: str, roots: Sequence[Certificate], *, seconds: float) -> bytes:
    """Ask an authority to stamp a checkpoint's text; gives its answer once that was verified, nonce included.

    Raises TimestampInvalid, also if the authority is not reached within `seconds`.
    """
    request = TimestampRequestBuilder().data(text.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
    try:
        got = ask("POST", url, "", request.as_bytes(), seconds, QUERY)
    except (OSError, HTTPException, ValueError) as error:
        raise TimestampInvalid(f"the authority does not answer: {type(error).__name__}") from error
    if got.status != 200 or got.content_type.split(";")[0].strip() != REPLY:
        raise TimestampInvalid(f"the authority answered {got.status} {got.content_type[:60]}")
    check_stamp(text, got.body, roots, nonce=request.nonce)
    return got.body


def check_stamp(text: str, answer: bytes, roots: Sequence[Certificate], *, nonce: int | None = None) -> Stamp:
    """Whether the answer stamps this text, by an authority under one of the roots. Raises TimestampInvalid."""
    response = _decoded(answer)
    builder = VerifierBuilder(roots=list(roots), nonce=nonce)
    try:
        builder.build().verify(response, hashlib.sha256(text.encode()).digest())
    except (VerificationError, ValueError) as error:
        raise TimestampInvalid(str(error) or "the timestamp does not verify") from error
    info = response.tst_info
    return Stamp(info.gen_time, _name(response))


def _decoded(answer: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(answer)
        if response.status:
            raise TimestampInvalid(f"the authority refused with status {response.status}")
        return response
    except ValueError as error:
        raise TimestampInvalid("not a timestamp") from error


def _name(response: TimeStampResponse) -> str:
    """What the authority calls itself, if it does; its certificate was checked."""
    name = response.tst_info.name
    value = None if name is None else name.value
    return value.rfc4514_string() if isinstance(value, Name) else ""
