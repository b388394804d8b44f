"""ResaleMarket on a real chain: how a right is resold, and the ways to cheat that fail."""

import pytest

from marketplace.chain import contract
from tests.contracts.conftest import Town

TOKEN = 1_000_001
PRICE = 10_000
ACCOUNT = b"\xa1" * 32
FAR = 4_000_000_000


@pytest.fixture
def offered(town: Town) -> Town:
    """Hanako offers right 1 for 10,000 yen; Jiro has money."""
    town.open_series()
    town.issue(1, (town.hanako.address, 1))
    town.act(town.hanako, town.rights.functions.approve(town.market.address, TOKEN))
    town.act(town.hanako, town.market.functions.list(TOKEN, PRICE, FAR))
    town.rich(town.jiro)
    return town


@pytest.fixture
def in_custody(town: Town) -> Town:
    """An account's right, kept in custody and offered by the custodian; Jiro has money."""
    town.open_series()
    town.issue(1, (custody(town), 1))
    town.act(town.custodian, town.rights.functions.custodyApprove(ACCOUNT, town.market.address, TOKEN))
    town.act(town.custodian, town.market.functions.listFor(ACCOUNT, TOKEN, PRICE, FAR))
    town.rich(town.jiro)
    return town


def custody(town: Town) -> str:
    return str(town.rights.functions.custodyAddress(ACCOUNT).call())


def test_a_sale_gives_the_right_to_the_buyer_and_its_share_to_each(offered: Town) -> None:
    offered.act(offered.jiro, offered.market.functions.buy(TOKEN, 1, PRICE, offered.jiro.address))
    assert offered.owner(TOKEN) == offered.jiro.address
    assert (offered.owed(offered.hanako), offered.owed(offered.fund)) == (9_500, 500)
    assert offered.balance(offered.jiro) == 90_000
    assert offered.balance(offered.market.address) == PRICE
    assert offered.events(offered.market, "Sold") == [
        {
            "listingId": 1,
            "tokenId": TOKEN,
            "seller": offered.hanako.address,
            "buyer": offered.jiro.address,
            "price": PRICE,
            "royaltyReceiver": offered.fund.address,
            "royalty": 500,
        }
    ]


def test_each_draws_their_own_money_to_the_address_they_name(offered: Town) -> None:
    offered.act(offered.jiro, offered.market.functions.buy(TOKEN, 1, PRICE, offered.jiro.address))
    offered.act(offered.hanako, offered.market.functions.withdraw(offered.stranger.address))
    offered.act(offered.fund, offered.market.functions.withdraw(offered.fund.address))
    assert (offered.balance(offered.stranger), offered.balance(offered.fund)) == (9_500, 500)
    assert offered.balance(offered.market.address) == 0


def test_money_is_drawn_once(offered: Town) -> None:
    offered.act(offered.jiro, offered.market.functions.buy(TOKEN, 1, PRICE, offered.jiro.address))
    draw = offered.market.functions.withdraw(offered.hanako.address)
    offered.act(offered.hanako, draw)
    assert offered.refused(offered.hanako, draw) == "NothingOwed"
    assert offered.refused(offered.fund, offered.market.functions.withdraw("0x" + "00" * 20)) == "NoRecipient"


def test_an_offer_is_bought_once(offered: Town) -> None:
    buy = offered.market.functions.buy(TOKEN, 1, PRICE, offered.jiro.address)
    offered.act(offered.jiro, buy)
    assert offered.refused(offered.jiro, buy) == "NotListed"


def test_a_buyer_pays_the_price_they_saw_or_nothing(offered: Town) -> None:
    offered.act(offered.hanako, offered.market.functions.list(TOKEN, 90_000, FAR))
    old = offered.market.functions.buy(TOKEN, 1, PRICE, offered.jiro.address)
    bait = offered.market.functions.buy(TOKEN, 2, PRICE, offered.jiro.address)
    assert offered.refused(offered.jiro, old) == "NotListed"
    assert offered.refused(offered.jiro, bait) == "PriceChanged"
    assert offered.events(offered.market, "Cancelled") == [{"listingId": 1, "tokenId": TOKEN}]


def test_an_offer_dies_when_the_right_moves_even_if_it_comes_back(offered: Town) -> None:
    go = offered.rights.functions.transferFrom(offered.hanako.address, offered.stranger.address, TOKEN)
    back = offered.rights.functions.transferFrom(offered.stranger.address, offered.hanako.address, TOKEN)
    offered.act(offered.hanako, go)
    offered.act(offered.stranger, back)
    offered.act(offered.hanako, offered.rights.functions.approve(offered.market.address, TOKEN))
    buy = offered.market.functions.buy(TOKEN, 1, PRICE, offered.jiro.address)
    assert offered.refused(offered.jiro, buy) == "Stale"
    assert offered.market.functions.isLive(TOKEN).call() is False


def test_an_offer_ends_at_its_time(offered: Town) -> None:
    ends = offered.now() + 500
    offered.act(offered.hanako, offered.market.functions.list(TOKEN, PRICE, ends))
    assert offered.market.functions.isLive(TOKEN).call() is True
    offered.wait_until(ends)
    buy = offered.market.functions.buy(TOKEN, 2, PRICE, offered.jiro.address)
    assert offered.refused(offered.jiro, buy) == "Expired"
    assert offered.refused(offered.hanako, offered.market.functions.list(TOKEN, PRICE, ends)) == "BadExpiry"


def test_only_the_holder_offers_and_only_what_the_market_may_move(offered: Town) -> None:
    foreign = offered.market.functions.list(TOKEN, PRICE, FAR)
    assert offered.refused(offered.stranger, foreign) == "NotTheHolder"
    offered.issue(1, (offered.hanako.address, 2))
    unapproved = offered.market.functions.list(TOKEN + 1, PRICE, FAR)
    assert offered.refused(offered.hanako, unapproved) == "NotApproved"
    assert offered.refused(offered.hanako, offered.market.functions.list(TOKEN, 0, FAR)) == "BadPrice"


def test_what_cannot_be_transferred_yet_cannot_be_offered_yet(town: Town) -> None:
    town.open_series(1, tradableFrom=town.now() + 10_000)
    town.open_series(2, transferable=False)
    for series in (1, 2):
        town.issue(series, (town.hanako.address, 1))
        offer = town.market.functions.list(series * 1_000_000 + 1, PRICE, FAR)
        assert town.refused(town.hanako, offer) == "NotTradable"


def test_a_buyer_without_money_gets_nothing(offered: Town) -> None:
    buy = offered.market.functions.buy(TOKEN, 1, PRICE, offered.stranger.address)
    assert offered.refused(offered.stranger, buy) == "ERC20InsufficientAllowance"
    assert offered.owner(TOKEN) == offered.hanako.address
    assert offered.owed(offered.hanako) == 0


def test_the_seller_or_the_present_holder_takes_an_offer_back(offered: Town) -> None:
    cancel = offered.market.functions.cancel(TOKEN)
    assert offered.refused(offered.stranger, cancel) == "NotTheHolder"
    move = offered.rights.functions.transferFrom(offered.hanako.address, offered.stranger.address, TOKEN)
    offered.act(offered.hanako, move)
    offered.act(offered.stranger, cancel)
    assert offered.refused(offered.hanako, cancel) == "NotListed"


def test_the_seller_of_a_revoked_right_can_still_clear_the_offer(town: Town) -> None:
    town.open_series(revocable=True)
    town.issue(1, (town.hanako.address, 1))
    town.act(town.hanako, town.rights.functions.setApprovalForAll(town.market.address, True))
    town.act(town.hanako, town.market.functions.list(TOKEN, PRICE, FAR))
    town.act(town.issuer, town.rights.functions.revoke(TOKEN, b"\0" * 32))
    assert town.market.functions.isLive(TOKEN).call() is False
    town.act(town.hanako, town.market.functions.cancel(TOKEN))


def test_a_right_in_custody_is_sold_and_its_money_waits_for_a_named_wallet(in_custody: Town) -> None:
    town = in_custody
    town.act(town.jiro, town.market.functions.buy(TOKEN, 1, PRICE, town.jiro.address))
    assert town.owner(TOKEN) == town.jiro.address
    assert town.owed(custody(town)) == 9_500
    stranger = town.market.functions.withdrawFor(ACCOUNT, town.stranger.address)
    assert town.refused(town.stranger, stranger) == "AccessControlUnauthorizedAccount"
    town.act(town.custodian, town.market.functions.withdrawFor(ACCOUNT, town.hanako.address))
    assert town.balance(town.hanako) == 9_500


def test_the_custodian_takes_an_offer_of_the_account_back_and_no_other(in_custody: Town) -> None:
    town = in_custody
    other = town.market.functions.cancelFor(b"\xb2" * 32, TOKEN)
    assert town.refused(town.custodian, other) == "NotTheHolder"
    town.act(town.custodian, town.market.functions.cancelFor(ACCOUNT, TOKEN))
    assert town.market.functions.isLive(TOKEN).call() is False


def test_the_custodian_cannot_offer_what_people_hold_themselves(offered: Town) -> None:
    offer = offered.market.functions.listFor(ACCOUNT, TOKEN, 1, FAR)
    assert offered.refused(offered.custodian, offer) == "NotTheHolder"
    assert offered.refused(offered.stranger, offer) == "AccessControlUnauthorizedAccount"


def test_a_buyer_that_calls_back_during_delivery_gains_nothing(offered: Town) -> None:
    thief = offered.deploy("test/ReentrantBuyer", offered.market.address)
    offered.act(offered.admin, offered.yen.functions.mint(thief.address, PRICE))
    offered.act(offered.stranger, thief.functions.attack(TOKEN, 1, PRICE))
    caught = [thief.functions.buyingAgain().call(), thief.functions.drawing().call()]
    assert [offered.error(data) for data in caught] == ["ReentrancyGuardReentrantCall"] * 2
    assert offered.owner(TOKEN) == thief.address
    assert (offered.owed(offered.hanako), offered.owed(offered.fund)) == (9_500, 500)


def test_a_greedy_royalty_is_cut_to_a_tenth(town: Town) -> None:
    greedy = town.deploy("test/GreedyRights", town.stranger.address, town.hanako.address)
    parts = (greedy.address, town.uses.address, town.yen.address)
    market = town.deploy("ResaleMarket", *parts, town.admin.address, 3600)
    town.act(town.admin, town.yen.functions.mint(town.jiro.address, PRICE))
    town.act(town.jiro, town.yen.functions.approve(market.address, PRICE))
    town.act(town.hanako, greedy.functions.approve(market.address, 1))
    town.act(town.hanako, market.functions.list(1, PRICE, FAR))
    town.act(town.jiro, market.functions.buy(1, 1, PRICE, town.jiro.address))
    assert market.functions.owed(town.stranger.address).call() == 1_000
    assert market.functions.owed(town.hanako.address).call() == 9_000


def test_a_paused_market_sells_nothing_but_lets_people_leave(offered: Town) -> None:
    offered.issue(1, (offered.hanako.address, 2))
    offered.act(offered.hanako, offered.rights.functions.setApprovalForAll(offered.market.address, True))
    offered.act(offered.jiro, offered.market.functions.buy(TOKEN, 1, PRICE, offered.jiro.address))
    offered.act(offered.hanako, offered.market.functions.list(TOKEN + 1, PRICE, FAR))
    offered.act(offered.pauser, offered.market.functions.pause())
    buy = offered.market.functions.buy(TOKEN + 1, 2, PRICE, offered.jiro.address)
    assert offered.refused(offered.jiro, buy) == "EnforcedPause"
    assert offered.refused(offered.hanako, offered.market.functions.list(TOKEN + 1, 1, FAR)) == "EnforcedPause"
    assert offered.refused(offered.pauser, offered.market.functions.unpause()) == "AccessControlUnauthorizedAccount"
    offered.act(offered.hanako, offered.market.functions.cancel(TOKEN + 1))
    offered.act(offered.hanako, offered.market.functions.withdraw(offered.hanako.address))
    assert offered.balance(offered.hanako) == 9_500


def test_what_the_market_holds_is_what_it_owes(offered: Town) -> None:
    """After sales at prices where the royalty does not divide."""
    offered.rich(offered.hanako)
    seller, buyer, listing = offered.hanako, offered.jiro, 1
    for price in (1, 19, 33_333):
        offered.act(seller, offered.rights.functions.approve(offered.market.address, TOKEN))
        offered.act(seller, offered.market.functions.list(TOKEN, price, FAR))
        listing += 1
        offered.act(buyer, offered.market.functions.buy(TOKEN, listing, price, buyer.address))
        seller, buyer = buyer, seller
    owed = [offered.owed(each) for each in (offered.hanako, offered.jiro, offered.fund)]
    assert sum(owed) == offered.balance(offered.market.address) == 33_353


def test_errors_are_shown_by_name_and_value() -> None:
    data = contract.selector(contract.artifact("ResaleMarket").errors[contract_error("PriceChanged")])
    assert contract.refusal("ResaleMarket", data + (77).to_bytes(32, "big")) == "PriceChanged(77)"
    assert contract.refusal("ResaleMarket", b"\x01\x02\x03\x04") == "0x01020304"


def contract_error(name: str) -> bytes:
    found = [key for key, part in contract.artifact("ResaleMarket").errors.items() if part["name"] == name]
    return found[0]
