"""How the house says no.

Refused                 the rules say no; the message is for the person who asked (409)
├── WrongState          the thing is not in a state where this can happen (409)
├── Invalid             what was typed can't be used; `field` says where (422)
├── NotAllowed          this person may not (403)
└── (each office adds its own: SoldOut, BidTooLow, …)
Unavailable             something outside (Stripe, chain, IPFS, mail) does not answer: try again later
Rejected                something outside answered no, for good
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from marketplace.kit.languages import _


class Refused(Exception):
    """The rules say no. `code` is for machines, the message for people, `field` names the input it is about."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: ClassVar[str] = "この操作はできません。"
    facts: ClassVar[Mapping[str, object]] = {}
    """What `message` has blanks for."""

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message or self.message)
        self.field = field

    def __str__(self) -> str:
        """In the language of whoever reads it."""
        return _(super().__str__(), **self.facts)


class WrongState(Refused):
    code = "wrong_state"
    message = "状態が変わったため、この操作はできません。画面を読みこみ直してください。"


class Invalid(Refused):
    code = "invalid"
    status = 422
    message = "入力の内容をお確かめください。"


class TooLong(Invalid):
    """More than `longest` characters."""

    code = "too_long"
    message = "%(longest)s文字までで入力してください。"

    def __init__(self, longest: int, *, field: str | None = None) -> None:
        super().__init__(_(self.message, longest=f"{longest:,}"), field=field)


class NotAllowed(Refused):
    code = "not_allowed"
    status = 403
    message = "この操作をする権限がありません。"


class Unavailable(Exception):
    """Something outside does not answer now. Whoever catches it tries again later."""


class Rejected(Exception):
    """Something outside refused for good; trying again would change nothing."""
