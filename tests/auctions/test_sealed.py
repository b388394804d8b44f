import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from marketplace.auctions import sealed
from marketplace.auctions.sealed import Bid, Reason, Terms

TERMS = Terms(start=1000, reserve=None, close=100)
SEED = hashlib.sha256(b"a seed").digest()


def unsealed(terms: Terms, *bids: tuple[float, str, str, int]) -> sealed.Opened:
    return sealed.unseal(terms, SEED, [Bid(*bid) for bid in bids])


def test_the_highest_wins_at_its_own_amount() -> None:
    opened = unsealed(TERMS, (1, "01", "B-1", 5000), (2, "02", "B-2", 9000), (3, "03", "B-3", 7000))
    assert (opened.winner, list(opened.tied)) == (Bid(2, "02", "B-2", 9000), [])


def test_one_bid_a_person_and_a_refused_one_does_not_count() -> None:
    opened = unsealed(TERMS, (1, "01", "B-1", 999), (2, "01", "B-2", 2000), (3, "01", "B-3", 9000))
    assert opened.winner == Bid(2, "01", "B-2", 2000)
    assert [(bid.no, reason) for bid, reason in opened.refused] == [
        ("B-1", Reason.BELOW_MINIMUM),
        ("B-3", Reason.SECOND_BID),
    ]


def test_bids_outside_the_hours_are_refused_before_anything_else() -> None:
    opened = unsealed(TERMS, (-1, "01", "B-1", 1), (100, "01", "B-2", 1), (99, "01", "B-3", 1000))
    assert [(bid.no, reason) for bid, reason in opened.refused] == [("B-1", Reason.NOT_OPEN), ("B-2", Reason.CLOSED)]
    assert opened.winner == Bid(99, "01", "B-3", 1000)


def test_below_the_reserve_nobody_wins_and_nothing_is_drawn() -> None:
    opened = unsealed(Terms(1000, 8000, 100), (1, "01", "B-1", 7999), (2, "02", "B-2", 7999))
    assert (opened.winner, list(opened.tied), len(opened.accepted)) == (None, [], 2)


def test_at_the_reserve_the_bid_wins() -> None:
    assert unsealed(Terms(1000, 8000, 100), (1, "01", "B-1", 8000)).winner == Bid(1, "01", "B-1", 8000)


def test_equal_highest_bids_are_drawn_by_the_least_ticket() -> None:
    opened = unsealed(TERMS, *[(n, f"{n:02}", f"B-{n:04}", 52_000) for n in range(1, 8)], (9, "09", "B-0009", 51_999))
    assert [bid.no for bid in opened.tied] == [f"B-{n:04}" for n in range(1, 8)]
    tickets = {bid.no: hmac.new(SEED, bid.no.encode(), hashlib.sha256).hexdigest() for bid in opened.tied}
    assert opened.winner is not None
    assert opened.winner.no == min(tickets, key=tickets.__getitem__)


def test_another_seed_draws_another_winner() -> None:
    bids = [Bid(n, f"{n:02}", f"B-{n:04}", 52_000) for n in range(1, 8)]
    winners = {sealed.unseal(TERMS, bytes([n]), bids).winner for n in range(60)}
    assert winners == set(bids)


@given(
    st.none() | st.integers(0, 60),
    st.lists(st.tuples(st.integers(-1, 101), st.sampled_from("abcdef"), st.integers(990, 1050)), max_size=30),
)
def test_the_winner_is_always_of_the_highest_accepted_bids(
    reserve: int | None, raw: list[tuple[int, str, int]]
) -> None:
    terms = Terms(1000, None if reserve is None else 1000 + reserve, 100)
    bids = [Bid(t, bidder, f"B-{n}", amount) for n, (t, bidder, amount) in enumerate(raw)]
    opened = sealed.unseal(terms, SEED, bids)
    assert len(opened.accepted) + len(opened.refused) == len(bids)
    assert len({bid.bidder for bid in opened.accepted}) == len(opened.accepted)
    able = [bid for bid in opened.accepted if bid.amount >= (terms.reserve or 0)]
    if not able:
        assert opened.winner is None
        return
    top = [bid for bid in able if bid.amount == max(bid.amount for bid in able)]
    assert opened.winner in top
    assert list(opened.tied) == (top if len(top) > 1 else [])
