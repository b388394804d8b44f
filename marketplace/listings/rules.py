"""What makes a sale that can be announced, and who may buy when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from marketplace.kit.money import LARGEST_CHARGE, SMALLEST_CHARGE
from marketplace.kit.refusals import Invalid, Refused
from marketplace.listings import auction_rules
from marketplace.listings.models import BY_BIDS, Listing, ListingState, Mode


class NotYetOpen(Refused):
    code = "not_yet_open"
    message = "まだ受付が始まっていません。"


class SaleClosed(Refused):
    code = "sale_closed"
    message = "受付は終わりました。"


class Suspended(Refused):
    code = "suspended"
    message = "受付を一時停止しています。理由は権利のページをごらんください。"


class SoldOut(Refused):
    code = "sold_out"
    message = "売り切れました。"


class AllHeld(Refused):
    code = "all_held"
    message = "いま、すべて他の方が手続き中です。数分後にもう一度お試しください。"


class SamePerson(Refused):
    code = "same_person"
    status = 403
    message = "起案した人は、自分の出品を承認できません。別の職員にお願いしてください。"


class ChangedMeanwhile(Refused):
    code = "changed_meanwhile"
    message = "確かめているあいだに内容が変わりました。もう一度はじめから確かめてください。"


def check_sale(values: Mapping[str, Any]) -> None:
    """Invalid, with the field, where a sale can't be held as written."""
    for fault in faults(values):
        raise fault


MOST_DRAWN = 2_000
"""Tokens with pictures of their own: 50 MB and six seconds of the worker."""


def faults(values: Mapping[str, Any]) -> Iterator[Invalid]:
    """Everything that is wrong with a sale, so that a form can show it all at once."""
    mode = Mode(values["mode"])
    price, reserve = values.get("price_yen"), values.get("reserve_yen")
    if mode is not Mode.GRANT:
        if price is None:
            yield Invalid("価格を入力してください。", field="price_yen")
        elif price < SMALLEST_CHARGE:
            yield Invalid(f"価格は{SMALLEST_CHARGE}円以上にしてください。", field="price_yen")
        elif price > LARGEST_CHARGE:
            yield Invalid(f"価格は{LARGEST_CHARGE:,}円以下にしてください。", field="price_yen")
    if reserve is not None and price is not None and reserve < price:
        yield Invalid("予定価格は開始価格以上にしてください。", field="reserve_yen")
    quantity = values.get("quantity", 1)
    if quantity is None or not 1 <= quantity <= 999_999:
        yield Invalid("数は1から999,999までです。", field="quantity")
    elif mode in BY_BIDS and quantity != 1:
        yield Invalid("オークションと入札では、1回に1つだけ売れます。", field="quantity")
    elif values.get("art_per_token") and quantity > MOST_DRAWN:
        yield Invalid(f"1枚ごとの絵は、{MOST_DRAWN:,}枚までの権利で使えます。", field="art_per_token")
    if values.get("waiting_room") and mode is not Mode.FIXED:
        yield Invalid("待合室は、定額で売るときだけ使えます。", field="waiting_room")
    yield from _time_faults(mode, values)
    if mode in BY_BIDS:
        yield from auction_rules.faults(values.get("auction_rules") or {}, values)


def _time_faults(mode: Mode, values: Mapping[str, Any]) -> Iterator[Invalid]:
    opens, closes, draw = values.get("opens_at"), values.get("closes_at"), values.get("draw_at")
    publish = values.get("publish_at")
    if opens is None:
        yield Invalid("受付を始める日時を入力してください。", field="opens_at")
    elif publish is not None and publish > opens:
        yield Invalid("公開は、受付の開始より前にしてください。", field="publish_at")
    if closes is None and mode not in (Mode.FIXED, Mode.GRANT):
        yield Invalid("受付を終わる日時を入力してください。", field="closes_at")
    elif closes is not None and opens is not None and closes <= opens:
        yield Invalid("終了は、開始より後にしてください。", field="closes_at")
    if mode is Mode.LOTTERY and (draw is None or (closes is not None and draw < closes)):
        yield Invalid("抽選の日時は、受付の終了以後にしてください。", field="draw_at")


def check_open(listing: Listing, at: datetime) -> None:
    """NotYetOpen, Suspended or SaleClosed where nothing can be bought or applied for at `at`."""
    if listing.state == ListingState.SUSPENDED:
        raise Suspended
    if listing.state == ListingState.PUBLISHED or (listing.state == ListingState.OPEN and at < listing.opens_at):
        raise NotYetOpen
    if listing.state != ListingState.OPEN or (listing.closes_at is not None and at >= listing.closes_at):
        raise SaleClosed


def pay_by(listing: Listing, at: datetime) -> datetime:
    """Until when a winner may pay, counted from the award."""
    return at + timedelta(hours=listing.pay_hours)
