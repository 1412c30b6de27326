"""Words for every choice in a policy document."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from timebank.domain.policies.document import (
    AboveCap,
    Direction,
    GiftTo,
    GrantSource,
    Guarantee,
    Inherit,
    Needs,
    Use,
    Younger,
)
from timebank.domain.words import N_

# Keyed by type and value: members of different enumerations with the same text are equal.
_LABELS: Final = {
    (Direction, Direction.UP): N_("rounded up"),
    (Direction, Direction.DOWN): N_("rounded down"),
    (Direction, Direction.NEAREST): N_("rounded to the nearest step"),
    (AboveCap, AboveCap.REFUSE): N_("not credited until some hours are used"),
    (AboveCap, AboveCap.POOL): N_("goes to the pool"),
    (AboveCap, AboveCap.COMMEND): N_("is commended, not credited"),
    (Younger, Younger.REFUSE): N_("younger people may not serve"),
    (Younger, Younger.GUARDIAN): N_("younger people need a guardian's consent"),
    (Younger, Younger.GROUP): N_("younger people only in groups"),
    (Needs, Needs.ALL): N_("age and hours are both needed"),
    (Needs, Needs.ANY): N_("age or hours are enough"),
    (Guarantee, Guarantee.GUARANTEED): N_("guaranteed"),
    (Guarantee, Guarantee.RESERVE): N_("backed by a reserve"),
    (Guarantee, Guarantee.BEST_EFFORT): N_("as well as we can, not guaranteed"),
    (GiftTo, GiftTo.NONE): N_("no gifts"),
    (GiftTo, GiftTo.KIN): N_("gifts to family only"),
    (GiftTo, GiftTo.ANY): N_("gifts to anybody"),
    (Inherit, Inherit.NONE): N_("hours end with the member"),
    (Inherit, Inherit.POOL): N_("hours go to the pool"),
    (Inherit, Inherit.SPOUSE_ELSE_POOL): N_("the spouse may ask for them, else they go to the pool"),
    (Inherit, Inherit.HEIRS): N_("hours go to the heirs"),
    (GrantSource, GrantSource.NONE): N_("no grants"),
    (GrantSource, GrantSource.POOL): N_("granted from the pool"),
    (GrantSource, GrantSource.ISSUANCE): N_("granted by issuing hours"),
    (GrantSource, GrantSource.POOL_THEN_ISSUANCE): N_("granted from the pool first, then issued"),
    (Use, Use.REDEEM): N_("to ask for care"),
    (Use, Use.GIFT): N_("to give"),
    (Use, Use.DONATE): N_("to donate"),
}


def choice_label(choice: StrEnum) -> str:
    """The msgid for a choice. Raises KeyError for an enumeration that no policy uses."""
    return _LABELS[type(choice), choice]
