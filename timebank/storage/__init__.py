"""The service's only SQLAlchemy: mapped rows, named queries, the unit of work over rows and ledger."""
