"""The form with which somebody asks for care: for whom, what, how long, when. Shared by the phone page and the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from flask_babel import format_date, gettext, lazy_gettext
from wtforms import SelectField

from timebank.domain.catalogue import FIVE_X_LABELS, Service, by_class
from timebank.domain.kin import RELATION_LABELS, Relation
from timebank.services import catalogue
from timebank.services.redemptions import AskForCare, Prospects
from timebank.web.forms import Choice, Form, SafeText
from timebank.web.guard import bank, now
from timebank.web.language import hours_minutes, in_language, page_language
from timebank.web.pages.hours import zone

USUAL = 4
LENGTHS = (30, 60, 90, 120, 180, 240)
FIRST, LAST = time(7, 0), time(20, 0)
FARTHEST_DAYS = 60
NINE = "09:00"


class AskForm(Form):
    whom = Choice(lazy_gettext("For whom?"))
    service = Choice(lazy_gettext("What help?"))
    minutes = Choice(lazy_gettext("How long?"), coerce=int, default=60)
    day = SelectField(lazy_gettext("On which day?"))
    start = SelectField(lazy_gettext("From when?"), default=NINE)
    note = SafeText(
        lazy_gettext("Anything the helper should know?"), description=lazy_gettext("You can leave this empty.")
    )


@dataclass(frozen=True, slots=True)
class Whom:
    """One choice of the first question: who pays, for whom, and how that is said."""

    value: str
    label: str
    hint: str


def whom(payers: Sequence[Prospects], me: str) -> list[Whom]:
    """Everybody for whom the hours of these members may be used."""
    found = []
    for payer in payers:
        if not payer.may_ask:
            continue
        usable = hours_minutes(payer.usable_minutes)
        own = payer.member_id == me
        hint = gettext("with my hours, %(usable)s") if own else gettext("with the hours of %(name)s, %(usable)s")
        for receiver in payer.receivers:
            label = receiver.name
            if receiver.person_id == me:
                label = gettext("For myself")
            elif receiver.relation != Relation.SELF:
                label = f"{receiver.name}（{gettext(RELATION_LABELS[Relation(receiver.relation)])}）"
            value = f"{payer.member_id}:{receiver.person_id}"
            found.append(Whom(value, label, hint % {"usable": usable, "name": payer.name}))
    return found


def fill(form: AskForm, payers: Sequence[Prospects], me: str) -> list[tuple[str, tuple[Service, ...]]]:
    """Put the choices into the form. Gives the menu: each class of services with its items."""
    offered = catalogue.askable(bank())
    people = whom(payers, me)
    step = payers[0].step_minutes if payers else 1
    form.whom.choices = [(one.value, one.label) for one in people]
    if form.whom.data is None and people:
        form.whom.data = people[0].value
    form.service.choices = [(one.code, in_language(one.name, one.name_en)) for one in offered]
    form.minutes.choices = [(length, hours_minutes(length)) for length in LENGTHS if length % step == 0]
    form.day.choices = day_choices(min((payer.ahead_days or FARTHEST_DAYS for payer in payers), default=FARTHEST_DAYS))
    form.start.choices = [(text, text) for text in starts()]
    if not form.is_submitted():
        form.day.data = form.day.choices[1][0]
    return _menu(offered, [code for payer in payers for code in payer.usual])


def _menu(offered: tuple[Service, ...], usual: list[str]) -> list[tuple[str, tuple[Service, ...]]]:
    """What was asked for before stands first, then the rest by class."""
    by_code = {one.code: one for one in offered}
    before = tuple(by_code[code] for code in dict.fromkeys(usual) if code in by_code)[:USUAL]
    classes = by_class(one for one in offered if one not in before)
    menu = [(gettext(label), classes[code]) for code, label in FIVE_X_LABELS.items() if classes[code]]
    return [(gettext("As before"), before), *menu] if before else menu


def day_choices(ahead_days: int) -> list[tuple[str, str]]:
    """The coming days, with their weekdays, as people say them."""
    today = now().astimezone(zone()).date()
    days = [today + timedelta(days=number) for number in range(min(ahead_days, FARTHEST_DAYS) + 1)]
    near = (gettext("today"), gettext("tomorrow"), gettext("the day after tomorrow"))
    return [
        (day.isoformat(), f"{_day(day)} {near[number]}" if number < len(near) else _day(day))
        for number, day in enumerate(days)
    ]


def _day(day: date) -> str:
    return str(format_date(day, "M月d日 EEEE" if page_language() == "zh-CN" else "EEEE, d MMMM"))


def starts() -> list[str]:
    """Every half hour of the day in which helpers go out."""
    first = datetime.combine(date.min, FIRST)
    count = (LAST.hour - FIRST.hour) * 2 + 1
    return [(first + timedelta(minutes=30 * number)).strftime("%H:%M") for number in range(count)]


def told(form: AskForm) -> AskForCare:
    """What was asked for. The form was validated before."""
    member_id, receiver_id = form.whom.data.split(":")
    wanted = datetime.fromisoformat(f"{form.day.data}T{form.start.data}").replace(tzinfo=zone())
    return AskForCare(
        member_id=member_id,
        receiver_id=receiver_id,
        service_code=form.service.data,
        minutes=form.minutes.data,
        wanted_at=wanted.astimezone(UTC),
        note=form.note.data or "",
    )
