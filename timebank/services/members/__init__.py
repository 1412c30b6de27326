"""Members: applying, registering at the desk, approving, correcting, finding, PIN and card, leaving."""

from timebank.services.members.correct import Correction, correct
from timebank.services.members.desk import (
    by_card,
    by_number,
    close,
    find,
    issue_card,
    look,
    move,
    see,
    set_password,
    set_pin,
    suspend,
)
from timebank.services.members.guests import GuestView, Visitor, at_desk, guest, guests, leave, receive
from timebank.services.members.register import Application, apply, approve, decline, register
from timebank.services.members.values import MemberView

__all__ = [
    "Application",
    "Correction",
    "GuestView",
    "MemberView",
    "Visitor",
    "apply",
    "approve",
    "at_desk",
    "by_card",
    "by_number",
    "close",
    "correct",
    "decline",
    "find",
    "guest",
    "guests",
    "issue_card",
    "leave",
    "look",
    "move",
    "receive",
    "register",
    "see",
    "set_password",
    "set_pin",
    "suspend",
]
