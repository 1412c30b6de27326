"""Training events and who was there.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
TABLES = ("training_event", "training_person")


def upgrade() -> None:
    op.create_table(
        "training_event",
        sa.Column("station_id", ID, nullable=False),
        sa.Column("training", sa.String(length=24), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("organiser", sa.String(length=120), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_training_event_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_training_event")),
    )
    op.create_index("ix_training_event_book_station", "training_event", ["book", "station_id", "held_on"])
    op.create_table(
        "training_person",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.Column("recorded_by", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "event_id"],
            ["training_event.book", "training_event.id"],
            name=op.f("fk_training_person_book_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_training_person_book_person_id")
        ),
        sa.PrimaryKeyConstraint("book", "event_id", "person_id", name=op.f("pk_training_person")),
    )
    op.create_index("ix_training_person_book_person", "training_person", ["book", "person_id"])
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
