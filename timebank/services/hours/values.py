"""What the pages and the API are given of a record, and the helpers that make it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.certificates import RECORD_DAYS
from timebank.domain.errors import NotFound
from timebank.domain.hours import Record, RecordState, Source, parties, verbs_open
from timebank.domain.roles import Actor, covers, permits
from timebank.domain.states import Party
from timebank.storage.hours import HoursEvent, HoursFlag, HoursRecord
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class FlagView:
    """Something unusual about a record, with the numbers that raised it."""

    code: str
    params: dict[str, int]


@dataclass(frozen=True, slots=True)
class HoursView:
    """A record as who may see it sees it. Names are unsealed for the people of the record and their station."""

    id: str
    number: str
    state: str
    source: str
    station_id: str
    volunteer_id: str
    volunteer: str
    elder_id: str
    elder: str
    service_code: str
    service: str
    service_en: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    credited_minutes: int | None
    slip_number: str | None
    note: str
    logged_at: datetime
    entered_by: str
    confirmed_how: str | None
    entry_seq: int | None
    redemption_id: str | None
    card_version: int | None
    record_days: int | None
    flags: tuple[FlagView, ...]
    verbs: tuple[str, ...]

    @property
    def recorded_late(self) -> bool:
        """Whether it was verified after the time limit of article 11, which stays with it for ever."""
        return self.record_days is not None and self.record_days > RECORD_DAYS


def record_of(row: HoursRecord) -> Record:
    """The row as the value that rules are asked with."""
    return Record(
        id=row.id,
        station_id=row.station_id,
        volunteer_id=row.volunteer_id,
        elder_id=row.elder_id,
        entered_by=row.entered_by,
        confirmed_by=row.confirmed_by,
        service_code=row.service_code,
        started_at=row.started_at,
        ended_at=row.ended_at,
        source=Source(row.source),
        state=RecordState(row.state),
        in_group=row.in_group,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How people stand to records: the tree of stations, and who acts for whom. Read once for many records."""

    tree: Mapping[str, str | None]
    proxies: frozenset[tuple[str, str]]
    """(elder, proxy)."""

    @classmethod
    def read(cls, unit: Unit, actor_ids: Iterable[str], rows: Iterable[HoursRecord]) -> Standing:
        return cls(unit.network.parents(), unit.members.proxied({row.elder_id for row in rows}, actor_ids))

    def parties(self, actor: Actor, row: HoursRecord) -> frozenset[Party]:
        """How the actor stands to the record. Raises NotFound for who has nothing to do with it."""
        found = parties(
            actor,
            record_of(row),
            is_proxy=(row.elder_id, actor.person_id) in self.proxies,
            at_desk=self._may(actor, "hours.confirm_at_desk", row),
            verifies=self._may(actor, "hours.verify", row),
        )
        if not found and not self._may(actor, "hours.read", row):
            raise NotFound
        return found

    def _may(self, actor: Actor, verb: str, row: HoursRecord) -> bool:
        return permits(actor, verb) and covers(actor, row.station_id, self.tree, verb)


def parties_of(unit: Unit, actor: Actor, row: HoursRecord) -> frozenset[Party]:
    """How the actor stands to one record. Raises NotFound for who has nothing to do with it."""
    return Standing.read(unit, {actor.person_id}, [row]).parties(actor, row)


def add_event(
    bank: Bank,
    unit: Unit,
    row: HoursRecord,
    actor: Actor,
    before: str | None,
    now: datetime,
    *,
    reason: str | None = None,
    text: str = "",
) -> None:
    """Write down a change of state: who, when, why. The words are sealed under the volunteer's key.

    Steps are numbered by the row's version, which grows with each change once it is flushed.
    """
    unit.flush()
    unit.hours.add(
        HoursEvent(
            book=unit.origin,
            record_id=row.id,
            step=row.version if before is not None else 0,
            state_before=before,
            state=row.state,
            actor_id=actor.person_id,
            via=actor.via,
            at=now,
            reason=reason,
            text_sealed=unit.seal_for(row.volunteer_id, text) if text else None,
        )
    )


def verified_event(unit: Unit, row: HoursRecord, actor: Actor, now: datetime) -> HoursEvent:
    """That a record is being verified; its row gets its new state with the others of the commit (`Hours.verified`)."""
    return HoursEvent(
        book=unit.origin,
        record_id=row.id,
        step=row.version + 1,
        state_before=row.state,
        state=str(RecordState.VERIFIED),
        actor_id=actor.person_id,
        via=actor.via,
        at=now,
    )


def views(unit: Unit, actor: Actor, rows: Iterable[HoursRecord]) -> tuple[HoursView, ...]:
    """Several records, with a few queries for what stands around all of them."""
    rows = list(rows)
    standing = Standing.read(unit, {actor.person_id}, rows)
    names = {
        person_id: data.name
        for person_id, data in unit.persons({p for row in rows for p in (row.volunteer_id, row.elder_id)}).items()
    }
    services = {service.code: service for service in unit.catalogue.services()}
    flags = unit.hours.flags(row.id for row in rows)
    found = []
    for row in rows:
        service = services.get(row.service_code)
        found.append(
            HoursView(
                id=row.id,
                number=row.number,
                state=row.state,
                source=row.source,
                station_id=row.station_id,
                volunteer_id=row.volunteer_id,
                volunteer=names.get(row.volunteer_id, ""),
                elder_id=row.elder_id,
                elder=names.get(row.elder_id, ""),
                service_code=row.service_code,
                service=service.name if service else row.service_code,
                service_en=service.name_en if service else row.service_code,
                started_at=row.started_at,
                ended_at=row.ended_at,
                minutes=row.minutes,
                credited_minutes=row.credited_minutes,
                slip_number=row.slip_number,
                note=unit.open_for(row.volunteer_id, row.note_sealed) or "",
                logged_at=row.logged_at,
                entered_by=row.entered_by,
                confirmed_how=row.confirmed_how,
                entry_seq=row.entry_seq,
                redemption_id=row.redemption_id,
                card_version=row.card_version,
                record_days=row.record_days,
                flags=tuple(flag_view(flag) for flag in flags.get(row.id, ())),
                verbs=verbs_open(RecordState(row.state), standing.parties(actor, row)),
            )
        )
    return tuple(found)


def flag_view(flag: HoursFlag) -> FlagView:
    return FlagView(flag.code, json.loads(flag.params))
