"""What may be written of a right."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marketplace.kit.refusals import Invalid
from marketplace.rights.models import Kind

RISE = ("値上がり", "もうかる", "儲かる", "必ず上がる", "利益が出", "投資に")
"""Words that hint at a gain (景品表示法 5条, 有利誤認)."""
DENIALS = ("約束するものではありません", "約束しません", "保証しません", "保証するものではありません")


class PromisesARise(Invalid):
    code = "promises_a_rise"
    message = "値上がりや利益を期待させる言葉は使えません。"


def cleaned(text: str) -> str:
    """One spelling of the same text: NFC, no spaces at the ends, one kind of line end."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def check_right(values: Mapping[str, Any]) -> None:
    """Invalid, with the field, where a right can't be offered as written."""
    for fault in faults(values):
        raise fault


def faults(values: Mapping[str, Any]) -> Iterator[Invalid]:
    """Everything that is wrong with a right, so that a form can show it all at once."""
    if not str(values.get("title_ja") or "").strip():
        yield Invalid("名前を入力してください。", field="title_ja")
    for field in ("title_ja", "lead_ja", "body_ja", "perks", "terms"):
        if any(_promises_a_rise(line) for line in _lines(values.get(field) or "")):
            yield PromisesARise(field=field)
    if not 0 <= int(values.get("royalty_bps") or 0) <= 1000:
        yield Invalid("還元金は0％から10％までです。", field="royalty_bps")
    if values.get("kind") == Kind.NAMING and not values.get("term_months"):
        yield Invalid("命名権には期間（月数）が必要です。", field="term_months")
    if values.get("kind") == Kind.CERTIFICATE and values.get("transferable"):
        yield Invalid("証明書はゆずることができません。", field="transferable")


def _lines(text: str | Sequence[Mapping[str, str]]) -> list[str]:
    return text.splitlines() if isinstance(text, str) else [str(line.get("ja") or "") for line in text]


def _promises_a_rise(line: str) -> bool:
    return any(word in line for word in RISE) and not any(denial in line for denial in DENIALS)
