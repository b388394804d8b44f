"""How the waiting room says no."""

from __future__ import annotations

from marketplace.kit.refusals import Refused


class NoRoom(Refused):
    code = "no_waiting_room"
    message = "この出品の待合室は、いま開いていません。"


class NotCalled(Refused):
    code = "not_called"
    message = "この方の順番は、まだ来ていないか、過ぎています。"
