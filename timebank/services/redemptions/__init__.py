"""Redemptions: asking for care, holding the hours, finding a helper, delivering, settling."""

from timebank.services.redemptions.desk import assign, deliver, settle, step, waiting_list
from timebank.services.redemptions.expire import expire_due
from timebank.services.redemptions.helpers import Helper, Helpers, helpers
from timebank.services.redemptions.prospects import Prospects, Receiver, counts, prospects
from timebank.services.redemptions.request import ask, see_purses
from timebank.services.redemptions.values import RedemptionView, at_desk, mine, of_elders, of_member, see, trail
from timebank.storage.holding import AskForCare

__all__ = [
    "AskForCare",
    "Helper",
    "Helpers",
    "Prospects",
    "Receiver",
    "RedemptionView",
    "ask",
    "assign",
    "at_desk",
    "counts",
    "deliver",
    "expire_due",
    "helpers",
    "mine",
    "of_elders",
    "of_member",
    "prospects",
    "see",
    "see_purses",
    "settle",
    "step",
    "trail",
    "waiting_list",
]
