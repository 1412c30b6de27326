"""Entry of records into the national volunteer information system; how many working days a record took.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
TABLES = ("national_entry", "national_entry_event")


def upgrade() -> None:
    op.add_column("hours_record", sa.Column("record_days", sa.Integer(), nullable=True))
    op.create_table(
        "national_entry",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("entered_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "id"], ["hours_record.book", "hours_record.id"], name=op.f("fk_national_entry_book_id")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_national_entry_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_national_entry")),
    )
    op.create_index("ix_national_entry_book_station", "national_entry", ["book", "station_id", "state"])
    op.create_table(
        "national_entry_event",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", ID, nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", ID, nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "record_id"],
            ["national_entry.book", "national_entry.id"],
            name=op.f("fk_national_entry_event_book_record_id"),
        ),
        sa.PrimaryKeyConstraint("book", "record_id", "step", name=op.f("pk_national_entry_event")),
    )
    _grant_new_tables()


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
