"""What members chose for their hours, the estates of the dead, attempts to reach holders of quiet accounts.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
INSTANT = sa.DateTime(timezone=True)
TABLES = ("estate_choice", "estate", "estate_event", "estate_entry", "dormant_contact")


def _person(table: str, column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_book_{column}")
    return sa.ForeignKeyConstraint(["book", column], ["person.book", "person.id"], name=name)


def _estate(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_book_estate_id")
    return sa.ForeignKeyConstraint(["book", "estate_id"], ["estate.book", "estate.id"], name=name)


def upgrade() -> None:
    op.create_table(
        "estate_choice",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("heir_id", ID, nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        _person("estate_choice", "heir_id"),
        _person("estate_choice", "person_id"),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_estate_choice")),
    )
    op.create_index("ix_estate_choice_book_person", "estate_choice", ["book", "person_id"])
    op.create_table(
        "estate",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("died_on", sa.Date(), nullable=False),
        sa.Column("proof_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("heirs", sa.Text(), nullable=False),
        sa.Column("spouse_asks", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        _person("estate", "person_id"),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_estate_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_estate")),
    )
    op.create_index("ix_estate_book_person", "estate", ["book", "person_id"])
    op.create_index("ix_estate_book_station", "estate", ["book", "station_id", "state"])
    op.create_table(
        "estate_event",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("estate_id", ID, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state_before", sa.String(length=12), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("actor_id", ID, nullable=False),
        sa.Column("via", sa.String(length=8), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", ID, nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        _estate("estate_event"),
        sa.PrimaryKeyConstraint("book", "estate_id", "step", name=op.f("pk_estate_event")),
    )
    op.create_table(
        "estate_entry",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("estate_id", ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("reversed_seq", sa.Integer(), nullable=True),
        _estate("estate_entry"),
        sa.PrimaryKeyConstraint("book", "estate_id", "seq", name=op.f("pk_estate_entry")),
    )
    op.create_table(
        "dormant_contact",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("how", sa.String(length=12), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        _person("dormant_contact", "person_id"),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_dormant_contact")),
    )
    op.create_index("ix_dormant_contact_book_person", "dormant_contact", ["book", "person_id", "at"])
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
