"""Webhooks: programmes of others are told, signed, what happened; ids and numbers only."""

from timebank.services.webhooks.desk import MessageView, WebhookView, end, every, register, see, switch_on
from timebank.services.webhooks.send import Answer, send_due

__all__ = ["Answer", "MessageView", "WebhookView", "end", "every", "register", "see", "send_due", "switch_on"]
