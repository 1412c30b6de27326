"""Everything that the service refuses, by noun. Import errors from here.

Each module names its classes; nothing else of it is public, so a new refusal is there as soon as it is written.
"""

from __future__ import annotations

# ruff: noqa: F403 - the modules hold nothing but errors
from timebank.domain.errors.access import *
from timebank.domain.errors.base import *
from timebank.domain.errors.certificates import *
from timebank.domain.errors.complaints import *
from timebank.domain.errors.credit_files import *
from timebank.domain.errors.estates import *
from timebank.domain.errors.honours import *
from timebank.domain.errors.hours import *
from timebank.domain.errors.imports import *
from timebank.domain.errors.interchange import *
from timebank.domain.errors.issued import *
from timebank.domain.errors.lending import *
from timebank.domain.errors.members import *
from timebank.domain.errors.messages import *
from timebank.domain.errors.needs import *
from timebank.domain.errors.organisations import *
from timebank.domain.errors.points import *
from timebank.domain.errors.policies import *
from timebank.domain.errors.privacy import *
from timebank.domain.errors.receipts import *
from timebank.domain.errors.redemptions import *
from timebank.domain.errors.rounds import *
from timebank.domain.errors.slips import *
from timebank.domain.errors.stations import *
from timebank.domain.errors.statistics import *
from timebank.domain.errors.supervision import *
from timebank.domain.errors.trainings import *
from timebank.domain.errors.transfers import *
from timebank.domain.errors.webhooks import *
