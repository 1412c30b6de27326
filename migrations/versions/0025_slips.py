"""Each slip number that was given out, the day sheets, and what became of each slip.

Revision ID: 0025
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0020"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
INSTANT = sa.DateTime(timezone=True)
TABLES = ("day_sheet", "slip", "slip_event")


def upgrade() -> None:
    op.create_table(
        "day_sheet",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("head_size", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_day_sheet_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_day_sheet")),
    )
    op.create_index("ix_day_sheet_book_station", "day_sheet", ["book", "station_id", "day"])
    op.create_table(
        "slip",
        sa.Column("station_id", ID, nullable=True),
        sa.Column("sheet_id", ID, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("volunteer_id", ID, nullable=True),
        sa.Column("elder_id", ID, nullable=True),
        sa.Column("service_code", sa.String(length=24), nullable=True),
        sa.Column("wanted_at", INSTANT, nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("redemption_id", ID, nullable=True),
        sa.Column("need_id", ID, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("record_id", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "sheet_id"], ["day_sheet.book", "day_sheet.id"], name=op.f("fk_slip_book_sheet_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_slip_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_slip")),
    )
    op.create_index("ix_slip_book_need", "slip", ["book", "need_id"])
    op.create_index("ix_slip_book_redemption", "slip", ["book", "redemption_id"])
    op.create_index("ix_slip_book_sheet", "slip", ["book", "sheet_id", "position"])
    op.create_table(
        "slip_event",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("slip_id", ID, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", ID, nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", ID, nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["book", "slip_id"], ["slip.book", "slip.id"], name=op.f("fk_slip_event_book_slip_id")),
        sa.PrimaryKeyConstraint("book", "slip_id", "step", name=op.f("pk_slip_event")),
    )
    _earlier_numbers()
    _grant_new_tables()


def _earlier_numbers() -> None:
    """Numbers that were only counted until now become rows: those with a record are entered, the others are out."""
    connection = op.get_bind()
    counted = connection.execute(sa.text("SELECT book, name, value FROM counter WHERE name LIKE 'slip %'")).all()
    for book, name, last in counted:
        for serial in range(1, last + 1):
            row = {"book": book, "id": _printed(int(name.split()[1]), serial), "position": 0, "version": 1}
            query = sa.text("SELECT id, station_id FROM hours_record WHERE book = :book AND slip_number = :number")
            record = connection.execute(query, {"book": book, "number": row["id"]}).first()
            there = {"station_id": record.station_id, "record_id": record.id} if record else {}
            there["state"] = "entered" if record else "open"
            table = sa.table("slip", *(sa.column(one) for one in (*row, "station_id", "record_id", "state")))
            connection.execute(table.insert().values(**row, **there))


def _printed(year: int, serial: int) -> str:
    """The number as it was printed: ISO/IEC 7064 MOD 11,10 gives the last digit."""
    body, rest = f"{year % 100:02d}{serial:06d}", 10
    for digit in body:
        rest = ((rest + int(digit)) % 10 or 10) * 2 % 11
    return f"{body[:2]}-{body[2:]}-{(11 - rest) % 10}"


def _grant_new_tables() -> None:
    """What migration 0004 gave to the service's role, for the tables that came after it."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
    if there is not None:
        for table in TABLES:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
