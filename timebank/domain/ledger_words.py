"""An entry in plain words, as a member reads it in the passbook. The words say what happened, not how it is kept."""

from __future__ import annotations

from typing import Final

from timebank.domain.policies import Origin
from timebank.domain.words import N_

IN, OUT = "in", "out"

ORIGIN_LABELS: Final = {
    Origin.EARNED: N_("earned by serving"),
    Origin.RECEIVED: N_("received from others"),
    Origin.GRANTED: N_("granted to you"),
    Origin.GROUP: N_("from group activities"),
    Origin.IMPORTED: N_("brought from elsewhere"),
}

_WORDS: Final = {
    ("earn", IN): N_("You served, and the station verified it"),
    ("earn", OUT): N_("Hours issued"),
    ("care", IN): N_("You served somebody who pays with hours"),
    ("care", OUT): N_("You were helped and paid with hours"),
    ("hold", IN): N_("Hours reserved"),
    ("hold", OUT): N_("Reserved"),
    ("settle", IN): N_("Not used, back to you"),
    ("settle", OUT): N_("Reserved hours were used"),
    ("release", IN): N_("The reservation ended, the hours are back"),
    ("release", OUT): N_("Reservation ended"),
    ("gift", IN): N_("A gift to you"),
    ("gift", OUT): N_("Your gift"),
    ("donate", IN): N_("A donation to the pool"),
    ("donate", OUT): N_("Your donation to the pool"),
    ("grant", IN): N_("Hours granted to you"),
    ("grant", OUT): N_("Hours granted"),
    ("expire", IN): N_("Lapsed hours"),
    ("expire", OUT): N_("Lapsed under the rules"),
    ("inherit", IN): N_("Inherited"),
    ("inherit", OUT): N_("Passed on to the heirs"),
    ("retire", IN): N_("Withdrawn from circulation"),
    ("retire", OUT): N_("Withdrawn from circulation"),
    ("clear", IN): N_("Brought from another county or system"),
    ("clear", OUT): N_("Taken to another county"),
    ("reverse", IN): N_("A correction in your favour"),
    ("reverse", OUT): N_("A correction: hours taken back"),
}
_WITHOUT_MINUTES: Final = {
    "genesis": N_("The book was opened"),
    "open": N_("The account was opened"),
    "close": N_("The account was closed"),
    "policy": N_("New rules"),
    "key": N_("A key was added or retired"),
    "audit": N_("An audit"),
}
_PROVIDER: Final = {
    ("settle", IN): N_("Care delivered by the station"),
    ("reverse", OUT): N_("A correction: hours taken back"),
}

KINDS: Final = frozenset(kind for kind, _ in _WORDS) | frozenset(_WITHOUT_MINUTES)
MONEY_KINDS: Final = frozenset(kind for kind, _ in _WORDS)


def direction(minutes: int) -> str:
    """IN for credit that came, OUT for credit that went."""
    return IN if minutes >= 0 else OUT


def words(kind: str, minutes: int = 0, *, provider: bool = False) -> str:
    """The msgid for an entry as the account's owner sees it. Raises KeyError for an unknown kind.

    `minutes` is the posting on that account; `provider`: the account is a station's, not a member's.
    """
    if kind in _WITHOUT_MINUTES:
        return _WITHOUT_MINUTES[kind]
    way = direction(minutes)
    return _PROVIDER.get((kind, way), _WORDS[kind, way]) if provider else _WORDS[kind, way]
