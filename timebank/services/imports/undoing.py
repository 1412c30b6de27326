"""Taking a sheet back: each entry is reversed, each member who did nothing since is closed, the last line first.

Hours that were used, and members who did something, stay; they are listed with the reason.
"""

from __future__ import annotations

from datetime import datetime

from timebank.domain.errors import TimebankError
from timebank.domain.evidence import reversal_document
from timebank.domain.imports import ImportState
from timebank.storage.imports import ImportLine, ImportRun
from timebank.storage.leaving import close_membership, require_settled
from timebank.storage.registering import document_digest, phone_index
from timebank.storage.unit import Bank, Unit

LINES = 100
REASON = "wrong_person"


def undo_lines(bank: Bank, import_id: str, *, now: datetime) -> bool:
    """The next lines, in one commit. Whether there were any."""
    with bank.unit() as unit:
        run = unit.imports.get(import_id, lock=True)
        if run is None or run.state != ImportState.UNDOING:
            return False
        lines = unit.imports.lines(import_id, "done", LINES, last_first=True)
        for line in lines:
            line.code = _taken_back(bank, unit, run, line, now)
            line.state = "undone" if line.code is None else "kept"
        if not lines:
            run.state, run.ended_at = str(ImportState.UNDONE), now
        return bool(lines)


def _taken_back(bank: Bank, unit: Unit, run: ImportRun, line: ImportLine, now: datetime) -> str | None:
    """None, or why it stays."""
    if line.entry_seq is not None:
        entry = unit.book.entry(line.entry_seq)
        purse = next(account for account, minutes in entry.postings if minutes > 0)
        if unit.book.balance(purse) < line.minutes:
            return "hours_used"
        document = unit.keep_document(
            "reversal", line.person_id or "",
            reversal_document(
                reversal_id=run.id, of=entry.seq, reason=REASON, asked_by=run.undo_asked_by or "",
                decided_by=run.ended_by or "",
            ), now=now,
        )  # fmt: skip
        unit.reverse(entry, run.ended_by or "", document, f"import-undo-{run.id}-{line.line}", now=now)
    if line.made == "history":
        past = unit.imports.past_service_of(run.id, line.line)
        if past is not None:
            past.state, past.facts_sealed = "undone", None
    elif line.made == "member":
        return _closed(bank, unit, run, line.person_id or "", now)
    elif line.made:
        service = unit.catalogue.get(line.made)
        if service is not None:
            service.active = False
    return None


def _closed(bank: Bank, unit: Unit, run: ImportRun, person_id: str, now: datetime) -> str | None:
    """The member is closed, and may be registered again; who did something since stays a member."""
    membership = unit.members.get(person_id, lock=True)
    if membership is None or membership.state == "closed":
        return None
    try:
        require_settled(unit, person_id)
    except TimebankError as error:
        return error.code
    if unit.hours.page(person_id=person_id, limit=1) or unit.access.credential(person_id) is not None:
        return "member_stays"
    close_membership(unit, membership, run.ended_by or "", now=now)
    data = unit.person(person_id)
    unit.people.forget_digest("document", document_digest(bank, data))
    unit.people.forget_digest("phone", phone_index(bank, data.phone))
    return None
