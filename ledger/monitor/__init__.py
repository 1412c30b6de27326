"""The monitor: follows a book from outside, keeps its own verified copy, and says when anything was rewritten.

It reads the public log (tlog-tiles) and trusts a policy (tlog-policy) that its owner chose. With an auditor's token it
keeps every entry and checks the rules of the books as well; without one it keeps the hashes of all entries.
"""

from ledger.monitor.fetching import Log
from ledger.monitor.following import STALL, Outcome, Sighting, as_document, follow
from ledger.monitor.keeping import Copy

__all__ = ["STALL", "Copy", "Log", "Outcome", "Sighting", "as_document", "follow"]
