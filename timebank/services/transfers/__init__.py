"""Transfers: gifts and donations that can be undone for a while, and grants that two people decide."""

from timebank.services.transfers.crossings import Crossing, Destination, cross, crossing, exchange
from timebank.services.transfers.gifts import Addressee, Giving, addressee, carry_out_due, donate, gift, giving, undo
from timebank.services.transfers.grants import ask_grant, decide_grant, grants, pending_grants, pool_minutes
from timebank.services.transfers.values import TransferView, mine

__all__ = [
    "Addressee",
    "Crossing",
    "Destination",
    "Giving",
    "TransferView",
    "addressee",
    "ask_grant",
    "carry_out_due",
    "cross",
    "crossing",
    "decide_grant",
    "donate",
    "exchange",
    "gift",
    "giving",
    "grants",
    "mine",
    "pending_grants",
    "pool_minutes",
    "undo",
]
