"""Pages for paper: an HTML template drawn as an A4 PDF with Chinese fonts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import current_app


def drawn(html: str, attachments: Sequence[tuple[str, str | bytes, str]] = ()) -> bytes:
    """The page as PDF/UA. Whatever the text says, nothing is fetched, neither from the network nor from
    the disk; a picture stands in the page itself.

    `attachments`: (name, content, what it is) of files that the paper carries.
    """
    # WeasyPrint takes two seconds to import; only who prints pays for them.
    from weasyprint import CSS, HTML, Attachment
    from weasyprint.urls import URLFetcher

    for name in ("weasyprint", "fontTools"):
        # What they say of their progress names the letters of a member's name; no log may hold that.
        logging.getLogger(name).setLevel(logging.ERROR)
    nothing: Any = URLFetcher(allowed_protocols=("data",))
    style = Path(current_app.static_folder or "", "passbook-print.css").read_text(encoding="utf-8")
    files = [Attachment(string=content, name=name, description=what) for name, content, what in attachments]
    document: bytes = HTML(string=html, url_fetcher=nothing).write_pdf(
        stylesheets=[CSS(string=style, url_fetcher=nothing)], pdf_variant="pdf/ua-1", attachments=files
    )
    return document
