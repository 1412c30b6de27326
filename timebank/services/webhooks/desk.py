"""Registering receivers, and what became of their messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import NotFound, WebhookStateConflict
from timebank.domain.roles import Actor, require
from timebank.domain.webhooks import SECRET_BYTES, check_address, check_events, secret_text
from timebank.storage.unit import Bank
from timebank.storage.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A receiver. `secret` stands in the answer to its registration alone."""

    id: str
    url: str
    events: tuple[str, ...]
    state: str
    made_at: datetime
    failing_since: datetime | None
    secret: str = ""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message and what the receiver answered last."""

    id: str
    event: str
    state: str
    tries: int
    status: int | None
    made_at: datetime
    next_try_at: datetime
    sent_at: datetime | None


def register(bank: Bank, actor: Actor, url: str, events: tuple[str, ...], *, now: datetime) -> WebhookView:
    """A new receiver, with a fresh secret that is shown this once. Raises Forbidden, Invalid, WebhookAddressRefused."""
    require(actor, "webhooks.manage")
    told, wanted = check_address(url, private=bank.settings.webhooks_private), check_events(events)
    secret = secret_text(bank.random(SECRET_BYTES))
    with bank.unit() as unit:
        row = Webhook(
            book=unit.origin,
            id=bank.new_id(now),
            url=told,
            events=" ".join(wanted),
            secret_sealed=bank.vault.seal_for_service("webhook", secret),
            state="active",
            made_by=actor.person_id,
            made_at=now,
        )
        unit.webhooks.add(row)
        unit.flush()
        return _view(row, secret)


def every(bank: Bank, actor: Actor) -> tuple[WebhookView, ...]:
    """All receivers, the newest first. Raises Forbidden."""
    require(actor, "webhooks.manage")
    with bank.read() as unit:
        return tuple(_view(row) for row in unit.webhooks.every())


def see(bank: Bank, actor: Actor, webhook_id: str) -> tuple[WebhookView, tuple[MessageView, ...]]:
    """A receiver with its last messages. Raises Forbidden, NotFound."""
    require(actor, "webhooks.manage")
    with bank.read() as unit:
        row = unit.webhooks.get(webhook_id)
        if row is None:
            raise NotFound
        return _view(row), tuple(
            MessageView(one.id, one.event, one.state, one.tries, one.status, one.made_at, one.next_try_at, one.sent_at)
            for one in unit.webhooks.messages(webhook_id)
        )


def switch_on(bank: Bank, actor: Actor, webhook_id: str, *, now: datetime) -> WebhookView:
    """Tell a stopped receiver again: also what waited meanwhile. Raises Forbidden, NotFound, WebhookStateConflict."""
    return _step(bank, actor, webhook_id, ("disabled",), "active", now)


def end(bank: Bank, actor: Actor, webhook_id: str, *, now: datetime) -> WebhookView:
    """Tell it nothing more, for good. Raises Forbidden, NotFound, WebhookStateConflict."""
    return _step(bank, actor, webhook_id, ("active", "disabled"), "ended", now)


def _step(bank: Bank, actor: Actor, webhook_id: str, before: tuple[str, ...], after: str, now: datetime) -> WebhookView:
    require(actor, "webhooks.manage")
    with bank.unit() as unit:
        row = unit.webhooks.get(webhook_id, lock=True)
        if row is None:
            raise NotFound
        if row.state not in before:
            raise WebhookStateConflict
        row.state, row.failing_since = after, None
        row.ended_at = now if after == "ended" else None
        unit.flush()
        return _view(row)


def _view(row: Webhook, secret: str = "") -> WebhookView:
    return WebhookView(row.id, row.url, tuple(row.events.split()), row.state, row.made_at, row.failing_since, secret)
