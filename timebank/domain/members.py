"""The states of a membership, in words."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from timebank.domain.words import N_


class MemberState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DECLINED = "declined"
    CLOSED = "closed"


MEMBER_STATE_LABELS: Final = {
    MemberState.PENDING: N_("waiting for approval"),
    MemberState.ACTIVE: N_("active"),
    MemberState.SUSPENDED: N_("suspended"),
    MemberState.DECLINED: N_("declined"),
    MemberState.CLOSED: N_("closed"),
}
