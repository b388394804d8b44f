"""Play money, and who may make it."""

from tests.contracts.conftest import Town


def test_one_unit_is_one_yen(town: Town) -> None:
    assert town.yen.functions.decimals().call() == 0


def test_only_the_town_makes_test_yen(town: Town) -> None:
    town.act(town.admin, town.yen.functions.mint(town.hanako.address, 5))
    assert town.balance(town.hanako) == 5
    mint = town.yen.functions.mint(town.stranger.address, 5)
    assert town.refused(town.stranger, mint) == "AccessControlUnauthorizedAccount"
