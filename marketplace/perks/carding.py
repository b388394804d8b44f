"""特典カード: for somebody without a telephone, a number on paper, and four digits that nobody else knows."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.clock import jst, now
from marketplace.kit.codes import digits
from marketplace.kit.dates import full_day
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import NotAllowed
from marketplace.papers.paper import Paper
from marketplace.perks.holding import held_token, holds
from marketplace.perks.models import Card
from marketplace.perks.numbers import number_of
from marketplace.perks.pins import opens, sealed
from marketplace.rights.plans import read_all, words
from marketplace.settings import settings
from marketplace.tokens.models import Token

WRONG_PINS = 10
PREFIX = "HPC1:"
"""Before the number, in the code on the card: it saves typing and proves nothing."""


def print_card(token_id: int, account_id: int, by: str) -> bytes:
    """A new card as PDF; the one before it ends. NotAllowed for whoever does not hold the token."""
    pin = digits(4)
    pin_hash, salt = sealed(pin)
    with transaction() as session:
        token = held_token(token_id)
        if not holds(account_id, token):
            raise NotAllowed
        end_card(token_id)
        session.add(
            Card(
                token_id=token_id,
                holder_address=token.holder_address or "",
                pin_hash=pin_hash,
                pin_salt=salt,
                printed_at=now(),
            )
        )
        note(token.subject, "print_card", by=by)
        return _paper(token, pin)


def end_card(token_id: int) -> None:
    """Inside a transaction: its card on paper, if there is one, is over."""
    good = sa.update(Card).where(Card.token_id == token_id, Card.ended_at.is_(None))
    db.session.execute(good.values(ended_at=now()))


def card_opens(token: Token, pin: str) -> bool:
    """Is it the PIN of the token's card? Inside a transaction: ten wrong ones in a row end the card."""
    good = sa.select(Card).where(Card.token_id == token.token_id, Card.ended_at.is_(None)).with_for_update()
    card = db.session.scalar(good.execution_options(populate_existing=True))
    if card is None or card.holder_address != token.holder_address:
        return False
    if opens(pin, card.pin_hash, card.pin_salt):
        card.wrong_pins = 0
        return True
    card.wrong_pins += 1
    if card.wrong_pins >= WRONG_PINS:
        card.ended_at = now()
    return False


def _paper(token: Token, pin: str) -> bytes:
    town, number = settings(), number_of(token)
    paper = Paper("特典カード", issuer=town.town_name, reference=f"番号 {number}", dated=full_day(jst(now())))
    paper.text(f"{token.right.title_ja}　{token.serial}番")
    paper.large(f"番号　{number}")
    paper.code(PREFIX + number, "窓口の機械が番号を読む模様です。")
    for plan in read_all(token.right.perk_plans):
        paper.heading(plan.name)
        paper.text("\n".join(words(plan)))
    paper.heading("暗証番号")
    paper.large(pin)
    paper.note(
        "ここから下は切り取って、家に置いてください。窓口では、カードの番号と、この4けたの暗証番号をお伝えください。"
        "お名前は要りません。カードをなくしたときは、新しいカードを印刷すると、前のカードは使えなくなります。"
    )
    paper.note(f"お問い合わせ　{town.town_office}　電話 {town.town_phone}（{town.town_hours}）")
    return paper.pdf()
