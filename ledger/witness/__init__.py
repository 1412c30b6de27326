"""Witnesses (C2SP tlog-witness): who cosigns a log's checkpoints after seeing that each extends the one before.

A witness keeps one thing for each log: the largest tree that it has seen. It cosigns nothing that contradicts it, so a
log that shows two histories needs all its witnesses to help. `server` is one, `client` asks them.
"""

from ledger.witness.client import Answer, Collected, collect, latest
from ledger.witness.core import Reply, Witness
from ledger.witness.memory import WitnessMemory

__all__ = ["Answer", "Collected", "Reply", "Witness", "WitnessMemory", "collect", "latest"]
