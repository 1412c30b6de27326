"""The first page: a welcome for everybody, and what waits for who signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext

from timebank.domain.needs import UNFINISHED
from timebank.domain.redemptions import OPEN
from timebank.domain.roles import Actor, permits
from timebank.domain.rounds import month_of
from timebank.services import (
    coverage,
    families,
    hours,
    messages,
    needs,
    passbook,
    redemptions,
    reversals,
    rounds,
    transfers,
)
from timebank.services.passbook import Part
from timebank.web.guard import actor, bank, first_step, now, public, visitor

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True, slots=True)
class Tile:
    """One way on from the first page. `count` is what waits there."""

    endpoint: str
    icon: str
    label: str
    note: str
    count: int = 0


@blueprint.get("/")
@public
def index() -> Any:
    """The welcome, or what waits for this visitor."""
    signed = visitor()
    if signed is None:
        return render_template("home/welcome.html")
    step = first_step(signed)
    if step is not None:
        return redirect(url_for(step))
    member = _member() if permits(signed.actor, "passbook.see_own") else None
    return render_template("home/index.html", member=member, tiles=_staff_tiles(signed.actor))


def _member() -> dict[str, Any]:
    """All that a member finds on the first page."""
    me = actor()
    wanted = needs.mine(bank(), me)
    ridden = {one.redemption_id for one in wanted}
    mine = [one for one in redemptions.mine(bank(), me) if one.id not in ridden]
    prospects = redemptions.prospects(bank(), me, me.person_id, now=now())
    return {
        "book": passbook.own(bank(), me, now=now(), part=Part(limit=0)),
        "tiles": _member_tiles(me, asks=prospects.may_ask),
        "visit": hours.open_visit(bank(), me),
        "to_confirm": hours.for_my_word(bank(), me),
        "to_clarify": hours.to_clarify(bank(), me),
        "to_help": [
            one for one in mine if one.volunteer_id == me.person_id and one.state == "assigned" and one.id not in ridden
        ],
        "requests": [
            one for one in mine if one.volunteer_id != me.person_id and one.state in OPEN and one.id not in ridden
        ],
        "needs": [one for one in wanted if one.state in UNFINISHED],
        "undo": [one for one in transfers.mine(bank(), me, now=now()) if one.can_undo and one.giver_id == me.person_id],
        "elders": families.elders_i_act_for(bank(), me),
        "invited": prospects.may_ask and not prospects.usual,
        "usable_minutes": prospects.usable_minutes,
        "unread": messages.unread(bank(), me),
        "me": me.person_id,
    }


def _member_tiles(me: Actor, *, asks: bool) -> list[Tile]:
    """What every member can do; who is to visit elders this month finds them, too.

    There is one door to care: with hours to use it leads to asking with them, without to a need; each form names the
    other. `asks`: there are hours to use.
    """
    door = "redemptions.new" if asks else "needs.new"
    visits = rounds.planned_for_me(bank(), me, month_of(None, now()))
    note = gettext("elders who wait for a visit this month")
    asked = [Tile("rounds.mine", "people", gettext("Whom I visit"), note, visits)] if visits else []
    return [
        *asked,
        Tile("hours.new", "pen", gettext("Log hours"), gettext("I helped somebody")),
        Tile("hours.check_in", "door", gettext("Check in"), gettext("I am with the elder now")),
        Tile(door, "hand", gettext("Ask for care"), gettext("I would like to be helped")),
        Tile("needs.near", "people", gettext("Help near by"), gettext("who needs help, and activities")),
        Tile("activities.index", "clock", gettext("Activities"), gettext("join a group, or a project")),
        Tile("passbook.index", "book", gettext("Passbook"), gettext("what I have, entry by entry")),
        Tile("transfers.new", "gift", gettext("Give hours"), gettext("to my family, or to elders in need")),
        Tile("record.index", "book", gettext("Record of service"), gettext("all that was recorded of my service")),
        Tile("honours.index", "book", gettext("Stars and awards"), gettext("thank you for your service")),
        Tile("certificates.index", "book", gettext("Service certificate"), gettext("free of charge, to be checked")),
        Tile("training.index", "book", gettext("Trainings"), gettext("free of charge")),
        Tile("hours.index", "list", gettext("My records"), gettext("helped and was helped")),
        Tile("consent_notes.index", "pen", gettext("Papers carried"), gettext("agree, and say that they are back")),
        Tile("equipment.mine", "place", gettext("Things borrowed"), gettext("aids from the station")),
    ]


def _staff_tiles(me: Actor) -> list[Tile]:
    """What the roles of this visitor open, with what waits behind each."""
    tiles: list[Tile] = []
    if permits(me, "hours.verify"):
        records = hours.counts(bank(), me)
        waiting = records.get("confirmed", 0) + records.get("disputed", 0)
        tiles.append(Tile("desk.queue", "check", gettext("Verify"), gettext("records that wait for you"), waiting))
    if permits(me, "redemptions.read"):
        requests = redemptions.counts(bank(), me)
        count = sum(requests.get(state, 0) for state in ("held", "waiting", "delivered"))
        tiles.append(
            Tile("redemptions.desk", "hand", gettext("Redemptions"), gettext("find helpers, deliver, settle"), count)
        )
    if permits(me, "needs.read"):
        wanted = needs.counts(bank(), me)
        count = wanted.get("posted", 0) + wanted.get("open", 0)
        tiles.append(Tile("needs.desk", "people", gettext("Needs"), gettext("check, publish, find helpers"), count))
    if permits(me, "hours.enter"):
        tiles.append(Tile("desk.enter", "pen", gettext("Enter slips"), gettext("one or many")))
    if permits(me, "redemptions.request_at_desk"):
        tiles.append(
            Tile("redemptions.at_desk", "phone", gettext("Ask for a member"), gettext("at the desk or by phone"))
        )
    if permits(me, "members.list"):
        tiles.append(Tile("members.index", "people", gettext("Members"), gettext("find, register, PIN, card")))
    if permits(me, "transfers.grant"):
        pending = transfers.pending_grants(bank(), me)
        tiles.append(Tile("transfers.grants", "gift", gettext("Grants"), gettext("hours for elders in need"), pending))
    if permits(me, "reversals.read"):
        note = gettext("with a second person")
        tiles.append(Tile("reversals.index", "undo", gettext("Corrections"), note, reversals.asked(bank(), me)))
    return tiles + _county_tiles(me)


def _county_tiles(me: Actor) -> list[Tile]:
    """What is for the county, the auditor and the administrator."""
    offer = (
        ("reports.read", "dashboard.index", "scale", gettext("Figures"), gettext("hours, needs, where nobody came")),
        (
            "signals.read",
            "supervision.index",
            "shield",
            gettext("Supervision"),
            gettext("what rules found, call-backs"),
        ),
        ("network.report", "organisations.index", "place", gettext("Network"), gettext("stations and their papers")),
        ("policies.decide", "policies.index", "scale", gettext("Policy"), gettext("the rules of the hours")),
        ("catalogue.edit", "catalogue.index", "list", gettext("Services"), gettext("what can be asked for")),
        ("audits.read", "audits.index", "shield", gettext("Audits"), gettext("is the book sound?")),
        ("staff.manage", "staff.index", "people", gettext("Staff"), gettext("accounts and roles")),
        ("tokens.manage", "tokens.index", "key", gettext("Access tokens"), gettext("for stations' own systems")),
    )
    tiles = [Tile(endpoint, icon, label, note) for verb, endpoint, icon, label, note in offer if permits(me, verb)]
    return [*_coverage_tile(me), *tiles]


def _coverage_tile(me: Actor) -> list[Tile]:
    """Whether the coming year's demand can be served, for who steers: the number itself stands on the tile."""
    if not permits(me, "reports.read"):
        return []
    view = coverage.latest(bank(), me)
    note = gettext("can saved hours be served?")
    if view is not None and view.percent_next is not None:
        note = gettext(
            "%(percent)s %% of what is asked for next year can be served", percent=min(100, view.percent_next)
        )
    return [Tile("coverage.figures", "scale", gettext("Coverage"), note)]
