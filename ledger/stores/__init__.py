"""Places where books are kept. Each is a `ledger.store.Store`; import the one that is needed."""
