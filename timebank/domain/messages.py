"""What people are told: for each kind a short text in both languages, which names nobody and says what to do next.

A short message may be read by whoever holds the phone, so a text never says who, what illness, or how many hours.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

from timebank.domain.errors import EmailInvalid
from timebank.domain.local_time import CHINA, parse_clock
from timebank.domain.policies.care import Messages
from timebank.domain.words import N_

TEXTS: Final[Mapping[str, str]] = {
    "station_closing": N_("Your station will close. Another one takes over; all your hours stay yours."),
    "station_stays": N_("Your station stays open after all."),
    "station_closed": N_("Your station has closed. Its successor has your account and all open matters."),
    "redemption_assigned": N_("A helper was found for the care that you asked for."),
    "redemption_for_you": N_("The station asks you to help somebody. Please look at day and time."),
    "redemption_unassigned": N_("A helper is being looked for again for the care that you asked for."),
    "redemption_withdrawn": N_("A visit that you were asked for does not take place."),
    "redemption_declined": N_("The care that you asked for can't be given. The hours are back in your account."),
    "redemption_no_show": N_("A visit did not take place. The hours are back in your account."),
    "redemption_soon": N_("A visit is due soon. Please tell the station if you can't keep it."),
    "hours_rejected": N_("A record of yours was not verified. Please look at the reason."),
    "hours_disputed": N_("Somebody says that a record of yours is not right. Please look at it."),
    "inspection_drawn": N_("You were drawn to inspect a station."),
    "training_cancelled": N_("A training that you wanted to join does not take place."),
    "gift_received": N_("Somebody gave you hours. They are in your account."),
    "need_published": N_("Your need was checked. Volunteers can see it now, without your name."),
    "need_rejected": N_("Your need was not published. Look at the reason, or call the station."),
    "need_taken": N_("A volunteer took on the care that you need."),
    "need_given": N_("The station gave you a need to help with. Look at it, or give it back."),
    "need_given_back": N_("Your helper can't come. The station looks for somebody else."),
    "need_cancelled": N_("The care that you wanted to give is not needed any more."),
    "need_expired": N_("Nobody was found in time for the care that you need. Post it anew, or call the station."),
    "need_reminder": N_("The agreed care is soon. Look at when and where."),
    "no_show_talk": N_("A volunteer of your station was absent again. Please talk with them."),
    "activity_reminder": N_("The activity that you joined is soon. Look at when and where."),
    "activity_cancelled": N_("The activity that you joined was cancelled."),
    "rounds_planned": N_("The monthly visits are planned. Open the list to see whom you visit."),
    "complaint_received": N_("A complaint came in. Accept it or redirect it in time."),
    "complaint_step": N_("There is something new about your complaint."),
    "complaint_appealed": N_("Somebody objected to the answer to a complaint. A second person decides."),
    "credit_event": N_("Something was written into your credit file. You can object to it."),
    "hours_lapsed": N_("Hours in your account lapsed after a long time without use. Ask at the station."),
    "clearing_arrived": N_("The hours that you sent to another county have arrived there."),
    "clearing_returned": N_("Another county could not take your hours. They are back in your account."),
    "clearing_received": N_("Hours from another county have arrived in your account."),
    "grant_lapses_soon": N_("Some of the hours that you were granted lapse soon. Ask for care while they last."),
    "grant_lapsed": N_("Hours that you were granted and did not use lapsed on the day that was said."),
    "hours_granted": N_("You were granted hours for care. They are in your account."),
    "certificate_revoked": N_("A certificate of yours was revoked. Ask at the station why."),
    "records_due": N_("Services wait to be recorded: ten working days are nearly over, or have passed."),
    "given_at_desk": N_("Hours of yours were given at a desk. If that was not you, take it back or call at once."),
    "guest_served": N_("Another station served you at its desk. If that was not you, call your station at once."),
    "station_changed": N_("Another station looks after your account now. All hours are as they were."),
    "star_reached": N_("You have reached a star for your service. Thank you."),
    "star_lost": N_("A record of yours was corrected, and a star is no longer reached. Ask at the station."),
    "award_noted": N_("An award of yours was noted."),
    "import_done": N_("The sheet that you loaded has been taken over. Look at what was left out."),
    "points_lapse_soon": N_("Some of your points lapse soon. Look what you can have for them."),
    "points_lapsed": N_("Points of yours lapsed by the rules under which you got them."),
    "points_arrived": N_("Hours became points, as you wished."),
    "hours_inherited": N_("Hours that a relative left have arrived in your account."),
    "redeem_invited": N_("You have hours that you may use now. Ask for care whenever you need it."),
    "incident_opened": N_("Something happened at your station. Open the incident and answer the call."),
    "loan_overdue": N_("Something that you borrowed from the station is overdue. Please bring it back or call."),
    "webhook_stopped": N_("A webhook was stopped, as its receiver has not answered for days."),
    "incident_call_overdue": N_("Nobody answered the call about an incident in time. Please act now."),
}
"""Kind of message → its text. A kind is added by adding a line."""

MESSAGE_CHANNELS: Final = ("email", "sms")
"""What a person may agree to besides the inbox, each by a consent of its own."""
_EMAIL = re.compile(r"[^@\s<>]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def check_email(address: str) -> str:
    """The address without spaces around. Raises EmailInvalid."""
    told = address.strip()
    if len(told) > 120 or not told.isascii() or not _EMAIL.fullmatch(told):
        raise EmailInvalid
    return told


def is_quiet(rules: Messages, now: datetime, zone: tzinfo = CHINA) -> bool:
    """Whether nothing is sent at this moment but what is urgent. The quiet hours may go over midnight."""
    start, end = parse_clock(rules.quiet_from), parse_clock(rules.quiet_to)
    here = now.astimezone(zone).time()
    return start <= here < end if start <= end else here >= start or here < end


def reminder_due(hours: Collection[int], at: datetime, reminded_hours: int | None, now: datetime) -> int | None:
    """The mark (hours before `at`) whose reminder is due now and was not sent yet; None when there is none.

    Of several marks that have passed, the nearest is sent and stands for the others.
    """
    due = [one for one in hours if at - timedelta(hours=one) <= now < at]
    nearest = min(due, default=None)
    return nearest if nearest is not None and (reminded_hours is None or nearest < reminded_hours) else None
