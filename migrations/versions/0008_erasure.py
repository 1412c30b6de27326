"""Requests to erase a person's data.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROLE = "timebank_app"


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("book", sa.String(length=120), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["book", "person_id"], ["person.book", "person.id"], name="fk_erasure_book_person_id"),
        sa.ForeignKeyConstraint(["book", "asked_by"], ["person.book", "person.id"], name="fk_erasure_book_asked_by"),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_erasure")),
    )
    op.create_index("ix_erasure_book_state", "erasure", ["book", "state"], unique=False)
    op.create_index("ix_erasure_book_person", "erasure", ["book", "person_id"], unique=False)
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
        if there is not None:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON erasure TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
