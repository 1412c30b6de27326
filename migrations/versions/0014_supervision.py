"""Inspections, signals, call-backs.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
TABLES = ("inspection", "inspection_visit", "signal", "call_back")


def upgrade() -> None:
    _inspections()
    op.create_table(
        "signal",
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("persons", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        *_of_station("signal"),
        sa.UniqueConstraint("book", "rule", "about", name=op.f("uq_signal_book_rule_about")),
    )
    op.create_index("ix_signal_book_station", "signal", ["book", "station_id", "state"])
    op.create_table(
        "call_back",
        sa.Column("record_id", ID, nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("called", sa.String(length=12), nullable=True),
        sa.Column("called_by", ID, nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        *_of_station("call_back"),
        sa.ForeignKeyConstraint(
            ["book", "record_id"], ["hours_record.book", "hours_record.id"], name=op.f("fk_call_back_book_record_id")
        ),
        sa.UniqueConstraint("book", "record_id", name=op.f("uq_call_back_book_record_id")),
    )
    op.create_index("ix_call_back_book_station", "call_back", ["book", "station_id", "state"])
    _grant_new_tables()


def _inspections() -> None:
    op.create_table(
        "inspection",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("candidates", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("entry_seq", sa.Integer(), nullable=False),
        sa.Column("committed_by", ID, nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("seed_size", sa.Integer(), nullable=True),
        sa.Column("seed_body", sa.Text(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("book", "number", name=op.f("uq_inspection_book_number")),
    )
    op.create_table(
        "inspection_visit",
        sa.Column("inspection_id", ID, nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("inspectors", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("recorded_by", ID, nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_due_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        *_of_station("inspection_visit"),
        sa.ForeignKeyConstraint(
            ["book", "inspection_id"],
            ["inspection.book", "inspection.id"],
            name=op.f("fk_inspection_visit_book_inspection_id"),
        ),
        sa.UniqueConstraint(
            "book", "inspection_id", "station_id", name=op.f("uq_inspection_visit_book_inspection_id_station_id")
        ),
    )
    op.create_index("ix_inspection_visit_book_station", "inspection_visit", ["book", "station_id"])


def _of_station(table: str) -> tuple[sa.Column | sa.Constraint, ...]:
    """Book, id and the foreign key to the station."""
    return (
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("book", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f(f"fk_{table}_book_station_id")
        ),
    )


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
