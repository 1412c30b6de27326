"""Messages: a person's inbox, how the person wants to be told besides, and the scheduler that sends and reminds."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from timebank.domain.errors import PhoneInvalid
from timebank.domain.identity import is_mobile
from timebank.domain.messages import MESSAGE_CHANNELS, TEXTS, check_email, is_quiet, reminder_due
from timebank.domain.roles import Actor, require
from timebank.storage.accounts import record_consent
from timebank.storage.messages import Contact, Message
from timebank.storage.outgoing import leave
from timebank.storage.unit import Bank, Unit

TEXT_VERSION = "2026-11"
TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"
SUBJECT = {"zh": "时间银行通知", "en": "A message from the time bank"}
CLOSING = {
    "zh": "详情请登录查看，或拨打服务热线 {hotline}。",
    "en": "Sign in to see more, or call the hotline {hotline}.",
}


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message in the inbox: its text (an English msgid) and what it is about."""

    id: str
    text: str
    about: str
    about_id: str
    made_at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a person wants to be told besides the inbox."""

    email: str
    wants_email: bool
    wants_sms: bool
    language: str


def inbox(bank: Bank, actor: Actor) -> tuple[MessageView, ...]:
    """The newest messages of the actor, the newest first."""
    require(actor, "messages.see_own")
    with bank.read() as unit:
        return tuple(
            MessageView(row.id, TEXTS[row.kind], row.about, row.about_id, row.made_at, row.read_at is not None)
            for row in unit.messages.of(actor.person_id)
        )


def unread(bank: Bank, actor: Actor) -> int:
    """How many messages the actor hasn't read."""
    with bank.read() as unit:
        return unit.messages.unread(actor.person_id)


def mark_read(bank: Bank, actor: Actor, *, now: datetime) -> int:
    """All messages are read. Gives how many were not."""
    require(actor, "messages.see_own")
    with bank.unit() as unit:
        return unit.messages.read_all(actor.person_id, now)


def wishes(bank: Bank, actor: Actor) -> Wishes:
    """How the actor wants to be told; the inbox alone until something else was chosen."""
    require(actor, "messages.see_own")
    with bank.read() as unit:
        row = unit.messages.contact(actor.person_id)
        if row is None:
            return Wishes("", False, False, "zh")
        email = unit.open_for(actor.person_id, row.email_sealed)
        return Wishes(str(email or ""), row.wants_email, row.wants_sms, row.language)


def choose(bank: Bank, actor: Actor, wanted: Wishes, *, now: datetime) -> None:
    """Choose how to be told. Each way is a consent of its own, which is kept when it is given or withdrawn.

    Raises EmailInvalid, PhoneInvalid where short messages are wanted on a line that gets none.
    """
    require(actor, "messages.see_own")
    email = check_email(wanted.email) if wanted.wants_email or wanted.email.strip() else ""
    with bank.unit() as unit:
        if wanted.wants_sms and not is_mobile(unit.person(actor.person_id).phone):
            raise PhoneInvalid
        row = unit.messages.contact(actor.person_id)
        before = (row.wants_email, row.wants_sms) if row else (False, False)
        sealed = unit.seal_for(actor.person_id, email) if email else None
        if row is None:
            row = Contact(book=unit.origin, person_id=actor.person_id)
            unit.messages.add(row)
        row.email_sealed = sealed
        row.wants_email, row.wants_sms = wanted.wants_email, wanted.wants_sms
        row.language, row.changed_at = ("en" if wanted.language == "en" else "zh"), now
        for channel, was, wants in zip(MESSAGE_CHANNELS, before, (row.wants_email, row.wants_sms), strict=True):
            if was != wants:
                record_consent(
                    bank, unit, actor.person_id, f"messages_{channel}", text_version=TEXT_VERSION, channel=actor.via,
                    recorded_by=actor.person_id, now=now, given=wants,
                )  # fmt: skip


def send_due(bank: Bank, *, now: datetime) -> int:
    """Hand what waits to mail and short messages, outside the quiet hours but for what is urgent. Gives how many."""
    with bank.read() as unit:
        quiet = _is_quiet(bank, unit, now)
        waiting = [row.id for row in unit.messages.waiting() if row.urgent or not quiet]
    for message_id in waiting:
        with bank.unit() as unit:
            row = unit.messages.get(message_id)
            if row is not None and row.state == "waiting":
                _hand_on(bank, unit, row, now)
    return len(waiting)


def remind_due(bank: Bank, *, now: datetime) -> int:
    """Remind both sides of visits that are due soon, as often as the rules say. Gives how many were told.

    A need reminds of itself, so the request that pays for it does not.
    """
    told = 0
    with bank.unit() as unit:
        rules = unit.get_care(now)
        if rules is None:
            return 0
        before = rules.needs.reminder_hours
        rows = unit.redemptions.assigned_until(now, max(before, default=0))
        with_need = unit.needs.of_redemptions(row.id for row in rows)
        rows = [row for row in rows if row.id not in with_need]
        reminded = unit.messages.told("redemption_soon", [row.id for row in rows])
        for row in rows:
            for person_id in {row.receiver_id, row.volunteer_id or row.receiver_id}:
                earlier = [at for who, about, at in reminded if (who, about) == (person_id, row.id)]
                sent = [reminder_due(before, row.wanted_at, None, at) for at in earlier]
                last = min((mark for mark in sent if mark is not None), default=None)
                if reminder_due(before, row.wanted_at, last, now) is None:
                    continue
                unit.tell(person_id, "redemption_soon", "redemption", row.id, now=now)
                told += 1
    return told


def _is_quiet(bank: Bank, unit: Unit, now: datetime) -> bool:
    rules = unit.get_care(now)
    return rules is not None and is_quiet(rules.messages, now, ZoneInfo(bank.settings.timezone))


def _hand_on(bank: Bank, unit: Unit, row: Message, now: datetime) -> None:
    contact, person = unit.messages.contact(row.person_id), unit.people.get(row.person_id)
    row.state = "kept"
    if contact is None or person is None or not person.wrapped_key:
        return
    county = unit.network.county()
    text = words(row.kind, contact.language, county.hotline if county else "")
    addresses = []
    if contact.wants_email and contact.email_sealed:
        addresses.append(("email", str(unit.open_for(row.person_id, contact.email_sealed))))
    if contact.wants_sms:
        addresses.append(("sms", unit.person(row.person_id).phone))
    for channel, address in addresses:
        leave(bank, unit, channel, address, SUBJECT[contact.language], text, now=now)
        row.state = "sent"


def words(kind: str, language: str, hotline: str) -> str:
    """The text of a kind of message in a language, with the hotline to call."""
    text = TEXTS[kind] if language == "en" else _chinese().gettext(TEXTS[kind])
    return f"{text}\n{CLOSING[language].format(hotline=hotline)}"


@cache
def _chinese() -> gettext.NullTranslations:
    return gettext.translation("messages", TRANSLATIONS, ["zh"])
