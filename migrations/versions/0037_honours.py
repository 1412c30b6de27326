"""Awards, and the stars that members have reached.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
TABLES = ("award", "honour_reached")


def upgrade() -> None:
    op.create_table(
        "award",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", ID, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", ID, nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_why", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["book", column], ["person.book", "person.id"], name=op.f(f"fk_award_book_{column}")
            )
            for column in ("person_id", "recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_award_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_award")),
    )
    op.create_index("ix_award_book_person", "award", ["book", "person_id"])
    op.create_table(
        "honour_reached",
        sa.Column("book", BOOK, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("code", ID, nullable=False),
        sa.Column("reached_on", sa.Date(), nullable=False),
        sa.Column("lost_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["book", "person_id"], ["person.book", "person.id"], name=op.f("fk_honour_reached_book_person_id")
        ),
        sa.PrimaryKeyConstraint("book", "person_id", "code", name=op.f("pk_honour_reached")),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
        for table in TABLES if there is not None else ():
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
