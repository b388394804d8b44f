"""The pages of the desk, put together."""

from __future__ import annotations

from marketplace.staff import (
    amendments,
    books,
    desk,
    disputes,
    drafting,
    fund_desk,
    import_desk,
    metadata,
    money,
    months,
    orders,
    returns,
    reviewing,
    scratching,
    stopping,
)

BLUEPRINTS = [
    *(desk.bp, months.bp, drafting.bp, scratching.bp, import_desk.bp, reviewing.bp, stopping.bp, amendments.bp),
    *(returns.bp, orders.bp, metadata.bp, money.bp, books.bp, fund_desk.bp, disputes.bp),
]
