"""Later versions of a programme's rules; when somebody was told that points lapse.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)


def upgrade() -> None:
    op.add_column("points_account", sa.Column("warned_on", sa.Date(), nullable=True))
    op.create_table(
        "points_rules_change",
        sa.Column("programme_id", ID, nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "programme_id"],
            ["points_programme.book", "points_programme.id"],
            name=op.f("fk_points_rules_change_book_programme_id"),
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_points_rules_change")),
    )
    op.create_index("ix_points_rules_change_book_programme", "points_rules_change", ["book", "programme_id"])
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
        if there is not None:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON points_rules_change TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
