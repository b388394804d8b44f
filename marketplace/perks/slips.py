"""もぎり券: a pad of numbered slips for the day on which nothing electric works. Each is entered once, afterwards."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.clock import JST, jst, now
from marketplace.kit.codes import public_code
from marketplace.kit.dates import full_day
from marketplace.kit.db import db, get, transaction
from marketplace.kit.letters import as_code
from marketplace.kit.refusals import Invalid
from marketplace.papers.paper import Paper
from marketplace.perks import using
from marketplace.perks.models import Channel, Partner, Slip
from marketplace.perks.numbers import token_id_of
from marketplace.perks.refusals import NoSuchSlip, SlipEntered
from marketplace.perks.using import Asked, Outcome
from marketplace.settings import settings

MOST = 100
OLDEST = timedelta(days=62)


def print_slips(partner_id: int, count: int, by: str) -> bytes:
    """A pad of new slips as PDF."""
    if not 1 <= count <= MOST:
        raise Invalid(f"1枚から{MOST}枚までです。", field="count")
    with transaction() as session:
        partner = get(Partner, partner_id)
        codes = [public_code("TS", 6) for _ in range(count)]
        session.add_all(Slip(code=code, partner_id=partner_id, printed_at=now()) for code in codes)
        note(partner.subject, "print_slips", by=by, count=count)
        name = partner.name
    town = settings()
    paper = Paper("特典 もぎり券", issuer=town.town_name, reference=name, dated=full_day(jst(now())))
    paper.text(
        f"{name}で、電波も電気も使えないときに使います。お客さまの番号（特典パスやカードにある「3-427」のような数字）を"
        "書き、半分をお渡しください。あとで窓口の画面の「もぎり券を入力する」から入力します。"
    )
    paper.table(
        ("もぎり券の番号", "お客さまの番号", "使った日", "特典"),
        [(code, "　　　―", "　　月　　日", "") for code in codes],
        widths=(0.25, 0.25, 0.2, 0.3),
    )
    return paper.pdf()


def enter(code: str, number: str, on: date, plan_id: str, partner_id: int, counter_id: int | None) -> Outcome:
    """Write down what a slip says. NoSuchSlip, SlipEntered, NoSuchNumber, Invalid; LookupError for no such right."""
    if not jst(now() - OLDEST).date() <= on <= jst(now()).date():
        raise Invalid("きょうまでの2か月のあいだの日を入力してください。", field="on")
    token_id = token_id_of(number)
    written = as_code(code)
    with transaction():
        query = sa.select(Slip.id).where(Slip.code == written, Slip.partner_id == partner_id).with_for_update()
        if db.session.scalar(query) is None:
            raise NoSuchSlip(field="code")
        ref = f"slip:{written}"
        while (line := using.line_of(ref)) is not None:
            if using.undoing(line) is None:
                raise SlipEntered(field="code")
            ref += "+"  # what was entered of it was a mistake and taken back
        noon = datetime.combine(on, time(12), JST)
        return using.use(
            Asked(
                ref=ref,
                token_id=token_id,
                plan_id=plan_id,
                channel=Channel.PAPER,
                used_at=min(noon, now()),
                partner_id=partner_id,
                counter_id=counter_id,
                afterwards=True,
            )
        )
