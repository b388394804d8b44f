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
    proofs: dict[str, str],
) -> Iterator[tuple[str, str]]:
    """Each page as (path, HTML). `proofs`: {the code of a listing, with the group of its draw: where it is}."""
    by_listing: dict[str, list[Record]] = {}
    for token in tokens:
        by_listing.setdefault(token["listing"], []).append(token)
    titles = {listing["right"]["code"]: listing["right"]["title_ja"] for listing in listings}
    of_token = {token["token_id"]: token for token in tokens}
    of_listing: dict[str, list[str]] = {}
    for name, path in proofs.items():
        of_listing.setdefault("-".join(name.split("-")[:2]), []).append(path)
    yield "style.css", _render("style.css")
    yield "index.html", _render("index.html", listings=listings, tokens=tokens, resales=resales, pins=pins)
    for listing in listings:
        code = listing["code"]
        yield (
            f"listings/{code}.html",
            _render(
                "listing.html",
                up="../",
                listing=listing,
                tokens=by_listing.get(code, []),
                proofs=of_listing.get(code, []),
            ),
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
