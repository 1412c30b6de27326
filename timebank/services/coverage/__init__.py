"""Coverage: whether saved hours can be served when they are due; kept each night, with drafts and invitations."""

from timebank.services.coverage.drafts import Comparison, Draft, Line, compare
from timebank.services.coverage.invitations import Waiting, invite, never_redeemed
from timebank.services.coverage.nightly import run_nightly
from timebank.services.coverage.simulation import Capacity, Simulated, simulate
from timebank.services.coverage.values import CaseView, CoverageView, PublicView, for_public, latest

__all__ = [
    "Capacity",
    "CaseView",
    "Comparison",
    "CoverageView",
    "Draft",
    "Line",
    "PublicView",
    "Simulated",
    "Waiting",
    "compare",
    "for_public",
    "invite",
    "latest",
    "never_redeemed",
    "run_nightly",
    "simulate",
]
