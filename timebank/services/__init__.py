"""Use cases: one verb, one function, one unit of work. Nothing of HTTP, nothing of SQL, and no service calls another."""

from timebank.storage.unit import Bank

__all__ = ["Bank"]
