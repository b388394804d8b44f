"""The public side of a draw: the page that follows it live, its files, and the box that checks any receipt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from hmac import compare_digest

import sqlalchemy as sa
from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.chain.anchoring import anchored_all
from marketplace.chain.contract import ANCHORS
from marketplace.chain.register import contracts
from marketplace.kit.clock import now
from marketplace.kit.db import db, in_portions
from marketplace.kit.letters import as_code
from marketplace.kit.limits import limiter
from marketplace.kit.published import Malformed
from marketplace.kit.tables import Row, csv_file
from marketplace.kit.web import conditional, wants_fragment
from marketplace.listings.models import Listing
from marketplace.lotteries import bundles, counting, drawing, inflow, receipts
from marketplace.lotteries.closing import AT_ONCE, draws
from marketplace.lotteries.entering import in_groups
from marketplace.lotteries.forms import CheckForm
from marketplace.lotteries.groups import waiting_place, waiting_places
from marketplace.lotteries.models import IN_THE_DRAW, Draw, Entry, Lottery
from marketplace.lotteries.pages import find
from marketplace.lotteries.states import EntryState, LotteryState

bp = Blueprint("draws", __name__)
PLACES = ("順位", "受付番号", "口数", "抽選番号", "結果")
POLL, POLL_SOON = 10, 2
"""Seconds between two looks of a live page: usually, and around the time of the draw."""
SOON = 600
SHOWN = 30
"""Winners that the page shows by themselves; the rest are in the files. On a phone 200 were fifteen screens before the
box in which people look for themselves."""


@bp.get("/listings/<code>/draw")
def show(code: str) -> ResponseReturnValue:
    """The public record; `?no=` answers for a receipt number. htmx asks for the live part alone."""
    listing, lottery = find(code)
    if wants_fragment():
        return conditional(render_template("lotteries/_live.html", listing=listing, **_live(lottery)), max_age=1)
    form = CheckForm(formdata=None, data={"no": request.args.get("no", "")})
    return conditional(_page(listing, lottery, form), max_age=0, private=True)


@bp.post("/listings/<code>/draw")
@limiter.limit("60/minute")
def check(code: str) -> ResponseReturnValue:
    """The verify box, with the secret of the receipt, which must stand in no address."""
    listing, lottery = find(code)
    form = CheckForm()
    fine = form.validate()
    return _page(listing, lottery, form), 200 if fine else 422


@bp.get("/listings/<code>/draw.json")
def bundle(code: str) -> ResponseReturnValue:
    """The bundle of docs/draw-v1.md with its result, from the close on; `randomness` is null until the draw.

    `?group=` names one of several draws. There is no space in the file: every byte of it counts.
    """
    fixed = _fixed(code)
    text = json.dumps(bundles.published(fixed), ensure_ascii=False, separators=(",", ":"))
    return _file(text, "application/json", f"{_name(fixed)}-draw.json")


@bp.get("/listings/<code>/draw.csv")
def places(code: str) -> ResponseReturnValue:
    """Everybody in the order of the draw: place, receipt number, lots, ticket, result."""
    fixed = _fixed(code)
    if fixed.seed is None:
        abort(404)
    return conditional(csv_file(f"{_name(fixed)}-draw.csv", PLACES, _rows(fixed)), max_age=60)


@bp.get("/listings/<code>/proof/<no>.json")
@limiter.limit("60/minute")
def proof(code: str, no: str) -> ResponseReturnValue:
    """The way from one entry to the published root, and what its ticket is computed from."""
    found = bundles.proof_of(find(code)[1], no)
    if found is None:
        abort(404)
    return conditional(Response(json.dumps(found) + "\n", mimetype="application/json"), max_age=60)


@bp.get("/draws/explained")
def explained() -> ResponseReturnValue:
    return conditional(render_template("lotteries/explained.html"), max_age=0, private=True)


def _page(listing: Listing, lottery: Lottery, form: CheckForm) -> str:
    no = as_code(form.no.data or "")
    names = {f"draw:{fixed.listing}": fixed.listing for fixed in draws(lottery.id)}
    hours = counting.by_hour(lottery)
    return render_template(
        "lotteries/draw.html",
        listing=listing,
        form=form,
        no=no,
        found=_found(listing, lottery, no, form) if no and not form.errors else None,
        counts=counting.count(lottery),
        hours=hours,
        inflow=inflow.plot(hours) if hours else None,
        odds=counting.odds(lottery),
        proofs={names[name]: proof for name, proof in anchored_all(names).items()},
        anchors=contracts().get(ANCHORS),
        **_live(lottery),
    )


def _live(lottery: Lottery) -> dict[str, object]:
    """What the moving part of the page shows."""
    fixed = draws(lottery.id)
    moving = lottery.state in (LotteryState.OPEN, LotteryState.CLOSED)
    soon = abs((lottery.draw_at - now()).total_seconds()) < SOON
    return {
        "lottery": lottery,
        "draws": fixed,
        "drawn": bool(fixed) and fixed[0].seed is not None,
        "source": drawing.source(lottery, now()),
        "due": now() >= lottery.draw_at,
        "poll": (POLL_SOON if soon else POLL) if moving else 0,
        "winners": {each.group: _winners(each) for each in fixed if each.seed},
        "count": bundles.count(lottery.id),
    }


def _winners(fixed: Draw) -> list[Entry]:
    """The first of those who won by the draw, in its order."""
    won = sa.select(Entry).where(
        Entry.lottery_id == fixed.lottery_id, Entry.group == fixed.group, Entry.rank <= min(fixed.units, SHOWN)
    )
    return list(db.session.scalars(won.order_by(Entry.rank)))


def _found(listing: Listing, lottery: Lottery, no: str, form: CheckForm) -> dict[str, object]:
    """What the box says of a receipt: is there such a number, is it the town's and the holder's, how did it go."""
    entry = db.session.scalar(sa.select(Entry).where(Entry.lottery_id == lottery.id, Entry.no == no))
    fixed = bundles.draw_for(entry) if entry else None
    places = waiting_places(listing.auction_rules)
    secret, receipt = in_groups(as_code(form.secret.data or "")), (form.receipt.data or "").strip()
    fits = _fits(secret, entry) if secret and entry else None
    ours = _ours(receipt, lottery, no) if receipt else None
    return {
        "entry": entry,
        "fixed": fixed,
        "listed": entry is not None and entry.state not in (EntryState.WITHDRAWN, EntryState.VOID),
        "wrong_secret": fits is False,
        "proved": fits is True,
        "wrong_receipt": ours is False,
        "signed": ours is True,
        "places": places,
        "waiting_place": waiting_place(entry.rank, fixed.units, places) if entry and fixed else None,
    }


def _fits(secret: str, entry: Entry) -> bool:
    return compare_digest(sha256(secret.encode()).hexdigest(), entry.ch)


def _ours(receipt: str, lottery: Lottery, no: str) -> bool:
    """Did the town sign this, for this number of this lottery?"""
    try:
        said = receipts.check(receipts.read(receipt), receipts.public_key())
    except Malformed:
        return False
    return (said["listing"], said["no"]) == (lottery.code, no)


def _fixed(code: str) -> Draw:
    lottery, group = find(code)[1], request.args.get("group", "")
    fixed = bundles.fixed_of(lottery, group)
    if fixed is None:
        abort(404)
    return fixed


def _name(fixed: Draw) -> str:
    return fixed.listing.replace("/", "-")


def _file(body: str, mimetype: str, name: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return conditional(response, max_age=60)


def _rows(fixed: Draw) -> Iterator[Row]:
    limit = waiting_places(_rules(fixed))
    rows = sa.select(Entry.rank, Entry.no, Entry.lots, Entry.ticket).where(
        Entry.lottery_id == fixed.lottery_id, Entry.group == fixed.group, IN_THE_DRAW
    )
    for rank, no, lots, ticket in db.session.execute(in_portions(rows.order_by(Entry.rank), AT_ONCE)):
        place = waiting_place(rank, fixed.units, limit)
        word = "当選" if (rank or 0) <= fixed.units else (f"補欠{place}番" if place else "落選")
        yield rank, no, lots, ticket, word


def _rules(fixed: Draw) -> dict[str, object] | None:
    own = sa.select(Listing.auction_rules).join(Lottery, Lottery.listing_id == Listing.id)
    return db.session.scalar(own.where(Lottery.id == fixed.lottery_id))
