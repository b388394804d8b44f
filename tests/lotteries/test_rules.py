from __future__ import annotations

from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

import pytest

from marketplace.lotteries.applicants import Channel
from marketplace.lotteries.rules import PLEDGE, PLEDGES, Application, Terms, age, faults, kept, terms_of

TODAY = date(2026, 4, 17)
TERMS = Terms(most_lots=3, asks_address=True)
NO_LETTER = "お名前は、絵や記号だけでなく、文字で入力してください。"
FINE = Application(name="山田 花子", kana="やまだ はなこ", address="月見沢町海野510")


def found(application: Application, terms: Terms = TERMS) -> dict[str | None, str]:
    return {fault.field: str(fault) for fault in faults(application, terms, TODAY)}


def test_a_complete_application_has_no_fault() -> None:
    assert found(FINE) == {}
    assert found(Application(), Terms()) == {}


def test_terms_are_read_from_the_approved_sale() -> None:
    assert terms_of(1, None) == Terms()
    sale = {
        "draw": "drand",
        "entry": {"least_age": 18, "age_by": "birth", "address": True, "sms": True, "retain_days": 30},
    }
    assert terms_of(5, sale) == Terms(5, 18, True, True, True, 30)


@pytest.mark.parametrize(("lots", "message"), [(0, "1口以上で申し込んでください。"), (4, "お1人さま3口までです。")])
def test_lots_beyond_what_is_allowed(lots: int, message: str) -> None:
    assert found(replace(FINE, lots=lots)) == {"lots": message}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "お名前を入力してください。"),
        ("name", "🐟", NO_LETTER),
        ("name", "👨‍👩‍👧", NO_LETTER),
        ("name", "－１・！", NO_LETTER),
        ("kana", "", "お名前のふりがなを入力してください。"),
        ("kana", "山田", "ふりがなは、ひらがなかカタカナで入力してください。"),
        ("address", "", "ご住所を入力してください。"),
        ("address", "山形県月見沢町", "ご住所は、番地まで入力してください。"),
        ("address", "月見沢町海野" + "1" * 200, "200文字までで入力してください。"),
    ],
)
def test_who_it_is_must_be_clear(field: str, value: str, message: str) -> None:
    changed: dict[str, Any] = {field: value}
    assert found(replace(FINE, **changed)) == {field: message}


def test_what_is_written_down_can_be_dialled_and_read_in_one_width() -> None:
    called = replace(FINE, channel=Channel.COUNTER, kana="ﾔﾏﾀﾞ ﾊﾅｺ", phone=" ０２３７―００―１２３４ ")
    assert (kept(called)["kana"], kept(called)["phone"]) == ("ヤマダ ハナコ", "0237-00-1234")
    assert found(replace(called, phone="0 2 3 7 - 0 0 - 1 2 3 4"), Terms()) == {
        "phone": "20文字までで入力してください。"
    }


@pytest.mark.parametrize("name", ["山", "🐟 さかな", "Ana", "이순신", "محمد", "佐々木", "ﾔﾏﾀﾞ"])
def test_a_name_has_a_letter_of_any_script(name: str) -> None:
    assert found(replace(FINE, name=name)) == {}


def test_one_who_applies_for_the_family_says_how_they_are_related() -> None:
    mother = replace(FINE, channel=Channel.FAMILY)
    assert found(mother) == {"relation": "続柄を入力してください（例 母）。"}
    assert found(replace(mother, relation="母")) == {}


def test_staff_write_down_a_number_to_call() -> None:
    at_the_counter = replace(FINE, channel=Channel.COUNTER)
    assert found(at_the_counter, Terms()) == {"phone": "連絡のとれる電話番号を入力してください。"}
    assert found(replace(at_the_counter, phone="0237-00-1234"), Terms()) == {}


@pytest.mark.parametrize(
    ("born_on", "full_years"),
    [(date(2008, 4, 17), 18), (date(2008, 4, 18), 17), (date(2008, 2, 29), 18), (date(1926, 12, 25), 99)],
)
def test_age_is_counted_by_birthdays(born_on: date, full_years: int) -> None:
    assert age(born_on, TODAY) == full_years


def test_a_birthday_on_the_leap_day_is_the_first_of_march_in_other_years() -> None:
    assert [age(date(2008, 2, 29), day) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [17, 18]


ADULTS = Terms(least_age=18, age_by_birth=True)


@pytest.mark.parametrize(
    ("born_on", "message"),
    [
        (None, "生年月日を入力してください。"),
        (date(2027, 1, 1), "生年月日をお確かめください。"),
        (date(1890, 1, 1), "生年月日をお確かめください。"),
        (date(2008, 4, 18), "申し込めるのは、18歳以上の方です。"),
    ],
)
def test_under_age_by_the_date_of_birth(born_on: date | None, message: str) -> None:
    assert found(Application(born_on=born_on), ADULTS) == {"born_on": message}
    assert found(Application(born_on=date(2008, 4, 17)), ADULTS) == {}


def test_under_age_by_ones_word() -> None:
    adults = Terms(least_age=18)
    message = "申し込めるのは、18歳以上の方です。18歳以上の方は、チェックを入れてください。"
    assert found(Application(), adults) == {"of_age": message}
    assert found(Application(of_age=True), adults) == {}


def test_an_old_pledge_is_read_again() -> None:
    (message,) = found(replace(FINE, pledge="2020-1")).values()
    assert message.startswith("誓約の文面が新しくなりました。")


def test_a_pledge_that_was_given_is_never_rewritten() -> None:
    """A change of the words needs a new version: add it below, and leave the old ones as they are."""
    marks = {version: sha256("\n".join(lines).encode()).hexdigest()[:16] for version, lines in PLEDGES.items()}
    assert marks == {"2026-1": "78d1cccb8427db07"}
    assert list(PLEDGES)[-1] == PLEDGE
