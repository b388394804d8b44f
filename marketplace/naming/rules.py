"""What can be a name, and what a committee looks at. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from enum import StrEnum

from marketplace.kit.clock import JST, midnight
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid, NotAllowed, Refused
from marketplace.papers.paper import unprintable
from marketplace.tokens.rules import term_ends

LONGEST, LONGEST_READING, LONGEST_MEANING = 40, 80, 300
MOST_NAMES = 3
PUNCTUATION = set("・･ー－-–—'’＇&＆!！?？.．,，、。「」『』()（）/／+＋:：~〜～＝=#＃")
KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30faー・ ]+")
A_WORD = 4
"""So many signs in a row in both are a word that they share."""
ALIKE = 0.75
"""From this share of the same signs on, a human looks whether two names are mistaken for each other."""


class NotTheFirstBuyer(NotAllowed):
    code = "not_the_first_buyer"
    message = "愛称を決められるのは、この権利をはじめに買った方だけです。ゆずり受けた方は決められません。"


class TooLate(Refused):
    code = "naming_too_late"
    message = "期限が過ぎました。役場にお問い合わせください。"


class AppealedAlready(Refused):
    code = "naming_appealed_already"
    message = "この案への不服の申し出は、すでにお受けしました。新しい案をお送りください。"


class SamePerson(Refused):
    code = "naming_same_person"
    message = "決めた職員とは別の職員が確かめます。"


class Check(StrEnum):
    """What is looked at for each name (審査の項目)."""

    MORALS = "morals"
    TRADEMARK = "trademark"
    POLITICS = "politics"
    RELIGION = "religion"
    CRIME = "crime"
    LENGTH = "length"
    SIMILAR = "similar"

    @property
    def ja(self) -> str:
        return CHECK_JA[self]


CHECK_JA = {
    Check.MORALS: "公序良俗に反しない（差別、わいせつ、人を傷つける言葉がない）",
    Check.TRADEMARK: "ほかの方の登録商標でない（J-PlatPatで調べた）",
    Check.POLITICS: "政治や選挙のための名前でない",
    Check.RELIGION: "特定の宗教のための名前でない",
    Check.CRIME: "暴力団や法令に反する事業とかかわりがない",
    Check.LENGTH: "看板や地図、放送で使える長さと読みである",
    Check.SIMILAR: "町のほかの施設や地名と取りちがえられない",
}


@dataclass(frozen=True)
class Wish:
    """A name as it was proposed: NFC, without spaces at its ends."""

    name: str
    reading: str
    meaning: str


def wishes(typed: Sequence[Mapping[str, str]]) -> tuple[list[Wish], list[Invalid]]:
    """The names of a form of three, and everything that is wrong with it; a line left empty is none.

    Each fault names its field: 'name_1', 'reading_1', 'meaning_1', …
    """
    found: list[Wish] = []
    faults: list[Invalid] = []
    for number, row in enumerate(typed, 1):
        if number > 1 and not any((row.get(part) or "").strip() for part in ("name", "reading", "meaning")):
            continue
        parts = {}
        for part, read in (("name", name), ("reading", reading), ("meaning", meaning)):
            try:
                parts[part] = read(row.get(part) or "")
            except Invalid as fault:
                faults.append(Invalid(str(fault), field=f"{part}_{number}"))
        if len(parts) == 3:
            if parts["name"] in [wish.name for wish in found]:
                faults.append(Invalid("同じ愛称が2つあります。", field=f"name_{number}"))
            found.append(Wish(**parts))
    return found, faults


def name(typed: str, what: str = "愛称") -> str:
    """A name in NFC. Invalid says what can't be written on a sign; `what` is it called there."""
    text = unicodedata.normalize("NFC", typed).strip(" \u3000")
    if not text:
        raise Invalid("愛称を入力してください。")
    _visible(text, what)
    if len(text) > LONGEST:
        raise Invalid(
            _("%(what)sは%(longest)s文字までです（いま%(text)s文字）。", what=_(what), longest=LONGEST, text=len(text))
        )
    odd = [sign for sign in text if not _may_stand(sign)]
    if odd:
        raise Invalid(
            _("看板に書けない文字があります：%(odd)s　絵文字や記号は使えません。", odd="".join(dict.fromkeys(odd)))
        )
    if unicodedata.category(text[0]).startswith("M") or re.search(r"\W{4}", text):
        raise Invalid("文字の並びをお確かめください。")
    if not any(unicodedata.category(sign).startswith("L") for sign in text):
        raise Invalid(_("数字や記号だけの%(what)sは使えません。", what=_(what)))
    if missing := unprintable(text):
        raise Invalid(_("町の印刷で出せない文字があります：%(missing)s　別の書き方をお考えください。", missing=missing))
    return text


def reading(typed: str) -> str:
    """How it is read, in kana; half-width kana become whole ones (NFKC)."""
    text = unicodedata.normalize("NFKC", typed).strip()
    if not text:
        raise Invalid("読みを、ひらがなかカタカナで入力してください。")
    if len(text) > LONGEST_READING:
        raise Invalid(
            _(
                "読みは%(longest_reading)s文字までです（いま%(text)s文字）。",
                longest_reading=LONGEST_READING,
                text=len(text),
            )
        )
    if not KANA.fullmatch(text):
        raise Invalid(
            "読みは、ひらがなかカタカナだけで入力してください。アルファベットの愛称も、かなで読みを書きます。"
        )
    return text


def meaning(typed: str) -> str:
    """Why this name, in some sentences."""
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n")).strip()
    if not text:
        raise Invalid("愛称にこめた意味を入力してください。")
    _visible(text.replace("\n", " "), "意味")
    if len(text) > LONGEST_MEANING:
        raise Invalid(
            _(
                "意味は%(longest_meaning)s文字までです（いま%(text)s文字）。",
                longest_meaning=LONGEST_MEANING,
                text=len(text),
            )
        )
    return text


def _visible(text: str, what: str) -> None:
    """Control, format (bidi, zero-width), private, surrogate and unassigned signs, line and paragraph separators."""
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp") for sign in text):
        raise Invalid(
            _(
                "%(what)sに、目に見えない文字（改行や制御文字）が入っています。消して、入力し直してください。",
                what=_(what),
            )
        )


def _may_stand(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN" or sign in PUNCTUATION or sign in " \u3000"


def similar(wanted: str, known: Iterable[str]) -> list[str]:
    """Those of `known` that `wanted` might be mistaken for: one in the other, a word in both, or nearly the same."""
    plain = _plain(wanted)
    return [other for other in known if _alike(plain, _plain(other))]


def _alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= 3 and shorter in longer:
        return True
    both = SequenceMatcher(None, one, other, autojunk=False)
    return bool(one and other) and (both.find_longest_match().size >= A_WORD or both.ratio() >= ALIKE)


def _plain(text: str) -> str:
    """One width, one kana, no spaces or dots: what the ear hears."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kana = "".join(chr(ord(sign) - 0x60) if "ァ" <= sign <= "ヶ" else sign for sign in folded)
    return "".join(sign for sign in kana if unicodedata.category(sign)[0] in "LN" and sign != "ー")


def last_day_of(begins_on: date, months: int) -> date:
    """The last day of a term of calendar months whose first day counts whole (民法140条ただし書, 143条)."""
    eve = midnight(begins_on).timestamp() - 1
    over = term_ends(datetime.fromtimestamp(eve, JST), months)
    return date.fromordinal(over.date().toordinal() - 1)
