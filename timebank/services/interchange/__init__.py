"""Credit between two books (通存通兑): agreements, sending, receiving, and the daily comparison."""

from timebank.services.interchange.arriving import Answer, receive
from timebank.services.interchange.partners import (
    Card,
    PartnerView,
    agree,
    card,
    partner,
    partners,
    propose,
    read_card,
    suspend,
)
from timebank.services.interchange.reconciling import (
    ClearingView,
    StatementView,
    exchange,
    netting,
    reconcile_due,
    statements,
    transfers,
)
from timebank.services.interchange.sending import send_due
from timebank.storage.clearing import Net

__all__ = [
    "Answer",
    "Card",
    "ClearingView",
    "Net",
    "PartnerView",
    "StatementView",
    "agree",
    "card",
    "exchange",
    "netting",
    "partner",
    "partners",
    "propose",
    "read_card",
    "receive",
    "reconcile_due",
    "send_due",
    "statements",
    "suspend",
    "transfers",
]
