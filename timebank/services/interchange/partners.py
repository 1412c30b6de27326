"""Agreements with other books: proposed by one person of the county, agreed by a second, suspended by either."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from ledger import LedgerError
from ledger.keyring import keys_in_force
from ledger.notes import VerifierKey, parse_note, verify_note
from ledger.receipts import parse_policy
from timebank.domain.errors import (
    InterchangeProofInvalid,
    NotFound,
    PartnerInvalid,
    PartnerStateConflict,
    PartnerTaken,
    SecondPersonNeeded,
)
from timebank.domain.interchange import check_limit
from timebank.domain.roles import Actor, require
from timebank.storage.clearing import Partner
from timebank.storage.keys import paper_keys
from timebank.storage.unit import Bank, Unit
from timebank.storage.witnessing import policy_text


@dataclass(frozen=True, slots=True)
class Card:
    """What a book shows to those who want to exchange with it: where it is, and how what it says is verified."""

    origin: str
    name: str
    url: str
    policy: str
    papers_key: str


@dataclass(frozen=True, slots=True)
class PartnerView:
    """An agreement, with our side of the account: above zero we owe them, below zero they owe us."""

    id: str
    origin: str
    name: str
    url: str
    policy: str
    papers_key: str
    limit_minutes: int
    state: str
    balance_minutes: int
    proposed_at: datetime
    agreed_at: datetime | None
    may_agree: bool


def card(bank: Bank, url: str) -> Card:
    """Our own card, to be entered by the other county. `url`: where others reach this service."""
    with bank.read() as unit:
        county = unit.network.county()
        keys = [key.encode() for key in keys_in_force(unit.book.store, unit.origin)]
        signing = paper_keys(bank)
        return Card(
            origin=unit.origin,
            name=county.name if county else unit.origin,
            url=url,
            policy=policy_text(bank, keys),
            papers_key=signing[0].verifier.encode() if signing else "",
        )


def read_card(text: str) -> Card:
    """A card as the other county shows it. Raises PartnerInvalid, also for keys and policies that can't be read."""
    try:
        told = json.loads(text)
        found = Card(
            **{name: str(told[name]).strip() for name in ("origin", "name", "url", "papers_key")},
            policy=str(told["policy"]),
        )
        parse_policy(found.policy)
        key = VerifierKey.parse(found.papers_key)
    except (ValueError, KeyError, TypeError, LedgerError) as error:
        raise PartnerInvalid from error
    fits = len(found.origin) <= 120 and len(found.name) <= 80 and len(found.url) <= 200
    if not fits or not found.url.startswith(("https://", "http://")) or key.name != f"{found.origin}/papers":
        raise PartnerInvalid
    return found


def said(partner: Partner, note: str) -> str:
    """The text of a note that the partner's papers key signed. Raises InterchangeProofInvalid."""
    try:
        signed = parse_note(note)
        if not verify_note(signed, [VerifierKey.parse(partner.papers_key)]):
            raise InterchangeProofInvalid
    except LedgerError as error:
        raise InterchangeProofInvalid from error
    return signed.text


def partners(bank: Bank, actor: Actor) -> tuple[PartnerView, ...]:
    """All agreements, by origin."""
    require(actor, "interchange.read")
    with bank.read() as unit:
        return tuple(view_of(unit, actor, row) for row in unit.clearings.partners())


def partner(bank: Bank, actor: Actor, partner_id: str) -> PartnerView:
    """One agreement. Raises NotFound."""
    require(actor, "interchange.read")
    with bank.read() as unit:
        return view_of(unit, actor, _partner(unit, partner_id))


def propose(bank: Bank, actor: Actor, card_text: str, limit_minutes: int, *, now: datetime) -> PartnerView:
    """Propose an agreement with the book of this card. Raises PartnerInvalid, PartnerTaken, LimitInvalid."""
    require(actor, "interchange.decide")
    told = read_card(card_text)
    with bank.unit() as unit:
        if told.origin == unit.origin:
            raise PartnerInvalid
        if unit.clearings.partner_of(told.origin) is not None:
            raise PartnerTaken
        row = Partner(
            book=unit.origin,
            id=bank.new_id(now),
            origin=told.origin,
            name=told.name,
            url=told.url,
            policy=told.policy,
            papers_key=told.papers_key,
            limit_minutes=check_limit(limit_minutes),
            state="proposed",
            proposed_by=actor.person_id,
            proposed_at=now,
            version=1,
        )
        unit.clearings.add(row)
        unit.flush()
        return view_of(unit, actor, row)


def agree(bank: Bank, actor: Actor, partner_id: str, *, now: datetime) -> PartnerView:
    """A second person agrees: the clearing account is opened, and credit may go both ways.

    Raises SecondPersonNeeded, PartnerStateConflict, NotFound.
    """
    require(actor, "interchange.decide")
    with bank.unit() as unit:
        row = _partner(unit, partner_id, lock=True)
        if row.state not in ("proposed", "suspended"):
            raise PartnerStateConflict
        if row.proposed_by == actor.person_id:
            raise SecondPersonNeeded
        if row.account is None:
            row.account = bank.opaque("c")
            unit.append_open(row.account, "clearing", actor.person_id, now=now)
        row.state, row.agreed_by, row.agreed_at = "agreed", actor.person_id, now
        unit.flush()
        return view_of(unit, actor, row)


def suspend(bank: Bank, actor: Actor, partner_id: str, *, now: datetime) -> PartnerView:
    """Stop exchanging for now. What is under way is still finished. Who suspends has to be outvoted by another."""
    require(actor, "interchange.decide")
    with bank.unit() as unit:
        row = _partner(unit, partner_id, lock=True)
        if row.state != "agreed":
            raise PartnerStateConflict
        row.state, row.proposed_by, row.proposed_at = "suspended", actor.person_id, now
        unit.flush()
        return view_of(unit, actor, row)


def _partner(unit: Unit, partner_id: str, *, lock: bool = False) -> Partner:
    row = unit.clearings.partner(partner_id, lock=lock)
    if row is None:
        raise NotFound
    return row


def view_of(unit: Unit, actor: Actor, row: Partner) -> PartnerView:
    return PartnerView(
        id=row.id,
        origin=row.origin,
        name=row.name,
        url=row.url,
        policy=row.policy,
        papers_key=row.papers_key,
        limit_minutes=row.limit_minutes,
        state=row.state,
        balance_minutes=unit.book.balance(row.account) if row.account else 0,
        proposed_at=row.proposed_at,
        agreed_at=row.agreed_at,
        may_agree=row.state in ("proposed", "suspended") and row.proposed_by != actor.person_id,
    )
