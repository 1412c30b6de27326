"""Use cases: one verb, one function, one unit of work. No HTTP, no SQL, and no service calls another."""

from timebank.storage.unit import Bank

__all__ = ["Bank"]
