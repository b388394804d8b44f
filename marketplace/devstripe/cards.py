"""Test cards and test payment methods, as Stripe documents them. https://docs.stripe.com/testing"""

from dataclasses import dataclass
from enum import StrEnum


class Manner(StrEnum):
    """How a card behaves when it is used."""

    GOOD = "good"
    DECLINED = "generic_decline"
    NO_FUNDS = "insufficient_funds"
    DECLINED_LATER = "declined_after_attaching"  # may be saved, may not be charged
    ASKS_ONCE = "authentication_unless_saved"  # 3-D Secure, but not again after it was saved with it
    ASKS_ALWAYS = "authentication_always"
    DISPUTED = "disputed"
    REFUND_FAILS = "refund_fails"
    REFUND_PENDS = "refund_pends"


@dataclass(frozen=True)
class Card:
    number: str
    brand: str
    manner: Manner = Manner.GOOD


_BY_TOKEN = {
    "pm_card_visa": Card("4242424242424242", "visa"),
    "pm_card_mastercard": Card("5555555555554444", "mastercard"),
    "pm_card_jcb": Card("3530111333300000", "jcb"),
    "pm_card_amex": Card("378282246310005", "amex"),
    "pm_card_jp": Card("4000003920000003", "visa"),
    "pm_card_chargeDeclined": Card("4000000000000002", "visa", Manner.DECLINED),
    "pm_card_visa_chargeDeclined": Card("4000000000000002", "visa", Manner.DECLINED),
    "pm_card_chargeDeclinedInsufficientFunds": Card("4000000000009995", "visa", Manner.NO_FUNDS),
    "pm_card_visa_chargeDeclinedInsufficientFunds": Card("4000000000009995", "visa", Manner.NO_FUNDS),
    "pm_card_chargeCustomerFail": Card("4000000000000341", "visa", Manner.DECLINED_LATER),
    "pm_card_authenticationRequiredOnSetup": Card("4000002500003155", "visa", Manner.ASKS_ONCE),
    "pm_card_authenticationRequired": Card("4000002760003184", "visa", Manner.ASKS_ALWAYS),
    "pm_card_threeDSecure2Required": Card("4000000000003220", "visa", Manner.ASKS_ALWAYS),
    "pm_card_createDispute": Card("4000000000000259", "visa", Manner.DISPUTED),
    "pm_card_refundFail": Card("4000000000005126", "visa", Manner.REFUND_FAILS),
    "pm_card_pendingRefund": Card("4000000000007726", "visa", Manner.REFUND_PENDS),
}
_BY_NUMBER = {card.number: card for card in _BY_TOKEN.values()}

KONBINI_YEN = range(120, 300_000 + 1)  # https://docs.stripe.com/payments/konbini
CARD_YEN = range(50, 99_999_999 + 1)  # https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
_THIRTY_DAYS = {"visa", "mastercard", "jcb", "diners", "discover"}


def by_token(token: str) -> Card | None:
    return _BY_TOKEN.get(token)


def by_number(number: str) -> Card | None:
    return _BY_NUMBER.get(number)


def days_held(brand: str) -> int:
    """How long an authorisation in yen on a Japanese account lasts.

    https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
    """
    return 30 if brand in _THIRTY_DAYS else 7
