"""Webhooks: which events are told, what a message says, how it is signed, when it is tried again.

Names and signature follow the Standard Webhooks specification (webhook-id, webhook-timestamp, webhook-signature; `v1`:
HMAC-SHA256 over "id.timestamp.body"). A message holds ids and numbers, never anything personal.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from timebank.domain.errors import Invalid, WebhookAddressRefused
from timebank.domain.local_time import rfc3339
from timebank.domain.words import N_

EVENTS: Final[Mapping[str, str]] = {
    "record.verified": N_("Hours were verified"),
    "record.rejected": N_("Hours were rejected"),
    "redemption.settled": N_("A redemption was settled"),
    "need.published": N_("A need was published"),
    "checkpoint.published": N_("A checkpoint of the book was published"),
}
STATE_LABELS: Final[Mapping[str, str]] = {
    "active": N_("In force"),
    "disabled": N_("Stopped after lasting failure"),
    "ended": N_("Ended"),
}
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how the specification marks a secret
SECRET_BYTES: Final = 32
LONGEST_URL: Final = 500
PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""After each failed try the next one waits so long; after the last one the message is given up."""
LASTING: Final = timedelta(days=5)
"""A receiver that fails for so long without one success is told nothing more, until somebody switches it on again."""
GONE: Final = 410
"""The receiver says that it wants no more: the specification asks to stop at once."""
_TRANSLATED: Final = tuple(
    ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""IPv6 ranges in which an IPv4 address is hidden, which could be a private one."""


def is_public(address: str) -> bool:
    """Whether this IP address is one of the open internet, and nothing inside our own walls. Raises ValueError."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif any(found in network for network in _TRANSLATED):
            return False
    return found.is_global and not found.is_multicast


def check_address(url: str, *, private: bool) -> str:
    """An address that may be told: https, without a name and password in it, and not a private one.

    `private`: this installation lets its own network be told, also without TLS. What a host name stands for is looked
    at when a message is sent. Raises WebhookAddressRefused.
    """
    told = url.strip()
    try:
        parts = urlsplit(told)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise WebhookAddressRefused from error
    right = (
        len(told) <= LONGEST_URL and told.isascii() and told.isprintable() and " " not in told,
        parts.scheme == "https" or (private and parts.scheme == "http"),
        bool(host) and port != 0 and parts.username is None and parts.password is None and not parts.fragment,
    )
    if not all(right) or host is None:
        raise WebhookAddressRefused
    if not private and (_is_private_literal(host) or host.rstrip(".").endswith(("localhost", ".local", ".internal"))):
        raise WebhookAddressRefused
    return told


def _is_private_literal(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return False


def check_events(events: tuple[str, ...]) -> tuple[str, ...]:
    """The events in a fixed order, each once. Raises Invalid for none or unknown ones."""
    if not events or set(events) - set(EVENTS):
        raise Invalid
    return tuple(one for one in EVENTS if one in events)


def payload(event: str, at: datetime, data: Mapping[str, str | int | None]) -> str:
    """The body of a message, as it is signed and sent to the byte."""
    body = {"type": event, "timestamp": rfc3339(at), "data": dict(data)}
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def secret_text(secret: bytes) -> str:
    """A secret as its receiver keeps it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def signature(secret: str, message_id: str, seconds: int, body: str) -> str:
    """The value of webhook-signature. Raises Invalid for a secret that is none."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise Invalid from error
    signed = hmac.new(key, f"{message_id}.{seconds}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def next_try(tries: int, now: datetime) -> datetime | None:
    """When a message is tried again that has failed so often; None: it is given up."""
    return now + PAUSES[tries - 1] if tries <= len(PAUSES) else None


def is_lasting(failing_since: datetime, now: datetime, status: int | None) -> bool:
    """Whether a receiver that fails now is told nothing more."""
    return status == GONE or now - failing_since >= LASTING
