"""Two rights in the custody of two accounts are exchanged: both change hands, or neither does."""

from __future__ import annotations

import pytest

from tests.contracts.conftest import Town

ONE, OTHER = b"\xa1" * 32, b"\xb2" * 32
FIRST, SECOND, THIRD = 1_000_001, 1_000_002, 1_000_003


@pytest.fixture
def homes(town: Town) -> tuple[str, str]:
    """One holds the first right, the other the second; the third is in Hanako's wallet."""
    first, second = (town.rights.functions.custodyAddress(each).call() for each in (ONE, OTHER))
    town.open_series()
    town.issue(1, (first, 1), (second, 2), (town.hanako.address, 3))
    return first, second


def test_both_change_hands_in_one_call(town: Town, homes: tuple[str, str]) -> None:
    town.act(town.custodian, town.rights.functions.custodySwap(ONE, FIRST, OTHER, SECOND))
    assert (town.owner(FIRST), town.owner(SECOND)) == (homes[1], homes[0])
    told = {"oneAccount": ONE, "otherAccount": OTHER, "oneToken": FIRST, "otherToken": SECOND}
    assert town.events(town.rights, "Swapped") == [told]
    assert [town.rights.functions.transferCount(each).call() for each in (FIRST, SECOND)] == [1, 1]


def test_the_same_swap_asked_for_again_is_refused(town: Town, homes: tuple[str, str]) -> None:
    swap = town.rights.functions.custodySwap(ONE, FIRST, OTHER, SECOND)
    town.act(town.custodian, swap)
    assert town.refused(town.custodian, swap) == "ERC721IncorrectOwner"
    assert (town.owner(FIRST), town.owner(SECOND)) == (homes[1], homes[0])


def test_where_one_side_fails_the_other_stays(town: Town, homes: tuple[str, str]) -> None:
    do = town.rights.functions
    for swap in (
        do.custodySwap(ONE, SECOND, OTHER, FIRST),  # neither has what it gives
        do.custodySwap(ONE, FIRST, OTHER, THIRD),  # the second is in a wallet
        do.custodySwap(OTHER, THIRD, ONE, FIRST),  # so is the first
    ):
        assert town.refused(town.custodian, swap) == "ERC721IncorrectOwner"
    assert town.refused(town.custodian, do.custodySwap(ONE, FIRST, OTHER, 1_000_009)) == "ERC721NonexistentToken"
    assert [town.owner(each) for each in (FIRST, SECOND, THIRD)] == [*homes, town.hanako.address]


def test_nobody_swaps_with_themselves(town: Town, homes: tuple[str, str]) -> None:
    do = town.rights.functions
    assert town.refused(town.custodian, do.custodySwap(ONE, FIRST, ONE, SECOND)) == "BadSwap"
    assert town.refused(town.custodian, do.custodySwap(ONE, FIRST, OTHER, FIRST)) == "BadSwap"


def test_a_bound_right_and_one_before_its_date_are_not_swapped(town: Town, homes: tuple[str, str]) -> None:
    do = town.rights.functions
    town.open_series(2, transferable=False)
    town.open_series(3, tradableFrom=town.now() + 10_000)
    town.issue(2, (homes[1], 1))
    town.issue(3, (homes[1], 1))
    assert town.refused(town.custodian, do.custodySwap(ONE, FIRST, OTHER, 2_000_001)) == "NotTransferable"
    assert town.refused(town.custodian, do.custodySwap(OTHER, 2_000_001, ONE, FIRST)) == "NotTransferable"
    assert town.refused(town.custodian, do.custodySwap(ONE, FIRST, OTHER, 3_000_001)) == "NotTradableBefore"
    assert town.owner(FIRST) == homes[0]


def test_an_offer_of_a_swapped_right_is_dead(town: Town, homes: tuple[str, str]) -> None:
    do, market = town.rights.functions, town.market.functions
    town.act(town.custodian, do.custodyApprove(ONE, town.market.address, FIRST))
    town.act(town.custodian, market.listFor(ONE, FIRST, 1_000, 4_000_000_000))
    town.act(town.custodian, do.custodySwap(ONE, FIRST, OTHER, SECOND))
    assert market.isLive(FIRST).call() is False


def test_while_movement_is_stopped_nothing_is_swapped(town: Town, homes: tuple[str, str]) -> None:
    town.act(town.pauser, town.rights.functions.pause())
    swap = town.rights.functions.custodySwap(ONE, FIRST, OTHER, SECOND)
    assert town.refused(town.custodian, swap) == "EnforcedPause"
