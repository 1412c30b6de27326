"""Asking for care. The hours are held in the same commit, so that they can't be spent twice."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.errors import NotFound
from timebank.domain.roles import Actor
from timebank.services.redemptions.values import RedemptionView, views
from timebank.storage.holding import AskForCare, hold, who_asks
from timebank.storage.unit import Bank

DESK_VERB = "redemptions.request_at_desk"


def ask(bank: Bank, actor: Actor, form: AskForCare, *, now: datetime) -> RedemptionView:
    """The member, a proxy of the member, or the member's station asks. The hold is one entry over all purses used.

    Raises each refusal of `domain.redemptions`, NotFound for a member of another station, ProxyNotRecorded.
    """
    with bank.unit() as unit:
        membership = unit.members.get(form.member_id, lock=True)
        if membership is None:
            raise NotFound
        who, station_id = who_asks(unit, actor, membership, DESK_VERB)
        row = hold(bank, unit, actor, form, who, station_id, now)
        return views(unit, actor, [row])[0]


def see_purses(bank: Bank, actor: Actor) -> dict[str, int]:
    """Origin → minutes of the actor's own purses."""
    with bank.read() as unit:
        return unit.balances(actor.person_id)
