"""All that a successor needs of a book, in one folder, and its way into an empty installation.

    README.md           what this is and how to open it, for somebody who has nobody to ask
    handover.json       format, book, schema revision, number of entries, how many rows of each table
    book.vkeys          every verifier key that the book ever had
    book/               the exported ledger (see ledger.bundle): entries, checkpoints, keys
    tables/<name>.jsonl the service's rows, one a line: cosignatures, policies, stations, members with sealed data and
                        wrapped keys. Bytes are {"base64": …}, times are text.

Sessions, tokens, throttles and leases stay behind: people sign in anew. The master key is not in it; it is handed over
by itself, and without it no personal data can be read.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import DateTime, Table, insert, select

from ledger import reopening
from ledger.audit import audit
from ledger.bundle import BundleStore
from ledger.checkpoints import Checkpoint, SignerMemory, open_checkpoint
from ledger.errors import BundleInvalid
from ledger.exporting import export
from ledger.notes import VerifierKey
from ledger.restoring import restore
from timebank.storage import every_row, schema
from timebank.storage.base import Base, Instant
from timebank.storage.checking import audit_book, store_of
from timebank.storage.keys import keep_verifiers, make_first, verifiers
from timebank.storage.unit import Bank

FORMAT = "timebank-handover@v1"
PAGE = 1_000
OF_THE_OLD_LOG = frozenset({"publication", "cosignature", "witness_state", "timestamp"})
"""What was published under the old origin stays there: witnesses begin anew with the new one."""
LEFT_BEHIND = frozenset({"sign_in", "token", "throttle", "answered", "job_lease"})
README = """# A time bank's book, handed over

This folder holds the book `{book}` with {size} entries, as of {now}.

1. **Verify it** before you believe it, with nothing but Python and the package `ledger` of the time bank:
   `python -m ledger verify book --keys book.vkeys`. Compare the keys with those on the notice board, on paper receipts
   or at the witnesses: a forged folder has forged keys.
2. **Go on with it**: install the same version of the service (schema revision {revision}). Put the old operator's
   master key at `instance/keys/master.key` and index key at `instance/keys/index.key`: they are handed over separately;
   without them no name and no phone can be read, but the hours are all here. Set `TIMEBANK_BOOK={book}`, and run
   `python -m timebank take-over THIS_FOLDER` on an empty database.
3. **Sign on**: with the old signing keys if you were given them; otherwise `python -m timebank keys lost` makes new
   ones. Tell members, witnesses and monitors.

`tables/*.jsonl` are the service's rows, one JSON object a line; bytes stand as {{"base64": "…"}}. The entries under
`book/tile/entries` are as the C2SP document tlog-tiles lays them out: a length of two bytes, then the entry's JSON.
"""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was written or taken over."""

    book: str
    entries: int
    rows: int


def hand_over(bank: Bank, path: Path, *, now: datetime) -> HandedOver:
    """Write the folder. Raises FileExistsError, BookUnknown."""
    path.mkdir()
    book = bank.settings.book
    with store_of(bank) as store:
        export(store, book, path / "book")
    size = BundleStore(path / "book").head(book)
    counts = {}
    (path / "tables").mkdir()
    with bank.engine.connect() as connection:
        for table in _tables():
            query = select(table).where(table.c.book == book) if "book" in table.c else select(table)
            found = connection.execute(query, execution_options={"yield_per": PAGE})
            with (path / "tables" / f"{table.name}.jsonl").open("w", encoding="utf-8") as file:
                counts[table.name] = 0
                for row in found.mappings():
                    file.write(
                        json.dumps({key: _plain(value) for key, value in row.items()}, ensure_ascii=False) + "\n"
                    )
                    counts[table.name] += 1
    entries = 0 if size is None else size.size
    revision = schema.head()
    (path / "book.vkeys").write_text("".join(f"{key.encode()}\n" for key in verifiers(bank)), encoding="utf-8")
    words = README.format(book=book, size=entries, now=now.date().isoformat(), revision=revision)
    (path / "README.md").write_text(words, encoding="utf-8")
    document = {"format": FORMAT, "book": book, "revision": revision, "entries": entries, "rows": counts}
    (path / "handover.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return HandedOver(book, entries, sum(counts.values()))


def take_over(bank: Bank, path: Path) -> HandedOver:
    """Verify the folder, write it into the empty database in one transaction, audit what was written.

    Raises BundleInvalid if it is not sound, of another schema, or of another book than the settings name; BookExists.
    """
    document = _document(path)
    book = bank.settings.book
    if document["book"] != book:
        raise BundleInvalid(f"this is the book {document['book']}; TIMEBANK_BOOK is {book}")
    if document["revision"] != schema.head():
        raise BundleInvalid(f"it needs schema revision {document['revision']}, this program has {schema.head()}")
    bundle = BundleStore(path / "book")
    report = audit(bundle, book)
    if not report.is_sound:
        raise BundleInvalid(f"the book is not sound: {report.findings[0]}")
    done = _write(bank, path, document, bundle, _tables())
    _remember(bank, path, bundle)
    _require_sound(bank)
    return done


def reopen(bank: Bank, path: Path, last_signed: str, *, now: datetime) -> HandedOver:
    """Go on with a handed-over folder under a new origin, the one that the settings name: the folder's database was
    restored from a backup that is behind what was signed. `last_signed`: the note of the last checkpoint that anybody
    has of the old origin. See docs/new-origin.md.

    Raises BundleInvalid if the folder is not sound, or if nothing was lost; NoteInvalid if that is no checkpoint by the
    folder's keys; BookExists.
    """
    document = _document(path)
    old, book = document["book"], bank.settings.book
    if old == book:
        raise BundleInvalid(f"{book} is the old origin: set TIMEBANK_BOOK to the new one")
    if document["revision"] != schema.head():
        raise BundleInvalid(f"it needs schema revision {document['revision']}, this program has {schema.head()}")
    make_first(bank)
    lost = open_checkpoint(last_signed, old, _verifiers(path)).checkpoint
    bundle = BundleStore(path / "book")
    report = audit(bundle, old)
    if not report.is_sound:
        raise BundleInvalid(f"the book is not sound: {report.findings[0]}")
    keys = [key.encode() for key in verifiers(bank)]
    with TemporaryDirectory(dir=bank.settings.instance) as folder:
        again = Path(folder) / "book"
        reopening.reopen(bundle, again, book, keys=keys, lost=lost, now=now)
        fresh = BundleStore(again)
        report = audit(fresh, book)
        if not report.is_sound:
            raise BundleInvalid(f"the book is not sound under its new origin: {report.findings[0]}")
        tables = [table for table in _tables() if table.name not in OF_THE_OLD_LOG]
        done = _write(bank, path, document, fresh, tables)
    _require_sound(bank)
    return done


def _write(bank: Bank, path: Path, document: dict[str, Any], bundle: BundleStore, tables: list[Table]) -> HandedOver:
    """The book and the rows, in one transaction, under the origin that the settings name."""
    book, rows = bank.settings.book, 0
    with bank.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        entries = restore(bundle, connection, book)
        for table in tables:
            lines = _lines(path / "tables" / f"{table.name}.jsonl", table)
            written = 0
            while page := list(islice(lines, PAGE)):
                connection.execute(insert(table), [row | {"book": book} if "book" in row else row for row in page])
                written += len(page)
            if written != document["rows"].get(table.name):
                raise BundleInvalid(f"{table.name}: {written} rows, {document['rows'].get(table.name)} were written")
            rows += written
    return HandedOver(book, entries, rows)


def _require_sound(bank: Bank) -> None:
    after = audit_book(bank, None)
    if not after.is_sound:
        raise BundleInvalid(f"what was taken over is not sound: {after.findings[0]}")


def _verifiers(path: Path) -> list[VerifierKey]:
    """Every verifier key that the handed-over book ever had."""
    lines = (path / "book.vkeys").read_text(encoding="utf-8").splitlines()
    return [VerifierKey.parse(line) for line in lines if line]


def _remember(bank: Bank, path: Path, bundle: BundleStore) -> None:
    """The keys that the book had, and the last tree that was signed: nothing may contradict it here either."""
    keep_verifiers(bank, _verifiers(path))
    last = bundle.checkpoint(bank.settings.book)
    memory = SignerMemory(bank.settings.signer_memory_path)
    if last is not None and memory.last(bank.settings.book) is None:
        memory.advance(None, Checkpoint(bank.settings.book, last.size, last.root))


def _tables() -> list[Table]:
    """The service's tables, those first that others point to."""
    if not every_row.MODULES:
        raise RuntimeError("no rows are mapped")
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_BEHIND]


def _document(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((path / "handover.json").read_text(encoding="utf-8"))
        known = found["format"] == FORMAT and isinstance(found["rows"], dict) and isinstance(found["book"], str)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleInvalid(f"{path}: {error}") from error
    if not known:
        raise BundleInvalid(f"{path} is no handed-over book")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    return value.isoformat() if hasattr(value, "isoformat") else value


def _lines(path: Path, table: Table) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield {name: _value(table, name, value) for name, value in json.loads(line).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleInvalid(f"{path.name}: {error}") from error


def _value(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type
    if isinstance(value, dict):
        return base64.b64decode(value["base64"], validate=True)
    if isinstance(value, str) and isinstance(kind, Instant | DateTime):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and kind.python_type.__name__ == "date":
        return datetime.fromisoformat(value).date()
    return value
