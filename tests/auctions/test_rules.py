from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marketplace.auctions import rules
from marketplace.auctions.rules import Bid, Reason, SoftClose, Standing, Terms

STEPS = ((1000, 10), (5000, 100), (10000, 250), (50000, 500), (None, 1000))
PLAIN = Terms(start=1000, reserve=None, close=1000, soft_close=None, increments=STEPS)
SOFT = replace(PLAIN, soft_close=SoftClose(window=300, extend=300, cap=None))


def after(terms: Terms, *bids: tuple[float, str, int]) -> Standing:
    standing = rules.opening(terms)
    for t, bidder, most in bids:
        outcome = rules.accept(terms, standing, Bid(t, bidder, most))
        assert outcome.accepted, outcome
        standing = outcome.standing
    return standing


def reason(terms: Terms, standing: Standing, bid: tuple[float, str, int]) -> Reason | None:
    return rules.accept(terms, standing, Bid(*bid)).reason


def test_the_first_bidder_leads_at_the_start_whatever_the_maximum() -> None:
    assert after(PLAIN, (0, "01", 50_000)) == Standing(close=1000, price=1000, leader="01", leader_max=50_000)


def test_a_higher_maximum_leads_one_step_above_the_beaten_one() -> None:
    assert after(PLAIN, (0, "01", 2000), (1, "02", 9000)) == Standing(1000, 2100, "02", 9000)


def test_a_higher_maximum_never_pays_more_than_itself() -> None:
    assert after(PLAIN, (0, "01", 2000), (1, "02", 2050)) == Standing(1000, 2050, "02", 2050)


def test_a_lower_maximum_lifts_the_leader_one_step_above_it() -> None:
    assert after(PLAIN, (0, "01", 9000), (1, "02", 2000)) == Standing(1000, 2100, "01", 9000)


def test_of_two_equal_maxima_the_earlier_keeps_the_lead() -> None:
    assert after(PLAIN, (0, "01", 9000), (0, "02", 9000)) == Standing(1000, 9000, "01", 9000)


def test_the_leader_raises_only_the_own_maximum() -> None:
    assert after(PLAIN, (0, "01", 2000), (1, "01", 9000)) == Standing(1000, 1000, "01", 9000)


@pytest.mark.parametrize(
    ("bid", "why"),
    [
        ((-1, "02", 0), Reason.NOT_OPEN),
        ((1000, "01", 0), Reason.CLOSED),
        ((1001, "02", 99_000), Reason.CLOSED),
        ((5, "01", 2000), Reason.NOT_ABOVE_OWN_MAX),
        ((5, "01", 900), Reason.NOT_ABOVE_OWN_MAX),
        ((5, "01", 2001), None),
        ((5, "02", 1099), Reason.BELOW_MINIMUM),
        ((5, "02", 1100), None),
        ((999.999, "02", 1100), None),
    ],
)
def test_refusals_come_in_the_order_of_the_rules(bid: tuple[float, str, int], why: Reason | None) -> None:
    assert reason(PLAIN, after(PLAIN, (0, "01", 2000)), bid) == why


def test_below_the_start_is_refused_while_nobody_leads() -> None:
    opening = rules.opening(PLAIN)
    assert [reason(PLAIN, opening, (0, "01", yen)) for yen in (999, 1000)] == [Reason.BELOW_MINIMUM, None]


def test_a_refused_bid_changes_nothing() -> None:
    standing = after(PLAIN, (0, "01", 2000))
    assert rules.accept(PLAIN, standing, Bid(5, "02", 1)).standing == standing


def test_the_leader_too_must_name_the_minimum() -> None:
    """Leading at 1,000 with a maximum of 1,000, 1,050 is higher but not a bid: the next one begins at 1,100."""
    assert reason(PLAIN, after(PLAIN, (0, "01", 1000)), (1, "01", 1050)) == Reason.BELOW_MINIMUM


@pytest.mark.parametrize(("price", "step"), [(999, 10), (1000, 100), (49_999, 500), (50_000, 1000), (10**12, 1000)])
def test_the_step_is_that_of_the_first_limit_above_the_price(price: int, step: int) -> None:
    assert rules.increment(PLAIN, price) == step


def test_above_all_limits_the_last_step_goes_on() -> None:
    assert rules.increment(replace(PLAIN, increments=((1000, 10), (5000, 100))), 5000) == 100


class TestReserve:
    TERMS = replace(PLAIN, reserve=5000)

    def test_a_maximum_that_reaches_it_lifts_the_price_to_it(self) -> None:
        assert after(self.TERMS, (0, "01", 5000)) == Standing(1000, 5000, "01", 5000)

    def test_a_maximum_below_it_does_not(self) -> None:
        standing = after(self.TERMS, (0, "01", 4999))
        assert (standing, rules.sold(self.TERMS, standing)) == (Standing(1000, 1000, "01", 4999), False)

    def test_the_leader_reaches_it_by_raising(self) -> None:
        standing = after(self.TERMS, (0, "01", 1200), (1, "01", 7000))
        assert (standing, rules.sold(self.TERMS, standing)) == (Standing(1000, 5000, "01", 7000), True)

    def test_a_price_above_it_stays(self) -> None:
        assert after(self.TERMS, (0, "01", 6000), (1, "02", 7000)) == Standing(1000, 6250, "02", 7000)

    def test_without_a_bid_nothing_is_sold(self) -> None:
        assert [rules.sold(terms, rules.opening(terms)) for terms in (PLAIN, self.TERMS)] == [False, False]


class TestSoftClose:
    def test_a_change_of_price_inside_the_window_moves_the_close(self) -> None:
        assert after(SOFT, (701, "01", 2000)).close == 1001

    def test_the_window_counts_its_first_second_but_a_move_must_be_later(self) -> None:
        """At 700 the window is reached, and 700 + 300 is the close that stands already."""
        outcome = rules.accept(SOFT, rules.opening(SOFT), Bid(700, "01", 2000))
        assert (outcome.standing.close, outcome.extended) == (1000, False)

    def test_a_bid_before_the_window_does_not(self) -> None:
        terms = replace(SOFT, soft_close=SoftClose(window=100, extend=300, cap=None))
        assert [after(terms, (t, "01", 2000)).close for t in (899, 900)] == [1000, 1200]

    def test_raising_the_own_maximum_does_not(self) -> None:
        standing = after(SOFT, (0, "01", 2000))
        assert rules.accept(SOFT, standing, Bid(999, "01", 9000)).standing.close == 1000

    def test_raising_the_own_maximum_to_the_reserve_does(self) -> None:
        terms = replace(SOFT, reserve=5000)
        standing = after(terms, (0, "01", 2000))
        assert rules.accept(terms, standing, Bid(999, "01", 5000)).standing.close == 1299

    def test_a_refused_bid_does_not(self) -> None:
        standing = after(SOFT, (0, "01", 2000))
        assert rules.accept(SOFT, standing, Bid(999, "02", 1)).standing.close == 1000

    def test_the_cap_counts_from_the_scheduled_close(self) -> None:
        terms = replace(SOFT, soft_close=SoftClose(window=300, extend=300, cap=400))
        first = after(terms, (990, "01", 2000))
        second = rules.accept(terms, first, Bid(1200, "02", 3000))
        third = rules.accept(terms, second.standing, Bid(1399, "03", 4000))
        closes = (first.close, second.standing.close, third.standing.close)
        assert (closes, second.extended, third.extended) == ((1290, 1400, 1400), True, False)

    def test_without_it_the_close_never_moves(self) -> None:
        assert after(PLAIN, (999, "01", 2000)).close == 1000


# ---- properties over whole auctions, and a slow reference of another shape

limits = st.lists(st.integers(1, 3000), min_size=0, max_size=3, unique=True).map(sorted)
increments = st.tuples(limits, st.lists(st.integers(1, 200), min_size=4, max_size=4)).map(
    lambda given: tuple(zip([*given[0], None], given[1], strict=False))
)
terms = st.builds(
    Terms,
    start=st.integers(1, 500),
    reserve=st.none() | st.integers(1, 2000),
    close=st.integers(1, 100),
    soft_close=st.none() | st.builds(SoftClose, st.integers(0, 50), st.integers(0, 50), st.none() | st.integers(0, 60)),
    increments=increments,
)
bids = st.lists(
    st.builds(Bid, st.integers(-2, 200), st.sampled_from(["01", "02", "03", "04"]), st.integers(0, 2500)), max_size=40
).map(lambda drawn: sorted(drawn, key=lambda bid: bid.t))


def slowly(terms: Terms, accepted: list[Bid]) -> tuple[int | None, str | None, int | None]:
    """Price, leader and the leader's maximum from the accepted bids alone: each person's highest one, the highest of
    them leads, and pays one step above the best of the others, within start, reserve and the own maximum. A leader
    who only raises the own maximum leaves the price where it was."""
    if not accepted:
        return None, None, None
    most = {bid.bidder: bid.max for bid in accepted}  # a later accepted bid of one person is always the higher
    order = [bid.bidder for bid in accepted if bid.max == most[bid.bidder]]
    leader = max(most, key=lambda bidder: (most[bidder], -order.index(bidder)))
    others = [most[bidder] for bidder in most if bidder != leader]
    before = slowly(terms, accepted[:-1])
    if before[1] == accepted[-1].bidder:
        price = before[0] or 0
    else:
        price = min(most[leader], max(others) + rules.increment(terms, max(others))) if others else terms.start
    if terms.reserve is not None and most[leader] >= terms.reserve:
        price = max(price, terms.reserve)
    return price, leader, most[leader]


@example(  # the leader was met at the own maximum, and then raises it
    Terms(start=1, reserve=None, close=100, soft_close=None, increments=[(10**12, 1)]),
    [Bid(1, "01", 2), Bid(2, "02", 2), Bid(3, "01", 3)],
)
@given(terms, bids)
def test_the_engine_agrees_with_a_slow_reference_at_every_bid(terms: Terms, bids: list[Bid]) -> None:
    standing = rules.opening(terms)
    accepted: list[Bid] = []
    for bid in bids:
        outcome = rules.accept(terms, standing, bid)
        if outcome.accepted:
            accepted.append(bid)
        standing = outcome.standing
        assert (standing.price, standing.leader, standing.leader_max) == slowly(terms, accepted)


@given(terms, bids)
def test_the_price_rises_only_and_never_above_the_leaders_maximum(terms: Terms, bids: list[Bid]) -> None:
    standing = rules.opening(terms)
    for bid in bids:
        before, standing = standing, rules.accept(terms, standing, bid).standing
        if standing.price is None or standing.leader_max is None:
            assert standing == before
            continue
        assert terms.start <= standing.price <= standing.leader_max
        assert (before.price or 0) <= standing.price
        assert (before.leader_max or 0) <= standing.leader_max


@given(terms, bids)
def test_the_close_never_moves_back_nor_past_its_cap(terms: Terms, bids: list[Bid]) -> None:
    standing = rules.opening(terms)
    soft = terms.soft_close
    for bid in bids:
        before, outcome = standing, rules.accept(terms, standing, bid)
        standing = outcome.standing
        assert outcome.extended == (standing.close > before.close)
        assert before.close <= standing.close
        if soft is None:
            assert standing.close == terms.close
        elif soft.cap is not None:
            assert standing.close <= terms.close + soft.cap
        if outcome.accepted:
            assert 0 <= bid.t < before.close


@given(terms, bids)
def test_sold_exactly_where_some_accepted_maximum_reaches_the_reserve(terms: Terms, bids: list[Bid]) -> None:
    standing = rules.opening(terms)
    reached = False
    for bid in bids:
        outcome = rules.accept(terms, standing, bid)
        standing = outcome.standing
        reached = reached or (outcome.accepted and bid.max >= (terms.reserve or 0))
    assert rules.sold(terms, standing) == reached
