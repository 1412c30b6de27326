"""Errors of policies, the catalogue, audits and alerts."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class PolicyInvalid(Invalid):
    """`field` is the path in the document, `reason` a word for what is wrong there."""

    code = "policy_invalid"
    message = N_("The rules are not valid at “%(field)s”.")
    remedy = N_("Correct this line: %(reason)s.")


class PolicyBackdated(Refused):
    """A policy never takes effect in the past: what was decided under the old one stays."""

    code = "policy_backdated"
    message = N_("New rules can't take effect in the past, nor before rules that were decided earlier.")
    remedy = N_("Choose a later date.")


class PolicyMissing(Refused):
    """No policy is in force, so no hour can move."""

    code = "policy_missing"
    message = N_("No rules are in force yet, so no hours can be moved.")
    remedy = N_("The county centre must decide on rules first.")


class CareRulesMissing(Refused):
    """The rules in force are from before there were care rules."""

    code = "care_rules_missing"
    message = N_("The rules in force say nothing about this yet.")
    remedy = N_("The county centre decides on new rules, beginning from a template.")


class PolicyUnchanged(Refused):
    """A version that says the same as the one before."""

    code = "policy_unchanged"
    message = N_("The new rules say the same as the present ones.")
    remedy = N_("Change something first, or leave them as they are.")


class PresetUnknown(Invalid):
    """No preset has this name."""

    code = "preset_unknown"
    message = N_("This template of rules doesn't exist.")
    remedy = N_("Choose one from the list.")


class ServiceInvalid(Invalid):
    """`field` is what is wrong in the catalogue item."""

    code = "service_invalid"
    message = N_("The service item is not valid at “%(field)s”.")
    remedy = N_("Correct this line and save it again.")


class ServiceCodeTaken(Refused):
    """Each item has a code of its own."""

    code = "service_code_taken"
    message = N_("Another service already has this code.")
    remedy = N_("Choose another code.")


class BaseServiceLocked(Refused):
    """The five base classes can't be deleted, only marked as not offered."""

    code = "base_service_locked"
    message = N_("A service of the five base classes can't be deleted.")
    remedy = N_("Mark it as not offered here.")


class ServiceMedical(Refused):
    """Medical acts are out of scope: a referral, never an hour."""

    code = "service_medical"
    message = N_("Medical care is not a volunteer service.")
    remedy = N_("Give the phone number of the health centre instead.")


class AlertAlreadyAcknowledged(Refused):
    """Somebody else was faster."""

    code = "alert_already_acknowledged"
    message = N_("This alert was already acknowledged.")
    remedy = N_("Read who did it and why in the list of alerts.")
