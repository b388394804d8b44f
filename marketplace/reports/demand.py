"""The demand meter: what is wanted of each right that was sold, and a hint for the next time."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import staff
from marketplace.kit.dates import era_day
from marketplace.kit.db import db
from marketplace.kit.money import yen
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.lotteries import demand as lotteries
from marketplace.orders.models import Order, OrderState
from marketplace.reports.document import Document, Part, pdf
from marketplace.reports.hints import Hint, Past, hint
from marketplace.reports.periods import today
from marketplace.resale.statements import figures_by_right

bp = Blueprint("demand_meter", __name__)

SHOWN = 20
OVER = (ListingState.CLOSED, ListingState.COMPLETED)
CAVEAT = (
    "これまでの数字からの目安で、約束ではありません。天気や季節、広報、ほかの催しは、計算に入っていません。"
    "決めるのは、担当と決裁の人です。"
)


@bp.get("/staff/reports/demand")
@staff("drafter", "approver", "treasury", "auditor")
def show() -> ResponseReturnValue:
    return render_template("reports/demand.html", document=document())


@bp.get("/staff/reports/demand.pdf")
@staff("drafter", "approver", "treasury", "auditor")
def paper() -> ResponseReturnValue:
    return pdf(document(), f"demand-{today()}")


def document() -> Document:
    parts = [_part(listing, its, hint(its)) for listing, its in sales()]
    nothing = Part("売り出し", nothing="終わった定額と抽選の売り出しは、まだありません。")
    return Document("需要のものさし", f"{era_day(today())} 現在", parts or [nothing], note=CAVEAT)


def sales() -> list[tuple[Listing, Past]]:
    """Fixed sales and draws that are over, newest first."""
    sold = (
        sa.select(Order.listing_id, sa.func.count())
        .where(Order.state.in_((OrderState.PAID, OrderState.ISSUED)))
        .group_by(Order.listing_id)
    )
    units = {listing_id: int(count) for listing_id, count in db.session.execute(sold)}
    drawn = {each.listing.id: each for each in lotteries.past()}
    resold = {right.id: its for right, its in figures_by_right()}
    over = sa.select(Listing).where(Listing.mode.in_((Mode.FIXED, Mode.LOTTERY)), Listing.state.in_(OVER))
    found = []
    for listing in db.session.scalars(over.order_by(Listing.opens_at.desc(), Listing.id.desc()).limit(SHOWN)):
        if listing.mode is Mode.LOTTERY and listing.id not in drawn:
            continue
        before = drawn.get(listing.id)
        its = resold.get(listing.right_id)
        past = Past(
            units=listing.quantity,
            price_yen=listing.price_yen,
            sold=units.get(listing.id, 0),
            applicants=before.people if before else None,
            unpaid=before.unpaid if before else None,
            resales=its.count if its else 0,
            median_yen=its.median if its else None,
        )
        found.append((listing, past))
    return found


def _part(listing: Listing, past: Past, said: Hint) -> Part:
    return Part(
        listing.right.title_ja,
        text="\n".join(f"・{sentence}" for sentence in said.because),
        facts=[
            ("前の売り出し", f"{listing.mode.ja}　{past.units:,}点　{yen(past.price_yen)}"),
            ("つぎの数の目安", _range(*said.units, "点")),
            ("つぎの価格の目安", _range(*said.price_yen, "円")),
        ],
    )


def _range(low: int, high: int, unit: str) -> str:
    return f"{low:,}{unit}" if low == high else f"{low:,}{unit} から {high:,}{unit}"
