"""Receipts: what a member takes home of an entry, to be checked years later by anybody, without this server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ledger.compact import encode_compact
from ledger.entries import MONEY_KINDS
from timebank.domain.errors import NotFound, ReceiptNotYet
from timebank.domain.roles import Actor, covers, permits
from timebank.storage.publishing import receipts_of
from timebank.storage.unit import Bank, Unit

LARGEST = 2**53 - 1


@dataclass(frozen=True, slots=True)
class MadeReceipt:
    """A receipt: its file's text, the texts of its QR codes, and the size of the tree that its checkpoint signs."""

    seq: int
    size: int
    text: str
    codes: tuple[str, ...]
    service_code: str | None = None
    card_version: int | None = None
    """Of hours: the service, and the version of its standard card by which it was given."""


def make(bank: Bank, actor: Actor, seq: int, *, now: datetime) -> MadeReceipt:
    """The receipt of a money entry, under the checkpoint that was published last, for whom it is about.

    That is a member whose purse it moved, a proxy of such a member, or staff who may read that passbook. Raises
    NotFound for everybody else and every other entry, ReceiptNotYet while no published checkpoint covers it.
    """
    with bank.read() as unit:
        row = unit.book.store.row(unit.origin, seq) if 0 <= seq <= LARGEST else None
        if row is None or row.kind not in MONEY_KINDS:
            raise NotFound
        _require_party(unit, actor, seq)
        published = unit.publishing.latest()
        if published is None or seq >= published.size:
            raise ReceiptNotYet
        receipt = receipts_of(unit.book, [row], published)[0]
        record = unit.hours.by_entry(seq)
    service, card = (record.service_code, record.card_version) if record is not None else (None, None)
    return MadeReceipt(seq, published.size, receipt.encode(), encode_compact(receipt), service, card)


def of_lines(bank: Bank, seqs: Iterable[int]) -> str:
    """The receipts of a passbook's lines, one after the other, the oldest first; empty before the first checkpoint.

    The caller has read the passbook, and so may have them. Lines that no published checkpoint covers are left out.
    """
    with bank.read() as unit:
        published = unit.publishing.latest()
        if published is None:
            return ""
        found = [unit.book.store.row(unit.origin, seq) for seq in sorted(set(seqs)) if seq < published.size]
        return "".join(
            one.encode() for one in receipts_of(unit.book, [row for row in found if row is not None], published)
        )


def _require_party(unit: Unit, actor: Actor, seq: int) -> None:
    entry = unit.book.entry(seq)
    # A settlement that uses all that was held moves it from the escrow: whose hours it was stands in the hold.
    before = unit.book.entry(entry.of).postings if entry.of is not None else ()
    accounts = [account for account, _ in (*entry.postings, *before)]
    owners = {owner.person_id for account in accounts if (owner := unit.members.owner(account))}
    if actor.person_id in owners or any(unit.members.is_proxy(one, actor.person_id) for one in owners):
        return
    if permits(actor, "passbook.read"):
        parents = unit.network.parents()
        members = [row for one in owners if (row := unit.members.get(one))]
        if any(covers(actor, row.station_id, parents, "passbook.read") for row in members):
            return
    raise NotFound
