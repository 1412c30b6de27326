"""Errors of stations' own keys and signatures."""

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class StationSignatureNeeded(Refused):
    """The station has a key of its own: nothing is verified in its name without that."""

    code = "station_signature_needed"
    message = N_("This station signs what it verifies with a key of its own.")
    remedy = N_("Verify on a computer that holds the station's key.")


class StationSignatureStale(Refused):
    """The signature does not belong to what would be recorded now, or not to a key in force."""

    code = "station_signature_stale"
    message = N_("The station's signature does not fit what would be recorded now.")
    remedy = N_("Nothing was recorded. Sign again: the text to sign was made anew.")


class StationKeyInvalid(Invalid):
    """A key or signature that can't be the station's."""

    code = "station_key_invalid"
    message = N_("The key or its signature does not fit this station.")
    remedy = N_("Nothing was changed. Open the page of the station's keys again and repeat the step there.")


class StationKeyVouching(Refused):
    """The station has a key in force: only that can vouch for another."""

    code = "station_key_vouching"
    message = N_("The station has a key already, so only that one can vouch for another.")
    remedy = N_("Take the request to a computer that holds the station's key.")
