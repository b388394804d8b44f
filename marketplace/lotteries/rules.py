"""Who may apply, with what, and what is promised by it. Pure.

The terms are part of the approved sale, in its `auction_rules` under "entry":
{"least_age": 18 | null, "age_by": "birth" | "word", "address": true, "sms": true, "card": true, "retain_days": 90}
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from marketplace.kit.languages import _
from marketplace.kit.letters import dashed
from marketplace.kit.refusals import Invalid, TooLong
from marketplace.kit.telephones import dialled
from marketplace.lotteries.applicants import Channel
from marketplace.lotteries.identity import address_form, kana_form

RETAIN_DAYS = 90
LONGEST_PHONE = 20

PLEDGE = "2026-1"
PLEDGES: dict[str, tuple[str, ...]] = {
    "2026-1": (
        "申し込みの内容は、事実と違いません。",
        "暴力団員ではなく、暴力団員と密接な関係もありません。",
        "ほかの人になりすましたり、同じ人が2回以上申し込んだりしません。",
        "ご家族の分は、ご本人の同意を得て申し込みます。",
    )
}
"""What an applicant pledges, by version. A version that was pledged is never rewritten: new words get a new one."""


class Terms(NamedTuple):
    """What one lottery asks of its applicants."""

    most_lots: int = 1
    least_age: int | None = None
    age_by_birth: bool = False
    """The date of birth is asked, used and not kept; else the person's word is enough."""
    asks_address: bool = False
    """Name and address are asked, and two entries of one person are found by them."""
    asks_sms: bool = False
    """A mobile number, confirmed by SMS, is asked; one number, one entry."""
    retain_days: int = RETAIN_DAYS
    """Days after the draw when personal data of those who did not buy is erased."""
    asks_card: bool = False
    """A card is saved, and charged on winning; without one an entry does not count. See cards.py."""
    groups: str = ""
    """Codes of the groups that units are kept for, with commas; an applicant says of which one. Else ""."""


def terms_of(per_person_limit: int, sale_rules: Mapping[str, Any] | None) -> Terms:
    entry: Mapping[str, Any] = (sale_rules or {}).get("entry") or {}
    return Terms(
        most_lots=per_person_limit,
        least_age=entry.get("least_age"),
        age_by_birth=entry.get("age_by") == "birth",
        asks_address=bool(entry.get("address")),
        asks_sms=bool(entry.get("sms")),
        asks_card=bool(entry.get("card")),
        groups=",".join(group["code"] for group in (sale_rules or {}).get("groups") or ()),
        retain_days=entry.get("retain_days") or RETAIN_DAYS,
    )


@dataclass(frozen=True)
class Application:
    """What an applicant gives. Fields that the terms do not ask for stay empty."""

    lots: int = 1
    pledge: str = PLEDGE
    channel: Channel = Channel.SELF
    group: str = ""
    name: str = ""
    kana: str = ""
    address: str = ""
    phone: str = ""
    relation: str = ""
    born_on: date | None = None
    of_age: bool = False

    @property
    def tells_who(self) -> bool:
        return bool(self.name or self.kana or self.address or self.phone or self.relation)


class TooManyLots(Invalid):
    code = "too_many_lots"


class UnderAge(Invalid):
    code = "under_age"


class PledgeChanged(Invalid):
    code = "pledge_changed"
    message = "誓約の文面が新しくなりました。もう一度お読みのうえ、チェックを入れてください。"


def age(born_on: date, on: date) -> int:
    """Full years, by birthdays; one of 29 February falls on 1 March in other years."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def faults(application: Application, terms: Terms, on: date) -> Iterator[Invalid]:
    """Everything that keeps this application, made on the day `on`, from being received."""
    if application.lots < 1:
        yield Invalid("1口以上で申し込んでください。", field="lots")
    elif application.lots > terms.most_lots:
        yield TooManyLots(_("お1人さま%(most_lots)s口までです。", most_lots=terms.most_lots), field="lots")
    if application.group not in terms.groups.split(","):
        yield Invalid("どちらかを選んでください。", field="group")
    if terms.least_age is not None:
        yield from _age_faults(application, terms.least_age, terms.age_by_birth, on)
    if asks_who(application.channel, terms):
        yield from _who_faults(application)
    if application.channel is Channel.FAMILY and not application.relation.strip():
        yield Invalid("続柄を入力してください（例 母）。", field="relation")
    if application.channel in (Channel.PHONE, Channel.COUNTER) and not dialled(application.phone):
        yield Invalid("連絡のとれる電話番号を入力してください。", field="phone")
    elif len(kept(application)["phone"]) > LONGEST_PHONE:
        yield TooLong(LONGEST_PHONE, field="phone")
    if application.pledge != PLEDGE:
        yield PledgeChanged(field="agreed")


def asks_who(channel: Channel, terms: Terms) -> bool:
    """Somebody who applies for others, or whom staff write down, is known by name and address alone."""
    return terms.asks_address or channel is not Channel.SELF


def kept(application: Application) -> dict[str, str]:
    """What is written down of the person: kana in one width, and a number that can be dialled."""
    of_person = {name: getattr(application, name).strip() for name in ("name", "address", "relation")}
    kana = unicodedata.normalize("NFKC", application.kana).strip()
    return {**of_person, "kana": kana, "phone": dashed(application.phone).strip()}


def _age_faults(application: Application, least: int, by_birth: bool, on: date) -> Iterator[Invalid]:
    young = _("申し込めるのは、%(least)s歳以上の方です。", least=least)
    if not by_birth:
        if not application.of_age:
            yield UnderAge(
                _("%(young)s%(least)s歳以上の方は、チェックを入れてください。", young=young, least=least),
                field="of_age",
            )
    elif application.born_on is None:
        yield Invalid("生年月日を入力してください。", field="born_on")
    elif application.born_on > on or age(application.born_on, on) > 130:
        yield Invalid("生年月日をお確かめください。", field="born_on")
    elif age(application.born_on, on) < least:
        yield UnderAge(young, field="born_on")


def _who_faults(application: Application) -> Iterator[Invalid]:
    if not application.name.strip():
        yield Invalid("お名前を入力してください。", field="name")
    elif not any(mark.isalpha() for mark in application.name):  # of any script, and no picture: a letter goes to it
        yield Invalid("お名前は、絵や記号だけでなく、文字で入力してください。", field="name")
    if not application.kana.strip():
        yield Invalid("お名前のふりがなを入力してください。", field="kana")
    elif not kana_form(application.kana):
        yield Invalid("ふりがなは、ひらがなかカタカナで入力してください。", field="kana")
    if not application.address.strip():
        yield Invalid("ご住所を入力してください。", field="address")
    elif not any(mark.isdigit() for mark in address_form(application.address)):
        yield Invalid("ご住所は、番地まで入力してください。", field="address")
    for field, most in (("name", 80), ("kana", 80), ("address", 200), ("relation", 20)):
        if len(kept(application)[field]) > most:
            yield TooLong(most, field=field)
