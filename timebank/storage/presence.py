"""Is the elder there? Shown by the PIN that the elder types, or by the secret in the QR code of the elder's card."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.errors import CardUnknown, NotFound, PinNotSet, PinWrong
from timebank.domain.hours import ConfirmedHow
from timebank.storage.guessing import FREE_TRIES, count_failure, refuse_if_closed
from timebank.storage.ids import digest
from timebank.storage.unit import Bank


def prove(bank: Bank, elder_id: str, *, pin: str, card: str, now: datetime) -> ConfirmedHow:
    """How the elder showed to be there. A wrong PIN is counted, in a unit of its own, and slows the next try.

    Raises PinWrong, PinNotSet, CardUnknown, TooManyAttempts, NotFound.
    """
    bucket = digest("pin" + elder_id)
    with bank.read() as unit:
        refuse_if_closed(unit, bucket, now)
        membership = unit.members.get(elder_id)
        if membership is None:
            raise NotFound
        if card and not pin:
            if membership.card_digest is None or membership.card_digest != digest(card.strip()):
                raise CardUnknown
            return ConfirmedHow.CARD
        hashed = membership.pin_hash
    if hashed is None:
        raise PinNotSet
    if bank.passwords.matches(hashed, pin):
        return ConfirmedHow.PIN
    with bank.unit() as unit:
        count_failure(unit, bucket, FREE_TRIES, now)
    raise PinWrong
