"""What a look at Stripe means."""

from datetime import timedelta

import pytest

from marketplace.kit.clock import now
from marketplace.kit.languages import Language
from marketplace.payments import rules
from marketplace.payments.rules import NotPayable, check_payable, meaning, session_end
from marketplace.payments.stripe import Session


def session(
    status: str, payment_status: str, yen: int = 1000, currency: str = "jpy", intent: str | None = None
) -> Session:
    return Session("cs_1", None, status, payment_status, yen, currency, "test:1", "pi_1", intent)


@pytest.mark.parametrize(
    ("seen", "event"),
    [
        (session("open", "unpaid"), "payment.open"),
        (session("expired", "unpaid"), "payment.expire"),
        (session("complete", "paid", intent="succeeded"), "payment.succeed"),
        (session("complete", "unpaid", intent="requires_action"), "payment.process"),
        (session("complete", "unpaid", intent="processing"), "payment.process"),
        (session("complete", "unpaid", intent="requires_capture"), "payment.process"),
        (session("complete", "unpaid", intent="requires_payment_method"), "payment.fail"),
        (session("complete", "unpaid", intent="canceled"), "payment.fail"),
        (session("complete", "paid", yen=999), "payment.question"),
        (session("complete", "paid", yen=1001), "payment.question"),
        (session("complete", "paid", currency="usd"), "payment.question"),
        (session("complete", "no_payment_required", yen=0), "payment.question"),
    ],
)
def test_each_state_of_a_session_has_one_meaning(seen: Session, event: str) -> None:
    assert meaning(seen, 1000) == event


@pytest.mark.parametrize("yen", [50, 99_999_999])
def test_the_limits_themselves_are_payable(yen: int) -> None:
    check_payable(yen)


@pytest.mark.parametrize("yen", [-1, 0, 49, 100_000_000])
def test_beyond_the_limits_nothing_is_payable(yen: int) -> None:
    with pytest.raises(NotPayable):
        check_payable(yen)


def test_stripe_is_asked_for_a_page_in_a_language_that_it_has() -> None:
    ours = {each: rules.locale(each.html) for each in Language}
    assert ours == {Language.JA: "ja", Language.EASY: "ja", Language.EN: "en"}
    assert rules.locale("zh-Hant") == "auto"


def test_a_page_ends_with_the_time_to_pay_where_stripe_lets_it_live_so_long() -> None:
    at, minute = now(), timedelta(minutes=1)
    left = [-60, 5, 30, 32, 720, 1379, 1440, 10_080]
    ends = [round((session_end(at + each * minute) - at) / minute) for each in left]
    assert ends == [31, 31, 31, 32, 720, 1379, 1380, 1380]
