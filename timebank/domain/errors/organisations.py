"""Errors of operators, stations, their papers and their closing."""

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class OperatorTaken(Refused):
    """One operator for each unified social credit code."""

    code = "operator_taken"
    message = N_("An operator with this credit code is there already.")
    remedy = N_("Choose it from the list of operators.")


class UsccPaperNeeded(Invalid):
    """The check character doesn't add up, which genuine codes of the pilot years do too: so a paper must be seen."""

    code = "uscc_paper_needed"
    message = N_("The check character of this credit code does not add up.")
    remedy = N_(
        "Look at the registration certificate. If the code stands there like this, type the certificate's number."
    )


class StationCodeTaken(Refused):
    """Each station has a code of its own."""

    code = "station_code_taken"
    message = N_("Another station already has this code.")
    remedy = N_("Choose another code.")


class StreetHasCentre(Refused):
    """One street, one centre."""

    code = "street_has_centre"
    message = N_("This street already has a centre.")
    remedy = N_("Close the old one first, with this one as its successor, or add a station.")


class PapersMissing(Invalid):
    """A filing needs all its papers."""

    code = "papers_missing"
    message = N_("A paper of the filing has no date.")
    remedy = N_("Write the date of each paper. What is not there can't be filed.")


class DatesWrong(Invalid):
    """An end before a beginning, or a fact in the future."""

    code = "dates_wrong"
    message = N_("These dates can't be right.")
    remedy = N_("The end is not before the beginning, and what happened is not in the future.")


class ScoreInvalid(Invalid):
    """Scores go from 0 to 100."""

    code = "score_invalid"
    message = N_("A score is a whole number from 0 to 100.")
    remedy = N_("Correct the score and send the form again.")


class PriceInvalid(Invalid):
    """A price has an item, an amount and the paper that allows it."""

    code = "price_invalid"
    message = N_("A line of the price board needs an item, an amount and its basis.")
    remedy = N_("Fill in all three. What is free of charge stands there with 0.")


class FactInvalid(Invalid):
    """`field` can't be right."""

    code = "fact_invalid"
    message = N_("What is said of the station is not valid at “%(field)s”.")
    remedy = N_("Correct it and send the form again.")


class StationNotOpen(Refused):
    """It is being closed, or closed."""

    code = "station_not_open"
    message = N_("This station is closed or being closed.")
    remedy = N_("Ask its successor: all hours and bookings are there.")


class SuccessorInvalid(Invalid):
    """Another open station takes over."""

    code = "successor_invalid"
    message = N_("The successor must be another open station of the same kind.")
    remedy = N_("Choose one from the list.")


class StationHasBelow(Refused):
    """A centre with open stations below it is not closed."""

    code = "station_has_below"
    message = N_("There are still open stations below this centre.")
    remedy = N_("Move or close them first.")


class ImportRefused(Invalid):
    """`line` of the file, `reason` what is wrong there. Nothing was imported."""

    code = "import_refused"
    message = N_("Line %(line)s of the file can't be taken: %(reason)s.")
    remedy = N_("Correct the file and send it again. Nothing was changed.")
