"""What is asked of the chain, in a clerk's words, and where the thing is that it is about."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from marketplace.chain.models import Call
from marketplace.kit.db import db
from marketplace.rights.models import Right

WORDS = {
    "anchor": "公開した記録の印をのこす",
    "deploy": "契約（ブロックチェーンの上のしくみ）を置く",
    "draw": "売れた代金を、売った方のウォレットへ送る",
    "gift": "贈られた権利を、受け取った方の名義にする",
    "give-up": "手放された権利を取り消す",
    "grant": "町の鍵に、契約を使わせる",
    "issue": "買った方に、権利を発行する",
    "offer": "権利を売りに出す",
    "offer:cancel": "売り出しを取り下げる",
    "pause": "契約を一時止める",
    "rekey": "町の鍵を、新しい鍵に替える",
    "revoke": "権利を取り消す",
    "series": "権利をはじめて登録する",
    "series:freeze": "権利の内容を、もう変えないと約束する",
    "series:uri": "訂正した権利の内容をのこす",
    "swap": "交換する2枚のカードの名義を、同時に入れかえる",
    "unpause": "契約をまた動かす",
    "use": "特典の利用をのこす",
    "use:undo": "特典の利用を取り消す",
    "wallet": "おためしのウォレットで買う、送る",
    "withdrawal": "権利を、持ち主のウォレットへ移す",
}
"""By how the key of a promise begins; what has several acts also by the act."""


def in_words(call: Call) -> str:
    """'売れた代金を、売った方のウォレットへ送る'; the contract's own name for what has no word here."""
    kind, *more = call.key.split(":")
    acts = (f"{kind}:{part}" for part in more)
    return next((WORDS[act] for act in acts if act in WORDS), WORDS.get(kind, call.function))


def page_of(call: Call) -> str:
    """The history at the desk of what it is about; "" where there is none."""
    kind, _, rest = call.key.partition(":")
    subject = _SUBJECTS[kind](call, rest) if kind in _SUBJECTS else ""
    return f"/staff/subjects/{subject}" if subject else ""


def _same(call: Call, _rest: str) -> str:
    return call.key


def _token(_call: Call, rest: str) -> str:
    return f"token:{rest}"


def _offered(call: Call, rest: str) -> str:
    return f"token:{call.args[2] if rest.endswith(':approve') else call.args[1]}"


def _account(_call: Call, rest: str) -> str:
    return f"account:{rest.partition(':')[0]}"


def _right(_call: Call, rest: str) -> str:
    code = db.session.scalar(sa.select(Right.code).where(Right.id == int(rest.partition(":")[0])))
    return f"right:{code}" if code else ""


def _used(call: Call, _rest: str) -> str:
    made = sa.select(Call.args).where(Call.key == call.key.removesuffix(":undo"))
    args = db.session.scalar(made)
    return f"token:{args[0]}" if args else ""


def _sale(_call: Call, rest: str) -> str:
    kind, _, name = rest.partition(":")
    return f"listing:{name}" if kind in ("draw", "auction") else ""


_SUBJECTS: dict[str, Callable[[Call, str], str]] = {
    **dict.fromkeys(("gift", "swap", "withdrawal"), _same),
    **dict.fromkeys(("issue", "revoke", "give-up"), _token),
    "anchor": _sale,
    "draw": _account,
    "offer": _offered,
    "series": _right,
    "use": _used,
}
"""By how the key begins: the journal's subject, from the call and the rest of its key."""
