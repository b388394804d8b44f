"""What a look at Stripe means for a payment. Pure; the table of moves decides whether it still matters."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from marketplace.kit.clock import now
from marketplace.kit.money import LARGEST_CHARGE, SMALLEST_CHARGE
from marketplace.kit.refusals import Refused

if TYPE_CHECKING:
    from marketplace.payments.stripe import Session

KONBINI_YEN = range(120, 300_000 + 1)
"""https://docs.stripe.com/payments/konbini"""
KONBINI_DAYS = 1
THREE_DS_FROM_YEN = 30_000
"""From here 3-D Secure is asked for even where an exemption would do: the exempt ones shift no liability.
https://docs.stripe.com/payments/3d-secure/japan-exemptions"""


WARN_BEFORE = timedelta(hours=48)
"""So long before a hold ends by itself those who need it are told."""


SHORTEST_SESSION = timedelta(minutes=31)
LONGEST_SESSION = timedelta(hours=23)
"""Stripe's Checkout Sessions live 30 minutes to 24 hours (docs.stripe.com/api/checkout/sessions/create)."""


class NotPayable(Refused):
    code = "not_payable"
    status = 422
    message = "この金額はカードでお支払いいただけません。"


class RefundTooLarge(Refused):
    code = "refund_too_large"
    message = "返金の合計が、お支払いの金額をこえます。"


class UnderReview(Refused):
    code = "payment_under_review"
    message = "お支払いの内容を役場で確認しています。もう一度お支払いになる必要はありません。"


class BeingCharged(Refused):
    code = "being_charged"
    message = "登録されたカードでのお支払いを手続きしています。数分たってから、もう一度この画面をご覧ください。"


class HoldEnded(Refused):
    code = "hold_ended"
    message = "このお預かりは終わっているため、保証金を収納できません。"


def session_end(deadline: datetime) -> datetime:
    """The deadline itself where Stripe's limits allow it; where they don't, the page is closed in time by us."""
    return min(max(deadline, now() + SHORTEST_SESSION), now() + LONGEST_SESSION)


def check_payable(yen: int) -> None:
    """Raises NotPayable."""
    if not SMALLEST_CHARGE <= yen <= LARGEST_CHARGE:
        raise NotPayable


def meaning(session: Session, yen: int) -> str:
    """The event of PAYMENT_MOVES that the session calls for, when `yen` was asked.

    `unpaid` is no failure by itself: a konbini slip leaves the session complete and unpaid until somebody pays it.
    """
    if session.status == "open":
        return "payment.open"
    if session.status == "expired":
        return "payment.expire"
    if session.payment_status == "paid":
        return "payment.succeed" if (session.yen, session.currency) == (yen, "jpy") else "payment.question"
    if session.payment_status == "no_payment_required":
        return "payment.question"
    return "payment.fail" if session.intent_status in ("requires_payment_method", "canceled") else "payment.process"


def hold_meaning(session: Session, yen: int, *, releasing: bool) -> str:
    """The same for a payment that is only held; `releasing` where we decided to let it go.

    The intent decides: what the session says of a payment that is taken later is not documented.
    """
    if session.status == "open":
        return "payment.open"
    if session.status == "expired":
        return "payment.expire"
    if (session.yen, session.currency) != (yen, "jpy"):
        return "payment.question"
    if session.intent_status == "canceled":
        return "payment.release" if releasing else "payment.lose"
    meanings = {
        "requires_capture": "payment.hold",
        "succeeded": "payment.capture",
        "requires_payment_method": "payment.fail",
    }
    return meanings.get(session.intent_status or "", "payment.process")


LOCALES = frozenset(
    (
        *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fil", "fr", "hr", "hu", "id", "it", "ja", "ko", "lt"),
        *("lv", "ms", "mt", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh"),
    )
)
"""Languages of Stripe's page. https://docs.stripe.com/api/checkout/sessions/create (locale)"""


def locale(tag: str) -> str:
    """That of the reader; of another one the browser says which. A locale that Stripe does not know makes no page."""
    return tag if tag in LOCALES else "auto"
