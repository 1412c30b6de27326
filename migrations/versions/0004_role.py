"""On PostgreSQL, the role `timebank_app`: it may add to the ledger and read it, and never change what is written.

Run migrations as the owner, the service as a login that is a member of this role (docs/operators.md). Where the owner
may not create roles, nothing is done.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from ledger.stores.sql import grant_statements

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROLE = "timebank_app"
CREATE = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
        CREATE ROLE {ROLE} NOLOGIN;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN RAISE NOTICE 'role {ROLE} was not made: see docs/operators.md';
    WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
TABLES = """
SELECT quote_ident(tablename) FROM pg_tables
WHERE schemaname = current_schema() AND tablename NOT LIKE 'ledger\\_%' AND tablename <> 'alembic_version'
"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    connection.exec_driver_sql(CREATE)
    there = connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = %(role)s", {"role": ROLE}).first()
    if there is None:
        return
    for statement in grant_statements(ROLE):
        connection.exec_driver_sql(statement)
    for (table,) in connection.exec_driver_sql(TABLES.replace("%", "%%")).all():
        connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {ROLE}")
    connection.exec_driver_sql(f"GRANT SELECT ON alembic_version TO {ROLE}")


def downgrade() -> None:
    raise NotImplementedError("an append-only book has no way back: restore a backup and read docs/operators.md")
