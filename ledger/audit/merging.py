"""Ranges that the quick check found sound, joined in order. What a range took on trust is compared here."""

from __future__ import annotations

from ledger.audit import history
from ledger.audit.quick import Seen, Unusual
from ledger.audit.state import AuditState, Known
from ledger.canonical import decode
from ledger.entries import Kind
from ledger.errors import LedgerError


def merge(state: AuditState, seen: Seen, past: history.Past) -> None:
    """Bring the state to the end of a range that begins where it stands. Raises Unusual; the state is then useless."""
    if seen.start != state.size or seen.before != (state.leaf_hash, state.at):
        raise Unusual
    try:
        _accounts(state, seen)
        state.reversed.update(seen.undone)
        for _, body in seen.events:
            entry = decode(body)
            if entry.kind is Kind.CLOSE:
                history.close(state, entry)
            else:
                history.complete(state, past, entry)
        state.holds.update(seen.holds)
        for _, body in seen.others:
            history.note_other(state, decode(body))
    except (LedgerError, LookupError, TypeError, ValueError) as error:
        raise Unusual from error
    state.size, state.leaf_hash, state.at = seen.stop, seen.leaf_hash, seen.at


def _accounts(state: AuditState, seen: Seen) -> None:
    accounts = state.accounts
    for account, opened in seen.opened.items():
        if account in accounts:
            raise Unusual
        accounts[account] = Known(opened.kind, opened.opened_seq, None, 0)
        history.require_single(state, opened.kind, account)
    for account, (claimed, balance) in seen.accounts.items():
        known = accounts[account]
        if known.kind != claimed.kind or known.opened_seq != claimed.opened_seq or known.balance != claimed.balance:
            raise Unusual
        # A claim may say that a later entry closes the account, and then that one is looked at when it comes.
        closes_later = known.closed_seq is None and (claimed.closed_seq or -1) >= seen.start
        if known.closed_seq != claimed.closed_seq and not closes_later:
            raise Unusual
        known.balance = balance
    for seq, body in seen.events:
        entry = decode(body)
        if entry.kind is Kind.CLOSE:
            accounts[str((entry.data or {})["account"])].closed_seq = seq
