"""Annual reports. Once frozen, a row is neither changed nor deleted.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
BOOK, ID = sa.String(length=120), sa.String(length=32)
REFUSE = "BEGIN SELECT RAISE(ABORT, 'a frozen report is append-only'); END"
TAKEN = "EXISTS (SELECT 1 FROM annual_report WHERE book = NEW.book AND id = NEW.id AND state = 'frozen')"
TRIGGERS = {
    "sqlite": (
        f"CREATE TRIGGER annual_report_no_update BEFORE UPDATE ON annual_report WHEN OLD.state = 'frozen' {REFUSE}",
        f"CREATE TRIGGER annual_report_no_delete BEFORE DELETE ON annual_report WHEN OLD.state = 'frozen' {REFUSE}",
        # INSERT OR REPLACE deletes without asking the delete trigger.
        f"CREATE TRIGGER annual_report_no_replace BEFORE INSERT ON annual_report WHEN {TAKEN} {REFUSE}",
    ),
    "postgresql": (
        """
        CREATE TRIGGER annual_report_append_only BEFORE UPDATE OR DELETE ON annual_report
        FOR EACH ROW WHEN (OLD.state = 'frozen') EXECUTE FUNCTION ledger_refuse()
        """,
        """
        CREATE TRIGGER annual_report_no_truncate BEFORE TRUNCATE ON annual_report
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
        """,
    ),
}
"""As on the ledger's own tables (migration 0001)."""


def upgrade() -> None:
    op.create_table(
        "annual_report",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("entry_seq", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", ID, nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("book", BOOK, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["book", "proposed_by"], ["person.book", "person.id"], name=op.f("fk_annual_report_book_proposed_by")
        ),
        sa.PrimaryKeyConstraint("book", "id", name=op.f("pk_annual_report")),
        sa.UniqueConstraint("book", "year", "edition", name=op.f("uq_annual_report_book_year_edition")),
    )
    connection = op.get_bind()
    for statement in TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "postgresql":
        there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
        if there is not None:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE ON annual_report TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
