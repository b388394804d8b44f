"""Public codes that can be read over the telephone, and secrets that can't be guessed."""

from __future__ import annotations

import secrets
import unicodedata

# No I, O, 0 or 1: they are mistaken for each other.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def public_code(prefix: str, length: int = 8) -> str:
    """'ORD-7K3M9QXA'. 32**8 of them: chance meetings are caught by the unique rule of the column."""
    return f"{prefix}-" + "".join(secrets.choice(ALPHABET) for _ in range(length))


def digits(length: int = 6) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(length))


def typed_digits(text: str) -> str:
    """'１２３ 456' → '123456': what somebody typed of a code, in whatever digits their keyboard has."""
    return "".join(str(unicodedata.decimal(c)) for c in unicodedata.normalize("NFKC", text) if c.isdecimal())


def secret(size: int = 24) -> str:
    return secrets.token_urlsafe(size)


def check_digit(last_twelve: str) -> int:
    """The first of the thirteen digits of a corporate number, from the twelve others.

    法人番号の指定等に関する省令 第2条: 9 − (Σ Pn·Qn mod 9), Pn the nth digit from the right, Qn 1 for odd n, else 2.
    """
    total = sum(int(digit) * (1 if n % 2 else 2) for n, digit in enumerate(reversed(last_twelve), 1))
    return 9 - total % 9
