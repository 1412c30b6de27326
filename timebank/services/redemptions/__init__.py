"""Redemptions: asking for care, holding the hours, finding a helper, delivering, settling."""

from timebank.services.redemptions.desk import assign, deliver, settle, step, waiting_list
from timebank.services.redemptions.expire import expire_due
from timebank.services.redemptions.request import AskForCare, ask, see_purses
from timebank.services.redemptions.values import RedemptionView, at_desk, mine, see, trail

__all__ = [
    "AskForCare",
    "RedemptionView",
    "ask",
    "assign",
    "at_desk",
    "deliver",
    "expire_due",
    "mine",
    "see",
    "see_purses",
    "settle",
    "step",
    "trail",
    "waiting_list",
]
