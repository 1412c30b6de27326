"""Transfers: gifts and donations that can be undone for a while, and grants that two people decide."""

from timebank.services.transfers.gifts import Addressee, Giving, addressee, carry_out_due, donate, gift, giving, undo
from timebank.services.transfers.grants import ask_grant, decide_grant, grants, pending_grants, pool_minutes
from timebank.services.transfers.values import TransferView, mine

__all__ = [
    "Addressee",
    "Giving",
    "TransferView",
    "addressee",
    "ask_grant",
    "carry_out_due",
    "decide_grant",
    "donate",
    "gift",
    "giving",
    "grants",
    "mine",
    "pending_grants",
    "pool_minutes",
    "undo",
]
