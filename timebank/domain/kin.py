"""Family relations: who owes whom care, and who may benefit from whose hours.

A relation is read from one person: `relation` of B as seen from A, "B is A's parent". Sources: Civil Code art. 26,
1059, 1067, 1074; Law on the Protection of the Rights and Interests of the Elderly art. 14 (their spouses help).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from timebank.domain.words import N_


class Relation(StrEnum):
    """What the other person is to this one. SELF is never stored."""

    SELF = "self"
    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    GRANDPARENT = "grandparent"
    GRANDCHILD = "grandchild"
    PARENT_IN_LAW = "parent_in_law"
    CHILD_IN_LAW = "child_in_law"
    SIBLING = "sibling"
    OTHER = "other"


INVERSE: Final = {
    Relation.SELF: Relation.SELF,
    Relation.SPOUSE: Relation.SPOUSE,
    Relation.PARENT: Relation.CHILD,
    Relation.CHILD: Relation.PARENT,
    Relation.GRANDPARENT: Relation.GRANDCHILD,
    Relation.GRANDCHILD: Relation.GRANDPARENT,
    Relation.PARENT_IN_LAW: Relation.CHILD_IN_LAW,
    Relation.CHILD_IN_LAW: Relation.PARENT_IN_LAW,
    Relation.SIBLING: Relation.SIBLING,
    Relation.OTHER: Relation.OTHER,
}

OWED_BY_LAW: Final = frozenset({Relation.SPOUSE, Relation.PARENT, Relation.CHILD})
"""Care between these is a duty whatever a policy says, so it never earns hours."""

LINEAL: Final = frozenset({Relation.PARENT, Relation.CHILD, Relation.GRANDPARENT, Relation.GRANDCHILD})
"""直系亲属 without the spouse, whom the policies name apart."""

NEAR: Final = OWED_BY_LAW | LINEAL | {Relation.PARENT_IN_LAW, Relation.CHILD_IN_LAW, Relation.SIBLING}
"""Whose record a verifier had better leave to a colleague."""

DECLARED: Final = "declared"
PROOF_LABELS: Final = {
    DECLARED: N_("as both said"),
    "household_register": N_("household register"),
    "marriage_certificate": N_("marriage certificate"),
    "birth_certificate": N_("birth certificate"),
    "notary": N_("notary's deed"),
    "community": N_("certificate of the community or the police"),
}
"""What was seen when a relative was recorded. Hours of the dead pass to relatives who showed a paper."""
RELATION_LABELS: Final = {
    Relation.SELF: N_("self"),
    Relation.SPOUSE: N_("spouse"),
    Relation.PARENT: N_("parent"),
    Relation.CHILD: N_("child"),
    Relation.GRANDPARENT: N_("grandparent"),
    Relation.GRANDCHILD: N_("grandchild"),
    Relation.PARENT_IN_LAW: N_("parent-in-law"),
    Relation.CHILD_IN_LAW: N_("child-in-law"),
    Relation.SIBLING: N_("brother or sister"),
    Relation.OTHER: N_("other relation"),
}
