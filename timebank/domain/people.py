"""What is known of a person. It exists in memory only; at rest it is sealed under the person's own key."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from timebank.domain.identity import DocumentType, Sex, age_on, mask_name, mask_phone, mask_resident_id

ERASED_NAME = "已注销成员 (erased member)"
"""What stands in the place of an erased person's name: in both languages, since names are not translated."""


@dataclass(frozen=True, slots=True)
class PersonData:
    """The basics of article 5 of Order 67, and the hardship tags that policies ask about."""

    name: str
    phone: str
    document_type: DocumentType
    document_number: str
    born_on: date | None
    sex: Sex | None
    division_code: str
    address: str
    tags: tuple[str, ...] = ()
    emergency_contact: str = ""
    skills: str = ""
    service_category: str = ""
    """What the person can do, and which services they would like to give: the two basics that only they know."""

    def age_on(self, day: date) -> int | None:
        """Full years, or None without a birth date."""
        return age_on(self.born_on, day) if self.born_on else None

    def masked(self) -> PersonData:
        """What may stand on a screen that others see too."""
        if self.name == ERASED_NAME:
            return self
        return replace(
            self,
            name=mask_name(self.name),
            phone=mask_phone(self.phone),
            document_number=mask_resident_id(self.document_number),
            address="",
        )

    @classmethod
    def erased(cls) -> PersonData:
        """What is known of a person whose data were erased: nothing."""
        return cls(ERASED_NAME, "", DocumentType.NONE, "", None, None, "", "")

    def to_json(self) -> dict[str, Any]:
        """A JSON object, canonical enough to be committed to."""
        return {
            **asdict(self),
            "document_type": str(self.document_type),
            "born_on": self.born_on.isoformat() if self.born_on else None,
            "sex": str(self.sex) if self.sex else None,
            "tags": sorted(self.tags),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> PersonData:
        return cls(
            **{
                **value,
                "document_type": DocumentType(value["document_type"]),
                "born_on": date.fromisoformat(value["born_on"]) if value["born_on"] else None,
                "sex": Sex(value["sex"]) if value["sex"] else None,
                "tags": tuple(value["tags"]),
            }
        )
