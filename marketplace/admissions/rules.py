"""What a complete application is; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.admissions.models import Party
from marketplace.kit import telephones
from marketplace.kit.codes import check_digit
from marketplace.kit.letters import dashed, one_shape
from marketplace.kit.refusals import Invalid, NotAllowed, Refused, TooLong


class NotAdmitted(NotAllowed):
    """A bid by somebody who may not bid here (yet). The subclasses say how far they are."""

    code = "not_admitted"
    message = "入札の前に、参加申込が必要です。"


class StillInReview(NotAdmitted):
    code = "still_in_review"
    message = "参加申込を審査しています。結果がメールで届くまでお待ちください。"


class NotVerifiedYet(NotAdmitted):
    code = "not_verified_yet"
    message = "審査は終わりました。参加申込のページで、残りの手続きをすませると入札できます。"


class TurnedDown(NotAdmitted):
    code = "turned_down"
    message = "参加申込をお受けできなかったため、入札できません。理由はメールと参加申込のページにあります。"


class Excluded(NotAllowed):
    """Which entry of the list it was is not told."""

    code = "excluded"
    message = "このお申し込みはお受けできません。くわしくは役場にお問い合わせください。"


class NoTakingPart(Refused):
    code = "no_taking_part"
    message = "この出品では、参加申込は必要ありません。"


class ApplicationsOver(Refused):
    code = "applications_over"
    message = "参加申込の受付は終わりました。"


class ApplicationsNotOpen(Refused):
    code = "applications_not_open"
    message = "参加申込の受付は、まだ始まっていません。"


class PledgeChanged(Invalid):
    code = "pledge_changed"
    message = "誓約書が新しくなりました。もう一度お読みのうえ、チェックを入れてください。"


def corporate_number(typed: str) -> str:
    """'７０００-０１２０-５０００２' → '7000012050002'. Invalid where it is no corporate number (法人番号)."""
    digits = "".join(sign for sign in dashed(typed) if sign not in " -")
    if len(digits) != 13 or not (digits.isascii() and digits.isdigit()):
        raise Invalid("法人番号は13けたの数字です。", field="corporate_no")
    if int(digits[0]) != check_digit(digits[1:]):
        raise Invalid(
            "法人番号のけたのどれかが違うようです。国税庁の法人番号公表サイトでお確かめください。", field="corporate_no"
        )
    return digits


def telephone(typed: str) -> str:
    """'０２３７－００－００００' → '0237-00-0000'. Invalid where nobody could be called by it."""
    plain = telephones.written(typed)
    if not plain:
        raise Invalid("電話番号を、市外局番から数字で入力してください（例 0237-00-0000）。", field="phone")
    return plain


def compared(name: str) -> str:
    """A name as the list of exclusions compares it: one width, one shape, no spaces, no 株式会社."""
    plain = "".join(unicodedata.normalize("NFKC", one_shape(name)).split()).lower()
    for word in ("株式会社", "有限会社", "合同会社", "(株)", "(有)"):
        plain = plain.replace(word, "")
    return plain


PLAIN = (("name", 80, "お名前を入力してください。"), ("address", 200, "住所を入力してください。"))
OF_COMPANIES = (
    ("company", 120, "会社・団体の名前を入力してください。"),
    ("representative", 80, "代表者の名前を入力してください。"),
)


def faults(values: Mapping[str, Any]) -> Iterator[Invalid]:
    """Everything that is wrong with what was filled in, so that the form can show it all at once."""
    company = values.get("party") == Party.COMPANY
    for field, longest, missing in PLAIN + (OF_COMPANIES if company else ()):
        typed = str(values.get(field) or "").strip()
        if not typed:
            yield Invalid(missing, field=field)
        elif len(typed) > longest:
            yield TooLong(longest, field=field)
    for field, read in (("phone", telephone), *((("corporate_no", corporate_number),) if company else ())):
        try:
            read(str(values.get(field) or ""))
        except Invalid as fault:
            yield fault
    if not values.get("adult"):
        yield Invalid("参加できるのは18歳以上の方です。確かめて、チェックを入れてください。", field="adult")
    if not values.get("pledged"):
        yield Invalid("誓約書をお読みのうえ、チェックを入れてください。", field="pledged")


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """A faultless application as it is kept; what belongs to companies only is dropped for a person."""
    party = Party(values["party"])
    kept = {"party": party, "name": values["name"].strip(), "address": values["address"].strip()}
    kept["phone"] = telephone(values["phone"])
    company = party is Party.COMPANY
    return kept | {
        "company": values["company"].strip() if company else "",
        "representative": values["representative"].strip() if company else "",
        "corporate_no": corporate_number(values["corporate_no"]) if company else "",
    }
