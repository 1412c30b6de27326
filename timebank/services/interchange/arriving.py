"""The receiving side: a transfer is believed for its proof alone, written once, or refused for good and signed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger import Entry, Kind, LedgerError
from ledger.canonical import commitment
from ledger.chain import leaf_hash
from ledger.receipts import Receipt, entry_of, parse_policy, verify_receipt
from timebank.domain.errors import InterchangeMessageInvalid, InterchangeProofInvalid, NotFound, PartnerUnknown
from timebank.domain.identity import parse_member_number
from timebank.domain.interchange import refusal_text
from timebank.storage.clearing import IN, Clearing, Partner
from timebank.storage.keys import sign_text
from timebank.storage.publishing import receipts_of
from timebank.storage.unit import Bank, Unit

ACTOR = "interchange"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the giving book is told. `proof`: our receipt of the entry once a published checkpoint covers it, or our
    signed refusal; empty: ask again."""

    state: str
    seq: int | None
    proof: str


@dataclass(frozen=True, slots=True)
class Told:
    """A message, read: the entry that it proves, and the document to which that entry commits."""

    entry: Entry
    leaf_hash: str
    document: dict[str, Any]
    minutes: int
    transfer_id: str


def receive(bank: Bank, body: bytes, *, now: datetime) -> Answer:
    """Take a transfer in, or say again what became of it. Safe to repeat: an id is decided once.

    Raises InterchangeMessageInvalid, InterchangeProofInvalid, PartnerUnknown (also while the agreement is suspended and
    the transfer is new): nothing is decided then, and the other side asks again.
    """
    receipt, told = _read(body)
    with bank.unit() as unit:
        partner = unit.clearings.partner_of(told.entry.book)
        if partner is None:
            raise PartnerUnknown
        _verify(unit, partner, receipt, told)
        partner = unit.clearings.partner(partner.id, lock=True) or partner
        row = unit.clearings.get(told.transfer_id)
        if row is None:
            if partner.state != "agreed":
                raise PartnerUnknown
            row = _decide(bank, unit, partner, told, now)
        elif row.direction != IN or row.partner_id != partner.id or row.their_seq != told.entry.seq:
            raise InterchangeProofInvalid
        return _answer(bank, unit, partner, row, now)


def _read(body: bytes) -> tuple[Receipt, Told]:
    try:
        message = json.loads(body)
        receipt = Receipt.parse(str(message["receipt"]))
        document, salt = message["document"], bytes.fromhex(message["salt"])
        entry = entry_of(receipt, str(message["from"]))
        agreed = commitment(salt, document) == entry.evidence
        minutes, transfer_id = document["minutes"], str(document["transfer"])
    except (ValueError, KeyError, TypeError, AttributeError, LedgerError) as error:
        raise InterchangeMessageInvalid from error
    if not agreed:
        raise InterchangeProofInvalid
    if type(minutes) is not int or len(transfer_id) != 32:
        raise InterchangeMessageInvalid
    return receipt, Told(entry, leaf_hash(receipt.body).hex(), document, minutes, transfer_id)


def _verify(unit: Unit, partner: Partner, receipt: Receipt, told: Told) -> None:
    """Signatures, quorum, inclusion; and that the entry gives this many minutes to us under this id."""
    try:
        verify_receipt(receipt, parse_policy(partner.policy), partner.origin)
    except LedgerError as error:
        raise InterchangeProofInvalid from error
    entry, given = told.entry, [minutes for _, minutes in told.entry.postings if minutes > 0]
    data = {"book": unit.origin, "transfer": told.transfer_id}
    right = entry.kind is Kind.CLEAR and dict(entry.data or {}) == data and told.document["book"] == unit.origin
    if not right or given != [told.minutes]:
        raise InterchangeProofInvalid


def _decide(bank: Bank, unit: Unit, partner: Partner, told: Told, now: datetime) -> Clearing:
    row = Clearing(
        book=unit.origin,
        id=told.transfer_id,
        direction=IN,
        partner_id=partner.id,
        minutes=told.minutes,
        state="accepted",
        their_seq=told.entry.seq,
        made_at=now,
        ended_at=now,
        tries=0,
        problem="",
        version=1,
    )
    row.reason, row.person_id = _refusal(unit, partner, told)
    if row.reason is not None:
        row.state = "refused"
    unit.clearings.add(row)
    unit.flush()
    if row.person_id is not None and row.reason is None and partner.account is not None:
        purse = unit.purse(row.person_id, "imported", ACTOR, now=now)
        row.entry_seq = unit.append(
            Kind.CLEAR,
            ACTOR,
            [(partner.account, -row.minutes), (purse, row.minutes)],
            now=now,
            policy=unit.policy_at(now)[1],
            key=f"clear-in-{row.id}",
            data={
                "book": partner.origin,
                "transfer": row.id,
                "seq": told.entry.seq,
                "receipt": told.leaf_hash,
            },
        ).seq
        unit.tell(row.person_id, "clearing_received", "passbook", row.id, now=now)
    return row


def _refusal(unit: Unit, partner: Partner, told: Told) -> tuple[str | None, str | None]:
    """(why not, for whom); for whom is empty where there is no such member."""
    try:
        membership = unit.members.by_number(parse_member_number(str(told.document["member"])))
    except (NotFound, InterchangeMessageInvalid, ValueError):
        membership = None
    if membership is None:
        return "member_unknown", None
    if membership.state != "active":
        return "member_not_active", membership.person_id
    balance = unit.book.balance(partner.account) if partner.account else 0
    if balance - told.minutes < -partner.limit_minutes:
        return "limit_reached", membership.person_id
    return None, membership.person_id


def _answer(bank: Bank, unit: Unit, partner: Partner, row: Clearing, now: datetime) -> Answer:
    if row.state == "refused":
        text = refusal_text(unit.origin, partner.origin, row.id, row.reason or "")
        return Answer("refused", None, sign_text(bank, text, now))
    published = unit.publishing.latest()
    seq = row.entry_seq
    if seq is None or published is None or seq >= published.size:
        return Answer("accepted", seq, "")
    entry = unit.book.store.row(unit.origin, seq)
    return Answer("accepted", seq, receipts_of(unit.book, [entry], published)[0].encode() if entry else "")
