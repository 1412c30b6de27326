"""Matching: suggestions for a station's day, and a human's confirmation of one or many."""

from timebank.services.matching.confirm import Outcome, confirm
from timebank.services.matching.solve import best_pairs
from timebank.services.matching.suggest import SuggestionView, suggest

__all__ = ["Outcome", "SuggestionView", "best_pairs", "confirm", "suggest"]
