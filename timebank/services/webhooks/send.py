"""Sending what waits: signed, to a public address that was looked up once, without following a redirect.

A message is sent at least once: a receiver knows a repeat by its webhook-id (docs/webhooks.md).
"""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from timebank.domain.errors import WebhookAddressRefused
from timebank.domain.webhooks import check_address, is_lasting, is_public, next_try, signature
from timebank.storage.unit import Bank
from timebank.storage.vault import VaultError

TIMEOUT_SECONDS = 5
MOST_BYTES = 4096
"""So much of an answer is read, and thrown away."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try: the receiver's status, None where nobody was reached."""

    status: int | None

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_due(bank: Bank, *, now: datetime) -> int:
    """Send what is due. Gives how many arrived. No transaction is open while a receiver is waited for.

    Of a receiver that fails nothing more is tried in this run: the others do not wait for it.
    """
    with bank.read() as unit:
        due = unit.webhooks.due(now)
    arrived, away = 0, set[str]()
    for message_id, webhook_id in due:
        if webhook_id in away:
            continue
        if _send(bank, message_id, webhook_id, now):
            arrived += 1
        else:
            away.add(webhook_id)
    return arrived


def _send(bank: Bank, message_id: str, webhook_id: str, now: datetime) -> bool:
    with bank.read() as unit:
        message, webhook = unit.webhooks.message(message_id), unit.webhooks.get(webhook_id)
    if message is None or webhook is None or webhook.state != "active" or message.state != "waiting":
        return False
    try:
        secret = bank.vault.open_for_service("webhook", webhook.secret_sealed)
    except VaultError:
        return False
    seconds = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "timebank-webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(secret, message_id, seconds, message.body),
    }
    answer = post(webhook.url, headers, message.body, bank.settings.webhooks_private)
    _note(bank, message_id, webhook_id, answer, now)
    return answer.is_good


def _note(bank: Bank, message_id: str, webhook_id: str, answer: Answer, now: datetime) -> None:
    """Write down what came of it; whoever registered a receiver that is stopped is told."""
    with bank.unit() as unit:
        webhook = unit.webhooks.get(webhook_id, lock=True)
        message = unit.webhooks.message(message_id, lock=True)
        if webhook is None or message is None or message.state != "waiting":
            return
        message.tries, message.status = message.tries + 1, answer.status
        if answer.is_good:
            message.state, message.sent_at, webhook.failing_since = "sent", now, None
            return
        again = next_try(message.tries, now)
        message.state, message.next_try_at = ("failed", now) if again is None else ("waiting", again)
        webhook.failing_since = webhook.failing_since or now
        if webhook.state == "active" and is_lasting(webhook.failing_since, now, answer.status):
            webhook.state = "disabled"
            unit.tell(webhook.made_by, "webhook_stopped", "webhook", webhook.id, now=now)


def post(url: str, headers: dict[str, str], body: str, private: bool) -> Answer:
    """One try. Whatever goes wrong on the way is an answer without a status."""
    try:
        parts = urlsplit(check_address(url, private=private))
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = address_of(host, port, private=private)
        connection = _Pinned(host, port, address, parts.scheme == "https")
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body.encode(), headers)
            response = connection.getresponse()
            response.read(MOST_BYTES)
            return Answer(response.status)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, WebhookAddressRefused, ValueError):
        return Answer(None)


def address_of(host: str, port: int, *, private: bool) -> str:
    """The IP address to connect to. All that a name stands for must be public, or none of it is told anything.

    Raises WebhookAddressRefused, OSError where the name is unknown.
    """
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found or (not private and not all(is_public(one) for one in found)):
        raise WebhookAddressRefused
    return found[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was looked at: a second look-up could give another one. TLS checks the name."""

    def __init__(self, host: str, port: int, address: str, secure: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._address, self._secure = address, secure

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        try:
            self.sock = (
                ssl.create_default_context().wrap_socket(plain, server_hostname=self.host) if self._secure else plain
            )
        except OSError:
            plain.close()
            raise
