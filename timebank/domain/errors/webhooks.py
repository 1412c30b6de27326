"""Errors of webhooks."""

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class WebhookAddressRefused(Invalid):
    """The address may not be told: not https, or inside our own walls."""

    code = "webhook_address_refused"
    message = N_("Messages can't be sent to this address.")
    remedy = N_("Give an address that begins with https:// and that the internet can reach.")


class WebhookStateConflict(Refused):
    """It is ended, or it is not stopped."""

    code = "webhook_state_conflict"
    message = N_("This step is not possible at the present state of the webhook.")
    remedy = N_("Reload the page to see the present state.")
