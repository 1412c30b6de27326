"""Policy versions: decided by the county, hashed into the ledger, in force from their date, never changed after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from ledger import Kind, policy_hash
from timebank.domain.errors import NotFound
from timebank.domain.policies import (
    CARE_PRESETS,
    PRESETS,
    Json,
    Policy,
    Tag,
    check_decision,
    decided,
    from_text,
    preset,
    to_json,
)
from timebank.domain.roles import Actor, require
from timebank.storage.catalogue import PolicyVersion
from timebank.storage.unit import Bank


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One version, and whether it is the one in force."""

    version: int
    policy: Policy
    digest: str
    effective_at: datetime
    decided_at: datetime
    entry_seq: int
    in_force: bool


def circumstances(bank: Bank, *, now: datetime) -> tuple[Tag, ...]:
    """What the region's papers name of an elder's circumstances; the ready template's where no care rules are yet."""
    with bank.read() as unit:
        care = unit.get_care(now) or preset("demo").care
    return care.tags if care is not None else ()


def decide(bank: Bank, actor: Actor, text: str, effective_at: datetime, *, now: datetime) -> PolicyView:
    """Decide on a new version, written as JSON text. It takes effect at `effective_at`, not before now.

    Raises PolicyInvalid with the field, PolicyBackdated, PolicyUnchanged, Forbidden.
    """
    require(actor, "policies.decide")
    policy = decided(from_text(text), effective_at)
    document = to_json(policy)
    with bank.unit() as unit:
        earlier = unit.policies.versions()
        check_decision(policy, [from_text(row.document) for row in earlier], now)
        entry = unit.append(Kind.POLICY, actor.person_id, now=now, data={"policy": document})
        row = PolicyVersion(
            book=unit.origin,
            version=len(earlier) + 1,
            document=json.dumps(document, ensure_ascii=False, sort_keys=True),
            digest=policy_hash(document),
            effective_at=effective_at,
            decided_by=actor.person_id,
            decided_at=now,
            entry_seq=entry.seq,
        )
        unit.policies.add(row)
        return _view(row, None)


def versions(bank: Bank, *, now: datetime) -> tuple[PolicyView, ...]:
    """Every version, the newest first."""
    with bank.read() as unit:
        current = unit.policies.in_force(now)
        return tuple(_view(row, current) for row in reversed(unit.policies.versions()))


def version(bank: Bank, number: int, *, now: datetime) -> PolicyView:
    """One version. Raises NotFound."""
    with bank.read() as unit:
        row = unit.policies.get(number)
        if row is None:
            raise NotFound
        return _view(row, unit.policies.in_force(now))


def in_force(bank: Bank, *, now: datetime) -> Policy:
    """The policy in force. Raises PolicyMissing."""
    with bank.read() as unit:
        return unit.policy_at(now)[0]


def template(name: str, region: str = CARE_PRESETS[0]) -> str:
    """A ready preset with a region's care rules, as the text to begin with. Raises PresetUnknown."""
    return text_of(to_json(preset(name, region)))


def templates() -> tuple[str, ...]:
    """The names of the presets."""
    return tuple(PRESETS)


def regions() -> tuple[str, ...]:
    """The names of the care rules' regions."""
    return tuple(CARE_PRESETS)


def text_of(document: dict[str, Json]) -> str:
    """A document as people edit it."""
    return json.dumps({k: v for k, v in document.items() if k != "effective_at"}, ensure_ascii=False, indent=2)


def _view(row: PolicyVersion, current: PolicyVersion | None) -> PolicyView:
    return PolicyView(
        version=row.version,
        policy=from_text(row.document),
        digest=row.digest,
        effective_at=row.effective_at,
        decided_at=row.decided_at,
        entry_seq=row.entry_seq,
        in_force=current is not None and row.version == current.version,
    )
