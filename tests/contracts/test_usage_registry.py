"""How often a right was used, on a real chain: what can be relied on, and the ways to use it once more that fail."""

import pytest

from tests.contracts.conftest import Town

TOKEN = 1_000_001
ACCOUNT = b"\xa1" * 32
FAR = 4_000_000_000


@pytest.fixture
def lecture(town: Town) -> Town:
    """Hanako holds a right to two lectures."""
    town.open_series(usesPerToken=2, kind=2, revocable=True)
    town.issue(1, (town.hanako.address, 1))
    return town


def use(number: int) -> bytes:
    return number.to_bytes(32, "big")


def left(town: Town) -> tuple[int, int, int]:
    """Left, made, and changes of the one right."""
    do = town.uses.functions
    return do.usesLeft(TOKEN).call(), do.usesMade(TOKEN).call(), do.changes(TOKEN).call()


def test_each_use_is_counted_and_says_what_is_left(lecture: Town) -> None:
    for number in (1, 2):
        lecture.act(lecture.redeemer, lecture.uses.functions.redeem(TOKEN, use(number), lecture.hanako.address))
    common = {"tokenId": TOKEN, "holder": lecture.hanako.address}
    assert lecture.events(lecture.uses, "Redeemed") == [
        {**common, "redemptionId": use(1), "used": 1, "left": 1},
        {**common, "redemptionId": use(2), "used": 2, "left": 0},
    ]
    assert left(lecture) == (0, 2, 2)


def test_a_tool_that_knows_erc_6672_reads_the_same(lecture: Town) -> None:
    lecture.act(lecture.redeemer, lecture.uses.functions.redeem(TOKEN, use(1), lecture.hanako.address))
    lecture.act(lecture.redeemer, lecture.uses.functions.undo(use(1)))
    common = {"operator": lecture.redeemer.address, "tokenId": TOKEN, "redemptionId": use(1), "memo": ""}
    assert lecture.events(lecture.uses, "Redeem") == [{**common, "redeemer": lecture.hanako.address}]
    assert lecture.events(lecture.uses, "Cancel") == [common]


def test_the_use_after_the_last_one_is_refused(lecture: Town) -> None:
    for number in (1, 2):
        lecture.act(lecture.redeemer, lecture.uses.functions.redeem(TOKEN, use(number), lecture.hanako.address))
    third = lecture.uses.functions.redeem(TOKEN, use(3), lecture.hanako.address)
    assert lecture.refused(lecture.redeemer, third) == "NothingLeft"


def test_one_use_sent_twice_is_counted_once(lecture: Town) -> None:
    redeem = lecture.uses.functions.redeem(TOKEN, use(1), lecture.hanako.address)
    lecture.act(lecture.redeemer, redeem)
    assert lecture.refused(lecture.redeemer, redeem) == "Duplicate"
    assert left(lecture) == (1, 1, 1)


def test_a_use_by_who_has_sold_the_right_is_refused(lecture: Town) -> None:
    move = lecture.rights.functions.transferFrom(lecture.hanako.address, lecture.jiro.address, TOKEN)
    lecture.act(lecture.hanako, move)
    former = lecture.uses.functions.redeem(TOKEN, use(1), lecture.hanako.address)
    assert lecture.refused(lecture.redeemer, former) == "NotTheHolder"
    lecture.act(lecture.redeemer, lecture.uses.functions.redeem(TOKEN, use(1), lecture.jiro.address))


def test_uses_stay_used_when_the_right_is_sold(lecture: Town) -> None:
    lecture.act(lecture.redeemer, lecture.uses.functions.redeem(TOKEN, use(1), lecture.hanako.address))
    move = lecture.rights.functions.transferFrom(lecture.hanako.address, lecture.jiro.address, TOKEN)
    lecture.act(lecture.hanako, move)
    assert left(lecture) == (1, 1, 1)


def test_a_right_in_custody_is_used_by_its_account(town: Town) -> None:
    town.open_series(usesPerToken=1)
    custody = town.rights.functions.custodyAddress(ACCOUNT).call()
    town.issue(1, (custody, 1))
    town.act(town.redeemer, town.uses.functions.redeem(TOKEN, use(1), custody))
    assert left(town) == (0, 1, 1)


def test_a_mistaken_use_is_taken_back_once_and_its_identifier_is_spent(lecture: Town) -> None:
    redeem = lecture.uses.functions.redeem(TOKEN, use(1), lecture.hanako.address)
    undo = lecture.uses.functions.undo(use(1))
    assert lecture.refused(lecture.redeemer, undo) == "NoSuchRedemption"
    lecture.act(lecture.redeemer, redeem)
    lecture.act(lecture.redeemer, undo)
    assert lecture.events(lecture.uses, "RedemptionUndone") == [
        {"tokenId": TOKEN, "redemptionId": use(1), "used": 0, "left": 2}
    ]
    assert lecture.refused(lecture.redeemer, undo) == "NoSuchRedemption"
    assert lecture.refused(lecture.redeemer, redeem) == "Duplicate"
    assert left(lecture) == (2, 0, 2)


def test_after_a_day_a_use_is_history(lecture: Town) -> None:
    lecture.act(lecture.redeemer, lecture.uses.functions.redeem(TOKEN, use(1), lecture.hanako.address))
    token_id, entered, undone = lecture.uses.functions.redemptionOf(use(1)).call()
    assert (token_id, entered, undone) == (TOKEN, lecture.now(), False)
    lecture.wait_until(entered + 24 * 3600)
    assert lecture.refused(lecture.redeemer, lecture.uses.functions.undo(use(1))) == "TooLate"


def test_what_is_not_counted_has_no_uses(town: Town) -> None:
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    redeem = town.uses.functions.redeem(TOKEN, use(1), town.hanako.address)
    assert town.refused(town.redeemer, redeem) == "NotCounted"
    assert left(town) == (0, 0, 0)


def test_a_right_that_has_ended_or_was_revoked_is_not_used(town: Town) -> None:
    ends = town.now() + 1_000
    town.open_series(usesPerToken=2, validUntil=ends, revocable=True)
    town.issue(1, (town.hanako.address, 1), (town.hanako.address, 2))
    town.act(town.redeemer, town.uses.functions.redeem(TOKEN, use(1), town.hanako.address))
    town.act(town.issuer, town.rights.functions.revoke(TOKEN + 1, b"\x01" * 32))
    revoked = town.uses.functions.redeem(TOKEN + 1, use(2), town.hanako.address)
    assert town.refused(town.redeemer, revoked) == "ERC721NonexistentToken"
    town.wait_until(ends)
    late = town.uses.functions.redeem(TOKEN, use(3), town.hanako.address)
    assert town.refused(town.redeemer, late) == "Ended"


@pytest.mark.parametrize("undone", [False, True])
def test_an_offer_dies_when_the_right_is_used_even_if_the_use_is_undone(lecture: Town, undone: bool) -> None:
    lecture.rich(lecture.jiro)
    lecture.act(lecture.hanako, lecture.rights.functions.approve(lecture.market.address, TOKEN))
    lecture.act(lecture.hanako, lecture.market.functions.list(TOKEN, 5_000, FAR))
    lecture.act(lecture.redeemer, lecture.uses.functions.redeem(TOKEN, use(1), lecture.hanako.address))
    if undone:
        lecture.act(lecture.redeemer, lecture.uses.functions.undo(use(1)))
    buy = lecture.market.functions.buy(TOKEN, 1, 5_000, lecture.jiro.address)
    assert lecture.refused(lecture.jiro, buy) == "Stale"
    assert lecture.market.functions.isLive(TOKEN).call() is False
    lecture.act(lecture.hanako, lecture.market.functions.list(TOKEN, 5_000, FAR))
    lecture.act(lecture.jiro, lecture.market.functions.buy(TOKEN, 2, 5_000, lecture.jiro.address))


def test_no_other_key_writes_down_uses(lecture: Town) -> None:
    redeem = lecture.uses.functions.redeem(TOKEN, use(1), lecture.hanako.address)
    for who in (lecture.stranger, lecture.hanako, lecture.issuer, lecture.custodian, lecture.admin):
        assert lecture.refused(who, redeem) == "AccessControlUnauthorizedAccount"
    lecture.act(lecture.redeemer, redeem)
    undo = lecture.uses.functions.undo(use(1))
    assert lecture.refused(lecture.hanako, undo) == "AccessControlUnauthorizedAccount"


def test_a_paused_registry_stands_still_and_only_the_town_starts_it(lecture: Town) -> None:
    redeem, undo = lecture.uses.functions.redeem(TOKEN, use(1), lecture.hanako.address), lecture.uses.functions.undo
    lecture.act(lecture.redeemer, redeem)
    lecture.act(lecture.pauser, lecture.uses.functions.pause())
    second = lecture.uses.functions.redeem(TOKEN, use(2), lecture.hanako.address)
    assert [lecture.refused(lecture.redeemer, each) for each in (second, undo(use(1)))] == ["EnforcedPause"] * 2
    assert lecture.refused(lecture.pauser, lecture.uses.functions.unpause()) == "AccessControlUnauthorizedAccount"
    lecture.act(lecture.admin, lecture.uses.functions.unpause())
    lecture.act(lecture.redeemer, second)
