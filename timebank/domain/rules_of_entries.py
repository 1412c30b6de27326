"""The audit's fourth level: does an entry keep the policy that was in force, and say what its document says?

The ledger knows sums and accounts, not hours; these are the rules that only the time bank knows. A violation names the
rule, the field, what was expected and what was found. A document that was erased is no violation: what can still be
checked without it is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from timebank.domain import reversals
from timebank.domain.local_time import local_day, parse_rfc3339, whole_minutes
from timebank.domain.policies import (
    GiftTo,
    GrantSource,
    Inherit,
    Origin,
    Policy,
    Use,
    credit_minutes,
    origin_of_service,
)


@dataclass(frozen=True, slots=True)
class Holder:
    """What an account is: its kind, and for a member's purse its owner and origin."""

    kind: str
    person_id: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What the rules read of an entry. `accounts` covers every account of its postings.

    `signed_by`: the station whose signature it carries. `signs`: whether a station had a key in force at that time.
    """

    seq: int
    kind: str
    actor: str
    on: str | None
    postings: tuple[tuple[str, int], ...]
    of: int | None = None
    accounts: Mapping[str, Holder] = field(default_factory=dict)
    signed_by: str | None = None
    signs: Callable[[str], bool] = field(default=lambda station: False)

    def of_kind(self, kind: str) -> list[tuple[Holder, int]]:
        found = [(self.accounts.get(account, Holder("unknown")), minutes) for account, minutes in self.postings]
        return [(holder, minutes) for holder, minutes in found if holder.kind == kind]

    def sum_of(self, kind: str) -> int:
        return sum(minutes for _, minutes in self.of_kind(kind))


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule of an entry."""

    rule: str
    field: str
    expected: str
    found: str


Doc = Mapping[str, object]
Found = Iterator[Violation]


def violations(entry: EntryFacts, policy: Policy | None, document: Doc | None) -> tuple[Violation, ...]:
    """All rules that the entry breaks. `policy` is the one in force at the entry's time, None if there was none.

    `document` is the entry's evidence, None when it was erased or the kind has none.
    """
    checker = _CHECKERS.get(entry.kind)
    if checker is None:
        return ()
    if policy is None:
        return (Violation("policy_missing", "policy", "a policy in force", "none"),)
    try:
        return tuple(checker(entry, policy, document))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # A document that can't be read is a finding, never the end of the audit.
        return (Violation("document_unreadable", "evidence", "a document of this kind", type(error).__name__),)


def _differs(rule: str, name: str, expected: object, found: object) -> Found:
    if expected != found:
        yield Violation(rule, name, str(expected), str(found))


def _moment(document: Doc, name: str) -> datetime:
    return parse_rfc3339(str(document[name]))


def _number(document: Doc, name: str) -> int:
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(name)
    return value


def _purses(entry: EntryFacts, policy: Policy, use: Use) -> Found:
    for holder, minutes in entry.of_kind("member"):
        if minutes < 0 and holder.origin is not None and not policy.purses.of(holder.origin).allows(use):
            yield Violation("purse_not_allowed", "postings", f"a purse that allows {use}", holder.origin)


def _into(entry: EntryFacts, origin: Origin, person: object, rule: str) -> Found:
    for holder, minutes in entry.of_kind("member"):
        if minutes > 0:
            yield from _differs(f"{rule}_purse", "postings", origin, holder.origin)
            if person is not None:
                yield from _differs(f"{rule}_person", "postings", person, holder.person_id)


def _served(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    if entry.kind == "care":
        yield from _purses(entry, policy, Use.REDEEM)
    if document is None:
        return
    start, end = _moment(document, "started_at"), _moment(document, "ended_at")
    minutes = _number(document, "minutes")
    yield from _differs("minutes_of_record", "minutes", whole_minutes(start, end), minutes)
    if entry.on is not None:
        yield from _differs("day_of_record", "on", local_day(start).isoformat(), entry.on)
    parts = [_number(document, name) for name in ("to_member", "to_pool", "commended")]
    credit = credit_minutes(policy, str(document["service"]), minutes)
    yield from _differs("credit_of_record", "to_member", credit, sum(parts))
    # What is above the cap is credited and donated in the same breath, or commended and never credited.
    credited = sum(minutes for holder, minutes in entry.of_kind("member") if minutes > 0)
    yield from _differs("minutes_of_entry", "postings", parts[0] + parts[1], credited)
    yield from _into(entry, origin_of_service(bool(document["in_group"])), document["volunteer"], "credited")
    yield from _differs("actor_verifies", "actor", document["verified_by"], entry.actor)
    for role in ("volunteer", "elder", "entered_by", "confirmed_by"):
        if document[role] == document["verified_by"]:
            yield Violation("verified_own", "verified_by", f"not the {role}", str(document[role]))
    station = str(document["station"])
    if entry.signed_by is not None or entry.signs(station):
        yield from _differs("station_signature", "data", station, entry.signed_by)
    if document["volunteer"] == document["elder"]:
        yield Violation("own_care", "elder", "another person", str(document["elder"]))
    # Documents from before there were standard cards say nothing of one.
    if document.get("card") is not None and _number(document, "card") < 1:
        yield Violation("card_unknown", "card", "a version from 1 on", str(document["card"]))
    if document["source"] not in policy.entry.sources:
        yield Violation("source_not_credited", "source", ", ".join(policy.entry.sources), str(document["source"]))
    for name, limit in (("record", policy.limits.record_minutes), ("day", policy.limits.day_minutes)):
        # A record over midnight may be longer than a day's cap, never longer than two.
        days = 1 if local_day(start) == local_day(end) or name == "record" else 2
        if limit is not None and minutes > limit * days:
            yield Violation(f"{name}_cap", "minutes", f"at most {limit * days}", str(minutes))


def _hold(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    if document is None:
        return
    if document["type"] == "transfer":
        use = Use.DONATE if document["kind"] == "donate" else Use.GIFT
        cost = _number(document, "minutes")
    else:
        use = Use.REDEEM
        cost = credit_minutes(policy, str(document["service"]), _number(document, "minutes"))
    yield from _purses(entry, policy, use)
    yield from _differs("minutes_held", "postings", cost, entry.sum_of("escrow"))


def _settle(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    if document is None or document["type"] != "delivery":
        return
    used = _number(document, "used")
    cost = credit_minutes(policy, str(document["service"]), _number(document, "delivered"))
    yield from _differs("minutes_settled", "used", cost, used)
    if document["provider"] is not None:
        yield from _differs("minutes_of_entry", "postings", used, entry.sum_of("provider"))
    if document["settled_by"] == document["delivered_by"]:
        yield Violation("settled_own", "settled_by", "not who delivered", str(document["settled_by"]))


def _gift(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    yield from _purses(entry, policy, Use.GIFT)
    moved = sum(minutes for _, minutes in entry.of_kind("member") if minutes > 0)
    if policy.gift.to is GiftTo.NONE:
        yield Violation("gifts_off", "kind", "no gifts", entry.kind)
    if policy.gift.most_minutes is not None and moved > policy.gift.most_minutes:
        yield Violation("gift_too_large", "postings", f"at most {policy.gift.most_minutes}", str(moved))
    yield from _into(entry, Origin.RECEIVED, document["receiver"] if document else None, "gift")
    if document is None:
        return
    yield from _differs("minutes_of_entry", "postings", _number(document, "minutes"), moved)
    if document["giver"] == document["receiver"]:
        yield Violation("gift_to_self", "receiver", "another person", str(document["receiver"]))
    if policy.gift.to is GiftTo.KIN and document["relation"] not in policy.gift.relations:
        yield Violation("gift_only_to_kin", "relation", ", ".join(policy.gift.relations), str(document["relation"]))


def _donate(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    # What the cap sends to the pool is donated by the rules, not by the member: its document is the record's.
    if document is not None and document["type"] == "hours":
        yield from _differs("minutes_of_entry", "postings", _number(document, "to_pool"), entry.sum_of("pool"))
        return
    yield from _purses(entry, policy, Use.DONATE)
    if not policy.donate:
        yield Violation("donations_off", "kind", "no donations", entry.kind)
    if document is not None:
        yield from _differs("minutes_of_entry", "postings", _number(document, "minutes"), entry.sum_of("pool"))


def _grant(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    source = policy.grants.source
    moved = sum(minutes for _, minutes in entry.of_kind("member"))
    if source is GrantSource.NONE:
        yield Violation("grants_off", "kind", "no grants", entry.kind)
    if source is GrantSource.POOL and entry.sum_of("issuance"):
        yield Violation("grant_source", "postings", "from the pool", "issued")
    if source is GrantSource.ISSUANCE and entry.sum_of("pool"):
        yield Violation("grant_source", "postings", "issued", "from the pool")
    yield from _into(entry, Origin.GRANTED, document["receiver"] if document else None, "granted")
    if document is None:
        return
    minutes = _number(document, "minutes")
    # A grant may be split into what the pool has and what is issued, one entry each.
    if not 0 < moved <= minutes:
        yield Violation("minutes_of_entry", "postings", f"up to {minutes}", str(moved))
    if policy.grants.most_minutes is not None and minutes > policy.grants.most_minutes:
        yield Violation("grant_too_large", "minutes", f"at most {policy.grants.most_minutes}", str(minutes))
    groups = document["groups"]
    if not isinstance(groups, list) or not set(groups) & set(policy.grants.groups):
        yield Violation("grant_not_eligible", "groups", ", ".join(policy.grants.groups), str(groups))
    if document["approved_by"] in (None, document["asked_by"], document["receiver"]):
        yield Violation("second_person", "approved_by", "a second person", str(document["approved_by"]))


def _expire(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    if document is not None and document["type"] == "grant_lapse":
        yield from _grant_lapse(entry, document)
        return
    for holder, minutes in entry.of_kind("member"):
        erased = document is None and holder.origin is Origin.GRANTED
        if minutes < 0 and not erased and not _lapses(policy, holder):
            yield Violation("never_lapses", "postings", "a purse that lapses", str(holder.origin))


def _lapses(policy: Policy, holder: Holder) -> bool:
    return holder.origin is not None and policy.purses.of(holder.origin).expires_after_months is not None


def _grant_lapse(entry: EntryFacts, document: Doc) -> Found:
    """Only granted hours, of whom the document names, of earlier grants that were given for a time."""
    parts = document["parts"]
    if not isinstance(parts, list):
        raise TypeError("parts")
    for holder, minutes in entry.of_kind("member"):
        yield from _differs("lapse_purse", "postings", Origin.GRANTED, holder.origin)
        yield from _differs("lapse_person", "postings", document["person"], holder.person_id)
        yield from _differs("lapse_minutes", "postings", -sum(part[1] for part in parts), minutes)
    if any(part[0] >= entry.seq or part[2] is None for part in parts):
        yield Violation("lapse_of_later", "parts", "earlier grants that last for a time", str(parts))


def _inherit(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    if policy.inherit is Inherit.NONE:
        yield Violation("inherit_off", "kind", "no inheritance", entry.kind)
    if document is not None:
        yield from _differs("actor_settles", "actor", document["settled_by"], entry.actor)
    yield from _into(entry, Origin.RECEIVED, None, "inherited")


def _clear(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    """To another book only what may be redeemed; from another book into the purse of what was brought."""
    yield from _purses(entry, policy, Use.REDEEM)
    yield from _into(entry, Origin.IMPORTED, None, "brought")
    if document is not None and document["type"] == "clearing":
        yield from _differs("clearing_minutes", "postings", document["minutes"], entry.sum_of("clearing"))
    if document is not None and document["type"] == "import":
        yield from _into(entry, Origin.IMPORTED, document["person"], "imported")
        yield from _differs("import_minutes", "postings", document["minutes"], entry.sum_of("member"))
        yield from _differs("actor_approves", "actor", document["approved_by"], entry.actor)
        if document["proposed_by"] == document["approved_by"]:
            yield Violation("second_person", "approved_by", "a second person", str(document["approved_by"]))


def _reverse(entry: EntryFacts, policy: Policy, document: Doc | None) -> Found:
    if document is None:
        return
    yield from _differs("reversed_entry", "of", entry.of, document["of"])
    if document["type"] == "returned":  # another book refused it: its signed refusal stands for the second person
        return
    yield from _differs("actor_decides", "actor", document["decided_by"], entry.actor)
    if document["asked_by"] == document["decided_by"]:
        yield Violation("second_person", "decided_by", "a second person", str(document["decided_by"]))
    if document["reason"] not in reversals.REASONS:
        yield Violation("reason_unknown", "reason", "a reason of the list", str(document["reason"]))


_CHECKERS: Mapping[str, Callable[[EntryFacts, Policy, Doc | None], Found]] = {
    "earn": _served,
    "care": _served,
    "hold": _hold,
    "settle": _settle,
    "gift": _gift,
    "donate": _donate,
    "grant": _grant,
    "expire": _expire,
    "clear": _clear,
    "inherit": _inherit,
    "reverse": _reverse,
}
