"""Mail addresses that will not be read: thrown away after an hour, or typed wrong. Pure, and without a network."""

from __future__ import annotations

from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid

DISPOSABLE = frozenset(
    (
        *("10minutemail.com", "20minutemail.com", "burnermail.io", "dispostable.com", "emailondeck.com"),
        *("fakeinbox.com", "getnada.com", "guerrillamail.com", "guerrillamail.net", "guerrillamail.org"),
        *("guerrillamailblock.com", "inboxkitten.com", "instaddr.win", "mail-temp.com", "mailcatch.com"),
        *("maildrop.cc", "mailinator.com", "mailnesia.com", "minuteinbox.com", "mohmal.com", "mytemp.email"),
        *("sharklasers.com", "spamgourmet.com", "sute.jp", "temp-mail.org", "tempail.com", "tempmail.com"),
        *("tempmailo.com", "tempr.email", "throwawaymail.com", "trashmail.com", "yopmail.com", "yopmail.fr"),
    )
)
"""A short list, of services that give anybody an address for minutes. It is not complete and need not be: a second
entry must also pass the other checks."""

KNOWN = (
    *("mail.com", "ymail.com", "live.com", "aol.com"),
    *("gmail.com", "icloud.com", "me.com", "yahoo.co.jp", "yahoo.com", "ymail.ne.jp", "outlook.jp", "outlook.com"),
    *("hotmail.com", "hotmail.co.jp", "live.jp", "docomo.ne.jp", "ezweb.ne.jp", "au.com", "softbank.ne.jp"),
    *("i.softbank.jp", "rakuten.jp", "uqmobile.jp", "ybb.ne.jp", "nifty.com", "biglobe.ne.jp", "ocn.ne.jp"),
    *("so-net.ne.jp", "plala.or.jp", "dion.ne.jp", "eonet.ne.jp", "jcom.home.ne.jp", "jcom.zaq.ne.jp"),
)
"""Domains that people in Japan have their mail at; what is one slip away from one of these was meant to be it."""

_ENDINGS = {
    ".ne.jo": ".ne.jp",
    ".co.jo": ".co.jp",
    ".con": ".com",
    ".comm": ".com",
    ".cim": ".com",
    ".ne.jpn": ".ne.jp",
}


class DisposableAddress(Invalid):
    code = "disposable_address"
    message = (
        "使い捨てのメールアドレスでは申し込めません。結果をお知らせできるよう、ふだんお使いのアドレスをご用意ください。"
    )


class MistypedAddress(Invalid):
    code = "mistyped_address"


def disposable(address: str) -> bool:
    """Is this (normalised) address one of a service for throw-away mail, or of a domain below one?"""
    parts = address.rpartition("@")[2].split(".")
    return any(".".join(parts[at:]) in DISPOSABLE for at in range(len(parts) - 1))


def meant(address: str) -> str | None:
    """'taro@gmial.com' → 'taro@gmail.com'; None where nothing looks mistyped."""
    name, _, domain = address.rpartition("@")
    if domain in KNOWN:
        return None
    for wrong, right in _ENDINGS.items():
        if domain.endswith(wrong):
            return f"{name}@{domain.removesuffix(wrong)}{right}"
    near = [known for known in KNOWN if len(known) > 6 and _one_slip(domain, known)]
    return f"{name}@{near[0]}" if near else None


def check_spelling(address: str, sure: str = "") -> None:
    """MistypedAddress with the likely one, unless the person has seen that and typed the same again (`sure`)."""
    better = meant(address)
    if better is not None and sure != address:
        raise MistypedAddress(
            _(
                "%(rpartition)s ではありませんか。このままでよいときは、もう一度ボタンを押してください。",
                rpartition=better.rpartition("@")[2],
            ),
            field="email",
        )


def _one_slip(typed: str, known: str) -> bool:
    """One letter left out, put in or replaced, or two neighbours changed round (Damerau 1964)."""
    if typed == known or abs(len(typed) - len(known)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(typed, known, strict=False)) if a != b), min(len(typed), len(known)))
    here, there = typed[at:], known[at:]
    return (
        here[1:] == there[1:]
        or here[1:] == there
        or here == there[1:]
        or (here[2:] == there[2:] and here[:2] == there[1::-1])
    )
