"""Alembic's environment. The connection is given by `timebank.storage.schema`, so no URL stands here."""

from alembic import context

from timebank.storage import every_row  # noqa: F401 - its import fills the metadata
from timebank.storage.base import Base


def ours(object_, name, type_, reflected, compare_to):
    """The ledger's tables and triggers belong to the ledger: `alembic check` leaves them alone."""
    return not (type_ == "table" and name.startswith("ledger_"))


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_object=ours,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
