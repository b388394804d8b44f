"""When a right that the town keeps for somebody may leave it. Pure.

NotYours          it is not kept for this person
NeverTransferable, NotYetTransferable
                  the right's own rule; the contract refuses the same (RightsToken.sol: _update)
ToOneself         a gift to one's own address
"""

from __future__ import annotations

from datetime import datetime

from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid, NotAllowed, Refused
from marketplace.kit.shown import when
from marketplace.tokens.models import TokenState


class NotYours(NotAllowed):
    code = "not_yours"
    message = "この権利を町におあずけの方だけができる手続きです。"


class NeverTransferable(Refused):
    code = "not_transferable"
    message = "この権利は、ほかの住所に移すことができません。"


class NotYetTransferable(Refused):
    code = "not_yet_transferable"

    def __init__(self, tradable_from: datetime) -> None:
        super().__init__(_("この権利を移せるのは、%(tradable_from)sからです。", tradable_from=when(tradable_from)))


class ToOneself(Invalid):
    code = "gift_to_oneself"
    message = "ご自分のメールアドレスです。贈る相手のメールアドレスを入力してください。"


class GiftUnderWay(Refused):
    code = "gift_under_way"
    message = "この権利は、ほかの方に贈る手続きの途中です。ほかのことをするときは、先に贈り物を取り消してください。"


class WithdrawalUnderWay(Refused):
    code = "withdrawal_under_way"
    message = "この権利は、ご自分のウォレットへ移す手続きの途中です。"


class Disputed(Refused):
    code = "payment_disputed"
    message = (
        "お支払いについてカード会社で確認が続いているため、この権利は使うことも動かすこともできません。"
        "役場にお問い合わせください。"
    )


class DisputeLost(Disputed):
    """It is decided: whoever paid has the money."""

    code = "dispute_lost"
    message = (
        "この権利の代金は、カード会社への異議の申し立てによって払った方に戻ったため、"
        "もう使うことも動かすこともできません。"
    )


class RefundUnderWay(Refused):
    code = "refund_under_way"
    message = "この権利の代金は返金の手続きに入っているため、使うことも動かすこともできません。"


class RevocationUnderWay(Refused):
    code = "revocation_under_way"
    message = "この権利は取り消しが決まっているため、使うことも動かすこともできません。"


class Refunded(Refused):
    code = "refunded"
    message = "この権利の代金はお返ししたので、もう使うことも動かすこともできません。"


def check_leaving(
    *, holds: bool, state: TokenState, transferable: bool, tradable_from: datetime | None, at: datetime
) -> None:
    """Refused, in this order: not kept for this person, never transferable, too early."""
    if not holds or state != TokenState.HELD:
        raise NotYours
    if not transferable:
        raise NeverTransferable
    if tradable_from is not None and at < tradable_from:
        raise NotYetTransferable(tradable_from)
