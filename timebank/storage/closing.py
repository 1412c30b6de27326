"""Handing a station's open matters to its successor. What is finished keeps the station at which it happened."""

from __future__ import annotations

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from timebank.storage import hours, redemptions
from timebank.storage.activities import Activity, Project, Team
from timebank.storage.base import Base
from timebank.storage.complaints import Complaint
from timebank.storage.consent_notes import ConsentNote
from timebank.storage.equipment import EquipmentItem, EquipmentLoan
from timebank.storage.estates import Estate
from timebank.storage.hours import HoursRecord
from timebank.storage.incidents import Incident
from timebank.storage.members import Membership
from timebank.storage.needs import Need
from timebank.storage.offers import Offer
from timebank.storage.redemptions import Redemption
from timebank.storage.rounds import RoundEnrolment
from timebank.storage.slips import Slip
from timebank.storage.supervision import OPEN, CallBack, Signal
from timebank.storage.trainings import TrainingEvent
from timebank.storage.transfers import Reversal

OPEN_NEEDS = ("posted", "open", "taken", "in_service", "delivered")
OPEN_COMPLAINTS = ("received", "accepted", "answered", "appealed", "decided")
MOVES: tuple[tuple[type[Base], ColumnElement[bool] | None], ...] = (
    (Membership, None),
    (HoursRecord, HoursRecord.state.in_(hours.OPEN)),
    (Need, Need.state.in_(OPEN_NEEDS)),
    (Offer, Offer.state == "open"),
    (Team, Team.state == "open"),
    (Activity, Activity.state == "open"),
    (Project, Project.state == "open"),
    (Redemption, Redemption.state.in_(redemptions.OPEN)),
    (RoundEnrolment, RoundEnrolment.ended_at.is_(None)),
    (Incident, Incident.state == "open"),
    (Complaint, Complaint.state.in_(OPEN_COMPLAINTS)),
    (Reversal, Reversal.state == "asked"),
    (Signal, Signal.state == OPEN),
    (TrainingEvent, TrainingEvent.state == "planned"),
    (Estate, Estate.state == "reported"),
    (Slip, Slip.state == "open"),
    (CallBack, CallBack.state == OPEN),
    (ConsentNote, ConsentNote.state == "out"),
    (EquipmentItem, None),
    (EquipmentLoan, EquipmentLoan.state == "open"),
)
"""Tables with a `station_id`, and which of their rows go to the successor. All of a table where nothing is said."""


def hand_over_rows(session: Session, book: str, station_id: str, successor_id: str) -> dict[str, int]:
    """Table → how many rows went to the successor. Their version counts on, so that nobody writes over the move."""
    moved = {}
    for table, which in MOVES:
        columns = table.__table__.c
        query = update(table).where(columns.book == book, columns.station_id == station_id)
        if which is not None:
            query = query.where(which)
        values = {"station_id": successor_id} | ({"version": columns.version + 1} if "version" in columns else {})
        done = session.execute(query.values(values), execution_options={"synchronize_session": False})
        moved[str(table.__tablename__)] = int(done.rowcount)  # type: ignore[attr-defined]  # a cursor's result has it
    return moved
