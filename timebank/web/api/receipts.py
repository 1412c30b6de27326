"""Receipts over the API: what a station's own system prints or hands on."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import receipts
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_receipts", __name__, description="What proves an entry to anybody, years later")


class Receipt(ma.Schema):
    """`text` is the content of a .tlog-proof file; `codes` are the texts of its QR codes; `size` that of the tree."""

    seq = ma.fields.Integer()
    size = ma.fields.Integer()
    text = ma.fields.String()
    codes = ma.fields.List(ma.fields.String())


@blueprint.route("/receipts/<int:seq>")
@allow("passbook.read")
@blueprint.response(200, Receipt)
def see(seq: int) -> Any:
    """The receipt of an entry"""
    return receipts.make(bank(), actor(), seq, now=now())
