"""Marks texts for translation. The domain keeps English msgids; the web translates and formats them."""

from __future__ import annotations


# gettext's extractor looks for this very name.
# ruff: noqa: N802
def N_(message: str) -> str:
    """`message` itself. The call only tells the extractor that it must be translated."""
    return message
