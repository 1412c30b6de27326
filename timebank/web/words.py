"""Words for codes: states, sources, kinds, as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from flask import Flask, g
from flask_babel import gettext

from timebank.domain.activities import ACTIVITY_LABELS, PROJECT_LABELS
from timebank.domain.catalogue import PLACE_LABELS, TRAINING_LABELS
from timebank.domain.hours import FLAG_TEXTS, REASON_LABELS, SOURCE_LABELS, Source
from timebank.domain.imports import FINDING_LABELS
from timebank.domain.needs import FUNDING_LABELS, GENDER_LABELS, LANGUAGE_LABELS, POSTED_HOW_LABELS
from timebank.domain.offers import WEEKDAY_LABELS
from timebank.domain.roles import stations_of
from timebank.domain.words import N_
from timebank.services import network, policies
from timebank.services.hours import FlagView
from timebank.web.guard import actor, bank, now
from timebank.web.language import hours_minutes, in_language

Code = TypeVar("Code", bound=str)
DOCUMENT_LABELS = {
    "resident": N_("Resident identity card"),
    "hmt_residence": N_("Residence permit for Hong Kong, Macao and Taiwan"),
    "passport": N_("Passport"),
    "permanent_residence": N_("Permanent residence card"),
    "none": N_("No document"),
}
PLACE_CHOICES = {
    "": N_("As usual for this service"),
    "home": N_("at home"),
    "station": N_("at the station"),
    "institution": N_("in a care home or hospital"),
    "outside": N_("outside"),
}
ROLE_LABELS = {
    "member": N_("Member"),
    "worker": N_("Station worker"),
    "street": N_("Street centre"),
    "county": N_("County centre"),
    "auditor": N_("Auditor"),
    "administrator": N_("Administrator"),
}
MEMBER_STATES = {
    "pending": (N_("Waiting for the station"), "wait"),
    "active": (N_("Active"), ""),
    "suspended": (N_("Suspended"), "bad"),
    "declined": (N_("Declined"), "off"),
    "closed": (N_("Closed"), "off"),
}


STATES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "member": MEMBER_STATES,
    "hours": {
        "logged": (N_("Waiting for the elder to confirm"), "wait"),
        "confirmed": (N_("Waiting for the station"), "wait"),
        "verified": (N_("Credited"), ""),
        "disputed": (N_("Being clarified"), "bad"),
        "rejected": (N_("Rejected"), "bad"),
        "withdrawn": (N_("Withdrawn"), "off"),
    },
    "redemption": {
        "requested": (N_("Asked for"), "wait"),
        "waiting": (N_("On the waiting list"), "wait"),
        "held": (N_("Hours set aside"), "wait"),
        "assigned": (N_("A helper is found"), "wait"),
        "delivered": (N_("Done, to be settled"), "wait"),
        "settled": (N_("Settled"), ""),
        "declined": (N_("Declined"), "off"),
        "cancelled": (N_("Cancelled"), "off"),
        "expired": (N_("Lapsed, hours given back"), "off"),
        "no_show": (N_("Nobody was there"), "bad"),
    },
    "need": {
        "posted": (N_("Waits for the station's check"), "wait"),
        "open": (N_("Waits for a volunteer"), "wait"),
        "taken": (N_("Taken on"), "wait"),
        "in_service": (N_("Being served"), "wait"),
        "delivered": (N_("To be verified"), "wait"),
        "credited": (N_("Credited"), ""),
        "provided": (N_("Done for pay, no hours"), ""),
        "rejected": (N_("Not published"), "bad"),
        "cancelled": (N_("Cancelled"), "off"),
        "expired": (N_("Nobody was found in time"), "off"),
        "no_show": (N_("Did not take place"), "bad"),
    },
    "activity": {
        "open": (ACTIVITY_LABELS["open"], "wait"),
        "recorded": (ACTIVITY_LABELS["recorded"], ""),
        "cancelled": (ACTIVITY_LABELS["cancelled"], "off"),
    },
    "project": {
        "open": (PROJECT_LABELS["open"], "wait"),
        "running": (PROJECT_LABELS["running"], ""),
        "done": (PROJECT_LABELS["done"], "off"),
        "closed": (PROJECT_LABELS["closed"], "off"),
    },
    "transfer": {
        "pending": (N_("Waiting"), "wait"),
        "done": (N_("Done"), ""),
        "undone": (N_("Taken back"), "off"),
        "refused": (N_("Declined"), "off"),
    },
    "estate": {
        "reported": (N_("Waiting for a second person"), "wait"),
        "settled": (N_("Passed on"), ""),
        "withdrawn": (N_("Withdrawn"), "off"),
        "undone": (N_("Taken back"), "off"),
    },
    "points_order": {
        "ordered": (N_("Ordered"), "wait"),
        "handed": (N_("Handed over"), ""),
        "cancelled": (N_("Cancelled"), "off"),
    },
    "points_change": {
        "proposed": (N_("Waiting for a second person"), "wait"),
        "decided": (N_("In force"), ""),
        "withdrawn": (N_("Withdrawn"), "off"),
    },
    "import": {
        "uploaded": (N_("Being checked"), "wait"),
        "checked": (N_("Checked, nothing is taken over yet"), "wait"),
        "running": (N_("Being taken over"), "wait"),
        "done": (N_("Taken over"), ""),
        "withdrawn": (N_("Withdrawn"), "off"),
        "undoing": (N_("Being taken back"), "wait"),
        "undone": (N_("Taken back"), "off"),
    },
    "grant_programme": {
        "proposed": (N_("Waiting for a second person"), "wait"),
        "open": (N_("In force"), ""),
        "closed": (N_("Closed"), "off"),
    },
    "certificate": {
        "valid": (N_("It is valid"), ""),
        "superseded": (N_("Replaced"), "off"),
        "revoked": (N_("Revoked"), "bad"),
        "erased": (N_("Holder erased"), "off"),
    },
    "partner": {
        "proposed": (N_("Waiting for a second person"), "wait"),
        "agreed": (N_("In force"), ""),
        "suspended": (N_("Suspended"), "bad"),
    },
    "clearing": {
        "held": (N_("Waiting"), "wait"),
        "sent": (N_("Under way"), "wait"),
        "arrived": (N_("Arrived"), ""),
        "returned": (N_("Sent back"), "off"),
        "undone": (N_("Taken back"), "off"),
        "accepted": (N_("Accepted"), ""),
        "refused": (N_("Declined"), "off"),
    },
    "erasure": {
        "waiting": (N_("Waiting"), "wait"),
        "confirmed": (N_("Will be erased soon"), "wait"),
        "withdrawn": (N_("Taken back"), "off"),
        "done": (N_("Erased"), "off"),
    },
    "complaint": {
        "received": (N_("Received, not accepted yet"), "wait"),
        "accepted": (N_("Being looked into"), "wait"),
        "answered": (N_("Answered"), ""),
        "appealed": (N_("Objected to"), "wait"),
        "decided": (N_("Decided"), ""),
        "redirected": (N_("Redirected"), "off"),
        "withdrawn": (N_("Withdrawn"), "off"),
        "closed": (N_("Finished"), "off"),
    },
    "credit": {
        "proposed": (N_("Proposed"), "wait"),
        "in_force": (N_("It counts"), "bad"),
        "appealed": (N_("Objected to"), "wait"),
        "struck": (N_("Struck out"), "off"),
        "repaired": (N_("Repaired"), "off"),
        "expired": (N_("Expired"), "off"),
    },
    "reversal": {
        "asked": (N_("Waiting for a second person"), "wait"),
        "approved": (N_("Corrected"), ""),
        "refused": (N_("Declined"), "off"),
        "withdrawn": (N_("Taken back"), "off"),
    },
}


def state_word(state: str, noun: str) -> str:
    return str(gettext(STATES[noun][state][0]))


def state_kind(state: str, noun: str) -> str:
    return STATES[noun][state][1]


def tag_words(tags: tuple[str, ...]) -> str:
    """Circumstances, as the region's papers call them."""
    named = dict(circumstance_choices())
    return "、".join(named.get(tag, tag) for tag in tags) or "–"


def circumstance_choices(kept: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The circumstances that the care rules in force name, in the visitor's language. `kept`: what stands with a
    member already; what the rules do not name any more keeps its code, so that a form does not drop it."""
    if "circumstances" not in g:
        g.circumstances = policies.circumstances(bank(), now=now())
    found = [(tag.code, in_language(tag.name, tag.name_en)) for tag in g.circumstances]
    known = {code for code, _ in found}
    return found + [(code, code) for code in kept if code not in known]


def source_word(source: str) -> str:
    return str(gettext(SOURCE_LABELS[Source(source)]))


def reason_word(reason: str) -> str:
    """A reason's words, whatever step it belongs to."""
    for labels in REASON_LABELS.values():
        if reason in labels:
            return str(gettext(labels[reason]))
    return reason


def flag_words(flag: FlagView) -> str:
    """What is unusual, with its numbers."""
    params = {k: hours_minutes(v) if k.endswith("minutes") else v for k, v in flag.params.items()}
    text = str(gettext(FLAG_TEXTS[flag.code]))
    return text % params


def finding_word(code: str) -> str:
    """What is wrong in a line of a sheet."""
    return str(gettext(FINDING_LABELS[code])) if code in FINDING_LABELS else code


def station_choices(verb: str, *, desks: bool = False) -> list[tuple[str, str]]:
    """For a select field: the open stations where the visitor may do this, by name in the visitor's language; with
    `desks` those alone that have members, no centres."""
    views = network.stations(bank())
    reach = stations_of(actor(), verb, {one.id: one.parent_id for one in views})
    return [
        (one.id, in_language(one.name, one.name_en))
        for one in views
        if one.id in reach and one.state == "open" and (one.kind == "station" or not desks)
    ]


def init_words(app: Flask) -> None:
    """The filters that templates use."""
    app.jinja_env.filters.update(state_word=state_word, state_kind=state_kind, tag_words=tag_words)
    app.jinja_env.globals.update(
        place_labels=PLACE_LABELS,
        funding_labels=FUNDING_LABELS,
        language_labels=LANGUAGE_LABELS,
        gender_labels=GENDER_LABELS,
        posted_labels=POSTED_HOW_LABELS,
        weekday_labels=WEEKDAY_LABELS,
        training_labels=TRAINING_LABELS,
    )
    app.jinja_env.filters.update(
        finding_word=finding_word, source_word=source_word, reason_word=reason_word, flag_words=flag_words
    )


def choices(labels: Mapping[Code, str]) -> list[tuple[str, str]]:
    """For a select or radio field: the code and its word in the visitor's language."""
    return [(str(code), gettext(label)) for code, label in labels.items()]
