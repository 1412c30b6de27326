"""The time bank: people, stations, hours and redemptions, over the web."""

__version__ = "0.1.0"
