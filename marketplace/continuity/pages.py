"""The kit's pages: plain HTML that opens from a disk, without a server and without a script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import current_app

from marketplace.kit.clock import now
from marketplace.kit.dates import full_until, full_when
from marketplace.kit.published import Record
from marketplace.settings import settings


def site(
    listings: list[Record],
    tokens: list[Record],
    resales: list[Record],
    fund: Record,
    pins: list[Record],
    contracts: Record,
    draws: list[str],
    auctions: list[str],
) -> Iterator[tuple[str, str]]:
    """Each page as (path, HTML)."""
    by_listing: dict[str, list[Record]] = {}
    for token in tokens:
        by_listing.setdefault(token["listing"], []).append(token)
    titles = {listing["right"]["code"]: listing["right"]["title_ja"] for listing in listings}
    of_token = {token["token_id"]: token for token in tokens}
    proofs = {code: f"proofs/draws/{code}.json" for code in draws}
    proofs |= {code: f"proofs/auctions/{code}.json" for code in auctions}
    yield "style.css", _render("style.css")
    yield "index.html", _render("index.html", listings=listings, tokens=tokens, resales=resales, pins=pins)
    for listing in listings:
        code = listing["code"]
        yield (
            f"listings/{code}.html",
            _render("listing.html", up="../", listing=listing, tokens=by_listing.get(code, []), proof=proofs.get(code)),
        )
    yield "resales.html", _render("resales.html", resales=resales, of_token=of_token, titles=titles)
    yield "fund.html", _render("fund.html", fund=fund)
    yield "check.html", _render("check.html", pins=pins, titles=titles, contracts=contracts, proofs=proofs)


def _render(name: str, up: str = "", **known: object) -> str:
    """`up` leads from the page to the top of the kit."""
    template = current_app.jinja_env.get_template(f"continuity/{name}")
    return template.render(town=settings(), made_at=now(), up=up, moment=_moment, end=_end, **known) + "\n"


def _moment(text: str | None) -> str:
    return full_when(datetime.fromisoformat(text)) if text else "—"


def _end(text: str | None) -> str:
    return full_until(datetime.fromisoformat(text)) if text else "—"
