"""Errors of messages and how people want them."""

from __future__ import annotations

from timebank.domain.errors.base import Invalid
from timebank.domain.words import N_


class EmailInvalid(Invalid):
    """It can't be a mail address."""

    code = "email_invalid"
    message = N_("This can't be an e-mail address.")
    remedy = N_("Look at it again, or leave the field empty.")
