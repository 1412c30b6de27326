"""The main menu, by what the visitor may do, and what stands on every page: brand, hotline, alarms."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask
from flask_babel import gettext

from timebank.domain.roles import Actor, permits
from timebank.domain.words import N_
from timebank.services import surroundings
from timebank.web.guard import bank, visitor


@dataclass(frozen=True, slots=True)
class Item:
    """One link of the menu: shown to who holds the permission."""

    endpoint: str
    label: str
    permission: str


MENU = (
    Item("home.index", N_("Start"), ""),
    Item("hours.new", N_("Log hours"), "hours.log"),
    Item("redemptions.new", N_("Ask for care"), "redemptions.request"),
    Item("needs.near", N_("Help near by"), "needs.take"),
    Item("passbook.index", N_("Passbook"), "passbook.see_own"),
    Item("points.index", N_("Points"), "points.read"),
    Item("messages.index", N_("Messages"), "messages.see_own"),
    Item("desk.queue", N_("Verify"), "hours.verify"),
    Item("desk.index", N_("Desk"), "members.register"),
    Item("redemptions.desk", N_("Redemptions"), "redemptions.run"),
    Item("needs.desk", N_("Needs"), "needs.run"),
    Item("rounds.index", N_("Monthly visits"), "rounds.read"),
    Item("complaints.index", N_("Complaints"), "complaints.handle"),
    Item("incidents.index", N_("Incidents"), "incidents.read"),
    Item("members.index", N_("Members"), "members.list"),
    Item("transfers.grants", N_("Grants"), "transfers.grant"),
    Item("reversals.index", N_("Corrections"), "reversals.request"),
    Item("estates.index", N_("Estates"), "estates.read"),
    Item("privacy.requests", N_("Erasures"), "erasures.read"),
    Item("dashboard.index", N_("Figures"), "reports.read"),
    Item("statistics.index", N_("Figures of a year"), "statistics.read"),
    Item("coverage.figures", N_("Coverage"), "reports.read"),
    Item("supervision.index", N_("Supervision"), "signals.read"),
    Item("organisations.index", N_("Network"), "network.report"),
    Item("ratings.index", N_("Ratings"), "ratings.read"),
    Item("credit_files.index", N_("Credit files"), "credit_files.read"),
    Item("station_keys.index", N_("Station keys"), "station_keys.retire"),
    Item("catalogue.index", N_("Services"), "catalogue.edit"),
    Item("issued.circulation_page", N_("Circulation"), "ledger.read"),
    Item("interchange.index", N_("Other counties"), "interchange.read"),
    Item("imports.index", N_("Sheets in and out"), "imports.read"),
    Item("policies.index", N_("Policy"), "policies.decide"),
    Item("audits.index", N_("Audits"), "audits.read"),
    Item("staff.index", N_("Staff"), "staff.manage"),
    Item("webhooks.index", N_("Webhooks"), "webhooks.manage"),
    Item("tokens.index", N_("Access tokens"), "tokens.manage"),
)


def menu_of(actor: Actor) -> list[Item]:
    """What this actor finds in the menu, in the visitor's language."""
    return [
        Item(item.endpoint, gettext(item.label), item.permission)
        for item in MENU
        if not item.permission or permits(actor, item.permission)
    ]


def init_navigation(app: Flask) -> None:
    """Put the surroundings of a page into every template."""

    @app.context_processor
    def around() -> dict[str, object]:
        signed = visitor()
        around_us = surroundings.see(bank(), signed.actor if signed else None)
        return {
            "signed_in": signed is not None,
            "my_name": around_us.name,
            "navigation": menu_of(signed.actor) if signed and signed.second_factor == "done" else [],
            "permitted_own_data": signed is not None and permits(signed.actor, "members.export_own"),
            "brand": gettext("Time Bank"),
            "county": around_us.county,
            "county_en": around_us.county_en,
            "hotline": around_us.hotline,
            "alarms": around_us.alarms,
        }
