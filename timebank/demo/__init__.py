"""The demonstration network: a real district with its real divisions, and made-up people with three months of service.

Everything goes through the public services, as people would do it, so the demo book is a real book. Its dates are
simulated, and the book's first entry says so.
"""

from timebank.demo.load import load_demo
from timebank.demo.people import LOGINS, PASSWORD, PIN

__all__ = ["LOGINS", "PASSWORD", "PIN", "load_demo"]
