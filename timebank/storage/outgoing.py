"""What is to be sent: left in the commit of its cause, and carried out by the scheduler (services.mail)."""

from __future__ import annotations

from datetime import datetime

from timebank.storage.audits import Mail
from timebank.storage.unit import Bank, Unit


def leave(bank: Bank, unit: Unit, channel: str, address: str, subject: str, body: str, *, now: datetime) -> None:
    """Leave a message to be sent by `channel`, email or sms. The address is sealed; the text holds nothing personal."""
    unit.audits.add(
        Mail(
            book=unit.origin,
            id=bank.new_id(now),
            channel=channel,
            address_sealed=bank.vault.seal_for_service("mail", address),
            subject=subject,
            body=body,
            state="waiting",
            tries=0,
            made_at=now,
            next_try_at=now,
        )
    )
