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
    return MadeReceipt(seq, published.size, receipt.encode(), encode_compact(receipt))


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
    accounts = [account for account, _ in unit.book.entry(seq).postings]
    owners = {owner.person_id for account in accounts if (owner := unit.members.owner(account))}
    if actor.person_id in owners or any(unit.members.is_proxy(one, actor.person_id) for one in owners):
        return
    if permits(actor, "passbook.read"):
        parents = unit.network.parents()
        members = [row for one in owners if (row := unit.members.get(one))]
        if any(covers(actor, row.station_id, parents, "passbook.read") for row in members):
            return
    raise NotFound
