"""A repository for each noun of one book, over one session."""

from __future__ import annotations

from sqlalchemy.orm import Session

from timebank.storage.access import Access
from timebank.storage.activities import Activities
from timebank.storage.audits import Audits
from timebank.storage.catalogue import Catalogue, Policies
from timebank.storage.certificates import Certificates
from timebank.storage.clearing import Clearings
from timebank.storage.complaints import Complaints
from timebank.storage.consent_notes import ConsentNotes
from timebank.storage.coverage import Coverage
from timebank.storage.credit_files import CreditFiles
from timebank.storage.equipment import Equipment
from timebank.storage.estates import Estates
from timebank.storage.figures import Figures
from timebank.storage.guests import Guests
from timebank.storage.honours import Honours
from timebank.storage.hours import Hours
from timebank.storage.imports import Imports
from timebank.storage.incidents import Incidents
from timebank.storage.issued import Issued
from timebank.storage.matching import Matching
from timebank.storage.members import Members
from timebank.storage.messages import Messages
from timebank.storage.national import National
from timebank.storage.needs import Needs
from timebank.storage.network import Network
from timebank.storage.offers import Offers
from timebank.storage.organisations import Organisations
from timebank.storage.people import People
from timebank.storage.points import Points
from timebank.storage.privacy import Privacy
from timebank.storage.publishing import Publishing
from timebank.storage.ratings import Ratings
from timebank.storage.redemptions import Redemptions
from timebank.storage.rounds import Rounds
from timebank.storage.slips import Slips
from timebank.storage.standards import Standards
from timebank.storage.statistics import Statistics
from timebank.storage.supervision import Supervision
from timebank.storage.trainings import Trainings
from timebank.storage.transfers import Transfers
from timebank.storage.webhooks import Webhooks
from timebank.storage.yearly import Yearly


class Repositories:
    """What a unit of work reads and writes rows with. Each asks for its own book alone."""

    def __init__(self, session: Session, book: str) -> None:
        self.access = Access(session, book)
        self.activities = Activities(session, book)
        self.audits = Audits(session, book)
        self.catalogue = Catalogue(session, book)
        self.certificates = Certificates(session, book)
        self.clearings = Clearings(session, book)
        self.complaints = Complaints(session, book)
        self.consent_notes = ConsentNotes(session, book)
        self.coverage = Coverage(session, book)
        self.credit_files = CreditFiles(session, book)
        self.estates = Estates(session, book)
        self.equipment = Equipment(session, book)
        self.figures = Figures(session, book)
        self.guests = Guests(session, book)
        self.honours = Honours(session, book)
        self.hours = Hours(session, book)
        self.imports = Imports(session, book)
        self.incidents = Incidents(session, book)
        self.issued = Issued(session, book)
        self.matching = Matching(session, book)
        self.members = Members(session, book)
        self.messages = Messages(session, book)
        self.national = National(session, book)
        self.needs = Needs(session, book)
        self.network = Network(session, book)
        self.offers = Offers(session, book)
        self.organisations = Organisations(session, book)
        self.people = People(session, book)
        self.points = Points(session, book)
        self.policies = Policies(session, book)
        self.privacy = Privacy(session, book)
        self.publishing = Publishing(session, book)
        self.ratings = Ratings(session, book)
        self.redemptions = Redemptions(session, book)
        self.rounds = Rounds(session, book)
        self.slips = Slips(session, book)
        self.standards = Standards(session, book)
        self.statistics = Statistics(session, book)
        self.supervision = Supervision(session, book)
        self.trainings = Trainings(session, book)
        self.transfers = Transfers(session, book)
        self.webhooks = Webhooks(session, book)
        self.yearly = Yearly(session, book)
