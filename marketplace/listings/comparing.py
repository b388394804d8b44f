"""What changed from one version of a sale to another, field by field and in words. Versions are facts.facts()."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from marketplace.kit.dates import full_until, full_when
from marketplace.kit.money import yen
from marketplace.listings.auction_words import in_words
from marketplace.listings.legal import Basis
from marketplace.listings.models import BY_BIDS, Listing, Mode, Tax
from marketplace.rights.models import Kind

NOTHING = "（なし）"
NAMES_JA = {
    "kind": "種類",
    "title_ja": "名前",
    "title_en": "名前（英語）",
    "lead_ja": "ひとことの説明",
    "lead_en": "ひとことの説明（英語）",
    "body_ja": "くわしい説明",
    "body_en": "くわしい説明（英語）",
    "perks": "特典",
    "perk_plans": "特典の使い方",
    "terms": "利用の条件",
    "term_months": "期間（月）",
    "uses_per_token": "使える回数",
    "transferable": "ほかの人にゆずれる",
    "resale_rule_ja": "ゆずるときのきまり",
    "resale_rule_en": "ゆずるときのきまり（英語）",
    "royalty_bps": "基金へ入る割合",
    "tradable_from": "ゆずれるようになる日時",
    "mode": "売り方",
    "publish_at": "公開（公告）",
    "opens_at": "受付の開始",
    "closes_at": "受付の終了",
    "draw_at": "抽選",
    "waiting_room": "待合室で順番にご案内する",
    "price_yen": "価格",
    "tax": "消費税",
    "budget": "会計",
    "reserve_yen": "予定価格",
    "quantity": "数",
    "per_person_limit": "お一人さまの上限",
    "hold_minutes": "取り置きの時間（分）",
    "pay_hours": "支払い期限（時間）",
    "auction_rules": "売り方のきまり",
    "legal_basis": "契約の根拠",
    "basis_note": "根拠にあたる理由",
    "urgent_reason": "公告の期間を短くする理由",
    "issuer": "町でない発行者",
    "used_elsewhere": "ほかの店や施設でも使える",
    "picture_id": "絵",
    "picture_alt": "絵の説明",
    "art_seed": "絵の番号",
    "art_per_token": "1枚ごとに番号入りの絵",
}
MOMENTS = ("publish_at", "opens_at", "closes_at", "draw_at", "tradable_from")
CHOICES: dict[str, type[Kind] | type[Mode] | type[Basis] | type[Tax]] = {
    "kind": Kind,
    "mode": Mode,
    "legal_basis": Basis,
    "tax": Tax,
}
RULES_JA = {
    "draw": "抽選の乱数",
    "entry.address": "名前と住所を聞く",
    "entry.least_age": "応募できる年齢",
    "entry.age_by": "年齢の確かめかた",
    "entry.sms": "携帯電話番号の確認",
    "entry.card": "カードの登録",
    "entry.retain_days": "個人情報を消すまでの日数",
    "groups": "枠",
    "waiting": "補欠の人数",
    "promote_days": "繰り上げの期間（日）",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field. `lines` are ('old' | 'new' | 'same', text): what went, what came, and what stands around it."""

    field: str
    name: str
    lines: list[tuple[str, str]]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What is not the same, in the order of the form. A field that one side does not know is compared with nothing."""
    found: list[Change] = []
    for field, name in NAMES_JA.items():
        old, new = before.get(field), after.get(field)
        if (old or None) == (new or None) and field != "auction_rules":
            continue
        if field == "auction_rules":
            found += _rule_changes(before, after)
        else:
            found.append(Change(field, name, _lines(in_words_of(field, old), in_words_of(field, new))))
    return found


def in_words_of(field: str, value: Any) -> str:
    """A fact as a person reads it."""
    if field == "picture_id":
        return f"お預かりした絵 {value}" if value else "絵の番号から描いた絵"
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    if value is None or value in ("", []):
        return NOTHING
    if field in MOMENTS:
        told = full_until if field == "closes_at" else full_when
        return told(datetime.fromisoformat(value))
    if field in CHOICES:
        return str(CHOICES[field](value).ja)
    if field.endswith("_yen"):
        return yen(value)
    if field == "royalty_bps":
        return f"{value / 100:g}％"
    if isinstance(value, list):
        return "\n".join(" / ".join(filter(None, (line["ja"], line.get("en", "")))) for line in value)
    return f"{value:,}" if isinstance(value, int) and field != "art_seed" else str(value)


def _lines(old: str, new: str) -> list[tuple[str, str]]:
    before, after = old.splitlines(), new.splitlines()
    found: list[tuple[str, str]] = []
    for what, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            found += [("same", line) for line in before[i:j]]
        else:
            found += [("old", line) for line in before[i:j]]
            found += [("new", line) for line in after[k:m]]
    return found


def _rule_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = _rules(before, after), _rules(after, after)
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Change("auction_rules", name, _lines(old.get(name, NOTHING), new.get(name, NOTHING)))


def _rules(facts: Mapping[str, Any], sale: Mapping[str, Any]) -> dict[str, str]:
    """{what: how} of the rules in `facts` as the public reads them; what has a field of its own is `sale`'s."""
    rules = facts.get("auction_rules")
    if not rules:
        return {}
    if facts["mode"] in BY_BIDS:
        fixed = {name: sale[name] for name in ("price_yen", "reserve_yen", "pay_hours")}
        return dict(in_words(Listing(mode=Mode(facts["mode"]), auction_rules=rules, **fixed)))
    return {RULES_JA.get(name, name): _shown(value) for name, value in _flat(rules)}


def _flat(rules: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in rules.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(f"{each.get('ja') or each.get('code') or 'その他'} {each.get('units')}" for each in value)
    words = {"dice": "サイコロ", "drand": "公開されている乱数（drand）", "word": "本人の申告", "birth": "生年月日"}
    return in_words_of("", words.get(value, value) if isinstance(value, str) else value)
