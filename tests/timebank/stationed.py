"""A station's key as a device at the station holds it, and the signatures that it gives."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from ledger.notes import KeyType, SigningKey
from ledger.stations import added_text, key_name, retired_text
from tests.timebank.world import NOW, World
from timebank.domain.roles import Actor
from timebank.services import hours, station_keys
from timebank.services.hours import StationSignature, Verified


@dataclass
class Device:
    """Holds the key of one station."""

    world: World
    station: str
    fill: int = 1

    @property
    def station_id(self) -> str:
        return self.world.stations[self.station]

    @property
    def book(self) -> str:
        return self.world.bank.settings.book

    @property
    def key(self) -> SigningKey:
        return SigningKey(key_name(self.book, self.station_id), KeyType.ED25519, bytes([self.fill]) * 32)

    @property
    def text(self) -> str:
        return self.key.verifier.encode()

    def sign(self, text: str) -> str:
        return base64.b64encode(self.key.sign(text, 0).value).decode()

    def possession(self, number: int = 1) -> str:
        return self.sign(added_text(self.book, self.station_id, number, self.text))

    def vouches_for(self, other: Device, number: int) -> str:
        return self.sign(added_text(self.book, self.station_id, number, other.text))

    def retires(self, other: Device) -> str:
        return self.sign(retired_text(self.book, self.station_id, other.text))

    def enrol(self, actor: Actor) -> int:
        """Bring the first key into the book; gives the entry's number."""
        found = station_keys.add(
            self.world.bank, actor, self.station_id, key=self.text, possession=self.possession(), now=NOW
        )
        return found.keys[-1].seq

    def signatures(self, actor: Actor, *record_ids: str, seq: int) -> dict[str, StationSignature]:
        """Signatures under what is to be recorded of these."""
        return {
            one.record_id: StationSignature(seq, self.sign(one.text), one.salt)
            for one in hours.statements(self.world.bank, actor, record_ids, now=NOW)
        }

    def verify(self, actor: Actor, *record_ids: str, seq: int) -> tuple[Verified, ...]:
        given = self.signatures(actor, *record_ids, seq=seq)
        return hours.verify(self.world.bank, actor, record_ids, now=NOW, signatures=given)
