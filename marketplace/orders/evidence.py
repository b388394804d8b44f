"""What the town can show where a card's holder objects: who was promised what, who agreed, what was delivered and used.

For the bank only (https://docs.stripe.com/disputes/responding): it holds a buyer's address and letters, so it is made
when somebody of the treasury asks for it, and kept nowhere.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marketplace.holders.freezing import with_payer
from marketplace.journal.models import Entry
from marketplace.kit.clock import jst
from marketplace.kit.dates import full_day, full_when
from marketplace.kit.db import db, get
from marketplace.kit.money import yen
from marketplace.notices.models import Notice
from marketplace.orders.models import Order, code_of
from marketplace.orders.returning import token_of
from marketplace.papers.paper import Paper
from marketplace.payments.stripe_models import Dispute
from marketplace.settings import settings
from marketplace.tokens.models import Token, Transfer
from marketplace.tokens.using import uses_of

Line = tuple[datetime, str]
Teller = Callable[[Token], Iterable[Line]]
TELLERS: dict[str, Teller] = {}
LONGEST = 20_000
"""Characters in one text of an answer (docs.stripe.com/api/disputes/evidence_object)."""


@dataclass(frozen=True)
class Evidence:
    """All that is known of a disputed order."""

    dispute: Dispute
    order: Order
    token: Token | None
    steps: Sequence[Line]
    """What happened with the order, from its placing on."""
    hands: Sequence[Transfer]
    letters: Sequence[Notice]
    uses: Sequence[Line]

    @property
    def passed_on(self) -> bool:
        """Whether somebody else has the right by now, whom the dispute does not touch."""
        return self.token is not None and self.token.holder_address is not None and not with_payer(self.token)


def tells_uses(name: str) -> Callable[[Teller], Teller]:
    """Register an office that writes uses down: what it knows of those of a token, in words without persons."""

    def register(teller: Teller) -> Teller:
        TELLERS[name] = teller
        return teller

    return register


@tells_uses("chain")
def on_chain(token: Token) -> Iterable[Line]:
    for log in uses_of(token.token_id):
        taken_back = log.name != "Redeemed"
        yield log.at, f"{'利用の取り消し' if taken_back else '利用'}（残り{log.args['left']}回）{log.tx_hash}"


def order_of(dispute: Dispute) -> Order | None:
    """None for what no order stands behind, such as a deposit."""
    code = code_of(dispute.payment.subject)
    return db.session.scalar(sa.select(Order).where(Order.code == code)) if code else None


def gather(dispute_id: str) -> Evidence:
    """LookupError where no order stands behind the dispute."""
    dispute = get(Dispute, dispute_id)
    order = order_of(dispute)
    if order is None:
        raise LookupError(dispute_id)
    token = token_of(order)
    entries = db.session.scalars(sa.select(Entry).where(Entry.subject == order.subject).order_by(Entry.id))
    letters = sa.select(Notice).where(Notice.key.like(f"%:{order.code}")).order_by(Notice.id)
    hands: list[Transfer] = []
    uses: list[Line] = []
    if token is not None:
        moved = sa.select(Transfer).where(Transfer.token_id == token.token_id)
        hands = list(db.session.scalars(moved.order_by(Transfer.block_number, Transfer.log_index)))
        uses = sorted(line for _name, tell in sorted(TELLERS.items()) for line in tell(token))
    steps = [(entry.at, STEPS[entry.event]) for entry in entries if entry.event in STEPS]
    return Evidence(dispute, order, token, steps, hands, list(db.session.scalars(letters)), uses)


STEPS = {
    "place": "確認の画面で、品名・金額・支払い・引き渡し・返品の条件を見て「注文する」を押した",
    "process": "支払いの手続きをした",
    "payment.process": "カード会社の画面で支払いの手続きをした",
    "payment.succeed": "支払いが完了した",
    "pay": "代金を受け取り、権利の発行を約束した",
    "issue": "権利が買った方の名義で発行された",
    "refund.promise": "返金を手配した",
    "refunded": "返金がすんだ",
}
"""What a bank is told of the journal."""


def paper(found: Evidence) -> bytes:
    """The whole as one PDF."""
    order, right, town = found.order, found.order.listing.right, settings()
    sheet = Paper(
        "お支払いについての資料", issuer=town.town_name, reference=order.code, dated=full_day(found.dispute.opened_at)
    )
    sheet.text(f"{town.town_office}は、次のとおり権利を販売し、お渡ししました。異議の番号は {found.dispute.id} です。")
    sheet.heading("1 注文")
    sheet.facts(
        [
            ("注文の番号", order.code),
            ("品名", f"{right.title_ja}（{order.unit.serial}番）"),
            ("金額", yen(order.yen)),
            ("買った方", f"{order.buyer.name or '（お名前なし）'} {order.buyer.email}"),
            ("注文の日時", full_when(order.created_at)),
            ("お支払い", full_when(order.paid_at) if order.paid_at else "－"),
        ]
    )
    sheet.heading("2 条件への同意")
    sheet.text(
        f"承認された文書の控え: {right.text_hash or '－'}\n" + "\n".join(f"・{each['ja']}" for each in right.terms)
    )
    sheet.heading("3 これまでの流れ")
    _table(sheet, ("日時", "できごと"), [(full_when(at), what) for at, what in found.steps], (0.32, 0.68))
    sheet.heading("4 お渡し（ブロックチェーンの記録）")
    _table(
        sheet,
        ("日時", "渡した先", "取引"),
        [(full_when(hand.at), hand.to_address, hand.tx_hash) for hand in found.hands],
        (0.24, 0.36, 0.40),
    )
    sheet.heading("5 お使いになった記録")
    _table(sheet, ("日時", "内容"), [(full_when(at), what) for at, what in found.uses], (0.32, 0.68))
    sheet.heading("6 お送りした手紙")
    for letter in found.letters:
        sheet.facts([(full_when(letter.sent_at or letter.promised_at), letter.subject), ("本文", letter.body.strip())])
    return sheet.pdf()


def _table(sheet: Paper, header: Sequence[str], rows: list[tuple[str, ...]], widths: Sequence[float]) -> None:
    if rows:
        sheet.table(header, rows, widths=widths)
    else:
        sheet.text("記録はありません。")


def texts(found: Evidence) -> dict[str, str]:
    """The same by the names of Stripe. https://docs.stripe.com/api/disputes/evidence_object"""
    order, right = found.order, found.order.listing.right
    terms = "\n".join(f"- {each.get('en') or each['ja']}" for each in right.terms)
    shown = {
        "product_description": f"{right.title_en or right.title_ja} (No. {order.unit.serial}), {order.yen} JPY",
        "customer_email_address": order.buyer.email,
        "customer_name": order.buyer.name,
        "service_date": jst(order.issued_at or order.paid_at or order.created_at).date().isoformat(),
        "access_activity_log": "\n".join(f"{at.isoformat()} {what}" for at, what in (*found.steps, *found.uses)),
        "refund_policy_disclosure": f"Shown on the page of confirmation before the order was placed:\n{terms}",
        "uncategorized_text": "\n".join(
            f"{hand.at.isoformat()} delivered on chain to {hand.to_address} in {hand.tx_hash}" for hand in found.hands
        ),
    }
    return {name: text[:LONGEST] for name, text in shown.items() if text}


def pack(found: Evidence) -> bytes:
    """The PDF, and what it was made of, as a ZIP; the same facts give the same bytes."""
    files = {
        "evidence.pdf": paper(found),
        "answer.json": _json(texts(found)),
        "order.json": _json(
            {
                "order": found.order.code,
                "right": found.order.listing.right.title_ja,
                "serial": found.order.unit.serial,
                "yen": found.order.yen,
                "terms": found.order.listing.right.terms,
                "text_hash": found.order.listing.right.text_hash,
                "steps": [{"at": at.isoformat(), "what": what} for at, what in found.steps],
                "uses": [{"at": at.isoformat(), "what": what} for at, what in found.uses],
                "delivered": [
                    {"at": hand.at.isoformat(), "to": hand.to_address, "tx": hand.tx_hash, "block": hand.block_number}
                    for hand in found.hands
                ],
            }
        ),
        **{f"letters/{n}-{each.template}.txt": _letter(each) for n, each in enumerate(found.letters, start=1)},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def _letter(letter: Notice) -> bytes:
    sent = letter.sent_at.isoformat() if letter.sent_at else "-"
    return f"To: {letter.to_email}\nSent: {sent}\nSubject: {letter.subject}\n\n{letter.body}".encode()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
