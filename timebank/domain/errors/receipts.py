"""Errors of receipts and signed papers."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Refused
from timebank.domain.words import N_


class ReceiptNotYet(Refused):
    """No published checkpoint covers the entry yet, so that there is nothing to prove it with."""

    code = "receipt_not_yet"
    message = N_("The receipt of this entry is not ready yet: it waits for the next signature under the whole book.")
    remedy = N_("Wait a minute and load the page again. If it is still missing tomorrow, ask the station.")
