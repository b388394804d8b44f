"""What is asked of the chain, in a clerk's words and with the way to the thing it is about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

import marketplace
from marketplace.chain.contract import USES
from marketplace.chain.models import Call
from marketplace.chain.sending import promise
from marketplace.kit.db import db, transaction
from marketplace.staff.chain_words import WORDS, in_words, page_of
from marketplace.tokens.using import REDEEMER
from tests import given
from tests.chainlogs import Chain, somebody
from tests.resale.stage import held_token, token

pytestmark = pytest.mark.on_sqlite

ID = "0x" + "ab" * 32


@pytest.mark.parametrize(
    ("key", "args", "words", "subject"),
    [
        ("gift:GFT-A", [], "贈られた権利を、受け取った方の名義にする", "gift:GFT-A"),
        ("withdrawal:WDR-A", [], "権利を、持ち主のウォレットへ移す", "withdrawal:WDR-A"),
        ("swap:SWP-A", [], "交換する2枚のカードの名義を、同時に入れかえる", "swap:SWP-A"),
        ("draw:ACC-A:2", [], "売れた代金を、売った方のウォレットへ送る", "account:ACC-A"),
        ("offer:4:approve", ["0x", "0x", 7], "権利を売りに出す", "token:7"),
        ("offer:4:list", ["0x", 7, 500, 1], "権利を売りに出す", "token:7"),
        ("offer:4:cancel", ["0x", 7], "売り出しを取り下げる", "token:7"),
        ("issue:7", [1], "買った方に、権利を発行する", "token:7"),
        ("revoke:7", [7, "0x"], "権利を取り消す", "token:7"),
        ("give-up:7", [7, "0x"], "手放された権利を取り消す", "token:7"),
        ("anchor:draw:LST-A", [], "公開した記録の印をのこす", "listing:LST-A"),
        ("anchor:journal:2026-11-30", [], "公開した記録の印をのこす", ""),
        (f"use:{ID}:undo", [ID], "特典の利用を取り消す", ""),
        ("grant:1:RightsToken:ISSUER", [], "町の鍵に、契約を使わせる", ""),
        ("rekey:1:0xA:revoke:RightsToken:ISSUER_ROLE", [], "町の鍵を、新しい鍵に替える", ""),
        ("pause:1:RightsToken:0", [], "契約を一時止める", ""),
        ("unpause:1:RightsToken:0", [], "契約をまた動かす", ""),
        ("new-kind:1", [], "doSomething", ""),
    ],
)
def test_a_promise_is_said_in_words_and_leads_to_its_thing(
    app: Flask, key: str, args: list[Any], words: str, subject: str
) -> None:
    call = Call(key=key, function="doSomething", args=args)
    assert (in_words(call), page_of(call)) == (words, subject and f"/staff/subjects/{subject}")


def test_what_is_promised_for_a_right_leads_to_the_right(chain: Chain) -> None:
    right = token(held_token(chain, given.an_account())).right
    for act, words in (("", "権利をはじめて登録する"), (":uri:2", "訂正した権利の内容をのこす")):
        call = Call(key=f"series:{right.series_id}{act}", function="createSeries", args=[])
        assert (in_words(call), page_of(call)) == (words, f"/staff/subjects/right:{right.code}")


def test_a_use_and_its_undo_lead_to_the_token(app: Flask) -> None:
    with transaction():
        promise(f"use:{ID}", REDEEMER, USES, "redeem", [7, ID, somebody("hana")])
        promise(f"use:{ID}:undo", REDEEMER, USES, "undo", [ID])
    used, undone = db.session.scalars(sa.select(Call).order_by(Call.id))
    assert [in_words(used), in_words(undone)] == ["特典の利用をのこす", "特典の利用を取り消す"]
    assert [page_of(used), page_of(undone)] == ["/staff/subjects/token:7"] * 2


def test_every_kind_of_promise_has_words() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(marketplace.__path__[0]).rglob("*.py"))
    made = re.findall(r'def \w*key\([^)]*\)[^:]*:\n(?: +"""(?:[^"]|"(?!""))*"""\n)? +return f"([a-z-]+):', source)
    kinds = {*re.findall(r'promise\(\s*f"([a-z-]+):', source), *made}
    assert (len(kinds) > 12, kinds - WORDS.keys()) == (True, set())
