"""Ranges that the quick check found sound, joined in order. What a range took on trust is compared here."""

from __future__ import annotations

from copy import copy

from ledger import stations
from ledger.audit import history
from ledger.audit.ranges import Seen, Unusual
from ledger.audit.state import AuditState, Known, Move
from ledger.canonical import decode
from ledger.entries import Kind
from ledger.errors import LedgerError


def merge(state: AuditState, seen: Seen, past: history.Past) -> None:
    """Bring the state to the end of a range that begins where it stands. Raises Unusual, and then it is as before."""
    if seen.start != state.size or seen.before != (state.leaf_hash, state.at):
        raise Unusual
    kept = copy(state)
    kept.holds, kept.reversed, kept.stations = dict(state.holds), dict(state.reversed), dict(state.stations)
    kept.keys, kept.policies = list(state.keys), list(state.policies)
    opened: list[str] = []
    try:
        _open(state, seen, opened)
        _compare(state, seen)
        closes = _events(state, seen, past)
        for _, body in seen.others:
            history.note_other(state, decode(body))
        _signatures(state, seen)
    except (LedgerError, LookupError, TypeError, ValueError) as error:
        _back(state, opened, kept)
        raise Unusual from error
    except Unusual:
        _back(state, opened, kept)
        raise
    accounts = state.accounts
    for account, (_, balance) in seen.accounts.items():
        accounts[account].balance = balance
    for move in closes:
        accounts[move.postings[0][0]].closed_seq = move.seq
    state.size, state.leaf_hash, state.at = seen.stop, seen.leaf_hash, seen.at


def _open(state: AuditState, seen: Seen, opened: list[str]) -> None:
    for account, known in seen.opened.items():
        if account in state.accounts:
            raise Unusual
        opened.append(account)
        state.accounts[account] = Known(known.kind, known.opened_seq, None, 0)
        history.require_single(state, known.kind, account)


def _compare(state: AuditState, seen: Seen) -> None:
    """What the range took the accounts to be, against what they are."""
    accounts, start = state.accounts, seen.start
    for account, (claimed, _) in seen.accounts.items():
        known = accounts[account]
        if known == claimed:
            continue
        # A claim may say that a later entry closes the account, and then that one is looked at when it comes.
        same = (known.kind, known.opened_seq, known.balance) == (claimed.kind, claimed.opened_seq, claimed.balance)
        if not same or known.closed_seq is not None or (claimed.closed_seq or -1) < start:
            raise Unusual


def _events(state: AuditState, seen: Seen, past: history.Past) -> list[Move]:
    """Judge what completes, undoes or closes. Gives the closes."""
    closes = []
    state.reversed.update(seen.undone)
    for move in seen.events:
        if move.kind is Kind.CLOSE:
            history.close(state, move.postings[0][0])
            closes.append(move)
        else:
            history.complete(state, past, move)
    state.holds.update(seen.holds)
    return closes


def _signatures(state: AuditState, seen: Seen) -> None:
    """The signatures of stations. Whether a key was in force at that number is known only now."""
    if state.signed_only and seen.verified != len(seen.signed):
        raise Unusual
    for _, body in seen.signed:
        entry = decode(body)
        stations.check(state.stations, entry, stations.signed_for(state.origins, entry), signed_only=state.signed_only)


def _back(state: AuditState, opened: list[str], kept: AuditState) -> None:
    for account in opened:
        del state.accounts[account]
    state.holds, state.reversed, state.stations = kept.holds, kept.reversed, kept.stations
    state.keys, state.policies = kept.keys, kept.policies
    state.signed_only, state.origins = kept.signed_only, kept.origins
