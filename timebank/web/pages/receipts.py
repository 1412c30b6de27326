"""Receipts of entries: a sheet with a code for the phone, and the file to keep."""

from __future__ import annotations

import segno
from flask import Blueprint, Response, render_template

from timebank.services import receipts
from timebank.web.guard import actor, bank, now, signed_in

blueprint = Blueprint("receipts", __name__)
MODULE_MILLIMETRES = 0.5


@blueprint.get("/receipts/<int:seq>")
@signed_in
def show(seq: int) -> str:
    """The receipt of one entry on the screen and on paper, for its parties."""
    made = receipts.make(bank(), actor(), seq, now=now())
    codes = [
        segno.make(text, error="m", boost_error=False).svg_data_uri(scale=MODULE_MILLIMETRES, unit="mm", border=4)
        for text in made.codes
    ]
    return render_template("receipts/show.html", receipt=made, codes=codes)


@blueprint.get("/receipts/<int:seq>.tlog-proof")
@signed_in
def file(seq: int) -> Response:
    """The receipt as a file (tlog-proof), for its parties."""
    made = receipts.make(bank(), actor(), seq, now=now())
    response = Response(made.text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename=receipt-{seq}.tlog-proof"
    return response
