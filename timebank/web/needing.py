"""The form of a need, in three steps: what help, when, and what the helper must know. For phones and the desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask_babel import gettext, lazy_gettext
from wtforms import SelectField

from timebank.domain.catalogue import FIVE_X_LABELS, HELP_LABELS, Service, by_class, by_help
from timebank.domain.errors import TimebankError
from timebank.domain.needs import FUNDING_LABELS, GENDER_LABELS, LANGUAGE_LABELS
from timebank.services import catalogue, families, hours, needs, redemptions
from timebank.services.hours import HoursView, LogHours, RowRefused
from timebank.services.needs import NeedView, PostNeed
from timebank.web.asking import FARTHEST_DAYS, LENGTHS, NINE, day_choices, starts
from timebank.web.forms import Choice, Form, SafeText
from timebank.web.guard import actor, bank, now
from timebank.web.language import hours_minutes, in_language
from timebank.web.pages.hours import zone
from timebank.web.words import choices

BY_HELP, BY_CLASS = "help", "class"


class NeedForm(Form):
    whom = Choice(lazy_gettext("For whom?"))
    service = Choice(lazy_gettext("What help?"))
    minutes = Choice(lazy_gettext("How long?"), coerce=int, default=60)
    day = SelectField(lazy_gettext("On which day?"))
    start = SelectField(lazy_gettext("From when?"), default=NINE)
    funding = SelectField(
        lazy_gettext("Who pays?"),
        description=lazy_gettext("Nothing saved? Choose another way; the station checks it with you."),
    )
    risk = SafeText(
        lazy_gettext("What could go wrong?"),
        description=lazy_gettext("For example stairs, a dog, poor sight; or “none known”. Volunteers read it."),
    )
    note = SafeText(
        lazy_gettext("Anything the helper should know?"),
        description=lazy_gettext("Only who takes it on reads this. You can leave it empty."),
    )
    language = SelectField(lazy_gettext("Which language?"), default="")
    gender_wish = SelectField(lazy_gettext("Rather a woman or a man?"), default="")
    phone = SelectField(lazy_gettext("How was it asked for?"), default="desk")


def people() -> list[tuple[str, str]]:
    """For whom the visitor may post: the own person, and the elders whom the visitor acts for."""
    elders = families.elders_i_act_for(bank(), actor())
    return [(actor().person_id, gettext("For myself")), *((one.person_id, one.name) for one in elders)]


def usual_funding(person_id: str) -> str:
    """With saved hours, where there are some to use; else the way that most elders without hours have."""
    try:
        able = redemptions.prospects(bank(), actor(), person_id, now=now()).may_ask
    except TimebankError:
        able = False
    return "time" if able else "government"


def fill(
    form: NeedForm, whom: Sequence[tuple[str, str]], view: str, funding: str = "time"
) -> list[tuple[str, tuple[Service, ...]]]:
    """Put the choices into the form. Gives the menu, by the six helps or by 5 + X."""
    offered = catalogue.askable(bank())
    anything = [("", gettext("All the same"))]
    form.whom.choices = list(whom)
    if form.whom.data is None and whom:
        form.whom.data = whom[0][0]
    form.service.choices = [(one.code, in_language(one.name, one.name_en)) for one in offered]
    form.minutes.choices = [(length, hours_minutes(length)) for length in LENGTHS]
    form.day.choices = day_choices(FARTHEST_DAYS)
    form.start.choices = [(text, text) for text in starts()]
    form.funding.choices = choices(FUNDING_LABELS)
    form.language.choices = anything + choices(LANGUAGE_LABELS)
    form.gender_wish.choices = anything + choices(GENDER_LABELS)
    form.phone.choices = [("desk", gettext("at the desk")), ("phone", gettext("by phone"))]
    if not form.is_submitted():
        form.day.data = form.day.choices[1][0]
        form.funding.data = funding
    return menu(offered, view)


def menu(offered: tuple[Service, ...], view: str) -> list[tuple[str, tuple[Service, ...]]]:
    """The items in groups. What stands under no help comes last."""
    if view == BY_CLASS:
        classes = by_class(offered)
        return [(gettext(label), classes[code]) for code, label in FIVE_X_LABELS.items() if classes[code]]
    helps, seen, found = by_help(offered), set[str](), []
    for code, label in HELP_LABELS.items():
        items = tuple(one for one in helps[code] if one.code not in seen)
        seen |= {one.code for one in items}
        if items:
            found.append((gettext(label), items))
    rest = tuple(one for one in offered if one.code not in seen)
    return [*found, (gettext("company and more"), rest)] if rest else found


def told(form: NeedForm) -> PostNeed:
    """What was told. The form was validated before."""
    wanted = datetime.fromisoformat(f"{form.day.data}T{form.start.data}").replace(tzinfo=zone())
    return PostNeed(
        elder_id=form.whom.data,
        service_code=form.service.data,
        minutes=form.minutes.data,
        wanted_at=wanted.astimezone(UTC),
        risk=form.risk.data or "",
        funding=form.funding.data,
        note=form.note.data or "",
        language=form.language.data or "",
        gender_wish=form.gender_wish.data or "",
        by_phone=form.phone.data == "phone",
    )


def post(form: PostNeed) -> NeedView:
    """Post it; for an elder whom the actor acts for, the act is counted in the same commit."""
    with bank().together() as one:
        families.count_act(one, actor(), form.elder_id, "needs.post", now=now())
        return needs.post(one, actor(), form, now=now())


def log_served(view: NeedView, started_at: datetime, minutes: int, note: str = "") -> HoursView:
    """Log the hours that answer a need, and link them to it, in one commit."""
    paid = view.redemption_id if view.paid_id == actor().person_id else None
    form = LogHours(view.elder_id, view.service_code, started_at, minutes, view.place, note, redemption_id=paid)
    with bank().together() as one:
        record = hours.log(one, actor(), form, now=now())
        needs.link(one, actor(), view.id, record.id, now=now())
        return record


def enter_served(view: NeedView, person_id: str, started_at: datetime, minutes: int, slip: str) -> HoursView:
    """The desk enters a helper's hours that answer a need, from a paper slip or by hand, and links them, in one commit.

    Raises the refusal of the hours.
    """
    paid = view.redemption_id if view.paid_id == person_id else None
    form = LogHours(view.elder_id, view.service_code, started_at, minutes, view.place, redemption_id=paid)
    try:
        with bank().together() as one:
            record = hours.enter(one, actor(), [(person_id, slip, form)], now=now())[0]
            needs.link(one, actor(), view.id, record.id, now=now())
            return record
    except RowRefused as refused:
        raise refused.error from refused
