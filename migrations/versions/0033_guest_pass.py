"""Members at the desk of another station than their own.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)


def upgrade() -> None:
    op.create_table(
        "guest_pass",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("station_id", ID, nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["book", column], ["person.book", "person.id"], name=op.f(f"fk_guest_pass_book_{column}")
            )
            for column in ("person_id", "opened_by")
        ),
        sa.ForeignKeyConstraint(
            ["book", "station_id"], ["station.book", "station.id"], name=op.f("fk_guest_pass_book_station_id")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_guest_pass")),
    )
    op.create_index("ix_guest_pass_book_person", "guest_pass", ["book", "person_id", "ends_at"])
    op.create_index("ix_guest_pass_book_station", "guest_pass", ["book", "station_id", "ends_at"])
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
        if there is not None:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON guest_pass TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
