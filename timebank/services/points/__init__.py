"""Programmes of points: each with a unit and a book of its own, goods and meals, and hours that become points."""

from timebank.services.points.changing import ChangeView, changes, decide_change, lapse_due, propose_change
from timebank.services.points.earning import award, carry_out_due
from timebank.services.points.goods import (
    NewGoods,
    cancel,
    cancel_forgotten,
    catalogue,
    hand_over,
    my_orders,
    offer,
    order,
    restock,
    station_orders,
)
from timebank.services.points.programmes import decide, programme, programmes, propose
from timebank.services.points.values import GoodsView, OrderView, ProgrammeView
from timebank.storage.programmes import banks, for_log

__all__ = [
    "ChangeView",
    "GoodsView",
    "NewGoods",
    "OrderView",
    "ProgrammeView",
    "award",
    "banks",
    "cancel",
    "cancel_forgotten",
    "carry_out_due",
    "catalogue",
    "changes",
    "decide",
    "decide_change",
    "for_log",
    "hand_over",
    "lapse_due",
    "my_orders",
    "offer",
    "order",
    "programme",
    "programmes",
    "propose",
    "propose_change",
    "restock",
    "station_orders",
]
