"""The file of own data on paper, in the reader's words: each part, each field, and the codes that stand in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext

from timebank.domain.catalogue import PLACE_LABELS, TRAINING_LABELS
from timebank.domain.consent_notes import HOW_LABELS as NOTE_WAYS
from timebank.domain.consent_notes import STATE_LABELS as NOTE_STATES
from timebank.domain.equipment import CONDITION_LABELS
from timebank.domain.errors import BalanceLeft, OpenMattersLeft, StaffRoleLeft
from timebank.domain.hours import CONFIRMED_HOW_LABELS, REASON_LABELS, SOURCE_LABELS
from timebank.domain.kin import RELATION_LABELS
from timebank.domain.ledger_words import ORIGIN_LABELS
from timebank.domain.own_data import FIELDS, PARTS
from timebank.domain.redemptions import REASON_LABELS as REDEMPTION_REASONS
from timebank.domain.transfers import GRANT_REASONS, KIND_LABELS, REFUSE_REASONS
from timebank.domain.words import N_
from timebank.services import catalogue
from timebank.web.guard import bank
from timebank.web.language import hours_minutes, in_language, local_moment
from timebank.web.words import DOCUMENT_LABELS, STATES, tag_words

Words = Mapping[Any, str]
Table = list[tuple[str, str]]

BALANCES: Words = {str(origin): words for origin, words in ORIGIN_LABELS.items()}
LABELS: Words = {**FIELDS, **BALANCES}
WAYS: Words = {
    "screen": N_("on the own phone or computer"),
    "self": N_("on the own phone or computer"),
    "web": N_("on the pages of the time bank"),
    "desk": N_("at the desk"),
    "heirs": N_("by the heirs, at the desk"),
    "api": N_("by a station's own system"),
    "proxy": N_("by the family"),
    "job": N_("by itself, when it was due"),
    "seed": N_("when the time bank was set up"),
}
ACTS: Words = {
    "hours.confirm": N_("Confirmed hours"),
    "redemptions.ask": N_("Asked for care"),
    "redemptions.cancel": N_("Cancelled a request for care"),
    "needs.post": N_("Posted a need"),
    "consent_notes.give": N_("Wrote a consent note"),
}
EXPORTED: Words = {"export for the member": N_("The data were given out to the member")}


def _states(noun: str) -> Words:
    return {code: words for code, (words, _) in STATES[noun].items()}


def _reasons(of_steps: Mapping[str, Mapping[str, str]]) -> Words:
    return {code: words for reasons in of_steps.values() for code, words in reasons.items()}


CODES: Mapping[tuple[str, str], Words] = {
    ("person", "document_type"): DOCUMENT_LABELS,
    ("person", "sex"): {"female": N_("female"), "male": N_("male")},
    ("membership", "state"): _states("member"),
    ("purse", "origin"): BALANCES,
    ("consent", "kind"): {
        "membership": N_("To be a member, and to keep the data that this needs"),
        "sensitive": N_("To write down circumstances"),
        "proxy": N_("To let a relative act"),
    },
    ("consent", "channel"): WAYS,
    ("qualification", "training"): TRAINING_LABELS,
    ("kin", "relation"): RELATION_LABELS,
    ("proxy_act", "verb"): ACTS,
    ("hours_record", "state"): _states("hours"),
    ("hours_record", "source"): SOURCE_LABELS,
    ("hours_record", "confirmed_how"): CONFIRMED_HOW_LABELS,
    ("hours_record", "place"): PLACE_LABELS,
    ("hours_event", "state"): _states("hours"),
    ("hours_event", "state_before"): _states("hours"),
    ("hours_event", "reason"): _reasons(REASON_LABELS),
    ("hours_event", "via"): WAYS,
    ("redemption", "state"): _states("redemption"),
    ("redemption", "place"): PLACE_LABELS,
    ("redemption_event", "state"): _states("redemption"),
    ("redemption_event", "state_before"): _states("redemption"),
    ("redemption_event", "reason"): _reasons(REDEMPTION_REASONS),
    ("redemption_event", "via"): WAYS,
    ("transfer", "kind"): KIND_LABELS,
    ("transfer", "state"): _states("transfer"),
    ("transfer", "reason"): GRANT_REASONS,
    ("transfer", "refused_reason"): REFUSE_REASONS,
    ("document", "kind"): {
        "member": N_("Registration"),
        "hours": N_("Record of hours"),
        "redemption": N_("Request for care"),
        "transfer": N_("Gift, donation or grant"),
        "reversal": N_("Correction of an entry"),
        "correction": N_("Correction of personal data"),
    },
    ("consent_note", "state"): NOTE_STATES,
    ("consent_note", "given_how"): NOTE_WAYS,
    ("consent_note", "back_how"): NOTE_WAYS,
    ("equipment_loan", "condition"): CONDITION_LABELS,
    ("equipment_loan", "state"): {"open": N_("Not back yet"), "returned": N_("Given back")},
    ("look", "reason"): EXPORTED,
    ("erasure", "state"): _states("erasure"),
    ("erasure", "channel"): WAYS,
    ("erasure", "problem"): {one.code: one.message for one in (BalanceLeft, OpenMattersLeft, StaffRoleLeft)},
}
"""(part, field) → what its codes mean. A value that is no code of these, such as free words, is shown as it is."""


def in_parts(document: Mapping[str, Any]) -> list[tuple[str, list[Table]]]:
    """Title and rows of each part; a row is (label, value) of the fields that say something."""
    services = {one.code: in_language(one.name, one.name_en) for one in catalogue.items(bank())}
    parts = []
    for name, rows in document.items():
        if name in PARTS:
            listed = rows if isinstance(rows, list) else [rows]
            parts.append((gettext(PARTS[name]), [told for row in listed if (told := _row(name, row, services))]))
    return parts


def _row(part: str, row: Mapping[str, Any], services: Words) -> Table:
    return [
        (gettext(LABELS.get(field, field)), _told(part, field, value, services))
        for field, value in row.items()
        if value not in (None, "", [], {})
    ]


def _told(part: str, field: str, value: Any, services: Words) -> str:
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, int) and (field.endswith("minutes") or field in BALANCES):
        return hours_minutes(value)
    if isinstance(value, str) and (field.endswith("_at") or field == "at"):
        return local_moment(datetime.fromisoformat(value))
    if field == "service_code":
        return services.get(value, value)
    if field == "tags":
        return tag_words(tuple(value))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    words = CODES.get((part, field), {}).get(value)
    return str(value) if words is None else str(gettext(words))
