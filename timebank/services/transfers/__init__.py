"""Transfers: gifts and donations that can be undone for a while, and grants that two people decide."""

from timebank.services.transfers.crossings import Crossing, Destination, cross, crossing, exchange
from timebank.services.transfers.expiry import lapse_grants_due
from timebank.services.transfers.gifts import (
    Addressee,
    AtDesk,
    Giving,
    addressee,
    carry_out_due,
    donate,
    gift,
    giving,
    of_member,
    undo,
)
from timebank.services.transfers.grants import ask_grant, decide_grant, grants, pending_grants, pool_minutes
from timebank.services.transfers.programmes import (
    DryRun,
    GrantProgrammeView,
    close_programme,
    dry_run,
    grant_programmes,
    open_programme,
    propose_programme,
    run_programme,
)
from timebank.services.transfers.values import TransferView, mine

__all__ = [
    "Addressee",
    "AtDesk",
    "Crossing",
    "Destination",
    "DryRun",
    "Giving",
    "GrantProgrammeView",
    "TransferView",
    "addressee",
    "ask_grant",
    "carry_out_due",
    "close_programme",
    "cross",
    "crossing",
    "decide_grant",
    "donate",
    "dry_run",
    "exchange",
    "gift",
    "giving",
    "grant_programmes",
    "grants",
    "lapse_grants_due",
    "mine",
    "of_member",
    "open_programme",
    "pending_grants",
    "pool_minutes",
    "propose_programme",
    "run_programme",
    "undo",
]
