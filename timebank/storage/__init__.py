"""The service's only SQLAlchemy: mapped rows, named queries, and the unit of work that commits rows and ledger together."""
