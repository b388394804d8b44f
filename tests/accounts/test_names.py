"""What the office calls its staff: written down when they begin, kept when they leave."""

from __future__ import annotations

import pytest
from flask import Flask

from marketplace.accounts import appointing
from marketplace.accounts.appointing import appoint, leave, rename, take_on
from marketplace.accounts.introducing import introduce
from marketplace.accounts.models import Account, Role
from marketplace.accounts.names import NameOfAnother, names_given
from marketplace.accounts.session import roles_of
from marketplace.kit.db import get
from marketplace.kit.refusals import NotAllowed
from marketplace.privacy.forgetting import forget
from tests import given
from tests.accounts.appointed import HANAKO, name_of, office, proposed, written
from tests.racing import at_once


def test_an_address_with_a_past_is_not_given_to_another_person(app: Flask) -> None:
    """What the clerk before approved would stand under the name of who came after, or the other way round."""
    admin, _ = office()
    clerk = take_on(HANAKO, "山本 花子（主任）", Role.DRAFTER, admin)
    leave(clerk, admin)
    with pytest.raises(appointing.AnotherName) as refusal:
        take_on(HANAKO, "小林 二郎", Role.DRAFTER, admin)
    assert (refusal.value.field, roles_of(clerk)) == ("name", set())
    assert "山本 花子（主任）" in str(refusal.value)
    assert take_on(HANAKO, "山本花子(主任)", Role.DRAFTER, admin) == clerk
    assert name_of(clerk) == "山本 花子（主任）"


def test_two_members_of_staff_have_two_names(app: Flask) -> None:
    admin, _ = office()
    take_on(HANAKO, "髙橋 正一（課長）", Role.DRAFTER, admin)
    other = take_on("jiro@town.example.jp", "小林 二郎", Role.COUNTER, admin)
    with pytest.raises(NameOfAnother):
        take_on("third@town.example.jp", "高橋正一（課長）", Role.COUNTER, admin)
    with pytest.raises(NameOfAnother) as refusal:
        rename(other, "高橋　正一(課長)", admin)
    assert (refusal.value.field, name_of(other)) == ("name", "小林 二郎")


def test_nor_has_who_waits_for_a_second_person_the_name_of_another(app: Flask) -> None:
    admin, approver = office()
    first = take_on(HANAKO, "山本 花子", Role.TREASURY, admin)
    with pytest.raises(NameOfAnother):
        take_on("second@town.example.jp", "山本　花子", Role.TREASURY, admin)
    appointing.refuse(proposed(first), approver)
    assert take_on("second@town.example.jp", "山本　花子", Role.TREASURY, admin) != first


def test_of_two_taken_on_at_once_under_one_name_one_is(app: Flask) -> None:
    admin, _ = office()

    def taking_on(number: int) -> int:
        return take_on(f"new-{number}@town.example.jp", ("髙橋 一", "高橋　一")[number], Role.COUNTER, admin)

    outcomes = at_once(app, 2, taking_on)
    assert sorted(type(each).__name__ for each in outcomes) == ["NameOfAnother", "int"]


def test_who_decided_is_called_what_the_office_called_them_whatever_they_say_since(app: Flask) -> None:
    """Whoever left said afterwards that a colleague had approved; and whose account is deleted was nobody."""
    admin, _ = office()
    clerk = take_on(HANAKO, "山本 花子（主任）", Role.DRAFTER, admin)
    introduce(clerk, "高橋 正一（課長）", "", "")
    assert name_of(clerk) == "山本 花子（主任）"
    leave(clerk, admin)
    forget(clerk)
    assert (get(Account, clerk).name, name_of(clerk)) == ("", "山本 花子（主任）")


def test_a_buyer_who_comes_to_work_here_keeps_their_own_name_and_has_one_of_the_office(app: Flask) -> None:
    admin, _ = office()
    clerk = given.an_account(HANAKO)
    introduce(clerk, "はな", "", "")
    assert take_on(HANAKO, "山本 花子（主任）", Role.DRAFTER, admin) == clerk
    assert (get(Account, clerk).name, name_of(clerk)) == ("はな", "山本 花子（主任）")


def test_who_runs_the_server_gives_no_name_and_no_address_twice_either(app: Flask) -> None:
    admin, _ = office()
    introduce(given.an_account(HANAKO), "小林 二郎", "", "")
    clerk = appoint(HANAKO, "山本 花子（主任）", ["drafter"])
    assert name_of(clerk) == "山本 花子（主任）"
    leave(clerk, admin)
    with pytest.raises(appointing.AnotherName):
        appoint(HANAKO, "小林 二郎", ["drafter"])
    take_on("second@town.example.jp", "高橋 正一（課長）", Role.COUNTER, admin)
    with pytest.raises(NameOfAnother):
        appoint("third@town.example.jp", "高橋 正一（課長）", ["drafter"])
    assert appoint(HANAKO, "山本花子（主任）", ["drafter"]) == clerk


def test_who_comes_back_finds_that_another_is_called_so_by_now(app: Flask) -> None:
    admin, _ = office()
    first = take_on(HANAKO, "山本 花子", Role.DRAFTER, admin)
    leave(first, admin)
    second = take_on("second@town.example.jp", "山本 花子", Role.COUNTER, admin)
    with pytest.raises(NameOfAnother):
        take_on(HANAKO, "山本 花子", Role.DRAFTER, admin)
    rename(second, "山本 花子（観光課）", admin)
    assert take_on(HANAKO, "山本 花子", Role.DRAFTER, admin) == first


def test_the_office_changes_a_name_and_the_one_before_is_still_read(app: Flask) -> None:
    admin, approver = office()
    clerk = take_on(HANAKO, "山本 花子（主任）", Role.DRAFTER, admin)
    with pytest.raises(NotAllowed):
        rename(clerk, "佐藤 花子（主任）", approver)
    for _ in range(2):
        rename(clerk, "佐藤 花子（主任）", admin)
    assert name_of(clerk) == "佐藤 花子（主任）"
    assert [each.name for each in names_given(clerk)] == ["山本 花子（主任）", "佐藤 花子（主任）"]
    assert [event for event, _, _ in written(clerk)] == ["give_role", "rename_staff"]
    leave(clerk, admin)
    with pytest.raises(NotAllowed):
        rename(clerk, "別の人", admin)
