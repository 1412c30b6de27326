"""What the ledger and the database refuse, in the words of the service. What has no words stays as it is: a defect."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError

from ledger import errors as ledger
from timebank.domain import errors as domain


def in_domain_words(error: Exception) -> Exception:
    """The error as the service says it."""
    if isinstance(error, ledger.BalanceTooLow):
        return domain.BalanceTooLow(usable_minutes=error.balance, wanted_minutes=error.wanted)
    if isinstance(error, ledger.AccountClosed):
        return domain.MemberClosed()
    if isinstance(error, ledger.AlreadyReversed):
        return domain.EntryAlreadyReversed()
    if isinstance(error, ledger.HoldAlreadySettled):
        return domain.StaleVersion()
    if isinstance(error, ledger.OutcomeUnknown):
        return domain.OutcomeUnknown()
    if isinstance(error, ledger.StoreBusy):
        return domain.Busy()
    if isinstance(error, DBAPIError):
        return _of_database(error)
    return error


def _of_database(error: DBAPIError) -> Exception:
    """By SQLSTATE alone: a cluster gives no constraint names. A connection lost in COMMIT leaves it open."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state in ("40001", "40P01", "55P03"):
        return domain.Busy()
    if state[:2] == "08" or state in ("57P01", "57P02", "57P03", "25006") or error.connection_invalidated:
        return domain.OutcomeUnknown()
    if isinstance(error, OperationalError) and "locked" in str(error.orig):
        return domain.Busy()
    return error
